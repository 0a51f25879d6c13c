//! The last event ID. The standard keeps two: the last event ID *buffer*, which an `id` field sets, and
//! the last event ID *string*, which takes over the buffer's value at the next blank line and is what a
//! client sends when it connects again (WHATWG HTML, 9.2.6, dispatching, step 1).

use super::{Input, KEPT_CAPACITY, input::Value, text::Text};
use alloc::{string::String, vec::Vec};

#[derive(Clone, Debug)]
pub(super) struct LastEventId {
    committed: String,
    /// No message has carried it yet.
    is_new: bool,
    /// The buffer, if an `id` field has set it and no blank line has come since. Otherwise the standard's
    /// buffer and string are equal.
    buffer: Vec<u8>,
    is_set: bool,
}

impl LastEventId {
    pub(super) const fn new(committed: String) -> LastEventId {
        LastEventId { committed, is_new: true, buffer: Vec::new(), is_set: false }
    }

    pub(super) fn committed(&self) -> &str {
        &self.committed
    }

    /// Whether this message is the first to carry the ID.
    pub(super) fn take_new(&mut self) -> bool {
        core::mem::take(&mut self.is_new)
    }

    /// Sets the buffer.
    pub(super) fn set(&mut self, value: &[u8]) {
        self.buffer.clear();
        self.buffer.extend_from_slice(value);
        self.is_set = true;
    }

    /// Takes over a value from the chunk or, if there is none, the buffer. An error, which is that of
    /// [`Text::new`], changes nothing.
    #[inline(always)]
    pub(super) fn commit<'c>(
        &mut self,
        value: Option<Value<'c>>,
        input: &mut Input<'c>,
        lossy: &mut String,
        limit: usize,
    ) -> Result<(), usize> {
        if value.is_none() && !self.is_set {
            return Ok(());
        }
        let text = Text::new(value, &self.buffer, input, lossy, limit)?;
        if self.committed.capacity() > KEPT_CAPACITY {
            self.committed = String::new();
        }
        self.committed.clear();
        self.committed.push_str(text.resolve(lossy));
        self.is_new = true;
        self.drop_buffer();
        Ok(())
    }

    /// Drops the buffer: what no blank line followed does not count.
    pub(super) fn drop_buffer(&mut self) {
        self.is_set = false;
        self.buffer.clear();
        self.buffer.shrink_to(KEPT_CAPACITY);
    }
}
