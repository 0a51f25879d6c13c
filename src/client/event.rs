//! What a client reports to those who want to see everything.

use super::{ClientError, url};
use crate::decode::MessageEvent;
use ::url::Url;
use alloc::{boxed::Box, string::String};
use core::{fmt, time::Duration};
use http::response::Parts;

/// What happens to an [`EventSource`](crate::EventSource), in order.
#[derive(Debug)]
#[non_exhaustive]
pub enum ClientEvent {
    /// A stream has opened.
    Open(Opened),
    /// A message arrived.
    Message(MessageEvent),
    /// A comment arrived; the text excludes the colon and one space after it. Reported only if
    /// [`comments`](crate::client::Builder::comments) are enabled.
    Comment(String),
    /// The server set the reconnection time.
    Retry(Duration),
    /// A connection did not open, or ended, or a message was too large. The error says what happens next.
    Error(ClientError),
    /// Nothing will follow: the server said so with status 204, the client was closed, or it has given up, as the last
    /// error says.
    Closed,
}

/// A stream that has opened.
#[derive(Clone)]
pub struct Opened {
    // Boxed, because an event is moved for each message.
    inner: Box<(Url, Parts)>,
}

impl Opened {
    pub(super) fn new(url: &Url, head: Parts) -> Opened {
        Opened { inner: Box::new((url.clone(), head)) }
    }

    /// The URL that is read, without credentials: after redirects, the last one.
    #[must_use]
    pub fn url(&self) -> &str {
        self.inner.0.as_str()
    }

    /// The status and the headers of the response.
    #[must_use]
    pub fn head(&self) -> &Parts {
        &self.inner.1
    }
}

// Query values and header values may be secrets.
impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (url, head) = &*self.inner;
        f.debug_struct("Opened")
            .field("url", &url::shown(url))
            .field("status", &head.status)
            .finish_non_exhaustive()
    }
}
