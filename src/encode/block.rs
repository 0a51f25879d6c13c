//! One event's bytes: its fields, its data written newline-safely, and the blank line that ends it.
//! The caller decides where a block begins and whether it is kept.
//!
//! A field's line is left open, so that its end can be written together with what follows.

use crate::{
    error::{Error, Field},
    wire::{
        inline::InlineBytes,
        line::Lines,
        utf8::{self, REPLACEMENT},
    },
};
use alloc::vec::Vec;
use core::fmt;

/// Where blocks are written: the buffer of an `Sse` or of an `Event`.
pub trait Buffer {
    fn extend(&mut self, bytes: &[u8]);
}

impl Buffer for Vec<u8> {
    #[inline]
    fn extend(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

impl Buffer for InlineBytes {
    #[inline]
    fn extend(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// `Ok` if `field` can carry `text`.
#[inline]
pub(crate) fn check(field: Field, text: &str) -> Result<(), Error> {
    match field.fault(text, 0) {
        None => Ok(()),
        Some(position) => {
            let character = text[position..].chars().next().unwrap_or_default();
            Err(Error::Character { field, character, position })
        }
    }
}

/// Writes the `event` field.
#[inline]
pub(crate) fn event_type(out: &mut impl Buffer, event: &str) {
    out.extend(b"event: ");
    lossy(out, Field::EventType, event);
}

/// Writes the `id` field. An empty ID resets the client's last event ID.
#[inline]
pub(crate) fn event_id(out: &mut impl Buffer, id: &str) {
    out.extend(b"id: ");
    lossy(out, Field::EventId, id);
}

/// Writes the `id` field for an ID that needs no check.
#[inline]
pub(crate) fn integer_id(out: &mut impl Buffer, id: impl itoa::Integer) {
    out.extend(b"id: ");
    integer(out, id);
}

/// Writes the `retry` field.
pub(crate) fn retry(out: &mut impl Buffer, milliseconds: u32) {
    out.extend(b"retry: ");
    integer(out, milliseconds);
}

#[inline]
fn integer(out: &mut impl Buffer, n: impl itoa::Integer) {
    let mut digits = itoa::Buffer::new();
    // itoa has just stored the digits in pairs. Copying them by wider words would have to wait until these stores reach
    // memory, which costs a tenth of the time for a small event.
    let (head, pairs) = digits.format(n).as_bytes().as_rchunks::<2>();
    out.extend(head);
    for pair in pairs {
        out.extend(pair);
    }
}

/// Writes each line of `text` as a comment.
pub(crate) fn comment(out: &mut impl Buffer, text: &str) {
    if text.is_empty() {
        // The shortest comment, which is the usual keep-alive.
        return out.extend(b":");
    }
    out.extend(b": ");
    lines(out, &mut Lines::default(), text.as_bytes(), b"\n: ");
}

/// Writes text with `new_line` in place of each line end.
#[inline]
fn lines(out: &mut impl Buffer, lines: &mut Lines, mut text: &[u8], new_line: &[u8]) {
    while let Some(line) = lines.next(&mut text) {
        out.extend(line);
        out.extend(new_line);
    }
    out.extend(text);
}

/// Ends a line.
#[inline]
pub(crate) fn end_line(out: &mut impl Buffer) {
    out.extend(b"\n");
}

/// Ends a line and the block with it: the client dispatches the event at the blank line.
#[inline]
pub(crate) fn end(out: &mut impl Buffer) {
    out.extend(b"\n\n");
}

/// Writes `text` with a replacement for each character that `field` cannot carry.
#[inline]
fn lossy(out: &mut impl Buffer, field: Field, text: &str) {
    match field.fault(text, 0) {
        None => out.extend(text.as_bytes()),
        Some(fault) => replace(out, field, text, fault),
    }
}

#[cold]
fn replace(out: &mut impl Buffer, field: Field, text: &str, mut fault: usize) {
    let mut start = 0;
    loop {
        out.extend(&text.as_bytes()[start..fault]);
        out.extend(field.replacement().as_bytes());
        start = fault + 1;
        match field.fault(text, start) {
            Some(next) => fault = next,
            None => return out.extend(&text.as_bytes()[start..]),
        }
    }
}

/// Writes into the data field: every line end in the text begins a new `data` line.
#[derive(Debug)]
pub struct DataWriter<'b, B> {
    out: &'b mut B,
    lines: Lines,
    lossy: bool,
}

impl<'b, B: Buffer> DataWriter<'b, B> {
    /// Begins the data field. A lossy writer writes U+FFFD where a checked one returns an error.
    #[inline]
    pub(crate) fn begin(out: &'b mut B, lossy: bool) -> Self {
        out.extend(b"data: ");
        Self::resume(out, Lines::default(), lossy)
    }

    /// Writes the `event` field, which the default event type does not need, and begins the data field.
    #[inline]
    pub(crate) fn begin_message(out: &'b mut B, event: &str, lossy: bool) -> Self {
        if event.is_empty() {
            out.extend(b"data: ");
        } else {
            event_type(out, event);
            out.extend(b"\ndata: ");
        }
        Self::resume(out, Lines::default(), lossy)
    }

    /// Continues where an earlier writer was suspended.
    #[inline]
    pub(crate) fn resume(out: &'b mut B, lines: Lines, lossy: bool) -> Self {
        DataWriter { out, lines, lossy }
    }

    /// Leaves the field open, to be resumed.
    #[inline]
    pub(crate) fn suspend(self) -> Lines {
        self.lines
    }

    /// Begins a new line of data.
    #[inline]
    pub(crate) fn new_line(&mut self) {
        self.out.extend(b"\ndata: ");
        self.lines = Lines::default();
    }

    /// Writes text, or a part of it: a CRLF may be split between two calls.
    #[inline]
    pub(crate) fn text(&mut self, text: &[u8]) {
        lines(self.out, &mut self.lines, text, b"\ndata: ");
    }

    /// Writes an integer.
    #[inline]
    pub(crate) fn integer(&mut self, n: impl itoa::Integer) {
        integer(self.out, n);
        self.lines = Lines::default();
    }

    /// Writes the output of a `Display` implementation or `format_args!`.
    pub(crate) fn display(&mut self, value: &(impl fmt::Display + ?Sized)) -> Result<(), Error> {
        match fmt::write(self, format_args!("{value}")) {
            Ok(()) => Ok(()),
            Err(fmt::Error) if self.lossy => {
                self.text(REPLACEMENT.as_bytes());
                Ok(())
            }
            Err(fmt::Error) => Err(Error::Format),
        }
    }

    /// Writes a value as JSON.
    #[cfg(feature = "json")]
    pub(crate) fn json(&mut self, value: &(impl serde_core::Serialize + ?Sized)) -> Result<(), Error> {
        serde_json::to_writer(self, value).map_err(|error| Error::Json { source: error.into() })
    }

    /// Writes bytes that should be UTF-8.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if !self.lossy
            && let Err(error) = core::str::from_utf8(bytes)
        {
            return Err(Error::Utf8 { position: error.valid_up_to() });
        }
        utf8::lossy(bytes).for_each(|text| self.text(text.as_bytes()));
        Ok(())
    }
}

impl<B: Buffer> fmt::Write for DataWriter<'_, B> {
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text(text.as_bytes());
        Ok(())
    }
}

/// For serializers that write to an `io::Write` and are known to write UTF-8.
#[cfg(feature = "json")]
impl<B: Buffer> std::io::Write for DataWriter<'_, B> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.text(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
