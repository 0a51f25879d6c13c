//! `MessageRef`: one incoming event, borrowed.

#[cfg(feature = "json")]
use crate::error::JsonError;
use core::fmt;

/// The event type of an event that names none (WHATWG HTML, 9.2.6, dispatching, step 5).
pub(crate) const DEFAULT_TYPE: &str = "message";

/// An incoming event, as it was dispatched: borrowed from the chunk that it lies in, or from the
/// [`Decoder`](crate::Decoder).
///
/// [`MessageEvent`](crate::MessageEvent) is the owned form; use `MessageEvent::from` to get one. Two messages are equal
/// if their types, data, and last event IDs are equal.
#[derive(Clone, Copy)]
pub struct MessageRef<'a> {
    /// The event type buffer: empty if the event named no type.
    pub(super) event: &'a str,
    pub(super) data: &'a str,
    pub(super) last_event_id: &'a str,
    /// Whether this event itself carried that ID.
    pub(super) has_id: bool,
}

impl<'a> MessageRef<'a> {
    /// Returns the event type: `message` unless the event named another one.
    #[inline]
    #[must_use]
    pub fn event(&self) -> &'a str {
        if self.event.is_empty() { DEFAULT_TYPE } else { self.event }
    }

    /// Returns the data. Several `data` lines are joined by line feeds.
    #[inline]
    #[must_use]
    pub fn data(&self) -> &'a str {
        self.data
    }

    /// Returns the last event ID: that of this event or, if it has none, of the most recent event that had one. Empty
    /// if there was none, or if it was reset.
    #[inline]
    #[must_use]
    pub fn last_event_id(&self) -> &'a str {
        self.last_event_id
    }

    /// Returns the ID that this event itself carried. `None` if it carried none, so that the last event ID is an
    /// earlier one; `Some("")` if it reset the last event ID.
    ///
    /// ```
    /// use sse_wire::{Decoder, IncomingRef, Input};
    ///
    /// let mut decoder = Decoder::new();
    /// let mut input = Input::new(b"id: 7\ndata: 1\n\ndata: 2\n\nid:\ndata: 3\n\n");
    /// let mut seen = Vec::new();
    /// while let Some(Ok(IncomingRef::Message(message))) = decoder.next(&mut input) {
    ///     seen.push((message.id().map(String::from), message.last_event_id().to_string()));
    /// }
    /// assert_eq!(seen[0], (Some("7".into()), "7".into()));
    /// assert_eq!(seen[1], (None, "7".into()));
    /// assert_eq!(seen[2], (Some("".into()), "".into()));
    /// ```
    #[inline]
    #[must_use]
    pub fn id(&self) -> Option<&'a str> {
        self.has_id.then_some(self.last_event_id)
    }

    /// Parses the data as JSON.
    ///
    /// # Errors
    ///
    /// If the data is not JSON, or not JSON for this type. The error names the event and the position.
    #[cfg(feature = "json")]
    pub fn json<T: serde_core::Deserialize<'a>>(&self) -> Result<T, JsonError> {
        serde_json::from_str(self.data)
            .map_err(|source| JsonError::new(self.event(), self.last_event_id, source))
    }
}

impl PartialEq for MessageRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.event() == other.event() && self.data == other.data && self.last_event_id == other.last_event_id
    }
}

impl Eq for MessageRef<'_> {}

impl fmt::Debug for MessageRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageRef")
            .field("event", &self.event())
            .field("data", &self.data)
            .field("last_event_id", &self.last_event_id)
            .finish()
    }
}
