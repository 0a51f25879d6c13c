//! Keeps the text of a field that does not lie in one chunk, and lends it out.

use super::input::{Input, Value};
use crate::wire::utf8::{self, PartlyChecked};
use alloc::string::String;

/// A field's value, decoded.
#[derive(Clone, Copy)]
pub(super) enum Text<'c> {
    /// The text lies in the chunk.
    Chunk(&'c str),
    /// The text is in its [`Buffer`].
    Kept,
}

/// The bytes of a value while they arrive, which become its text.
#[derive(Clone, Debug)]
pub(super) struct Buffer {
    pub(super) bytes: PartlyChecked,
    /// The text with U+FFFD for what was not UTF-8. Empty if everything was.
    replaced: String,
    /// A little more than the size of the text that was handed over last. The next one is expected to be similar.
    expected: usize,
}

/// The first capacity of a buffer in bytes, if the limit allows it. Most events fit, so it is allocated only once.
const FIRST_CAPACITY: usize = 2048;

/// Buffers that are needed only occasionally keep no more than this.
pub(super) const KEPT_CAPACITY: usize = 4096;

/// Texts of at least this size, in bytes, are handed over with their memory. Copying a shorter one takes no longer than
/// allocating new memory for the buffer.
#[cfg(any(feature = "std", feature = "stream"))]
const HANDED_OVER: usize = 2048;

impl Buffer {
    pub(super) const fn new() -> Buffer {
        Buffer { bytes: PartlyChecked::new(), replaced: String::new(), expected: 0 }
    }

    #[inline]
    pub(super) fn append(&mut self, bytes: &[u8], limit: usize) {
        self.reserve(bytes.len(), limit);
        self.bytes.push(bytes);
    }

    /// The same for a text, which need not be checked again.
    pub(super) fn append_text(&mut self, text: &str, limit: usize) {
        self.reserve(text.len(), limit);
        self.bytes.push_text(text);
    }

    #[inline]
    fn reserve(&mut self, more: usize, limit: usize) {
        if more > self.bytes.capacity() - self.bytes.len() {
            self.grow(more, limit);
        }
    }

    /// Enlarges the buffer to a power of two, but not beyond the limit. A buffer that was handed over is replaced by
    /// one of the same size.
    #[cold]
    fn grow(&mut self, more: usize, limit: usize) {
        let needed = self.bytes.len().saturating_add(more);
        let first = if self.expected > 0 { self.expected } else { FIRST_CAPACITY };
        let roomy = needed.checked_next_power_of_two().unwrap_or(needed).max(first);
        self.bytes.reserve_exact(roomy.min(limit).max(needed) - self.bytes.len());
    }

    pub(super) fn set(&mut self, bytes: &[u8]) {
        self.bytes.clear();
        self.bytes.push(bytes);
    }

    /// Decodes a value in the chunk or, if there is none, the kept bytes. Its error is that of [`Copies::add`].
    #[inline(always)]
    pub(super) fn decode<'c>(
        &mut self,
        value: Option<Value<'c>>,
        input: &mut Input<'c>,
        copies: &mut Copies,
    ) -> Result<Text<'c>, usize> {
        match value {
            Some(value) => match input.text(value) {
                Some(text) => Ok(Text::Chunk(text)),
                None => self.replace(value.bytes, copies),
            },
            None if self.bytes.is_empty() => Ok(Text::Chunk("")),
            None => self.decode_kept(copies),
        }
    }

    fn decode_kept<'c>(&mut self, copies: &mut Copies) -> Result<Text<'c>, usize> {
        if !self.bytes.check() {
            copies.add(&self.bytes, &mut self.replaced)?;
        }
        Ok(Text::Kept)
    }

    #[cold]
    fn replace<'c>(&mut self, invalid: &[u8], copies: &mut Copies) -> Result<Text<'c>, usize> {
        copies.add(invalid, &mut self.replaced)?;
        Ok(Text::Kept)
    }

    #[inline(always)]
    pub(super) fn resolve<'t, 'c: 't>(&'t self, text: Text<'c>) -> &'t str {
        match text {
            Text::Chunk(text) => text,
            Text::Kept if self.replaced.is_empty() => self.bytes.text(),
            Text::Kept => &self.replaced,
        }
    }

    /// Hands over the kept text together with its memory. `None` if it has to be copied.
    ///
    /// Memory that is much too large is shrunk, which seldom moves the text, so that no message holds much more memory
    /// than it needs. Memory that was needed for a huge event is not shrunk for a small one, but kept.
    #[cfg(any(feature = "std", feature = "stream"))]
    #[inline]
    pub(super) fn hand_over(&mut self) -> Option<String> {
        let len = self.bytes.len().max(self.replaced.len());
        if len < HANDED_OVER { None } else { self.hand_over_long() }
    }

    #[cfg(any(feature = "std", feature = "stream"))]
    fn hand_over_long(&mut self) -> Option<String> {
        if !self.replaced.is_empty() {
            let mut text = core::mem::take(&mut self.replaced);
            text.shrink_to_fit();
            return Some(text);
        }
        let len = self.bytes.len();
        if self.bytes.capacity() / 4 > len {
            self.expected = 0;
            return None;
        }
        self.expected = len + len / 8;
        let mut text = core::mem::take(&mut self.bytes).into_text();
        if text.capacity() - len > len / 4 {
            text.shrink_to(self.expected);
        }
        Some(text)
    }

    /// Drops the content, and keeps the memory of the bytes.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        if self.replaced.capacity() > 0 {
            self.clear_replaced();
        }
    }

    fn clear_replaced(&mut self) {
        self.replaced.clear();
        self.replaced.shrink_to(KEPT_CAPACITY);
    }

    /// Drops the content, and all but a little of the memory.
    #[inline]
    pub(super) fn reset(&mut self) {
        self.clear();
        self.bytes.shrink_to(KEPT_CAPACITY);
    }
}

/// The texts of one event that have to be copied, with U+FFFD in them.
pub(super) struct Copies {
    size: usize,
    limit: usize,
}

impl Copies {
    pub(super) fn new(limit: usize) -> Copies {
        Copies { size: 0, limit }
    }

    /// Copies another text. The copy can be three times as long as the bytes, so the limit is checked again, for all
    /// copies together, and before memory is allocated. The error is their total size.
    pub(super) fn add(&mut self, invalid: &[u8], text: &mut String) -> Result<(), usize> {
        let len: usize = utf8::lossy(invalid).map(str::len).sum();
        self.size = self.size.saturating_add(len);
        if self.size > self.limit {
            return Err(self.size);
        }
        text.clear();
        text.reserve_exact(len);
        text.extend(utf8::lossy(invalid));
        Ok(())
    }
}

#[cfg(test)]
#[cfg(any(feature = "std", feature = "stream"))]
mod tests {
    use super::*;
    use alloc::vec;

    const NO_LIMIT: usize = usize::MAX;

    /// A buffer with this capacity that has decoded a text of this size.
    fn decoded(len: usize, capacity: usize) -> Buffer {
        let mut buffer = Buffer::new();
        buffer.bytes.reserve_exact(capacity);
        buffer.append(&vec![b'x'; len], NO_LIMIT);
        assert!(matches!(
            buffer.decode(None, &mut Input::once(b""), &mut Copies::new(NO_LIMIT)),
            Ok(Text::Kept)
        ));
        buffer
    }

    #[test]
    fn it_grows_to_powers_of_two_up_to_the_limit() {
        let mut buffer = Buffer::new();
        buffer.append(b"x", NO_LIMIT);
        assert_eq!(buffer.bytes.capacity(), FIRST_CAPACITY);
        let place = buffer.bytes.as_ptr();
        buffer.append(&[b'x'; FIRST_CAPACITY - 1], NO_LIMIT);
        assert_eq!((buffer.bytes.capacity(), buffer.bytes.as_ptr()), (FIRST_CAPACITY, place));
        buffer.append(b"x", NO_LIMIT);
        assert_eq!(buffer.bytes.capacity(), 2 * FIRST_CAPACITY);
        buffer.append(&[b'x'; 2 * FIRST_CAPACITY], 3 * FIRST_CAPACITY + 7);
        assert_eq!(buffer.bytes.capacity(), 3 * FIRST_CAPACITY + 7);
        assert_eq!(*buffer.bytes, [b'x'; 3 * FIRST_CAPACITY + 1]);
    }

    #[test]
    fn a_large_text_is_handed_over_with_its_memory() {
        for (len, capacity, is_handed_over) in [
            (HANDED_OVER - 1, HANDED_OVER, false),
            (HANDED_OVER, HANDED_OVER, true),
            (HANDED_OVER + 1, HANDED_OVER + 1, true),
            // Memory that was needed for a huge event is kept.
            (HANDED_OVER, 4 * HANDED_OVER, true),
            (HANDED_OVER, 4 * HANDED_OVER + 3, true),
            (HANDED_OVER, 4 * HANDED_OVER + 4, false),
        ] {
            let mut buffer = decoded(len, capacity);
            let place = buffer.bytes.as_ptr();
            let text = buffer.hand_over();
            assert_eq!(text.is_some(), is_handed_over, "{len} of {capacity}");
            if let Some(text) = text {
                assert_eq!(text.len(), len);
                assert!(text.capacity() <= len + len / 4, "{} of {capacity}", text.capacity());
                assert!(capacity > len + len / 4 || text.as_ptr() == place, "it is not copied");
                // The next text is expected to be a little longer at most.
                buffer.append(b"x", NO_LIMIT);
                assert_eq!(buffer.bytes.capacity(), len + len / 8);
            } else {
                assert_eq!((buffer.bytes.text().len(), buffer.bytes.as_ptr()), (len, place));
            }
        }
    }

    #[test]
    fn memory_that_is_a_little_too_large_is_not_shrunk() {
        let len = HANDED_OVER;
        for (spare, capacity) in [(len / 4, len + len / 4), (len / 4 + 1, len + len / 8)] {
            let text = decoded(len, len + spare).hand_over().unwrap();
            assert_eq!(text.capacity(), capacity);
        }
    }

    /// The bytes that were checked are not the text.
    #[test]
    fn a_text_with_replacements_is_handed_over_instead_of_the_bytes() {
        let mut buffer = Buffer::new();
        let expected = "x".repeat(HANDED_OVER) + "\u{fffd}";
        // The second time, there is memory for the replacements, and more than they need.
        for kept in [0, KEPT_CAPACITY] {
            assert_eq!(buffer.replaced.capacity(), kept);
            buffer.append_text(&"x".repeat(HANDED_OVER), NO_LIMIT);
            buffer.append(b"\xff", NO_LIMIT);
            let text = buffer.decode(None, &mut Input::once(b""), &mut Copies::new(NO_LIMIT)).unwrap();
            assert_eq!(buffer.resolve(text), expected);
            let text = buffer.hand_over().unwrap();
            assert_eq!((&*text, text.capacity()), (&*expected, expected.len()));
            buffer.clear();
            buffer.append(b"y", NO_LIMIT);
            let text = buffer.decode(None, &mut Input::once(b""), &mut Copies::new(NO_LIMIT)).unwrap();
            assert_eq!(buffer.resolve(text), "y");
            assert_eq!(buffer.hand_over(), None);
            buffer.replaced.reserve_exact(KEPT_CAPACITY);
            buffer.clear();
        }
    }

    /// After an event, the memory stays for the next bytes, and only a little for the next invalid ones.
    #[test]
    fn what_is_cleared_keeps_its_memory() {
        let mut buffer = Buffer::new();
        buffer.append(&[0xff; 9000], NO_LIMIT);
        let (place, capacity) = (buffer.bytes.as_ptr(), buffer.bytes.capacity());
        buffer.decode(None, &mut Input::once(b""), &mut Copies::new(NO_LIMIT)).unwrap();
        assert_eq!(buffer.replaced.len(), 27_000);
        buffer.clear();
        assert_eq!((buffer.bytes.as_ptr(), buffer.bytes.capacity()), (place, capacity));
        assert!(buffer.replaced.capacity() <= KEPT_CAPACITY);
        assert!(buffer.bytes.is_empty() && buffer.replaced.is_empty());
        buffer.reset();
        assert!(buffer.bytes.capacity() <= KEPT_CAPACITY);
    }
}
