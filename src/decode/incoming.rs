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
    /// A block without data set the last event ID, or reset it if this is empty. Only if the decoder reports
    /// [`ids`](crate::Decoder::ids).
    Id(&'a str),
    /// A `retry` field set the reconnection time. Only if the decoder reports
    /// [`retries`](crate::Decoder::retries).
    Retry(Duration),
    /// A comment, without its colon and one space after that. Only if the decoder reports
    /// [`comments`](crate::Decoder::comments).
    Comment(&'a str),
}

/// What a [`Decoder`](crate::Decoder) finds in an event stream.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Incoming {
    /// An event was dispatched.
    Message(MessageEvent),
    /// A block without data set the last event ID, or reset it if this is empty. Only if the decoder reports
    /// [`ids`](crate::Decoder::ids).
    Id(String),
    /// A `retry` field set the reconnection time. Only if the decoder reports
    /// [`retries`](crate::Decoder::retries).
    Retry(Duration),
    /// A comment, without its colon and one space after that. Only if the decoder reports
    /// [`comments`](crate::Decoder::comments).
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
