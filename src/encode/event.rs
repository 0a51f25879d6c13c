//! One outgoing event.

use super::{
    Data, EventId, Retry,
    block::{self, DataWriter},
    chunk::display_lossy,
};
use crate::{
    error::{Error, Field},
    wire::inline::InlineBytes,
};
use alloc::{string::String, vec::Vec};
use core::{fmt, mem};

/// One outgoing event, encoded while it is built.
///
/// It borrows nothing, and is cheap to send to another thread: up to 128 bytes are stored inline. The fields are
/// written in the order in which they are set, which makes no difference to a client. If a field is set twice, the last
/// one counts, except for comments and [`data`](Event::data), which accumulate.
///
/// What a client does with an event depends on its fields:
///
/// * With data or an event type, it is a message, which is dispatched. Without data, it is sent with empty data,
///   because a client would drop a message that has none.
/// * With only an ID, a retry, or comments, it changes the client's state (or does nothing), and listeners do not see
///   it.
/// * Without fields, nothing is sent.
///
/// ```
/// use sse_wire::{Event, Sse};
///
/// let event = Event::new().event("tick").id(7).data("1");
/// assert_eq!(event.to_string(), "event: tick\nid: 7\ndata: 1\n\n");
///
/// let sse: Sse = [event, Event::new().comment("bye")].into_iter().collect();
/// assert_eq!(sse.to_string(), "event: tick\nid: 7\ndata: 1\n\n: bye\n\n");
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
#[must_use = "an event does nothing until it is pushed or written"]
pub struct Event {
    /// The fields, without the end of the last line.
    fields: InlineBytes,
    /// Where in the fields the values of the event type and the ID begin; 0 if there is none.
    type_at: usize,
    id_at: usize,
    has_data: bool,
}

impl Event {
    /// Creates an event without fields.
    #[inline]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the event type, which determines which listeners get the message. Without an event type, or with an empty
    /// one, the listeners of `message` get it.
    ///
    /// A CR, LF, or NUL in it becomes U+FFFD.
    #[inline]
    pub fn event(mut self, event: &str) -> Self {
        let fields = self.field();
        let at = fields.len() + "event: ".len();
        block::event_type(fields, event);
        self.type_at = at;
        self
    }

    /// Like [`event`](Event::event), but checks the event type.
    ///
    /// # Errors
    /// If the event type contains a CR, LF, or NUL. The event is then dropped, as with the other methods here that
    /// return a `Result`.
    pub fn try_event(self, event: &str) -> Result<Self, Error> {
        block::check(Field::EventType, event)?;
        Ok(self.event(event))
    }

    /// Sets the event ID, text or an integer, which a client sends back as `Last-Event-ID` when it reconnects. An empty
    /// ID makes the client forget its last event ID.
    ///
    /// What a client could not send back unchanged in a request header becomes `?`: control characters other than a tab
    /// in the middle, and white space at either end. Preferably use ASCII only: see [`EventId`].
    #[inline]
    pub fn id(mut self, id: impl EventId) -> Self {
        let fields = self.field();
        let at = fields.len() + "id: ".len();
        id.write(fields);
        self.id_at = at;
        self
    }

    /// Like [`id`](Event::id), but checks the ID.
    ///
    /// # Errors
    /// If the ID contains a control character other than a tab in the middle, or white space at either end.
    pub fn try_id(self, id: impl EventId) -> Result<Self, Error> {
        id.check()?;
        Ok(self.id(id))
    }

    /// Sets the client's reconnection time, in milliseconds or as a [`Duration`](core::time::Duration).
    /// Browsers may have a minimum: Firefox waits for at least 500 ms.
    #[inline]
    pub fn retry(mut self, retry: impl Retry) -> Self {
        block::retry(self.field(), retry.to_wire());
        self
    }

    /// Adds a comment, which clients ignore. Each line of the text becomes a comment.
    #[inline]
    pub fn comment(mut self, text: &str) -> Self {
        block::comment(self.field(), text);
        self
    }

    /// Adds data. Each line of the text becomes a line of data. Calling it again continues on a new line.
    #[inline]
    pub fn data(mut self, data: impl Data) -> Self {
        // A lossy writer never fails.
        let _ = self.write_data(true, |writer| data.write(writer));
        self
    }

    /// Like [`data`](Event::data), but checks the data.
    ///
    /// # Errors
    /// If a `Display` implementation in the data fails, or bytes are not UTF-8.
    pub fn try_data(mut self, data: impl Data) -> Result<Self, Error> {
        self.write_data(false, |writer| data.write(writer))?;
        Ok(self)
    }

    /// Adds a value to the data as JSON, written straight into the event. A line end in the JSON text (as in a
    /// `RawValue`) begins a new line of data, which is white space to a JSON parser.
    ///
    /// # Errors
    /// If the value cannot be serialized.
    #[cfg(feature = "json")]
    pub fn json(mut self, value: &(impl serde_core::Serialize + ?Sized)) -> Result<Self, Error> {
        self.write_data(false, |writer| writer.json(value))?;
        Ok(self)
    }

    #[inline]
    fn write_data(
        &mut self,
        lossy: bool,
        write: impl FnOnce(&mut DataWriter<'_, InlineBytes>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.has_data = true;
        write(&mut DataWriter::begin(self.field(), lossy))
    }

    /// The place to write the next field.
    #[inline]
    fn field(&mut self) -> &mut InlineBytes {
        if !self.fields.is_empty() {
            block::end_line(&mut self.fields);
        }
        &mut self.fields
    }

    /// Whether no field is set, so that nothing is sent.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Whether the event has an ID.
    #[inline]
    pub(crate) fn has_id(&self) -> bool {
        self.id_at != 0
    }

    /// Where in the block the values of the ID and the event type begin. Each ends at a line feed.
    #[cfg(feature = "channel")]
    pub(crate) fn values_at(&self) -> (Option<usize>, Option<usize>) {
        let at = |at| (at != 0).then_some(at);
        (at(self.id_at), at(self.type_at))
    }

    /// Whether a client dispatches the event.
    #[inline]
    pub(crate) fn is_message(&self) -> bool {
        self.has_data || self.type_at != 0
    }

    /// The whole block, or nothing if there are no fields.
    pub(crate) fn to_block(&self) -> Vec<u8> {
        // The exact capacity, so that `Bytes` can take it over without another allocation.
        let mut block = Vec::with_capacity(self.block_len());
        self.write_block(&mut block);
        block
    }

    /// The same, without copying if the fields are not stored inline.
    #[inline]
    pub(crate) fn into_block(mut self) -> Vec<u8> {
        let InlineBytes::Many(fields) = &mut self.fields else { return self.to_block() };
        let mut block = mem::take(fields);
        block.reserve_exact(self.end_len());
        if self.needs_data() {
            block::end_line(&mut block);
            DataWriter::begin(&mut block, true);
        }
        block::end(&mut block);
        block
    }

    /// How many bytes the whole block has.
    #[inline]
    pub(crate) fn block_len(&self) -> usize {
        if self.is_empty() { 0 } else { self.fields.len() + self.end_len() }
    }

    /// How many bytes a block has after its fields.
    fn end_len(&self) -> usize {
        if self.needs_data() { "\ndata: \n\n".len() } else { "\n\n".len() }
    }

    /// Writes the whole block, or nothing if there are no fields.
    #[inline]
    pub(crate) fn write_block(&self, out: &mut impl block::Buffer) {
        if !self.is_empty() {
            self.write_fields(out);
            block::end(out);
        }
    }

    /// Whether a client would drop the event without an empty data field: it does not dispatch an event whose data
    /// buffer is empty (9.2.6, dispatch, step 2).
    fn needs_data(&self) -> bool {
        self.type_at != 0 && !self.has_data
    }

    /// Writes all fields, but not the end of the block.
    #[inline]
    pub(crate) fn write_fields(&self, out: &mut impl block::Buffer) {
        out.extend(&self.fields);
        if self.needs_data() {
            block::end_line(out);
            DataWriter::begin(out, true);
        }
    }
}

/// Shows what is sent.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        display_lossy(&self.to_block(), f)
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Event").field(&String::from_utf8_lossy(&self.to_block())).finish()
    }
}

impl From<Event> for Vec<u8> {
    fn from(event: Event) -> Self {
        event.into_block()
    }
}

impl From<Event> for String {
    fn from(event: Event) -> Self {
        String::from_utf8_lossy(&event.to_block()).into_owned()
    }
}

#[cfg(feature = "http")]
impl From<Event> for bytes::Bytes {
    fn from(event: Event) -> Self {
        event.into_block().into()
    }
}
