//! What draining an `Sse` returns.

use crate::wire::{inline::INLINE, utf8};
use alloc::{string::String, vec::Vec};
use core::{fmt, ops::Deref};
use smallvec::SmallVec;

/// One whole block of an event stream, taken out of an [`Sse`](crate::Sse), as bytes.
///
/// It is an event with the blank line that ends it or, if a writer has already taken the beginning of a block, the rest
/// of that block. Short blocks are stored inline, which makes them cheap to send to another thread.
///
/// ```
/// let mut sse = sse_wire::Sse::without_retry();
/// sse.add_message("tick", "1").add_message("tick", "2");
/// let chunks: Vec<_> = sse.collect();
/// assert_eq!(chunks[0], b"event: tick\ndata: 1\n\n");
/// assert_eq!(chunks[1].to_string(), "event: tick\ndata: 2\n\n");
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Chunk(SmallVec<[u8; INLINE]>);

impl Chunk {
    #[inline]
    pub(crate) fn new(block: &[u8]) -> Self {
        Chunk(SmallVec::from_slice(block))
    }

    /// Takes over the memory if there are more than 128 bytes.
    #[cfg(feature = "std")]
    pub(crate) fn from_vec(blocks: Vec<u8>) -> Self {
        if blocks.len() > INLINE { Chunk(SmallVec::from_vec(blocks)) } else { Chunk::new(&blocks) }
    }

    /// Returns the bytes.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Deref for Chunk {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Chunk {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Does not copy if the block is longer than 128 bytes.
impl From<Chunk> for Vec<u8> {
    fn from(chunk: Chunk) -> Self {
        chunk.0.into_vec()
    }
}

/// Does not copy if the block is longer than 128 bytes.
#[cfg(feature = "http")]
impl From<Chunk> for bytes::Bytes {
    fn from(chunk: Chunk) -> Self {
        if chunk.0.spilled() { chunk.0.into_vec().into() } else { bytes::Bytes::copy_from_slice(&chunk) }
    }
}

impl PartialEq<[u8]> for Chunk {
    fn eq(&self, other: &[u8]) -> bool {
        **self == *other
    }
}

impl PartialEq<&[u8]> for Chunk {
    fn eq(&self, other: &&[u8]) -> bool {
        **self == **other
    }
}

impl PartialEq<Vec<u8>> for Chunk {
    fn eq(&self, other: &Vec<u8>) -> bool {
        **self == **other
    }
}

impl<const N: usize> PartialEq<&[u8; N]> for Chunk {
    fn eq(&self, other: &&[u8; N]) -> bool {
        **self == **other
    }
}

impl PartialEq<str> for Chunk {
    fn eq(&self, other: &str) -> bool {
        **self == *other.as_bytes()
    }
}

impl PartialEq<&str> for Chunk {
    fn eq(&self, other: &&str) -> bool {
        **self == *other.as_bytes()
    }
}

impl fmt::Debug for Chunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Chunk").field(&String::from_utf8_lossy(self)).finish()
    }
}

/// Shows the text of the event stream. If this is the rest of a block that was cut inside a character, the part of that
/// character becomes U+FFFD.
impl fmt::Display for Chunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        display_lossy(self, f)
    }
}

/// Writes the bytes as text, with U+FFFD where they are not UTF-8.
pub(super) fn display_lossy(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    utf8::lossy(bytes).try_for_each(|text| f.write_str(text))
}

#[cfg(test)]
#[cfg(feature = "std")]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn only_the_memory_of_a_long_block_is_taken_over() {
        for len in [0, INLINE - 1, INLINE, INLINE + 1, 1000] {
            let blocks = vec![b'x'; len];
            let place = blocks.as_ptr();
            let chunk = Chunk::from_vec(blocks);
            assert_eq!(chunk.len(), len);
            assert_eq!(chunk.as_ptr() == place, len > INLINE, "{len}");
        }
    }
}
