//! Bytes in, messages out: what WHATWG HTML, 9.2.6 ("Interpreting an event stream") says that a client
//! does with an event stream.
//!
//! The text of an event stays where it is as long as the event lies in one chunk. A second data line and
//! the end of the chunk move it into the decoder's own buffers. A line that has no end yet is searched
//! once, when it arrives, so that the cost is linear in the input however it is cut. It is text only
//! when it is dispatched: no part of UTF-8 looks like a line end, a colon or a space, so lines and fields
//! are the same before and after decoding, and a character that is split over two chunks is whole by then.

mod input;
mod last_event_id;
mod message;
#[cfg(any(feature = "std", feature = "stream"))]
mod own;
#[cfg(feature = "std")]
mod read;
pub(crate) mod received;
#[cfg(feature = "stream")]
mod stream;
mod text;

pub use input::Input;
pub use message::{MessageEvent, MessageRef};
#[cfg(feature = "std")]
pub use read::MessageReader;
#[cfg(feature = "stream")]
pub use stream::MessageStream;

use crate::{
    error::TooLarge,
    wire::line::{self, Lines},
};
use alloc::{string::String, vec::Vec};
use core::{mem, str, time::Duration};
use input::Value;
use last_event_id::LastEventId;
use text::Text;

/// What a decoder finds in an event stream, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IncomingRef<'a> {
    /// An event was dispatched.
    Message(MessageRef<'a>),
    /// An event was too large, and its rest will be skipped.
    TooLarge(TooLarge),
    /// A comment, without the colon and one space behind it. Only if the decoder reports
    /// [`comments`](Decoder::comments).
    Comment(&'a str),
    /// A `retry` field set the reconnection time. Only if the decoder reports
    /// [`retries`](Decoder::retries).
    Retry(Duration),
}

/// What a decoder finds in an event stream.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Incoming {
    /// An event was dispatched.
    Message(MessageEvent),
    /// An event was too large, and its rest will be skipped.
    TooLarge(TooLarge),
    /// A comment, without the colon and one space behind it. Only if the decoder reports
    /// [`comments`](Decoder::comments).
    Comment(String),
    /// A `retry` field set the reconnection time. Only if the decoder reports
    /// [`retries`](Decoder::retries).
    Retry(Duration),
}

impl From<IncomingRef<'_>> for Incoming {
    fn from(incoming: IncomingRef<'_>) -> Incoming {
        incoming.own_with(|message| message.into())
    }
}

impl IncomingRef<'_> {
    #[inline(always)]
    fn own_with(self, own: impl FnOnce(MessageRef<'_>) -> MessageEvent) -> Incoming {
        match self {
            IncomingRef::Message(message) => Incoming::Message(own(message)),
            IncomingRef::TooLarge(error) => Incoming::TooLarge(error),
            IncomingRef::Comment(text) => Incoming::Comment(text.into()),
            IncomingRef::Retry(time) => Incoming::Retry(time),
        }
    }
}

/// Reads event streams: takes bytes in chunks of any size and gives the messages in them.
///
/// It does no I/O and no content makes it fail: the WHATWG HTML standard says what every sequence of bytes
/// means, and this is what it does. `MessageReader` (feature `std`) and `MessageStream` (feature `stream`)
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
///         if let IncomingRef::Message(message) = incoming {
///             seen.push(format!("{}: {}", message.event(), message.data()));
///         }
///     }
/// }
/// assert_eq!(seen, ["message: hello", "tick: 1"]);
/// assert_eq!(decoder.last_event_id(), "7");
/// ```
///
/// # Memory
///
/// A decoder holds at most twice [`max_event_size`](Decoder::max_event_size), because the lines of an event
/// are collected in one buffer, which stays as large as it is, and its type and ID in others; and the last
/// event ID, which came in such an event. What holds invalid UTF-8 is copied when it is given out, with U+FFFD
/// in it: up to the size once more, until the next item is asked for. Some KiB do not count here.
///
/// Nothing is allocated for an event once the buffers are large enough, unless its type, its ID or its text
/// with U+FFFD in it is larger than 4 KiB: so much is kept of the memory for each.
#[derive(Clone, Debug)]
pub struct Decoder {
    limit: usize,
    comments: bool,
    retries: bool,

    id: LastEventId,
    reconnection_time: Option<Duration>,

    // Where in the stream the input goes on.
    /// How many bytes of a byte order mark have come; all of them also when it is certain that none will.
    bom: usize,
    lines: Lines,
    /// How many bytes the line has that has no end yet.
    line_len: usize,
    /// What becomes of that line.
    line: Line,
    /// The event was too large. What comes up to the next blank line is dropped.
    skipping: bool,

    // The event that has begun, as far as it is not in the chunk at hand.
    /// The bytes of its lines, with one for each line end. Comments do not count.
    size: usize,
    /// The data buffer, with a line feed behind each line. From `line_at` on, the line that has no end yet.
    buffer: Vec<u8>,
    line_at: usize,
    /// The event type buffer.
    event: Vec<u8>,
    /// Text that was not UTF-8, with U+FFFD in it.
    lossy: String,
    /// What the last item borrows, which goes when the next one is asked for.
    lent: Lent,
}

#[derive(Clone, Copy, Debug)]
enum Line {
    /// The buffer holds it.
    Buffered,
    /// The buffer holds it without `data:`.
    Data,
    /// A comment that nobody wants.
    Ignored,
}

#[derive(Clone, Copy, Debug)]
enum Lent {
    Nothing,
    Comment,
    Event,
}

/// What the end of a line brought that began in an earlier chunk.
enum Ended {
    Nothing,
    /// A comment, which begins here in the buffer.
    Comment(usize),
    Retry(Duration),
    TooLarge(TooLarge),
}

/// The fields of the event that has begun, as far as they lie in the chunk at hand. Each is newer than
/// what the decoder's buffers hold.
#[derive(Clone, Copy, Default)]
struct Fields<'c> {
    event: Option<Value<'c>>,
    id: Option<Value<'c>>,
    data: Option<Value<'c>>,
}

/// A line.
enum Field<'l> {
    Data(&'l [u8]),
    Event(&'l [u8]),
    Id(&'l [u8]),
    Retry(&'l [u8]),
    Comment(&'l [u8]),
    Unknown,
}

/// 9.2.6, "Process the field": takes a line apart.
#[inline(always)]
fn field(line: &[u8]) -> Field<'_> {
    if let Some(value) = value(line, b"data") {
        Field::Data(value)
    } else if let Some(value) = value(line, b"id") {
        Field::Id(value)
    } else if let Some(value) = value(line, b"event") {
        Field::Event(value)
    } else if let Some(value) = value(line, b"") {
        Field::Comment(value)
    } else if let Some(value) = value(line, b"retry") {
        Field::Retry(value)
    } else {
        Field::Unknown
    }
}

/// The value of the field, if it has this name: what is behind the colon and one space, or nothing if
/// there is no colon.
#[inline(always)]
fn value<'l>(line: &'l [u8], name: &[u8]) -> Option<&'l [u8]> {
    match line.strip_prefix(name)? {
        [b':', b' ', value @ ..] | [b':', value @ ..] => Some(value),
        [] => Some(&[]),
        _ => None,
    }
}

/// The name of the `data` field with its colon, and a byte more that tells whether a space follows.
const DATA_PREFIX: usize = b"data: ".len();

/// What the data buffer begins with, in bytes, if the limit lets it: most events fit, so that it grows once.
const FIRST_CAPACITY: usize = 2048;

/// Larger chunks cost little for each byte, and are not searched twice.
const MIDDLE_SIZE: usize = 128;

/// "One leading U+FEFF BYTE ORDER MARK character must be ignored if any are present" (9.2.5), which is
/// what the UTF-8 decode algorithm does.
const BOM: [u8; 3] = *b"\xef\xbb\xbf";

/// Buffers that are needed now and then keep no more than this.
const KEPT_CAPACITY: usize = 4096;

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
            retries: false,
            id: LastEventId::new(String::new()),
            reconnection_time: None,
            bom: 0,
            lines: Lines::new(),
            line_len: 0,
            line: Line::Buffered,
            skipping: false,
            size: 0,
            buffer: Vec::new(),
            line_at: 0,
            event: Vec::new(),
            lossy: String::new(),
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
    /// All lines of an event count, whatever their fields, with one byte for each line end. Comments do not,
    /// but one that is [reported](Decoder::comments) must find room beside what has come of its event. An event
    /// that is larger is reported as [`TooLarge`](IncomingRef::TooLarge) as soon as this is known. The rest of
    /// it, up to the next blank line, is skipped; its ID does not become the last event ID. The same happens to
    /// an event whose data, type and ID, as far as they hold invalid UTF-8, are together larger than the limit
    /// when it is replaced by U+FFFD (three bytes).
    #[must_use]
    pub fn max_event_size(mut self, bytes: usize) -> Decoder {
        self.limit = bytes;
        self
    }

    /// Sets whether comments are reported.
    ///
    /// A comment comes when its line is complete: before the message in whose lines it stands.
    #[must_use]
    pub fn comments(mut self, report: bool) -> Decoder {
        self.comments = report;
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

    /// The last event ID: what a client sends as `Last-Event-ID` when it connects again. Empty if there
    /// is none.
    ///
    /// An ID counts from the blank line on that ends its event.
    #[must_use]
    pub fn last_event_id(&self) -> &str {
        self.id.committed()
    }

    /// The reconnection time: how long a client waits before it connects again, if the server has said.
    ///
    /// In whole milliseconds. Beyond 2<sup>64</sup> − 1 of them it is that number.
    #[must_use]
    pub fn reconnection_time(&self) -> Option<Duration> {
        self.reconnection_time
    }

    /// How many bytes have come of an event that no blank line has ended. Comments do not count.
    ///
    /// When the input ends, such an event is discarded (WHATWG HTML, 9.2.6). This tells that there was
    /// one, until [`reconnect`](Decoder::reconnect) is called. One that was reported as too large does not
    /// count.
    #[must_use]
    pub fn unfinished(&self) -> usize {
        let line_len = match self.line {
            Line::Ignored => 0,
            Line::Buffered if self.buffer.get(self.line_at) == Some(&b':') => 0,
            Line::Buffered | Line::Data => self.line_len,
        };
        if self.skipping { 0 } else { self.size.saturating_add(line_len) }
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
        self.line_len = 0;
        self.skipping = false;
        self.drop_event();
    }

    /// Decodes up to the next message, and gives it. `None` means that all of `input` has been decoded.
    ///
    /// An event is dispatched when the first byte of the line end of its blank line is seen.
    #[inline]
    pub fn next<'d, 'c: 'd>(&'d mut self, input: &mut Input<'c>) -> Option<IncomingRef<'d>> {
        if self.take_middle(input) { None } else { self.next_item(input) }
    }

    #[inline]
    fn next_item<'d, 'c: 'd>(&'d mut self, input: &mut Input<'c>) -> Option<IncomingRef<'d>> {
        match self.lent {
            Lent::Nothing => {}
            Lent::Comment => self.drop_line(),
            Lent::Event => self.drop_event(),
        }
        if self.bom < BOM.len()
            && let Some(error) = self.skip_bom(input)
        {
            return Some(IncomingRef::TooLarge(error));
        }
        if self.line_len > 0 {
            match self.end_line(input)? {
                Ended::Nothing => {}
                Ended::Comment(at) => return Some(self.comment(None, at, input)),
                Ended::Retry(time) => return Some(IncomingRef::Retry(time)),
                Ended::TooLarge(error) => return Some(IncomingRef::TooLarge(error)),
            }
        }
        if self.skipping {
            self.skip(input)?;
        }
        let mut fields = Fields::default();
        loop {
            let Some(line) = input.line(&mut self.lines) else {
                self.keep(&mut fields);
                return self.begin_line(input.take_rest()).map(IncomingRef::TooLarge);
            };
            if line.is_empty() {
                if fields.data.is_some() || self.line_at > 0 {
                    return Some(self.dispatch(fields, input));
                }
                if let Some(error) = self.end_without_data(&mut fields, input) {
                    return Some(IncomingRef::TooLarge(error));
                }
                continue;
            }
            if line.len() > self.limit.saturating_sub(self.size) {
                // A comment that nobody wants costs nothing, so that it may be of any length.
                if !self.comments && line.starts_with(b":") {
                    continue;
                }
                return Some(IncomingRef::TooLarge(self.too_large(line.len())));
            }
            let size = self.size.saturating_add(line.len() + 1);
            match field(line) {
                Field::Data(value) if fields.data.is_none() && self.line_at == 0 => {
                    fields.data = Some(input.value(value));
                }
                Field::Data(value) => {
                    self.keep_data(&mut fields);
                    self.append(value);
                    self.end_data();
                }
                Field::Event(value) => fields.event = Some(input.value(value)),
                Field::Id(value) if received::is_id(value) => fields.id = Some(input.value(value)),
                Field::Retry(value) => {
                    if let Some(time) = self.set_reconnection_time(received::retry(value)) {
                        self.size = size;
                        self.keep(&mut fields);
                        return Some(IncomingRef::Retry(time));
                    }
                }
                Field::Comment(value) => {
                    if self.comments {
                        self.keep(&mut fields);
                        let value = input.value(value);
                        return Some(self.comment(Some(value), self.line_at, input));
                    }
                    continue;
                }
                Field::Id(_) | Field::Unknown => {}
            }
            self.size = size;
        }
    }

    /// 9.2.6, dispatching, steps 1 and 3 to 8.
    #[inline(always)]
    fn dispatch<'d, 'c: 'd>(&'d mut self, fields: Fields<'c>, input: &mut Input<'c>) -> IncomingRef<'d> {
        self.size = 0;
        // Step 3: the line feed behind the last line goes.
        let kept = self.buffer.get(..self.line_at.saturating_sub(1)).unwrap_or_default();
        let mut texts = || {
            let data = Text::new(fields.data, kept, input, &mut self.lossy, self.limit)?;
            let event = Text::new(fields.event, &self.event, input, &mut self.lossy, self.limit)?;
            self.id.commit(fields.id, input, &mut self.lossy, self.limit)?;
            Ok((data, event))
        };
        match texts() {
            Ok((data, event)) => {
                if self.line_at > 0 || !self.event.is_empty() || !self.lossy.is_empty() {
                    self.lent = Lent::Event;
                }
                let id_is_new = self.id.take_new();
                IncomingRef::Message(MessageRef {
                    event: event.resolve(&self.lossy),
                    data: data.resolve(&self.lossy),
                    last_event_id: self.id.committed(),
                    id_is_new,
                })
            }
            Err(size) => {
                self.lent = Lent::Event;
                IncomingRef::TooLarge(TooLarge { size, limit: self.limit })
            }
        }
    }

    /// 9.2.6, dispatching, steps 1 and 2: the ID counts, but without data there is no message.
    fn end_without_data<'c>(&mut self, fields: &mut Fields<'c>, input: &mut Input<'c>) -> Option<TooLarge> {
        let fields = mem::take(fields);
        let committed = self.id.commit(fields.id, input, &mut self.lossy, self.limit);
        self.drop_event();
        committed.err().map(|size| TooLarge { size, limit: self.limit })
    }

    /// Takes the end of a line that began in an earlier chunk. `None` if it is not in this one either.
    #[inline(always)]
    fn end_line(&mut self, input: &mut Input<'_>) -> Option<Ended> {
        let Some(end) = input.line(&mut self.lines) else {
            return self.extend_line(input.take_rest()).map(Ended::TooLarge);
        };
        let line_len = mem::take(&mut self.line_len).saturating_add(end.len());
        if self.skipping || matches!(self.line, Line::Ignored) {
            return Some(Ended::Nothing);
        }
        if line_len > self.limit.saturating_sub(self.size) {
            return Some(Ended::TooLarge(self.too_large(line_len)));
        }
        let size = self.size.saturating_add(line_len).saturating_add(1);
        match self.line {
            Line::Ignored => {}
            Line::Data => {
                self.append(end);
                self.end_data();
            }
            Line::Buffered => {
                self.append(end);
                let line = self.buffer.get(self.line_at..).unwrap_or_default();
                match field(line) {
                    Field::Data(value) => {
                        let prefix = line.len() - value.len();
                        self.drop_prefix(prefix);
                        self.end_data();
                    }
                    Field::Event(value) => {
                        set(&mut self.event, value);
                        self.drop_line();
                    }
                    Field::Id(value) => {
                        if received::is_id(value) {
                            self.id.set(value);
                        }
                        self.drop_line();
                    }
                    Field::Retry(value) => {
                        let time = received::retry(value);
                        self.drop_line();
                        if let Some(time) = self.set_reconnection_time(time) {
                            self.size = size;
                            return Some(Ended::Retry(time));
                        }
                    }
                    Field::Comment(value) => {
                        return Some(Ended::Comment(self.buffer.len() - value.len()));
                    }
                    Field::Unknown => self.drop_line(),
                }
            }
        }
        self.size = size;
        Some(Ended::Nothing)
    }

    /// Takes a small chunk out of the middle of a long data line, if it is one: there is nothing to find in it.
    /// Such lines come in very many chunks, which are done with before anything else is looked at.
    #[inline(always)]
    fn take_middle(&mut self, input: &mut Input<'_>) -> bool {
        let chunk = input.remaining();
        let is_middle = self.line_len > 0
            && matches!(self.line, Line::Data)
            && !self.skipping
            && chunk.len() <= MIDDLE_SIZE
            && chunk.len() <= self.limit.saturating_sub(self.size).saturating_sub(self.line_len)
            && line::find_end(chunk).is_none();
        if is_middle {
            self.line_len += chunk.len();
            self.append(input.take_rest());
        }
        is_middle
    }

    /// Keeps what has come of a line that begins in this chunk and does not end there.
    #[inline(always)]
    fn begin_line(&mut self, text: &[u8]) -> Option<TooLarge> {
        let first = text.first()?;
        self.line = match value(text, b"data") {
            // Long lines are data lines, whose values go straight to where they belong.
            Some(value) if text.len() >= DATA_PREFIX => {
                self.line_len = text.len() - value.len();
                self.line = Line::Data;
                return self.extend_line(value);
            }
            _ if *first == b':' && !self.comments => Line::Ignored,
            _ => Line::Buffered,
        };
        self.extend_line(text)
    }

    /// Keeps what has come of a line that began earlier and does not end here either.
    #[inline(always)]
    fn extend_line(&mut self, text: &[u8]) -> Option<TooLarge> {
        self.line_len = self.line_len.saturating_add(text.len());
        if self.skipping || matches!(self.line, Line::Ignored) {
            return None;
        }
        if self.line_len > self.limit.saturating_sub(self.size) {
            return Some(self.too_large(self.line_len));
        }
        match self.line {
            Line::Ignored => {}
            Line::Data => self.append(text),
            Line::Buffered => {
                self.append(text);
                let line = self.buffer.get(self.line_at..).unwrap_or_default();
                if line.len() >= DATA_PREFIX
                    && let Some(value) = value(line, b"data")
                {
                    let prefix = line.len() - value.len();
                    self.drop_prefix(prefix);
                    self.line = Line::Data;
                }
            }
        }
        None
    }

    /// Moves what lies in the chunk to the decoder's buffers.
    fn keep(&mut self, fields: &mut Fields<'_>) {
        self.keep_data(fields);
        if let Some(event) = fields.event.take() {
            set(&mut self.event, event.bytes);
        }
        if let Some(id) = fields.id.take() {
            self.id.set(id.bytes);
        }
    }

    #[inline]
    fn keep_data(&mut self, fields: &mut Fields<'_>) {
        if let Some(data) = fields.data.take() {
            self.append(data.bytes);
            self.end_data();
        }
    }

    /// Appends to the line in the buffer.
    #[inline]
    fn append(&mut self, text: &[u8]) {
        if text.len() > self.buffer.capacity() - self.buffer.len() {
            self.grow(text.len());
        }
        self.buffer.extend_from_slice(text);
    }

    /// Doubles the buffer, but not beyond what the limit lets in.
    #[cold]
    fn grow(&mut self, more: usize) {
        let needed = self.buffer.len().saturating_add(more);
        let doubled = self.buffer.capacity().saturating_mul(2).max(FIRST_CAPACITY).min(self.limit);
        self.buffer.reserve_exact(needed.max(doubled) - self.buffer.len());
    }

    /// 9.2.6, "Process the field", `data`: a line feed goes behind the value.
    #[inline]
    fn end_data(&mut self) {
        self.append(b"\n");
        self.line_at = self.buffer.len();
    }

    fn set_reconnection_time(&mut self, time: Option<Duration>) -> Option<Duration> {
        self.reconnection_time = Some(time?);
        time.filter(|_| self.retries)
    }

    /// A comment that lies in the chunk or, if it does not, in the buffer from `kept_at` on. It has the
    /// room that the event leaves it, also when invalid UTF-8 in it has been replaced.
    fn comment<'d, 'c: 'd>(
        &'d mut self,
        value: Option<Value<'c>>,
        kept_at: usize,
        input: &mut Input<'c>,
    ) -> IncomingRef<'d> {
        let kept = self.buffer.get(kept_at..).unwrap_or_default();
        match Text::new(value, kept, input, &mut self.lossy, self.limit.saturating_sub(self.size)) {
            Ok(text) => {
                self.lent = Lent::Comment;
                IncomingRef::Comment(text.resolve(&self.lossy))
            }
            Err(len) => {
                self.lent = Lent::Event;
                self.skipping = true;
                IncomingRef::TooLarge(TooLarge { size: self.size.saturating_add(len), limit: self.limit })
            }
        }
    }

    /// Gives up the event because of a line of which this much has come.
    #[cold]
    fn too_large(&mut self, line_len: usize) -> TooLarge {
        let size = self.size.saturating_add(line_len);
        self.drop_event();
        self.skipping = true;
        TooLarge { size, limit: self.limit }
    }

    /// Drops lines up to the next blank one. `None` if it is not in this chunk.
    #[cold]
    fn skip(&mut self, input: &mut Input<'_>) -> Option<()> {
        while let Some(line) = input.line(&mut self.lines) {
            if line.is_empty() {
                self.skipping = false;
                return Some(());
            }
        }
        self.extend_line(input.take_rest());
        None
    }

    /// Drops the byte order mark. What only began like one is the beginning of a line.
    #[cold]
    fn skip_bom(&mut self, input: &mut Input<'_>) -> Option<TooLarge> {
        while let Some(byte) = BOM.get(self.bom)
            && input.take_byte(*byte)
        {
            self.bom += 1;
        }
        if input.is_empty() {
            return None;
        }
        let begun = mem::replace(&mut self.bom, BOM.len());
        if begun < BOM.len() { self.begin_line(BOM.get(..begun)?) } else { None }
    }

    /// Drops the first bytes of the line in the buffer.
    fn drop_prefix(&mut self, len: usize) {
        self.buffer.copy_within(self.line_at + len.., self.line_at);
        self.buffer.truncate(self.buffer.len() - len);
    }

    /// Drops the line in the buffer.
    fn drop_line(&mut self) {
        self.buffer.truncate(self.line_at);
        self.drop_lossy();
        self.lent = Lent::Nothing;
    }

    /// Drops the event that has begun. The buffer stays as large as it is: a stream that has large events
    /// will have more of them.
    #[inline]
    fn drop_event(&mut self) {
        self.size = 0;
        self.buffer.clear();
        self.line_at = 0;
        self.event.clear();
        self.event.shrink_to(KEPT_CAPACITY);
        self.id.drop_buffer();
        self.drop_lossy();
        self.lent = Lent::Nothing;
    }

    #[inline]
    fn drop_lossy(&mut self) {
        self.lossy.clear();
        self.lossy.shrink_to(KEPT_CAPACITY);
    }
}

fn set(buffer: &mut Vec<u8>, value: &[u8]) {
    buffer.clear();
    buffer.extend_from_slice(value);
}
