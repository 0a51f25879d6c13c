//! Bytes that are stored inline while they are few.

use alloc::vec::Vec;
use core::{
    hash::{Hash, Hasher},
    ops::Deref,
};

/// How many bytes of a block are stored inline at most.
pub(crate) const INLINE: usize = 128;

/// The buffer of an [`Event`](crate::Event), which is written in a dozen short pieces. A `SmallVec` takes twice as long
/// for these, because each of its writes is an insertion.
#[derive(Clone, Debug)]
pub(crate) enum InlineBytes {
    Few { len: usize, bytes: [u8; INLINE] },
    Many(Vec<u8>),
}

impl InlineBytes {
    #[inline]
    pub(crate) fn extend_from_slice(&mut self, new: &[u8]) {
        match self {
            InlineBytes::Few { len, bytes } => match bytes.get_mut(*len..*len + new.len()) {
                Some(place) => {
                    place.copy_from_slice(new);
                    *len += new.len();
                }
                None => self.spill(new),
            },
            InlineBytes::Many(bytes) => bytes.extend_from_slice(new),
        }
    }

    #[cold]
    #[inline(never)]
    fn spill(&mut self, bytes: &[u8]) {
        // Includes the blank line that ends a block, so that the block fills the buffer exactly.
        let mut many = Vec::with_capacity(self.len() + bytes.len().max(INLINE) + "\n\n".len());
        many.extend_from_slice(self);
        many.extend_from_slice(bytes);
        *self = InlineBytes::Many(many);
    }
}

impl Default for InlineBytes {
    #[inline]
    fn default() -> Self {
        InlineBytes::Few { len: 0, bytes: [0; INLINE] }
    }
}

impl Deref for InlineBytes {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            InlineBytes::Few { len, bytes } => bytes.get(..*len).unwrap_or_default(),
            InlineBytes::Many(bytes) => bytes,
        }
    }
}

impl PartialEq for InlineBytes {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for InlineBytes {}

impl Hash for InlineBytes {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}
