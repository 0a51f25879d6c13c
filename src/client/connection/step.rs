//! What a connection wants of whoever drives it.

use crate::client::ClientEvent;
use std::time::Instant;

/// What to do next.
#[derive(Debug)]
#[non_exhaustive]
pub enum Step {
    /// Something happened. There may be more.
    Event(ClientEvent),
    /// Nothing is to be done until this time.
    Wait(Instant),
    /// Take the [`request`](crate::client::Connection::request) and send it, in an attempt of its own or where a redirect leads.
    Send,
    /// Wait for the head of the answer, until this time if there is one, and say what it is: an
    /// [`answer`](crate::client::Connection::answer) or an [`error`](crate::client::Connection::error).
    Answer(Option<Instant>),
    /// Wait for bytes of the body, until this time if there is one, and say what came: bytes to
    /// [`read`](crate::client::Connection::read), an [`end`](crate::client::Connection::end) or an [`error`](crate::client::Connection::error).
    Read(Option<Instant>),
    /// The connection is closed for good. What is open can be dropped.
    Closed,
}
