//! What can be published, and how it becomes blocks of the log.

use super::log::{Log, Values};
use crate::{
    decode::received,
    encode::{Chunk, Event, Sse},
    wire::line::Lines,
};
use alloc::vec::Vec;
use bytes::Bytes;

/// What a [`Channel`](super::Channel) publishes: one [`Event`], several (`&[Event]`, `Vec<Event>`, an array), all
/// that an [`Sse`] holds, or blocks that were encoded before, as a [`Chunk`] or [`Bytes`].
///
/// Several are published at once: a reader sees all of them or none. Encoded blocks are cut at their blank
/// lines, so that each gets an ID, and what lacks the last blank line is ended with one. `&mut Sse` is left
/// empty. This trait is sealed.
pub trait Events: Sealed {}

pub(super) mod sealed {
    use super::Log;

    pub trait Sealed {
        /// Appends the blocks to the log. Runs under the channel's lock, so no code of a user's may run in it.
        fn append(self, log: &mut Log);
    }
}

use sealed::Sealed;

impl Events for &Event {}
impl Sealed for &Event {
    #[inline]
    fn append(self, log: &mut Log) {
        if self.is_empty() {
            return;
        }
        let (id_at, type_at) = self.values_at();
        log.append(self.block_len(), Values { id_at, type_at }, |out| self.write_block(out));
    }
}

impl Events for Event {}
impl Sealed for Event {
    #[inline]
    fn append(self, log: &mut Log) {
        (&self).append(log);
    }
}

impl Events for &[Event] {}
impl Sealed for &[Event] {
    fn append(self, log: &mut Log) {
        self.iter().for_each(|event| event.append(log));
    }
}

impl<const N: usize> Events for [Event; N] {}
impl<const N: usize> Sealed for [Event; N] {
    fn append(self, log: &mut Log) {
        self.as_slice().append(log);
    }
}

impl Events for Vec<Event> {}
impl Sealed for Vec<Event> {
    fn append(self, log: &mut Log) {
        self.as_slice().append(log);
    }
}

impl Events for Bytes {}
impl Sealed for Bytes {
    fn append(self, log: &mut Log) {
        append_encoded(&self, log);
    }
}

impl Events for Chunk {}
impl Sealed for Chunk {
    fn append(self, log: &mut Log) {
        append_encoded(&self, log);
    }
}

impl Events for Sse {}
impl Sealed for Sse {
    fn append(self, log: &mut Log) {
        append_encoded(self.as_bytes(), log);
    }
}

impl Events for &mut Sse {}
impl Sealed for &mut Sse {
    fn append(self, log: &mut Log) {
        append_encoded(self.as_bytes(), log);
        self.clear();
    }
}

/// Appends blocks that were encoded before.
fn append_encoded(bytes: &[u8], log: &mut Log) {
    for Block { bytes, values } in blocks(bytes) {
        log.append(bytes.len() + "\n\n".len(), values, |out| {
            out.extend_from_slice(bytes);
            out.extend_from_slice(b"\n\n");
        });
    }
}

/// A block that was encoded before, without the end of its last line and the blank line that ends it.
pub(super) struct Block<'b> {
    pub(super) bytes: &'b [u8],
    pub(super) values: Values,
}

/// The blocks of a stream, as a client would find them.
pub(super) fn blocks(bytes: &[u8]) -> impl Iterator<Item = Block<'_>> {
    // A byte order mark is one only at the beginning of a stream (9.2.6, "UTF-8 decode").
    let mut rest = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    core::iter::from_fn(move || next_block(&mut rest))
}

/// Takes the first block off `rest`, as a client would find it (9.2.6): up to the next blank line.
fn next_block<'b>(rest: &mut &'b [u8]) -> Option<Block<'b>> {
    // Blank lines between blocks dispatch nothing.
    while let [b'\n' | b'\r', after @ ..] = rest {
        *rest = after;
    }
    let bytes = *rest;
    if bytes.is_empty() {
        return None;
    }
    let mut lines = Lines::new();
    let mut values = Values { id_at: None, type_at: None };
    loop {
        let Some(line) = lines.next(rest) else {
            values.read(rest, bytes.len());
            *rest = &[];
            break;
        };
        if line.is_empty() {
            break;
        }
        // A line end is one byte here: the LF of a CRLF is taken with the next line.
        values.read(line, bytes.len() - rest.len() - 1);
    }
    let mut bytes = &bytes[..bytes.len() - rest.len()];
    while let [start @ .., b'\n' | b'\r'] = bytes {
        bytes = start;
    }
    Some(Block { bytes, values })
}

impl Values {
    /// Notes where the value of a field begins, if it is one of these two. The last one of a block counts.
    fn read(&mut self, line: &[u8], line_end: usize) {
        let (name, value) = match line.iter().position(|byte| *byte == b':') {
            None => (line, &[][..]),
            Some(colon) => (&line[..colon], &line[colon + 1..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        let at = Some(line_end - value.len());
        match name {
            b"event" => self.type_at = at,
            b"id" if received::is_id(value) => self.id_at = at,
            _ => {}
        }
    }
}
