//! Turns what was received into what is sent: the one place that knows both directions.

use crate::{
    decode::{Incoming, IncomingRef, MessageEvent, MessageRef, received::DEFAULT_TYPE},
    encode::Event,
};

/// Makes an event that means the same to the next client: it has the same type and data, and the ID if the message
/// itself carried one (see [`MessageRef::id`]), including an empty ID, which resets the last event ID.
///
/// An ID that no client could send back (it contains control characters, or begins or ends with a space) is left out,
/// so that the next client resumes after the previous message. A NUL in the type becomes U+FFFD.
///
/// ```
/// use sse_wire::{Decoder, Event, IncomingRef, Input};
///
/// let mut decoder = Decoder::new();
/// let mut input = Input::new(b"id: 7\nevent: tick\ndata: a\ndata: b\n\ndata: c\n\n");
/// let mut sent = String::new();
/// while let Some(Ok(IncomingRef::Message(message))) = decoder.next(&mut input) {
///     sent += &Event::from(message).to_string();
/// }
/// assert_eq!(sent, "id: 7\nevent: tick\ndata: a\ndata: b\n\ndata: c\n\n");
/// ```
impl From<MessageRef<'_>> for Event {
    fn from(message: MessageRef<'_>) -> Event {
        let event = with_id(message.id());
        match message.event() {
            DEFAULT_TYPE => event,
            name => event.event(name),
        }
        .data(message.data())
    }
}

/// Converts it like a [`MessageRef`].
impl From<&MessageEvent> for Event {
    fn from(message: &MessageEvent) -> Event {
        message.borrowed().into()
    }
}

/// Converts it like a [`MessageRef`].
impl From<MessageEvent> for Event {
    fn from(message: MessageEvent) -> Event {
        message.borrowed().into()
    }
}

/// Converts a message like a [`MessageRef`], and keeps an ID without a message, a reconnection time, and a comment as
/// they are.
impl From<IncomingRef<'_>> for Event {
    fn from(incoming: IncomingRef<'_>) -> Event {
        match incoming {
            IncomingRef::Message(message) => message.into(),
            IncomingRef::Id(id) => with_id(Some(id)),
            IncomingRef::Retry(time) => Event::new().retry(time),
            IncomingRef::Comment(text) => Event::new().comment(text),
        }
    }
}

/// Converts it like an [`IncomingRef`].
impl From<Incoming> for Event {
    fn from(incoming: Incoming) -> Event {
        match &incoming {
            Incoming::Message(message) => message.into(),
            Incoming::Id(id) => IncomingRef::Id(id).into(),
            Incoming::Retry(time) => IncomingRef::Retry(*time).into(),
            Incoming::Comment(text) => IncomingRef::Comment(text).into(),
        }
    }
}

/// Creates an event that begins with this ID, if a client can send it back.
fn with_id(id: Option<&str>) -> Event {
    id.and_then(|id| Event::new().try_id(id).ok()).unwrap_or_default()
}
