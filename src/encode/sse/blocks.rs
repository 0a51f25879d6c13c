//! Where blocks begin and end in the buffer, and the message that is being written.

use super::Sse;
use crate::encode::block;
use alloc::vec::Vec;

impl Sse {
    /// Where the first block begins that has not been sent completely.
    #[inline]
    pub(super) fn start(&self) -> usize {
        self.sent_blocks.checked_sub(1).and_then(|i| self.earlier_ends.get(i)).copied().unwrap_or(0)
    }

    /// Where that block ends.
    #[inline]
    pub(super) fn first_end(&self) -> usize {
        self.earlier_ends.get(self.sent_blocks).copied().unwrap_or(self.end)
    }

    /// Turns what was written after the last block, up to `end`, into a block.
    #[inline]
    pub(super) fn push_end(&mut self, end: usize) {
        if self.end > 0 {
            self.earlier_ends.push(self.end);
        }
        self.end = end;
    }

    /// Turns the last block back into something that is being written.
    #[inline]
    pub(super) fn pop_end(&mut self) {
        self.end = self.earlier_ends.pop().unwrap_or(0);
    }

    /// Begins a message, which gets the waiting ID.
    #[inline]
    pub(crate) fn open(&mut self) -> Open<'_> {
        let with_id = self.id_waits;
        if with_id {
            // The ID's block continues: its blank line is removed.
            self.pop_end();
            self.buf.pop();
            self.id_waits = false;
        } else {
            self.make_room();
        }
        let start = self.buf.len();
        Open { sse: self, start, with_id, committed: false }
    }

    /// Adds a block that is not a message, before an ID that waits for a message.
    pub(super) fn add_beside_id(&mut self, write_fields: impl FnOnce(&mut Vec<u8>)) -> &mut Self {
        self.make_room();
        let id_end = self.end;
        if self.id_waits {
            self.pop_end();
        }
        let id_len = id_end - self.end;
        write_fields(&mut self.buf);
        block::end(&mut self.buf);
        // A waiting ID goes after the new block.
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

    /// Removes what is left of a message that was begun and forgotten. Also removes the blocks that have been sent,
    /// once they make up most of the buffer: then less is moved than has been sent, and a buffer that never runs empty
    /// does not grow.
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

/// A message that is being written. If it is dropped without a [`commit`](Open::commit), what was written is removed,
/// and the ID waits again.
#[derive(Debug)]
pub(crate) struct Open<'a> {
    sse: &'a mut Sse,
    start: usize,
    with_id: bool,
    committed: bool,
}

impl Open<'_> {
    /// The buffer to write the fields to.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Moving the rest costs as much as the rest is long, so at least as much must have been sent before.
    #[test]
    fn what_was_sent_makes_room_once_it_is_more_than_the_rest() {
        for (data, is_removed) in [("12", false), ("1", false), ("123", true)] {
            let mut sse = Sse::without_retry();
            sse.add_data(data).add_data("xy");
            let len = sse.buf.len();
            sse.next();
            sse.make_room();
            let left = if is_removed { "data: xy\n\n".len() } else { len };
            assert_eq!(sse.buf.len(), left, "{data}");
            assert_eq!(sse.as_bytes(), b"data: xy\n\n");
        }
    }
}
