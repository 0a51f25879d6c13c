//! The line that has begun but not ended yet: what is kept of it from one chunk to the next.

use super::{
    Decoder, Input,
    buffer::Buffer,
    field::{Field, Fields, begun_data},
    input::{LONG, Value},
    interpret::{Found, Report, START},
};
use crate::{error::TooLarge, wire::line};
use core::mem;

#[derive(Clone, Debug)]
pub(super) struct OpenLine {
    /// How many bytes of it have arrived. 0 means that there is no open line, because a blank line is never open.
    pub(super) len: usize,
    kind: Kind,
    /// What has arrived of it, if it is [`Kind::Kept`]; once it has ended, its text if it was a comment.
    pub(super) buffer: Buffer,
}

/// What is done with the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// It is a data line, whose value goes straight to the data buffer.
    Data,
    /// It may be anything else.
    Kept,
    /// It is dropped: it is an unwanted comment, or a comment that is too large, or belongs to an event that is
    /// dropped.
    Ignored,
}

/// Larger chunks are cheap per byte, and must not be searched twice.
const MIDDLE_SIZE: usize = 128;

/// "One leading U+FEFF BYTE ORDER MARK character must be ignored if any are present" (9.2.5), which is
/// what the UTF-8 decode algorithm does.
pub(crate) const BOM: [u8; 3] = *b"\xef\xbb\xbf";

impl OpenLine {
    pub(super) const fn new() -> OpenLine {
        OpenLine { len: 0, kind: Kind::Kept, buffer: Buffer::new() }
    }

    /// How many of its bytes count towards the size of the event.
    pub(super) fn event_len(&self) -> usize {
        let is_comment = self.kind == Kind::Kept && self.buffer.bytes.first() == Some(&b':');
        if self.kind == Kind::Ignored || is_comment { 0 } else { self.len }
    }

    pub(super) fn clear(&mut self) {
        self.len = 0;
        self.buffer.reset();
    }
}

impl Decoder {
    /// Takes the chunk if it is a small one from the middle of a long data line, with nothing to find in it. Such lines
    /// arrive in very many chunks, so they are handled before anything else is checked.
    #[inline(always)]
    pub(super) fn take_middle(&mut self, chunk: &[u8]) -> bool {
        let is_middle = self.line.len > 0
            && self.line.kind == Kind::Data
            && self.start.len() == START
            && chunk.len() <= MIDDLE_SIZE
            && chunk.len() < self.room().saturating_sub(self.line.len)
            && line::find_end(chunk).is_none();
        if is_middle {
            self.line.len += chunk.len();
            self.data.append(chunk, self.limit);
        }
        is_middle
    }

    /// Keeps what has arrived of a line that begins in this chunk and does not end in it.
    #[inline(always)]
    pub(super) fn begin_line<'c>(&mut self, text: &'c [u8], input: &Input<'c>) -> Option<TooLarge> {
        let first = text.first()?;
        self.line.kind = match begun_data(text) {
            // Long lines are data lines, whose values go straight to the data buffer.
            Some(value) => {
                self.line.kind = Kind::Data;
                self.line.len = text.len() - value.len();
                self.begin_data();
                return self.extend_line(value, input);
            }
            None if *first == b':' && !self.comments => Kind::Ignored,
            None => Kind::Kept,
        };
        self.extend_line(text, input)
    }

    /// Begins a line that is dropped.
    pub(super) fn ignore_line(&mut self, text: &[u8]) {
        self.line.kind = Kind::Ignored;
        self.line.len = text.len();
    }

    /// Keeps what has arrived of a line that began earlier and does not end here either.
    #[inline(always)]
    fn extend_line<'c>(&mut self, text: &'c [u8], input: &Input<'c>) -> Option<TooLarge> {
        self.line.len = self.line.len.saturating_add(text.len());
        if self.line.kind == Kind::Ignored {
            return None;
        }
        if self.line.len >= self.room()
            && let Some(error) = self.exceeds(self.is_comment(text), self.line.len)
        {
            self.ignore_open_line();
            return Some(error);
        }
        if self.line.kind == Kind::Data {
            self.append_data(text, input);
        } else {
            self.extend_kept(text);
        }
        None
    }

    /// Appends a part of the line to the data buffer.
    #[inline]
    fn append_data<'c>(&mut self, part: &'c [u8], input: &Input<'c>) {
        if part.len() < LONG {
            self.data.append(part, self.limit);
        } else {
            self.append_long_data(part, input);
        }
    }

    #[inline(never)]
    fn append_long_data<'c>(&mut self, part: &'c [u8], input: &Input<'c>) {
        match input.known_text(part) {
            Some(text) => self.data.append_text(text, self.limit),
            None => self.data.append(part, self.limit),
        }
    }

    fn extend_kept(&mut self, text: &[u8]) {
        let line = &mut self.line.buffer;
        line.append(text, self.limit);
        if begun_data(&line.bytes).is_some() {
            let line = mem::take(&mut line.bytes);
            self.begin_data();
            self.data.append(begun_data(&line).unwrap_or_default(), self.limit);
            self.line.kind = Kind::Data;
            self.line.buffer.bytes = line;
            self.line.buffer.reset();
        }
    }

    /// Takes what this chunk has of a line that began in an earlier one: its end, or all of the chunk.
    #[inline(always)]
    pub(super) fn end_line<'c>(&mut self, input: &mut Input<'c>) -> Option<Found<'c>> {
        let Some(end) = input.end_of_line(&mut self.lines) else {
            let rest = input.take_rest();
            return self.extend_line(rest, input).map(Found::TooLarge);
        };
        let len = self.line.len.saturating_add(end.len());
        if self.line.kind == Kind::Data && len < self.room() {
            self.line.len = 0;
            self.append_data(end, input);
            self.size = self.size.saturating_add(len).saturating_add(1);
            return None;
        }
        self.end_other_line(end, input)
    }

    /// The end of any other line than a data line that the limit leaves room for.
    // Not inlined. Only this function returns something found, so the usual path has nothing to move.
    #[inline(never)]
    fn end_other_line<'c>(&mut self, end: &'c [u8], input: &mut Input<'c>) -> Option<Found<'c>> {
        let len = mem::take(&mut self.line.len).saturating_add(end.len());
        if self.line.kind != Kind::Ignored
            && len >= self.room()
            && let Some(error) = self.exceeds(self.is_comment(end), len)
        {
            self.ignore_open_line();
            return Some(Found::TooLarge(error));
        }
        let mut found = None;
        if self.line.kind == Kind::Kept {
            self.line.buffer.append(end, self.limit);
            found = self.process_kept(input);
        }
        if self.size == 0 {
            self.drop_start(input);
        }
        found
    }

    fn process_kept<'c>(&mut self, input: &mut Input<'c>) -> Option<Found<'c>> {
        let mut line = mem::take(&mut self.line.buffer.bytes);
        let mut fields = Fields::default();
        let report = self.process(&line, &mut fields, Value::elsewhere);
        self.keep(&mut fields);
        let found = match report {
            None => None,
            Some(Report::Retry(time)) => Some(Found::Retry(time)),
            Some(Report::Comment(value)) => {
                let prefix = line.len() - value.bytes.len();
                line.remove_first(prefix);
                self.line.buffer.bytes = line;
                return Some(self.comment(None, input));
            }
        };
        self.line.buffer.bytes = line;
        self.line.buffer.reset();
        found
    }

    /// Ends the line where the input ends.
    pub(super) fn end_last_line(&mut self) {
        let is_kept = self.line.len > 0 && self.line.kind == Kind::Kept;
        // An ID or a reconnection time that was cut short is a different one. Ignored lines are not part of the event.
        if is_kept && let Field::Data(_) | Field::Event(_) = Field::of(&self.line.buffer.bytes) {
            self.process_kept(&mut Input::once(&[]));
        }
        self.line.clear();
    }

    /// Whether the open line, with this at its end, is a comment.
    fn is_comment(&self, text: &[u8]) -> bool {
        let first = self.line.buffer.bytes.first().or(text.first());
        self.line.kind == Kind::Kept && first == Some(&b':')
    }

    /// Drops what has arrived of the open line, and what will arrive.
    fn ignore_open_line(&mut self) {
        self.line.kind = Kind::Ignored;
        self.line.buffer.reset();
    }

    /// Drops the byte order mark. If it turns out not to be one, its bytes are the beginning of a line.
    #[cold]
    pub(super) fn skip_bom(&mut self, input: &mut Input<'_>) -> Option<TooLarge> {
        while let Some(byte) = BOM.get(self.bom)
            && input.take_byte(*byte)
        {
            self.bom += 1;
        }
        if self.bom == BOM.len() {
            self.drop_start(input);
        }
        if input.is_empty() {
            return None;
        }
        let begun = mem::replace(&mut self.bom, BOM.len());
        if begun < BOM.len() { self.begin_line(BOM.get(..begun)?, input) } else { None }
    }
}
