//! `MessageEvent`: one incoming event. Named as in the WHATWG HTML standard, where dispatching an event
//! creates a `MessageEvent`.

use super::MessageRef;
#[cfg(feature = "json")]
use crate::error::JsonError;
use alloc::{string::String, sync::Arc};
use core::fmt;

/// An ID up to this many bytes is copied into each message; a longer one is shared between the messages
/// that carry it. Otherwise a server could send a huge ID once and make each later message, however
/// small, cost as much.
pub(super) const SHORT_ID: usize = 128;

/// An incoming event, as it was dispatched.
///
/// ```
/// use sse_wire::MessageReader;
///
/// let mut messages = MessageReader::new(&b"event: tick\nid: 7\ndata: 1\n\n"[..]);
/// let message = messages.next().unwrap()?;
/// assert_eq!((message.event(), message.data(), message.last_event_id()), ("tick", "1", "7"));
/// # Ok::<(), sse_wire::ReadError<std::io::Error>>(())
/// ```
///
/// You can also make one, for a test or to pass on what came by other means:
///
/// ```
/// use sse_wire::{Event, MessageEvent};
///
/// let message = MessageEvent::new("1").with_event("tick").with_last_event_id("7");
/// assert_eq!(Event::from(message).to_string(), "id: 7\nevent: tick\ndata: 1\n\n");
/// ```
///
/// Two messages are equal if their types, their data and their last event IDs are.
#[derive(Clone)]
pub struct MessageEvent {
    /// The data, the event type, and the ID if it is short: one allocation for all.
    text: String,
    event_at: usize,
    id_at: usize,
    long_id: Option<Arc<str>>,
    has_id: bool,
}

impl MessageEvent {
    /// A message with this data, without an event type and without an ID.
    #[must_use]
    pub fn new(data: impl Into<String>) -> MessageEvent {
        let text = data.into();
        let len = text.len();
        MessageEvent { text, event_at: len, id_at: len, long_id: None, has_id: false }
    }

    /// Sets the event type.
    #[must_use]
    pub fn with_event(self, event: &str) -> MessageEvent {
        MessageEvent::from(MessageRef { event, ..self.borrowed() })
    }

    /// Sets the last event ID, as if this event had brought it: see [`id`](MessageEvent::id).
    #[must_use]
    pub fn with_last_event_id(self, last_event_id: &str) -> MessageEvent {
        MessageEvent::from(MessageRef { last_event_id, has_id: true, ..self.borrowed() })
    }

    /// The event type: `message` unless the event named another.
    #[inline]
    #[must_use]
    pub fn event(&self) -> &str {
        self.borrowed().event()
    }

    /// The data. Several `data` lines are joined by line feeds.
    #[inline]
    #[must_use]
    pub fn data(&self) -> &str {
        self.borrowed().data
    }

    /// The data, without a copy.
    #[inline]
    #[must_use]
    pub fn into_data(mut self) -> String {
        self.text.truncate(self.event_at);
        self.text
    }

    /// The last event ID: that of this event, or of the last one before it that had one. Empty if there
    /// was none, or if it was reset.
    #[inline]
    #[must_use]
    pub fn last_event_id(&self) -> &str {
        self.borrowed().last_event_id
    }

    /// The ID that this event itself brought. `None` if it brought none, so that the last event ID is an
    /// earlier one; `Some("")` if it reset the last event ID.
    #[inline]
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.borrowed().id()
    }

    /// The message, borrowed.
    #[inline]
    #[must_use]
    pub fn borrowed(&self) -> MessageRef<'_> {
        let (data, rest) = self.text.split_at_checked(self.event_at).unwrap_or_default();
        let (event, short_id) = rest.split_at_checked(self.id_at - self.event_at).unwrap_or_default();
        let last_event_id = self.long_id.as_deref().unwrap_or(short_id);
        MessageRef { event, data, last_event_id, has_id: self.has_id }
    }

    /// Reads the data as JSON.
    ///
    /// ```
    /// use sse_wire::MessageEvent;
    ///
    /// let message = MessageEvent::new("[1, 2]").with_event("point");
    /// assert_eq!(message.json::<(i32, i32)>()?, (1, 2));
    /// assert_eq!(
    ///     MessageEvent::new("[1, 2, x]").with_event("point").json::<Vec<i32>>().unwrap_err().to_string(),
    ///     "the data of the event \"point\" is not the JSON that was asked for: line 1, column 8",
    /// );
    /// # Ok::<(), sse_wire::JsonError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the data is not JSON, or not of the type asked for. The error names the event and the place.
    #[cfg(feature = "json")]
    pub fn json<'a, T: serde_core::Deserialize<'a>>(&'a self) -> Result<T, JsonError> {
        self.borrowed().json()
    }

    /// Owns a message. `long_id` is its last event ID, if that is not short.
    #[inline(always)]
    pub(super) fn own(message: MessageRef<'_>, long_id: Option<Arc<str>>) -> MessageEvent {
        let MessageRef { event, data, last_event_id, has_id } = message;
        let short_id = if long_id.is_none() { last_event_id } else { "" };
        // Most messages have neither.
        let text = if event.is_empty() && short_id.is_empty() {
            String::from(data)
        } else {
            let mut text = String::with_capacity(data.len() + event.len() + short_id.len());
            text.push_str(data);
            text.push_str(event);
            text.push_str(short_id);
            text
        };
        MessageEvent { text, event_at: data.len(), id_at: data.len() + event.len(), long_id, has_id }
    }
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
