//! Where blocks begin and end in the buffer, and the message that is being written.

use super::Sse;
use crate::encode::block;
use alloc::vec::Vec;

impl Sse {
    /// Where the first block begins that has not left as a whole.
    #[inline]
    pub(super) fn start(&self) -> usize {
        self.sent_blocks.checked_sub(1).and_then(|i| self.earlier_ends.get(i)).copied().unwrap_or(0)
    }

    /// Where that block ends.
    #[inline]
    pub(super) fn first_end(&self) -> usize {
        self.earlier_ends.get(self.sent_blocks).copied().unwrap_or(self.end)
    }

    /// Makes what was written after the last block, up to `end`, a block.
    #[inline]
    pub(super) fn push_end(&mut self, end: usize) {
        if self.end > 0 {
            self.earlier_ends.push(self.end);
        }
        self.end = end;
    }

    /// Makes the last block something that is being written.
    #[inline]
    pub(super) fn pop_end(&mut self) {
        self.end = self.earlier_ends.pop().unwrap_or(0);
    }

    /// Begins a message, to which the waiting ID belongs.
    #[inline]
    pub(crate) fn open(&mut self) -> Open<'_> {
        let with_id = self.id_waits;
        if with_id {
            // The ID's block goes on: its blank line is taken back.
            self.pop_end();
            self.buf.pop();
            self.id_waits = false;
        } else {
            self.make_room();
        }
        let start = self.buf.len();
        Open { sse: self, start, with_id, committed: false }
    }

    /// Adds a block that is no message, ahead of an ID that waits for one.
    pub(super) fn add_beside_id(&mut self, write_fields: impl FnOnce(&mut Vec<u8>)) -> &mut Self {
        self.make_room();
        let id_end = self.end;
        if self.id_waits {
            self.pop_end();
        }
        let id_len = id_end - self.end;
        write_fields(&mut self.buf);
        block::end(&mut self.buf);
        // An ID that waits goes after it.
        self.buf[self.end..].rotate_left(id_len);
        self.push_end(self.buf.len() - id_len);
        if self.id_waits {
            self.push_end(self.buf.len());
        }
        self
    }

    #[inline]
    pub(super) fn drop_waiting_id(&mut self) {
        self.make_room();
        if self.id_waits {
            self.id_waits = false;
            self.pop_end();
            self.buf.truncate(self.end);
        }
    }

    /// Removes what a message left behind that was begun and forgotten, and blocks that have left, when
    /// they are most of the buffer: less is moved than has left, and a buffer that never runs empty does not
    /// grow.
    #[inline]
    pub(super) fn make_room(&mut self) {
        self.buf.truncate(self.end);
        if self.sent_blocks > 0 && self.start() > self.buf.len() / 2 {
            self.compact();
        }
    }

    #[cold]
    fn compact(&mut self) {
        let start = self.start();
        self.buf.drain(..start);
        self.earlier_ends.drain(..self.sent_blocks);
        self.earlier_ends.iter_mut().for_each(|end| *end -= start);
        self.end -= start;
        self.sent -= start;
        self.sent_blocks = 0;
    }
}

/// A message that is being written. Dropped without a [`commit`](Open::commit) it takes back what was
/// written, and the ID waits again.
#[derive(Debug)]
pub(crate) struct Open<'a> {
    sse: &'a mut Sse,
    start: usize,
    with_id: bool,
    committed: bool,
}

impl Open<'_> {
    /// Where to write the fields.
    #[inline]
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.sse.buf
    }

    /// Ends the message's block, and keeps it.
    #[inline]
    pub(crate) fn commit(mut self) {
        block::end(self.buffer());
        self.sse.push_end(self.sse.buf.len());
        self.committed = true;
    }
}

impl Drop for Open<'_> {
    #[inline]
    fn drop(&mut self) {
        if !self.committed {
            let sse = &mut *self.sse;
            sse.buf.truncate(self.start);
            if self.with_id {
                block::end_line(&mut sse.buf);
                sse.push_end(sse.buf.len());
                sse.id_waits = true;
            }
        }
    }
}
