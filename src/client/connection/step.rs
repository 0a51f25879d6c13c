//! What a connection asks of whoever drives it.

use crate::client::ClientEvent;
use std::time::Instant;

/// What to do next.
#[derive(Debug)]
#[non_exhaustive]
pub enum Step {
    /// Something has happened. There may be more.
    Event(ClientEvent),
    /// Do nothing until this time.
    Wait(Instant),
    /// Take the [`request`](crate::client::Connection::request) and send it. It begins an attempt, or follows a
    /// redirect.
    Send,
    /// Wait for the head of the response, until this time if there is one, and report it as a
    /// [`response`](crate::client::Connection::response), or report an [`error`](crate::client::Connection::error).
    Response(Option<Instant>),
    /// Wait for bytes of the body, until this time if there is one, and report what arrived: bytes to
    /// [`read`](crate::client::Connection::read), an [`end`](crate::client::Connection::end), or an
    /// [`error`](crate::client::Connection::error).
    Read(Option<Instant>),
    /// The connection is closed for good. Any open connection can be dropped.
    Closed,
}
