//! The last event ID. The standard has two of them: the last event ID *buffer*, which an `id` field sets, and the last
//! event ID *string*, which takes on the buffer's value at the next blank line, and which a client sends when it
//! reconnects (WHATWG HTML, 9.2.6, dispatching, step 1).

use super::{
    Input,
    buffer::{Copies, KEPT_CAPACITY},
    input::Value,
};
use crate::wire::utf8;
use alloc::{string::String, sync::Arc, vec::Vec};

#[derive(Clone, Debug)]
pub(super) struct LastEventId {
    committed: String,
    /// The same ID in shared memory, once a message shares it.
    shared: Option<Arc<str>>,
    /// The buffer, if an `id` field has set it since the last blank line. Otherwise the standard's buffer and string
    /// are equal.
    buffer: Vec<u8>,
    is_set: bool,
}

impl LastEventId {
    pub(super) const fn new(committed: String) -> LastEventId {
        LastEventId { committed, shared: None, buffer: Vec::new(), is_set: false }
    }

    #[inline]
    pub(super) fn committed(&self) -> &str {
        &self.committed
    }

    /// The committed ID in memory that messages share, if it is not short.
    #[cfg(any(feature = "std", feature = "stream"))]
    #[inline(always)]
    pub(super) fn long(&mut self) -> Option<Arc<str>> {
        (self.committed.len() > super::message_event::SHORT_ID).then(|| self.share())
    }

    #[cfg(any(feature = "std", feature = "stream"))]
    #[cold]
    fn share(&mut self) -> Arc<str> {
        self.shared.get_or_insert_with(|| Arc::from(&*self.committed)).clone()
    }

    /// Sets the buffer.
    pub(super) fn set(&mut self, value: &[u8]) {
        self.buffer.clear();
        self.buffer.extend_from_slice(value);
        self.is_set = true;
    }

    /// Commits a value from the chunk or, if there is none, from the buffer. Returns whether there was one. On an
    /// error, which is that of [`Copies::add`], nothing changes.
    #[inline(always)]
    pub(super) fn commit<'c>(
        &mut self,
        value: Option<Value<'c>>,
        input: &mut Input<'c>,
        copies: &mut Copies,
    ) -> Result<bool, usize> {
        let (text, bytes) = match value {
            Some(value) => (input.text(value), value.bytes),
            None if self.is_set => (utf8::valid(&self.buffer), &*self.buffer),
            None => return Ok(false),
        };
        match text {
            Some(text) => {
                if self.committed.capacity() > KEPT_CAPACITY {
                    self.committed = String::new();
                }
                self.committed.clear();
                self.committed.push_str(text);
            }
            None => copies.add(bytes, &mut self.committed)?,
        }
        self.shared = None;
        self.drop_buffer();
        Ok(true)
    }

    /// Drops the buffer: an ID that no blank line followed does not count.
    #[inline]
    pub(super) fn drop_buffer(&mut self) {
        self.is_set = false;
        self.buffer.clear();
        self.buffer.shrink_to(KEPT_CAPACITY);
    }
}
