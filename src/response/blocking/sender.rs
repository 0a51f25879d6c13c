//! The senders of events.

use super::{Queue, queue::Shared};
use crate::response::Encoded;
use alloc::sync::Arc;
use core::fmt;
use std::io;

/// Sends events to a [`Driver`](super::Driver). Clones send to the same stream, and their events never mix.
pub struct Sender(pub(super) Arc<Shared>);

impl Sender {
    pub(super) fn new(queue: &Queue) -> Self {
        queue.0.lock().senders += 1;
        Sender(queue.0.clone())
    }

    /// Sends an [`Event`](crate::Event) or the contents of an [`Sse`](crate::Sse); `send(&mut sse)` leaves the `Sse`
    /// empty. It waits while the queue has no room.
    ///
    /// `Ok` means that the event will be written, not that the client has received it.
    ///
    /// # Errors
    /// If the stream has ended: the client left, the server is shutting down, or the client read nothing for as long as
    /// the [send timeout](super::Driver::send_timeout), in which case this call ends the stream. The event is then not
    /// sent, and an `Sse` keeps its contents.
    pub fn send(&self, events: impl Encoded) -> Result<(), SendError> {
        self.0.push(events, true)
    }

    /// Like [`send`](Sender::send), but does not wait.
    ///
    /// # Errors
    /// Those of `send`, and [`SendError::Full`] if the queue has no room now.
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
    /// The client left: a write failed. The write error is this error's [`source`](core::error::Error::source).
    #[non_exhaustive]
    ClientLeft {
        /// The error of the connection.
        source: Arc<io::Error>,
    },
    /// The server is shutting down.
    ShutDown,
    /// The client read nothing: for as long as the [send timeout](super::Driver::send_timeout), while events waited, or
    /// for as long as the connection's write timeout.
    TimedOut,
    /// The method of the request was `HEAD`, and the response has no stream.
    NoStream,
    /// The driver was dropped.
    NoDriver,
    /// The client reads more slowly than events are sent, and there is no room now. Only
    /// [`try_send`](Sender::try_send) returns this; the stream continues.
    Full,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SendError::ClientLeft { .. } => "the client left",
            SendError::ShutDown => "the server is shutting down",
            SendError::TimedOut => "the client read nothing before the timeout",
            SendError::NoStream => "the response to a HEAD request has no stream",
            SendError::NoDriver => "the driver that writes the stream was dropped",
            SendError::Full => "the client has not yet read enough to make room for another event",
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
