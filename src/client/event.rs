//! What a client reports, for those who want to see all.

use super::{AnswerHead, ClientError};
use crate::decode::MessageEvent;
use alloc::string::String;
use core::time::Duration;

/// What happens to an [`EventSource`](crate::EventSource), in order.
#[derive(Debug)]
#[non_exhaustive]
pub enum ClientEvent {
    /// A stream is open.
    Open(Opened),
    /// A message came.
    Message(MessageEvent),
    /// A comment came, without the colon and one space behind it.
    Comment(String),
    /// The server set the reconnection time.
    Retry(Duration),
    /// A connection did not open, or ended, or a message was too large. The error says what happens next.
    Error(ClientError),
    /// Nothing will come any more: the server said so with status 204, the client was closed, or it has
    /// given up, which the last error says.
    Closed,
}

/// A stream that is open.
#[derive(Clone, Debug)]
pub struct Opened {
    pub(super) url: String,
    pub(super) head: AnswerHead,
}

impl Opened {
    /// The URL that is read, without credentials: after redirects the last one.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The status and the headers of the answer.
    #[must_use]
    pub fn head(&self) -> &AnswerHead {
        &self.head
    }
}
