//! Where events come from.

use super::{Queue, queue::Shared};
use crate::response::Encoded;
use alloc::sync::Arc;
use core::fmt;
use std::io;

/// Sends events to a [`Driver`](super::Driver). Clones send into the same stream, and events never mix.
pub struct Sender(pub(super) Arc<Shared>);

impl Sender {
    pub(super) fn new(queue: &Queue) -> Self {
        queue.0.lock().senders += 1;
        Sender(queue.0.clone())
    }

    /// Sends an [`Event`](crate::Event), or all that an [`Sse`](crate::Sse) holds: `send(&mut sse)`
    /// leaves that empty. It waits while the queue has no room.
    ///
    /// `Ok` means that the event will be written, not that the client has received it.
    ///
    /// # Errors
    /// If the stream has ended: the client left, the server shuts down, or the client read nothing for
    /// as long as the [send timeout](super::Driver::send_timeout), in which case this ends the stream. The
    /// event is not sent then, and an `Sse` keeps what it holds.
    pub fn send(&self, events: impl Encoded) -> Result<(), SendError> {
        self.0.push(events, true)
    }

    /// As [`send`](Sender::send), but does not wait.
    ///
    /// # Errors
    /// As `send`, and [`SendError::Full`] if the queue has no room now.
    pub fn try_send(&self, events: impl Encoded) -> Result<(), SendError> {
        self.0.push(events, false)
    }
}

impl Clone for Sender {
    fn clone(&self) -> Self {
        self.0.lock().senders += 1;
        Sender(self.0.clone())
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.0.remove_sender();
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sender").field(&*self.0.lock()).finish()
    }
}

/// Why an event was not sent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SendError {
    /// The client left: a write failed. How it did is this error's
    /// [`source`](core::error::Error::source).
    #[non_exhaustive]
    ClientLeft {
        /// What the connection said.
        source: Arc<io::Error>,
    },
    /// The server shuts down.
    ShutDown,
    /// The client read nothing: for as long as the [send timeout](super::Driver::send_timeout), while events
    /// waited, or for as long as the connection's own write timeout.
    TimedOut,
    /// The request was `HEAD`, whose answer has no stream.
    NoStream,
    /// The driver was dropped.
    NoDriver,
    /// The client does not read as fast as events are sent, and there is no room now. Only
    /// [`try_send`](Sender::try_send) returns this; the stream continues.
    Full,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SendError::ClientLeft { .. } => "the client left",
            SendError::ShutDown => "the server shuts down",
            SendError::TimedOut => "the client read nothing for as long as the timeout",
            SendError::NoStream => "the request was HEAD, whose answer has no stream",
            SendError::NoDriver => "the driver that writes the stream was dropped",
            SendError::Full => "the client has not read enough yet to make room for another event",
        })
    }
}

impl core::error::Error for SendError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            SendError::ClientLeft { source } => Some(&**source),
            _ => None,
        }
    }
}
