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
    /// Take the [`request`](Connection::request) and send it, in an attempt of its own or where a redirect leads.
    Send,
    /// Wait for the head of the answer, until this time if there is one, and say what it is: an
    /// [`answer`](Connection::answer) or an [`error`](Connection::error).
    Answer(Option<Instant>),
    /// Wait for bytes of the body, until this time if there is one, and say what came: bytes to
    /// [`read`](Connection::read), an [`end`](Connection::end) or an [`error`](Connection::error).
    Read(Option<Instant>),
    /// The connection is closed for good. What is open can be dropped.
    Closed,
}
