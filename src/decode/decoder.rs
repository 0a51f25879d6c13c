//! `Decoder`: its settings, and its methods.

use super::{
    IncomingRef, Input, MessageRef,
    buffer::Buffer,
    interpret::{Found, Lent},
    last_event_id::LastEventId,
    open_line::OpenLine,
};
use crate::{error::TooLarge, wire::line::Lines};
use alloc::{string::String, vec::Vec};
use core::time::Duration;

/// Reads event streams: takes bytes in chunks of any size, and returns the messages in them.
///
/// It does no I/O, and no content makes it fail: it follows the WHATWG HTML standard, which gives every
/// sequence of bytes a meaning. `MessageReader` (feature `std`) and `MessageStream` (feature `stream`)
/// drive it.
///
/// ```
/// use sse_wire::{Decoder, IncomingRef, Input};
///
/// let mut decoder = Decoder::new();
/// let mut seen = Vec::new();
/// for chunk in ["id: 7\ndata: he", "llo\n\nevent: tick\nda", "ta: 1\n\n"] {
///     let mut input = Input::new(chunk.as_bytes());
///     while let Some(incoming) = decoder.next(&mut input) {
///         if let IncomingRef::Message(message) = incoming? {
///             seen.push(format!("{}: {}", message.event(), message.data()));
///         }
///     }
/// }
/// assert_eq!(seen, ["message: hello", "tick: 1"]);
/// assert_eq!(decoder.last_event_id(), "7");
/// # Ok::<(), sse_wire::TooLarge>(())
/// ```
///
/// # Memory
///
/// The memory of a decoder is bounded: it is at most three times the [`max_event_size`](Decoder::max_event_size), plus
/// a few KiB and the last event ID from an earlier event. The data lines of an event are collected in one buffer, which
/// keeps its size. The event's type and ID, and a line that is not complete yet, are in other buffers. Text with
/// invalid UTF-8 is copied when it is returned, with U+FFFD in it: that takes up to the maximum size again, until you
/// ask for the next item.
///
/// Once the buffers are large enough, nothing is allocated for an event unless its type, its ID, or a text with U+FFFD
/// in it is larger than 4 KiB, because no more memory than that is kept for each of these.
#[derive(Clone, Debug)]
pub struct Decoder {
    pub(super) limit: usize,
    pub(super) comments: bool,
    pub(super) ids: bool,
    pub(super) retries: bool,

    pub(super) id: LastEventId,
    pub(super) reconnection_time: Option<Duration>,

    // Where in the stream the input continues.
    /// How many bytes of a byte order mark have been read, or its whole length if it is certain that there is none.
    pub(super) bom: usize,
    pub(super) lines: Lines,
    pub(super) line: OpenLine,
    /// Whether the event was too large, so that everything up to the next blank line is dropped.
    pub(super) skipping: bool,

    // The event that has begun, except for what lies in the current chunk.
    /// The number of bytes in its lines, with one for each line end. Comments do not count.
    pub(super) size: usize,
    /// Its first bytes as they arrived, to be shown if the event is never finished.
    pub(super) start: Vec<u8>,
    /// The data buffer, with a line feed between the lines. The last line may be the open one.
    pub(super) data: Buffer,
    /// Whether the data buffer has a line, which may be empty.
    pub(super) has_data: bool,
    /// The event type buffer.
    pub(super) event: Buffer,
    /// What the last item borrows. It is dropped when the next item is asked for.
    pub(super) lent: Lent,
}

impl Default for Decoder {
    fn default() -> Decoder {
        Decoder::new()
    }
}

impl Decoder {
    /// The default of [`max_event_size`](Decoder::max_event_size): 16 MiB.
    pub const DEFAULT_MAX_EVENT_SIZE: usize = 16 << 20;

    /// Creates a decoder at the beginning of an event stream.
    #[must_use]
    pub const fn new() -> Decoder {
        Decoder {
            limit: Decoder::DEFAULT_MAX_EVENT_SIZE,
            comments: false,
            ids: false,
            retries: false,
            id: LastEventId::new(String::new()),
            reconnection_time: None,
            bom: 0,
            lines: Lines::new(),
            line: OpenLine::new(),
            skipping: false,
            size: 0,
            start: Vec::new(),
            data: Buffer::new(),
            has_data: false,
            event: Buffer::new(),
            lent: Lent::Nothing,
        }
    }

    /// Sets the last event ID that was current when an earlier connection ended.
    #[must_use]
    pub fn with_last_event_id(mut self, id: impl Into<String>) -> Decoder {
        self.id = LastEventId::new(id.into());
        self
    }

    /// Sets the largest size of an event in bytes.
    ///
    /// All lines of an event count, whatever their fields, with one byte for each line end: `data: ab` counts as 9
    /// bytes. Comments and the blank line do not count. A larger event is reported as [`TooLarge`] as soon as its size
    /// is known. The rest of it, up to the next blank line, is skipped, and its ID does not become the last event ID.
    /// The same happens if its data, type, and ID contain invalid UTF-8, and those of them that do are together larger
    /// than the limit once it is replaced by U+FFFD (three bytes).
    ///
    /// A comment that is [reported](Decoder::comments) may be as large as an event. A larger comment is reported as
    /// [`TooLarge`] by itself, and nothing else is skipped.
    #[must_use]
    pub fn max_event_size(mut self, bytes: usize) -> Decoder {
        self.limit = bytes;
        self
    }

    /// Sets whether comments are reported.
    ///
    /// A comment is reported when its line is complete, and therefore before the message whose lines surround it.
    #[must_use]
    pub fn comments(mut self, report: bool) -> Decoder {
        self.comments = report;
        self
    }

    /// Sets whether IDs without a message are reported.
    ///
    /// A block with an `id` field but no data dispatches nothing, but it sets or resets the last event ID. Servers send
    /// such blocks to say where a client may resume. The ID of a message is reported with the message: see
    /// [`MessageRef::id`].
    ///
    /// ```
    /// use sse_wire::{Decoder, IncomingRef, Input};
    ///
    /// let mut decoder = Decoder::new().ids(true);
    /// let mut input = Input::new(b"event: checkpoint\nid: 7\n\n");
    /// assert_eq!(decoder.next(&mut input), Some(Ok(IncomingRef::Id("7"))));
    /// ```
    #[must_use]
    pub fn ids(mut self, report: bool) -> Decoder {
        self.ids = report;
        self
    }

    /// Sets whether changes to the reconnection time are reported.
    ///
    /// Each valid `retry` field is reported, and takes effect, when its line is complete. It does not need a blank
    /// line.
    #[must_use]
    pub fn retries(mut self, report: bool) -> Decoder {
        self.retries = report;
        self
    }

    /// Returns the last event ID, which a client sends as `Last-Event-ID` when it reconnects. Empty if there is none.
    ///
    /// An ID counts once its event has ended with a blank line.
    #[must_use]
    pub fn last_event_id(&self) -> &str {
        self.id.committed()
    }

    /// Returns the reconnection time, which is how long a client waits before it reconnects, if the server has set one.
    ///
    /// It is in whole milliseconds, and at most 2<sup>64</sup> − 1 of them.
    #[must_use]
    pub fn reconnection_time(&self) -> Option<Duration> {
        self.reconnection_time
    }

    /// Returns how many bytes have arrived of an unfinished event, which no blank line has ended. Comments do not
    /// count.
    ///
    /// When the input ends, such an event is discarded (WHATWG HTML, 9.2.6), unless you call
    /// [`finish`](Decoder::finish). This method reveals that there was one, until you call
    /// [`reconnect`](Decoder::reconnect). An event that was reported as too large does not count.
    #[must_use]
    pub fn unfinished(&self) -> usize {
        if self.skipping { 0 } else { self.size.saturating_add(self.line.event_len()) }
    }

    /// Returns the first bytes, up to 128, of an unfinished event, as they arrived.
    ///
    /// Use them in an error message: what ends without a blank line is often not an event at all.
    ///
    /// ```
    /// use sse_wire::{Decoder, Input};
    ///
    /// let mut decoder = Decoder::new();
    /// let body = br#"{"message":"Internal error"}"#;
    /// assert_eq!(decoder.next(&mut Input::new(body)), None);
    /// assert_eq!((decoder.unfinished(), decoder.unfinished_start()), (28, &body[..]));
    /// ```
    #[must_use]
    pub fn unfinished_start(&self) -> &[u8] {
        if self.unfinished() > 0 { &self.start } else { &[] }
    }

    /// Prepares for a new connection: drops the unfinished event, and keeps the last event ID and the reconnection
    /// time.
    ///
    /// In the standard, each stream begins with an empty last event ID buffer, so the first event without an ID would
    /// reset the last event ID. Browsers begin with the last event ID in the buffer, and so does this decoder.
    pub fn reconnect(&mut self) {
        self.bom = 0;
        self.lines = Lines::new();
        self.line.clear();
        self.skipping = false;
        self.drop_event();
    }

    /// Decodes up to the next item, and returns it. `None` means that all of `input` has been decoded.
    ///
    /// An event is dispatched as soon as the first byte of its blank line's line end is seen.
    ///
    /// # Errors
    ///
    /// If an event or a comment is larger than [`max_event_size`](Decoder::max_event_size). The decoder skips it, and
    /// you can call this again to continue.
    #[inline]
    pub fn next<'d, 'c: 'd>(
        &'d mut self,
        input: &mut Input<'c>,
    ) -> Option<Result<IncomingRef<'d>, TooLarge>> {
        if self.take_middle(input.remaining()) {
            input.take_rest();
            return None;
        }
        let found = self.find(input)?;
        Some(self.lend(found))
    }

    /// Ends the input: dispatches an event that no blank line has ended, as if there were one.
    ///
    /// The standard says that such an event is discarded, because it may have been cut short, and that is what happens
    /// if you do not call this. But some servers close the connection without the last blank line. A last line without
    /// a line end counts as well, unless it is an `id` or a `retry`: if cut short, it would be a different ID or time.
    ///
    /// Returns `None` if there is no message to dispatch, and no ID to [report](Decoder::ids). Call
    /// [`reconnect`](Decoder::reconnect) before the input of the next connection.
    ///
    /// ```
    /// use sse_wire::{Decoder, IncomingRef, Input};
    ///
    /// let mut decoder = Decoder::new();
    /// assert_eq!(decoder.next(&mut Input::new(b"data: [DONE]")), None);
    /// let Some(Ok(IncomingRef::Message(message))) = decoder.finish() else { panic!() };
    /// assert_eq!(message.data(), "[DONE]");
    /// ```
    ///
    /// # Errors
    ///
    /// If the event is larger than [`max_event_size`](Decoder::max_event_size) with U+FFFD for invalid UTF-8.
    pub fn finish(&mut self) -> Option<Result<IncomingRef<'_>, TooLarge>> {
        let found = self.find_last()?;
        Some(self.lend(found))
    }

    #[inline]
    pub(super) fn lend<'d, 'c: 'd>(&'d self, found: Found<'c>) -> Result<IncomingRef<'d>, TooLarge> {
        Ok(match found {
            Found::Message { event, data, has_id } => IncomingRef::Message(MessageRef {
                event: self.event.resolve(event),
                data: self.data.resolve(data),
                last_event_id: self.id.committed(),
                has_id,
            }),
            Found::Id => IncomingRef::Id(self.id.committed()),
            Found::Retry(time) => IncomingRef::Retry(time),
            Found::Comment(text) => IncomingRef::Comment(self.line.buffer.resolve(text)),
            Found::TooLarge(error) => return Err(error),
        })
    }
}
