//! What can be published, and how it becomes blocks of the log.

use super::log::{Log, Values};
use crate::{
    decode::received::{self, BOM},
    encode::{Chunk, Event, Sse},
    wire::line::Lines,
};
use alloc::vec::Vec;
use bytes::Bytes;

/// What a [`Channel`](super::Channel) can publish: one [`Event`], several (`&[Event]`, `Vec<Event>`, an array), the
/// contents of an [`Sse`], or blocks that are already encoded, as a [`Chunk`] or [`Bytes`].
///
/// Several events are published at once: a reader sees all of them or none. Encoded blocks are split at their blank
/// lines, so that each gets an ID; if the last blank line is missing, it is added. `&mut Sse` is left empty. This trait
/// is sealed.
pub trait Publishable: Sealed {}

pub(super) mod sealed {
    use super::Log;

    pub trait Sealed {
        /// Appends the blocks to the log. It runs under the channel's lock, so it must not call the user's code.
        fn append(self, log: &mut Log);
    }
}

use sealed::Sealed;

impl Publishable for &Event {}
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

impl Publishable for Event {}
impl Sealed for Event {
    #[inline]
    fn append(self, log: &mut Log) {
        (&self).append(log);
    }
}

impl Publishable for &[Event] {}
impl Sealed for &[Event] {
    fn append(self, log: &mut Log) {
        self.iter().for_each(|event| event.append(log));
    }
}

impl<const N: usize> Publishable for [Event; N] {}
impl<const N: usize> Sealed for [Event; N] {
    fn append(self, log: &mut Log) {
        self.as_slice().append(log);
    }
}

impl Publishable for Vec<Event> {}
impl Sealed for Vec<Event> {
    fn append(self, log: &mut Log) {
        self.as_slice().append(log);
    }
}

impl Publishable for Bytes {}
impl Sealed for Bytes {
    fn append(self, log: &mut Log) {
        append_encoded(&self, log);
    }
}

impl Publishable for Chunk {}
impl Sealed for Chunk {
    fn append(self, log: &mut Log) {
        append_encoded(&self, log);
    }
}

impl Publishable for Sse {}
impl Sealed for Sse {
    fn append(self, log: &mut Log) {
        append_encoded(self.as_bytes(), log);
    }
}

impl Publishable for &mut Sse {}
impl Sealed for &mut Sse {
    fn append(self, log: &mut Log) {
        append_encoded(self.as_bytes(), log);
        self.clear();
    }
}

/// Appends blocks that are already encoded.
fn append_encoded(bytes: &[u8], log: &mut Log) {
    for Block { bytes, values } in blocks(bytes) {
        log.append(bytes.len() + "\n\n".len(), values, |out| {
            out.extend_from_slice(bytes);
            out.extend_from_slice(b"\n\n");
        });
    }
}

/// An encoded block, without the end of its last line and the blank line after it.
pub(super) struct Block<'b> {
    pub(super) bytes: &'b [u8],
    pub(super) values: Values,
}

/// The blocks of a stream, as a client would find them.
pub(super) fn blocks(bytes: &[u8]) -> impl Iterator<Item = Block<'_>> {
    // A byte order mark is one only at the beginning of a stream (9.2.6, "UTF-8 decode").
    let mut rest = bytes.strip_prefix(&BOM).unwrap_or(bytes);
    core::iter::from_fn(move || next_block(&mut rest))
}

/// Removes the first block from `rest`, as a client would find it (9.2.6): everything up to the next blank line.
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
    /// Notes where the value begins if the line is an `id` or `event` field. The last one in a block counts.
    fn read(&mut self, line: &[u8], line_end: usize) {
        if let Some(value) = received::value(line, b"event") {
            self.type_at = Some(line_end - value.len());
        } else if let Some(value) = received::value(line, b"id").filter(|value| received::is_id(value)) {
            self.id_at = Some(line_end - value.len());
        }
    }
}
