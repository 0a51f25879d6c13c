//! `Decoder`: what it is set to, what it is asked, and what it says.

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
/// It does no I/O, and no content makes it fail: it does what the WHATWG HTML standard says, which gives every
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
/// What a decoder holds is bounded by [`max_event_size`](Decoder::max_event_size): it is at most three times
/// that. The lines of an event are collected in one buffer, which stays as large as it is; its type, its ID and
/// a line that is not complete yet are in others. What holds invalid UTF-8 is copied when it is given out, with
/// U+FFFD in it: up to the size once more, until the next item is asked for. The last event ID, which came in
/// an earlier event, and some KiB do not count here.
///
/// Nothing is allocated for an event once the buffers are large enough, unless its type, its ID or its text
/// with U+FFFD in it is larger than 4 KiB: so much is kept of the memory for each.
#[derive(Clone, Debug)]
pub struct Decoder {
    pub(super) limit: usize,
    pub(super) comments: bool,
    pub(super) ids: bool,
    pub(super) retries: bool,

    pub(super) id: LastEventId,
    pub(super) reconnection_time: Option<Duration>,

    // Where in the stream the input goes on.
    /// How many bytes of a byte order mark have come; all of them also when it is certain that none will.
    pub(super) bom: usize,
    pub(super) lines: Lines,
    pub(super) line: OpenLine,
    /// The event was too large. What comes up to the next blank line is dropped.
    pub(super) skipping: bool,

    // The event that has begun, as far as it is not in the chunk at hand.
    /// The bytes of its lines, with one for each line end. Comments do not count.
    pub(super) size: usize,
    /// Its first bytes as they came, for those who want to see what was not finished.
    pub(super) start: Vec<u8>,
    /// The data buffer, with a line feed between the lines. The last line may be the open one.
    pub(super) data: Buffer,
    /// Whether the data buffer has a line, which may be empty.
    pub(super) has_data: bool,
    /// The event type buffer.
    pub(super) event: Buffer,
    /// What the last item borrows, which goes when the next one is asked for.
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

    /// A decoder at the beginning of an event stream.
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

    /// Sets the last event ID, as it was when an earlier connection ended.
    #[must_use]
    pub fn with_last_event_id(mut self, id: impl Into<String>) -> Decoder {
        self.id = LastEventId::new(id.into());
        self
    }

    /// Sets the largest size of an event in bytes.
    ///
    /// All lines of an event count, whatever their fields, with one byte for each line end: `data: ab` is 9
    /// bytes. Neither comments count nor the blank line. An event that is larger is reported as [`TooLarge`] as
    /// soon as this is known. The rest of it, up to the next blank line, is skipped; its ID does not become the
    /// last event ID. The same happens to an event whose data, type and ID, as far as they hold invalid UTF-8,
    /// are together larger than the limit when it is replaced by U+FFFD (three bytes).
    ///
    /// A comment that is [reported](Decoder::comments) may be as large as an event. One that is larger is
    /// reported as [`TooLarge`] by itself, and nothing else is skipped.
    #[must_use]
    pub fn max_event_size(mut self, bytes: usize) -> Decoder {
        self.limit = bytes;
        self
    }

    /// Sets whether comments are reported.
    ///
    /// A comment is reported when its line is complete, and thus before the message whose lines surround it.
    #[must_use]
    pub fn comments(mut self, report: bool) -> Decoder {
        self.comments = report;
        self
    }

    /// Sets whether IDs without a message are reported.
    ///
    /// A block with an `id` field and without data dispatches nothing, but it sets the last event ID, or resets
    /// it. Servers send one to say from where a client may resume. The ID of a message is reported with the message:
    /// see [`MessageRef::id`].
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

    /// Sets whether changes of the reconnection time are reported.
    ///
    /// Each valid `retry` field is reported, and takes effect, when its line is complete. It needs no
    /// blank line.
    #[must_use]
    pub fn retries(mut self, report: bool) -> Decoder {
        self.retries = report;
        self
    }

    /// The last event ID: what a client sends as `Last-Event-ID` when it reconnects. Empty if there is none.
    ///
    /// An ID counts once its event has ended with a blank line.
    #[must_use]
    pub fn last_event_id(&self) -> &str {
        self.id.committed()
    }

    /// The reconnection time: how long a client waits before it reconnects, if the server has said.
    ///
    /// In whole milliseconds. Beyond 2<sup>64</sup> − 1 of them it is that number.
    #[must_use]
    pub fn reconnection_time(&self) -> Option<Duration> {
        self.reconnection_time
    }

    /// How many bytes of an unfinished event, which no blank line has ended, have arrived. Comments do not count.
    ///
    /// When the input ends, such an event is discarded (WHATWG HTML, 9.2.6), unless you call
    /// [`finish`](Decoder::finish). This tells that there was one, until [`reconnect`](Decoder::reconnect) is
    /// called. One that was reported as too large does not count.
    #[must_use]
    pub fn unfinished(&self) -> usize {
        if self.skipping { 0 } else { self.size.saturating_add(self.line.event_len()) }
    }

    /// The first bytes, up to 128, of an unfinished event, which no blank line has ended, as they arrived.
    ///
    /// They are for an error message: what ends without a blank line is often no event at all.
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

    /// Begins a new connection: drops the event that has begun, and keeps the last event ID and the
    /// reconnection time.
    ///
    /// The standard has each stream begin with an empty last event ID buffer, so that the first event
    /// without an ID would reset the last event ID. Browsers begin with the last event ID in it, and so
    /// does this.
    pub fn reconnect(&mut self) {
        self.bom = 0;
        self.lines = Lines::new();
        self.line.clear();
        self.skipping = false;
        self.drop_event();
    }

    /// Decodes up to the next item, and returns it. `None` means that all of `input` has been decoded.
    ///
    /// An event is dispatched when the first byte of the line end of its blank line is seen.
    ///
    /// # Errors
    ///
    /// If an event or a comment is larger than [`max_event_size`](Decoder::max_event_size). The decoder skips it
    /// and continues: call this again.
    #[inline]
    pub fn next<'d, 'c: 'd>(
        &'d mut self,
        input: &mut Input<'c>,
    ) -> Option<Result<IncomingRef<'d>, TooLarge>> {
        if self.take_middle(input) {
            return None;
        }
        let found = self.find(input)?;
        Some(self.lend(found))
    }

    /// Ends the input: dispatches an event that no blank line has ended, as if there were one.
    ///
    /// The standard says that such an event is discarded, because it may have been cut short, which happens if
    /// you do not call this. Some servers close the connection without the last blank line, though. A line
    /// without a line end counts as well, unless it is an `id` or a `retry`: what is cut short there is the ID
    /// or the time of something else.
    ///
    /// `None` if there is no message to dispatch, and no ID to [report](Decoder::ids). Call
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
    /// If the event is larger than [`max_event_size`](Decoder::max_event_size), with U+FFFD for invalid UTF-8.
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
