//! What was received, to be sent on: the one place that knows both directions.

use crate::{
    decode::{Incoming, IncomingRef, MessageEvent, MessageRef},
    encode::Event,
};

/// An event that means the same to the next client: the same type and data, and the ID if this message brought it
/// (see [`MessageRef::id`]), also if that resets the last event ID.
///
/// An ID that no client could send back (it has control characters, or a space at either end) is left out, so that
/// the next client resumes after the message before. A NUL in the type becomes U+FFFD.
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
            // What a message is that names no type.
            "message" => event,
            name => event.event(name),
        }
        .data(message.data())
    }
}

/// As from a [`MessageRef`].
impl From<&MessageEvent> for Event {
    fn from(message: &MessageEvent) -> Event {
        message.borrowed().into()
    }
}

/// As from a [`MessageRef`].
impl From<MessageEvent> for Event {
    fn from(message: MessageEvent) -> Event {
        message.borrowed().into()
    }
}

/// A message as from a [`MessageRef`]; an ID without a message, a reconnection time and a comment as they came.
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

/// As from an [`IncomingRef`].
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

/// An event that begins with this ID, if a client can send it back.
fn with_id(id: Option<&str>) -> Event {
    id.and_then(|id| Event::new().try_id(id).ok()).unwrap_or_default()
}
