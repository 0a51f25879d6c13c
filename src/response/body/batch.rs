//! What goes into one frame.

use crate::{response::Encoded, wire::boundary::Boundary};
use alloc::vec::Vec;
use bytes::Bytes;
use core::mem;

/// Items that are sent together, in one frame.
///
/// A single item becomes a frame without being copied. Items are copied into a buffer only when there is a second one,
/// so the buffer lives no longer than its frame, and an idle stream holds none.
#[derive(Debug)]
pub(super) struct Batch {
    /// How large a frame may become, in bytes, unless a single item is larger.
    pub(super) limit: usize,
    /// The frame while it consists of one item.
    one: Bytes,
    /// The frame from the second item on, when `one` is empty.
    many: Vec<u8>,
    /// An item for which the frame had no room. It begins the next frame.
    next: Bytes,
    /// How long the last frame was, in bytes. The next one is probably about as long.
    last_len: usize,
    /// How everything that has been added so far ends.
    boundary: Boundary,
}

impl Batch {
    pub(super) fn new(limit: usize) -> Self {
        Batch {
            limit,
            one: Bytes::new(),
            many: Vec::new(),
            next: Bytes::new(),
            last_len: 0,
            boundary: Boundary::default(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How long the frame is, in bytes.
    pub(super) fn len(&self) -> usize {
        self.one.len() + self.many.len()
    }

    /// Whether everything that has been added ends with a whole block, so that something else can follow.
    pub(super) fn is_between_blocks(&self) -> bool {
        self.boundary.is_between_blocks()
    }

    /// Whether the frame has no more room. If so, nothing may be added.
    pub(super) fn is_full(&self) -> bool {
        !self.is_empty() && self.len() >= self.limit || !self.next.is_empty()
    }

    /// Adds an item. Returns whether it was not empty.
    #[inline]
    pub(super) fn add(&mut self, item: impl Encoded) -> bool {
        let len = item.encoded_len();
        if len == 0 {
            return false;
        }
        if self.is_empty() {
            self.one = item.into_bytes();
            self.boundary.pass(&self.one);
        } else if self.limit.saturating_sub(self.len()) < len {
            self.next = item.into_bytes();
            self.boundary.pass(&self.next);
        } else {
            if self.many.is_empty() {
                let len = self.last_len.min(self.limit).max(2 * (self.one.len() + len));
                self.many.reserve_exact(len);
                self.many.extend_from_slice(&mem::take(&mut self.one));
            }
            let start = self.many.len();
            item.write(&mut self.many);
            self.boundary.pass(&self.many[start..]);
        }
        true
    }

    /// Takes the frame. Another one is left only if there was no room for an item.
    pub(super) fn take(&mut self) -> Option<Bytes> {
        if self.is_empty() {
            return None;
        }
        self.last_len = self.len();
        let frame = match mem::take(&mut self.many) {
            many if many.is_empty() => mem::take(&mut self.one),
            many => many.into(),
        };
        self.one = mem::take(&mut self.next);
        Some(frame)
    }
}
