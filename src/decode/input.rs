//! Input: a chunk of bytes on its way through the decoder.

use crate::wire::{
    line::{self, Lines},
    utf8,
};
use core::fmt;

/// A chunk of an event stream, and how far it has been decoded.
///
/// ```
/// use sse_wire::{Decoder, Input};
///
/// let mut decoder = Decoder::new();
/// let mut input = Input::new(b"data: 1\n\ndata: 2\n\n");
/// assert!(decoder.next(&mut input).is_some());
/// assert_eq!(input.remaining(), b"data: 2\n\n");
/// ```
#[derive(Clone)]
pub struct Input<'c> {
    chunk: &'c [u8],
    /// The rest of `chunk`, from where the decoder continues.
    rest: &'c [u8],
    /// The rest of `chunk`, from where the event begins, or continues if it began in an earlier chunk.
    event: &'c [u8],
    /// A part of `chunk` that is known to be UTF-8.
    checked: &'c str,
    /// Where that part begins in `chunk`.
    checked_at: usize,
    /// The last line that was long and found to be ASCII, or what there is of it.
    ascii: &'c str,
    /// How many bytes one check covers at least. Checking short texts one at a time would take longer than everything
    /// else that is done with them.
    ahead: usize,
    /// Whether an event that is not complete may wait in the chunk, to be decoded together with what arrives next. That
    /// takes less time than collecting it in the decoder's buffers, but each byte may be decoded twice.
    pub(super) may_wait: bool,
}

/// The bytes of a field's value, and where in the chunk they end.
#[derive(Clone, Copy)]
pub(super) struct Value<'c> {
    pub(super) bytes: &'c [u8],
    end: usize,
}

impl<'l> Value<'l> {
    /// A value that does not lie in the chunk.
    pub(super) fn elsewhere(bytes: &'l [u8]) -> Value<'l> {
        Value { bytes, end: 0 }
    }
}

/// Texts of at least this size, in bytes, are checked alone, if the search for the end of their line has not found them
/// to be ASCII. What follows such a text may be the beginning of an event that the next chunk completes, and would then
/// be checked again.
pub(super) const LONG: usize = 128;

/// How much of an event may wait in the chunk, in bytes.
pub(super) const LONGEST_WAITING: usize = 4096;

impl<'c> Input<'c> {
    /// Creates an input from a chunk of bytes. The chunk may begin and end anywhere: inside a line, a CRLF or a
    /// character.
    #[must_use]
    pub fn new(chunk: &'c [u8]) -> Input<'c> {
        Input { ahead: 2048, ..Input::once(chunk) }
    }

    /// Creates an input that is used for one event only, so that checking ahead would be wasted.
    pub(crate) fn once(chunk: &'c [u8]) -> Input<'c> {
        Input {
            chunk,
            rest: chunk,
            event: chunk,
            checked: "",
            checked_at: 0,
            ascii: "",
            ahead: 0,
            may_wait: false,
        }
    }

    /// Returns the bytes that have not been decoded yet.
    #[must_use]
    pub fn remaining(&self) -> &'c [u8] {
        self.rest
    }

    /// Whether all bytes have been decoded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Takes one line, without its end.
    #[inline]
    pub(super) fn line(&mut self, lines: &mut Lines) -> Option<&'c [u8]> {
        lines.next_with(&mut self.rest, |bytes| {
            line::find_end_or(bytes, |bytes| utf8::find_end_of_long_line(bytes, &mut self.ascii))
        })
    }

    /// Takes what is left of a line that began in an earlier chunk, and is probably long.
    #[inline]
    pub(super) fn end_of_line(&mut self, lines: &mut Lines) -> Option<&'c [u8]> {
        lines.next_with(&mut self.rest, |bytes| {
            if bytes.len() < LONG {
                line::find_end(bytes)
            } else {
                utf8::find_end_of_long_line(bytes, &mut self.ascii)
            }
        })
    }

    /// Takes what is left.
    pub(crate) fn take_rest(&mut self) -> &'c [u8] {
        core::mem::take(&mut self.rest)
    }

    /// The next event begins here.
    #[inline]
    pub(super) fn begin_event(&mut self) {
        self.event = self.rest;
    }

    /// Takes what has been decoded of the event but was not taken before.
    pub(super) fn take_event(&mut self) -> &'c [u8] {
        let event = core::mem::replace(&mut self.event, self.rest);
        event.get(..event.len() - self.rest.len()).unwrap_or_default()
    }

    /// Goes back to the beginning of the event, if that is at most `limit` bytes back. Returns whether it does.
    pub(super) fn go_back(&mut self, limit: usize) -> bool {
        // The second half of the CRLF before the event.
        let event = self.event.strip_prefix(b"\n").unwrap_or(self.event);
        let is_short = !event.is_empty() && event.len() <= limit;
        if is_short {
            self.rest = event;
        }
        is_short
    }

    /// Takes one byte, if it is this one.
    pub(super) fn take_byte(&mut self, byte: u8) -> bool {
        match self.rest.split_first() {
            Some((first, rest)) if *first == byte => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// A value that ends where the line that was taken last ends.
    #[inline]
    pub(super) fn value(&self, bytes: &'c [u8]) -> Value<'c> {
        // The line end is one byte: the LF of a CRLF is taken with the next line.
        Value { bytes, end: self.chunk.len() - self.rest.len() - 1 }
    }

    /// A value as text. `None` if it is not UTF-8.
    #[inline]
    pub(super) fn text(&mut self, value: Value<'c>) -> Option<&'c str> {
        if self.ahead == 0 {
            return if value.bytes.len() < LONG {
                utf8::valid(value.bytes)
            } else {
                self.long_text(value.bytes)
            };
        }
        let start = value.end - value.bytes.len();
        // If the value lies before `checked_at`, this wraps around to an index beyond the checked text.
        let [from, to] = [start, value.end].map(|at| at.wrapping_sub(self.checked_at));
        match self.checked.get(from..to) {
            Some(text) => Some(text),
            None => self.check(value, start),
        }
    }

    /// The end of the last line, or of what there is of it, as text, if that line was long and found to be ASCII.
    #[inline]
    pub(super) fn known_text(&self, end: &'c [u8]) -> Option<&'c str> {
        let start = self.ascii.len().checked_sub(end.len())?;
        let is_known = self.ascii.as_bytes().as_ptr_range().end == end.as_ptr_range().end;
        if is_known { self.ascii.get(start..) } else { None }
    }

    /// A long value as text.
    #[inline(never)]
    fn long_text(&self, value: &'c [u8]) -> Option<&'c str> {
        self.known_text(value).or_else(|| utf8::valid(value))
    }

    #[inline(never)]
    fn check(&mut self, value: Value<'c>, start: usize) -> Option<&'c str> {
        if value.bytes.len() >= LONG {
            return self.long_text(value.bytes);
        }
        let window = self.chunk.get(start..)?;
        let window = window.get(..self.ahead).unwrap_or(window);
        self.checked = utf8::valid(window).unwrap_or_else(|| valid_prefix(window));
        self.checked_at = start;
        self.checked.get(..value.bytes.len())
    }
}

#[cold]
fn valid_prefix(bytes: &[u8]) -> &str {
    bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid())
}

impl<'c> From<&'c [u8]> for Input<'c> {
    fn from(chunk: &'c [u8]) -> Input<'c> {
        Input::new(chunk)
    }
}

impl fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Input")
            .field("remaining", &format_args!("\"{}\"", self.rest.escape_ascii()))
            .finish_non_exhaustive()
    }
}
