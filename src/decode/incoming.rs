//! What a decoder finds in an event stream, borrowed and owned.

use super::{MessageEvent, MessageRef};
use alloc::string::String;
use core::time::Duration;

/// What a [`Decoder`](crate::Decoder) finds in an event stream, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IncomingRef<'a> {
    /// An event was dispatched.
    Message(MessageRef<'a>),
    /// A block without data set the last event ID, or reset it if this is empty. Reported only if
    /// [`ids`](crate::Decoder::ids) are enabled.
    Id(&'a str),
    /// A `retry` field set the reconnection time. Reported only if [`retries`](crate::Decoder::retries) are enabled.
    Retry(Duration),
    /// A comment, without the colon and one space after it. Reported only if [`comments`](crate::Decoder::comments) are
    /// enabled.
    Comment(&'a str),
}

/// What a [`Decoder`](crate::Decoder) finds in an event stream.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Incoming {
    /// An event was dispatched.
    Message(MessageEvent),
    /// A block without data set the last event ID, or reset it if this is empty. Reported only if
    /// [`ids`](crate::Decoder::ids) are enabled.
    Id(String),
    /// A `retry` field set the reconnection time. Reported only if [`retries`](crate::Decoder::retries) are enabled.
    Retry(Duration),
    /// A comment, without the colon and one space after it. Reported only if [`comments`](crate::Decoder::comments) are
    /// enabled.
    Comment(String),
}

impl From<IncomingRef<'_>> for Incoming {
    fn from(incoming: IncomingRef<'_>) -> Incoming {
        match incoming {
            IncomingRef::Message(message) => Incoming::Message(message.into()),
            IncomingRef::Id(id) => Incoming::Id(id.into()),
            IncomingRef::Retry(time) => Incoming::Retry(time),
            IncomingRef::Comment(text) => Incoming::Comment(text.into()),
        }
    }
}
