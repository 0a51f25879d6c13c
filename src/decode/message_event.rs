//! `MessageEvent`: one incoming event. Named as in the WHATWG HTML standard, where dispatching an event
//! creates a `MessageEvent`.

use super::MessageRef;
#[cfg(feature = "json")]
use crate::error::JsonError;
use crate::wire::utf8::{self, PartlyChecked, ShortTextsOr};
use alloc::{string::String, sync::Arc};
use core::fmt;

/// An ID of up to this many bytes is copied into each message. A longer one is shared by the messages that have it:
/// otherwise a server could send a huge ID once, and make each later message, however small, cost as much memory.
pub(super) const SHORT_ID: usize = 128;

/// An incoming event, as it was dispatched.
///
#[cfg_attr(feature = "std", doc = "```")]
#[cfg_attr(not(feature = "std"), doc = "```ignore")]
/// use sse_wire::MessageReader;
///
/// let mut messages = MessageReader::new(&b"event: tick\nid: 7\ndata: 1\n\n"[..]);
/// let message = messages.next().unwrap()?;
/// assert_eq!((message.event(), message.data(), message.last_event_id()), ("tick", "1", "7"));
/// # Ok::<(), sse_wire::ReadError<std::io::Error>>(())
/// ```
///
/// You can also create one, for a test, or to pass on what arrived by other means:
///
/// ```
/// use sse_wire::{Event, MessageEvent};
///
/// let message = MessageEvent::new("1").with_event("tick").with_last_event_id("7");
/// assert_eq!(Event::from(message).to_string(), "id: 7\nevent: tick\ndata: 1\n\n");
/// ```
///
/// Two messages are equal if their types, data, and last event IDs are equal.
///
/// A small message needs no allocation: one with up to 48 bytes of data, or with up to 32 bytes of data and up to 16
/// bytes of type and ID together.
#[derive(Clone)]
pub struct MessageEvent(
    /// The data, the event type and the ID, and whether this event itself carried the ID. If they are long, the number
    /// says how much of the text is the ID, and whether this event itself carried the ID.
    ShortTextsOr<Long>,
);

#[derive(Clone)]
struct Long {
    /// The data, the event type, and the ID if it is short, in one allocation.
    text: String,
    event_at: usize,
    long_id: Option<Arc<str>>,
}

impl MessageEvent {
    /// Creates a message with this data, and without an event type or an ID.
    #[must_use]
    pub fn new(data: impl Into<String>) -> MessageEvent {
        MessageEvent::with_data(data.into(), "", "", None, false)
    }

    /// Sets the event type.
    #[must_use]
    pub fn with_event(self, event: &str) -> MessageEvent {
        MessageEvent::from(MessageRef { event, ..self.borrowed() })
    }

    /// Sets the last event ID, as if this event itself had carried it: see [`id`](MessageEvent::id).
    #[must_use]
    pub fn with_last_event_id(self, last_event_id: &str) -> MessageEvent {
        MessageEvent::from(MessageRef { last_event_id, has_id: true, ..self.borrowed() })
    }

    /// Returns the event type: `message` unless the event named another one.
    #[inline]
    #[must_use]
    pub fn event(&self) -> &str {
        self.borrowed().event()
    }

    /// Returns the data. Several `data` lines are joined by line feeds.
    #[inline]
    #[must_use]
    pub fn data(&self) -> &str {
        self.borrowed().data
    }

    /// Returns the data. It is copied only if it is short and was stored inline.
    #[inline]
    #[must_use]
    pub fn into_data(self) -> String {
        match self.0.into_other() {
            Ok(Long { mut text, event_at, .. }) => {
                text.truncate(event_at);
                text
            }
            Err(texts) => MessageEvent(texts).data().into(),
        }
    }

    /// Returns the last event ID: that of this event or, if it has none, of the most recent event that had one. Empty
    /// if there was none, or if it was reset.
    #[inline]
    #[must_use]
    pub fn last_event_id(&self) -> &str {
        self.borrowed().last_event_id
    }

    /// Returns the ID that this event itself carried. `None` if it carried none, so that the last event ID is an
    /// earlier one; `Some("")` if it reset the last event ID.
    #[inline]
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.borrowed().id()
    }

    /// Returns the message in its borrowed form.
    #[inline(always)]
    #[must_use]
    pub fn borrowed(&self) -> MessageRef<'_> {
        match self.0.get() {
            Ok(([data, event, last_event_id], has_id)) => MessageRef { event, data, last_event_id, has_id },
            Err((flags, long)) => {
                let [id_len, has_id, ..] = flags.to_le_bytes();
                let id_at = long.text.len() - usize::from(id_len);
                let (rest, short_id) = long.text.split_at_checked(id_at).unwrap_or_default();
                let (data, event) = rest.split_at_checked(long.event_at).unwrap_or_default();
                let last_event_id = long.long_id.as_deref().unwrap_or(short_id);
                MessageRef { event, data, last_event_id, has_id: has_id != 0 }
            }
        }
    }

    /// Parses the data as JSON.
    ///
    /// ```
    /// use sse_wire::MessageEvent;
    ///
    /// let message = MessageEvent::new("[1, 2]").with_event("point");
    /// assert_eq!(message.json::<(i32, i32)>()?, (1, 2));
    /// assert_eq!(
    ///     MessageEvent::new("[1, 2, x]").with_event("point").json::<Vec<i32>>().unwrap_err().to_string(),
    ///     "the data of the event \"point\" is not the expected JSON: line 1, column 8",
    /// );
    /// # Ok::<(), sse_wire::JsonError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the data is not JSON, or not JSON for this type. The error names the event and the position.
    #[cfg(feature = "json")]
    pub fn json<'a, T: serde_core::Deserialize<'a>>(&'a self) -> Result<T, JsonError> {
        self.borrowed().json()
    }

    /// Converts a borrowed message. `long_id` is its last event ID, if that is not short.
    // Inlined, so that a message is written once, to where the caller wants it: moving it again takes as long as
    // decoding a short one.
    #[inline(always)]
    pub(super) fn own(message: MessageRef<'_>, long_id: Option<Arc<str>>) -> MessageEvent {
        let MessageRef { event, data, last_event_id, has_id } = message;
        if let Some(texts) = ShortTextsOr::new([data, event, last_event_id], has_id) {
            return MessageEvent(texts);
        }
        let short_id = short(last_event_id, &long_id);
        // Most messages have neither.
        let text = if event.is_empty() && short_id.is_empty() && data.len() <= utf8::PIECE {
            String::from(data)
        } else {
            concat(data, event, short_id)
        };
        MessageEvent::long(text, data.len(), short_id, long_id, has_id)
    }

    /// Creates a message from owned data.
    #[inline(always)]
    pub(super) fn with_data(
        mut text: String,
        event: &str,
        last_event_id: &str,
        long_id: Option<Arc<str>>,
        has_id: bool,
    ) -> MessageEvent {
        let event_at = text.len();
        let short_id = short(last_event_id, &long_id);
        if !event.is_empty() || !short_id.is_empty() {
            text.reserve_exact(event.len() + short_id.len());
            text.push_str(event);
            text.push_str(short_id);
        }
        MessageEvent::long(text, event_at, short_id, long_id, has_id)
    }

    #[inline(always)]
    fn long(
        text: String,
        event_at: usize,
        short_id: &str,
        long_id: Option<Arc<str>>,
        has_id: bool,
    ) -> MessageEvent {
        // It is not larger than `SHORT_ID`.
        let id_len = short_id.len() as u8;
        let flags = u32::from_le_bytes([id_len, u8::from(has_id), 0, 0]);
        MessageEvent(ShortTextsOr::other(flags, Long { text, event_at, long_id }))
    }
}

// Not inlined, so that the usual message is put together in registers: a `String` that is built in pieces lives in
// memory, and has to be copied from there.
#[inline(never)]
fn concat(data: &str, event: &str, short_id: &str) -> String {
    let mut text = PartlyChecked::new();
    text.reserve_exact(data.len() + event.len() + short_id.len());
    [data, event, short_id].into_iter().for_each(|part| text.push_text(part));
    text.into_text()
}

/// The ID, or nothing if it is kept separately.
#[inline(always)]
fn short<'i>(id: &'i str, long_id: &Option<Arc<str>>) -> &'i str {
    if long_id.is_none() { id } else { "" }
}

impl From<MessageRef<'_>> for MessageEvent {
    fn from(message: MessageRef<'_>) -> MessageEvent {
        let id = message.last_event_id;
        MessageEvent::own(message, (id.len() > SHORT_ID).then(|| id.into()))
    }
}

impl PartialEq for MessageEvent {
    fn eq(&self, other: &Self) -> bool {
        self.borrowed() == other.borrowed()
    }
}

impl Eq for MessageEvent {}

impl fmt::Debug for MessageEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageEvent")
            .field("event", &self.event())
            .field("data", &self.data())
            .field("last_event_id", &self.last_event_id())
            .finish()
    }
}
