//! `MessageEvent`: one incoming event. Named as in the WHATWG HTML standard, where dispatching an event
//! creates a `MessageEvent`.

#[cfg(feature = "json")]
use crate::error::JsonError;
use alloc::{string::String, sync::Arc};
use core::fmt;

/// The event type of an event that names none (WHATWG HTML, 9.2.6, dispatching, step 5).
const DEFAULT_TYPE: &str = "message";

/// An ID up to this many bytes is copied into each message; a longer one is shared between the messages
/// that carry it. Otherwise a server could send a huge ID once and make each later message, however
/// small, cost as much.
const SHORT_ID: usize = 128;

/// An incoming event, as it was dispatched: borrowed from the chunk that it lies in, or from the
/// [`Decoder`](crate::Decoder).
///
/// [`MessageEvent`] is the same with its own memory; `MessageEvent::from` makes one.
#[derive(Clone, Copy)]
pub struct MessageRef<'a> {
    /// The event type buffer: empty when the event named no type.
    pub(crate) event: &'a str,
    pub(crate) data: &'a str,
    pub(crate) last_event_id: &'a str,
    /// No earlier message has carried this ID.
    #[cfg_attr(
        not(any(feature = "std", feature = "stream")),
        allow(dead_code, reason = "it is for `Owner`")
    )]
    pub(crate) id_is_new: bool,
}

impl<'a> MessageRef<'a> {
    /// The event type: `message` unless the event named another.
    #[inline]
    #[must_use]
    pub fn event(&self) -> &'a str {
        if self.event.is_empty() { DEFAULT_TYPE } else { self.event }
    }

    /// The data. Several `data` lines are joined by line feeds.
    #[inline]
    #[must_use]
    pub fn data(&self) -> &'a str {
        self.data
    }

    /// The last event ID: that of this event, or of the last one before it that had one. Empty if there
    /// was none, or if it was reset.
    #[inline]
    #[must_use]
    pub fn last_event_id(&self) -> &'a str {
        self.last_event_id
    }

    /// Reads the data as JSON.
    ///
    /// # Errors
    ///
    /// When the data is not JSON, or not of the type asked for. The error names the event and the place.
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

/// An incoming event, as it was dispatched.
///
/// ```
/// use sse_wire::{Decoder, Incoming, Input};
///
/// let mut decoder = Decoder::new();
/// let mut input = Input::new(b"event: tick\nid: 7\ndata: 1\n\n");
/// let Some(Incoming::Message(message)) = decoder.next(&mut input).map(Incoming::from) else { panic!() };
/// assert_eq!((message.event(), message.data(), message.last_event_id()), ("tick", "1", "7"));
/// ```
#[derive(Clone)]
pub struct MessageEvent {
    /// The data, the event type, and the ID if it is short: one allocation for all.
    text: String,
    event_at: usize,
    id_at: usize,
    long_id: Option<Arc<str>>,
}

impl MessageEvent {
    /// The event type: `message` unless the event named another.
    #[inline]
    #[must_use]
    pub fn event(&self) -> &str {
        self.as_ref().event()
    }

    /// The data. Several `data` lines are joined by line feeds.
    #[inline]
    #[must_use]
    pub fn data(&self) -> &str {
        self.as_ref().data
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
        self.as_ref().last_event_id
    }

    /// The message, borrowed.
    #[inline]
    #[must_use]
    pub fn as_ref(&self) -> MessageRef<'_> {
        let (data, rest) = self.text.split_at_checked(self.event_at).unwrap_or_default();
        let (event, short_id) = rest.split_at_checked(self.id_at - self.event_at).unwrap_or_default();
        let last_event_id = self.long_id.as_deref().unwrap_or(short_id);
        MessageRef { event, data, last_event_id, id_is_new: false }
    }

    /// Reads the data as JSON.
    ///
    /// ```
    /// # use sse_wire::{Decoder, Incoming, Input};
    /// # let mut decoder = Decoder::new();
    /// # let mut input = Input::new(b"event: point\ndata: [1, 2, x]\n\ndata: [1, 2]\n\n");
    /// # let mut next = || match decoder.next(&mut input).map(Incoming::from) {
    /// #     Some(Incoming::Message(message)) => message,
    /// #     _ => unreachable!(),
    /// # };
    /// # let (bad, good) = (next(), next());
    /// assert_eq!(good.json::<(i32, i32)>()?, (1, 2));
    /// assert_eq!(
    ///     bad.json::<Vec<i32>>().unwrap_err().to_string(),
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
        self.as_ref().json()
    }

    #[inline(always)]
    fn new(message: MessageRef<'_>, share: impl FnOnce(&str) -> Arc<str>) -> MessageEvent {
        let MessageRef { event, data, last_event_id, .. } = message;
        let (short_id, long_id) = match last_event_id {
            short if short.len() <= SHORT_ID => (short, None),
            long => ("", Some(share(long))),
        };
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
        MessageEvent { text, event_at: data.len(), id_at: data.len() + event.len(), long_id }
    }
}

impl From<MessageRef<'_>> for MessageEvent {
    fn from(message: MessageRef<'_>) -> MessageEvent {
        MessageEvent::new(message, |id| id.into())
    }
}

impl PartialEq for MessageEvent {
    fn eq(&self, other: &Self) -> bool {
        self.as_ref() == other.as_ref()
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

/// Makes messages that share a long ID.
#[cfg(any(feature = "std", feature = "stream"))]
#[derive(Debug, Default)]
pub(crate) struct Owner {
    long_id: Option<Arc<str>>,
}

#[cfg(any(feature = "std", feature = "stream"))]
impl Owner {
    #[inline(always)]
    pub(crate) fn own(&mut self, message: MessageRef<'_>) -> MessageEvent {
        if self.long_id.is_some() && message.last_event_id.len() <= SHORT_ID {
            self.long_id = None;
        }
        MessageEvent::new(message, |id| match &mut self.long_id {
            Some(shared) if !message.id_is_new => shared.clone(),
            shared => shared.insert(Arc::from(id)).clone(),
        })
    }
}
