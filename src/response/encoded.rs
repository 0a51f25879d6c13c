//! What a response is made of.

use crate::encode::{Chunk, Event, Sse};
use alloc::vec::Vec;

/// Whole blocks of an event stream: an [`Event`], a [`Chunk`], or all that an [`Sse`] holds. A sender
/// also takes a reference to an event, and `&mut Sse`, which it leaves empty.
///
/// With the feature `http` also `Bytes` that were encoded before. They are sent as they are, so they
/// must be whole blocks, as those that an [`Event`] or an [`Sse`] turns into.
///
/// What is empty is not sent. This trait is sealed: text is not among these, since it would tear the
/// stream.
///
/// ```compile_fail
/// # use sse_wire::response::Shutdown;
/// let shutdown = Shutdown::new().farewell("restart");
/// ```
pub trait Encoded: sealed::Encoded {}
impl<T: sealed::Encoded> Encoded for T {}

pub(crate) mod sealed {
    use super::*;

    pub trait Encoded {
        /// How many bytes `write` appends.
        fn encoded_len(&self) -> usize;

        fn write(self, out: &mut Vec<u8>);

        /// Without a copy where there is one buffer already.
        #[cfg(feature = "http")]
        fn into_bytes(self) -> bytes::Bytes
        where
            Self: Sized,
        {
            let mut block = Vec::with_capacity(self.encoded_len());
            self.write(&mut block);
            block.into()
        }
    }
}

impl sealed::Encoded for Event {
    #[inline]
    fn encoded_len(&self) -> usize {
        self.block_len()
    }

    #[inline]
    fn write(self, out: &mut Vec<u8>) {
        self.write_block(out);
    }
}

impl sealed::Encoded for &Event {
    #[inline]
    fn encoded_len(&self) -> usize {
        self.block_len()
    }

    #[inline]
    fn write(self, out: &mut Vec<u8>) {
        self.write_block(out);
    }
}

impl sealed::Encoded for Chunk {
    #[inline]
    fn encoded_len(&self) -> usize {
        self.len()
    }

    #[inline]
    fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self);
    }

    #[cfg(feature = "http")]
    fn into_bytes(self) -> bytes::Bytes {
        self.into()
    }
}

impl sealed::Encoded for Sse {
    #[inline]
    fn encoded_len(&self) -> usize {
        self.as_bytes().len()
    }

    #[inline]
    fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_bytes());
    }

    #[cfg(feature = "http")]
    fn into_bytes(self) -> bytes::Bytes {
        self.into()
    }
}

impl sealed::Encoded for &mut Sse {
    #[inline]
    fn encoded_len(&self) -> usize {
        self.as_bytes().len()
    }

    #[inline]
    fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_bytes());
        self.clear();
    }
}

#[cfg(feature = "http")]
impl sealed::Encoded for bytes::Bytes {
    #[inline]
    fn encoded_len(&self) -> usize {
        self.len()
    }

    #[inline]
    fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self);
    }

    fn into_bytes(self) -> bytes::Bytes {
        self
    }
}

/// What the stream under a [`Body`](crate::response::Body) yields: an [`Event`], an [`Sse`], a
/// [`Chunk`] or `Bytes` (see [`Encoded`]), or a `Result` of one of them.
///
/// This trait is sealed.
#[cfg(feature = "http")]
pub trait Item: item::Sealed {
    /// The error that ends the stream; [`Infallible`](core::convert::Infallible) for what is no
    /// `Result`.
    type Error;

    #[doc(hidden)]
    type Encoded: Encoded;

    #[doc(hidden)]
    fn into_encoded(self) -> Result<Self::Encoded, Self::Error>;
}

#[cfg(feature = "http")]
mod item {
    use super::{Encoded, Item};
    use core::convert::Infallible;

    pub trait Sealed {}
    impl<T: Encoded> Sealed for T {}
    impl<T: Encoded, E> Sealed for Result<T, E> {}

    impl<T: Encoded> Item for T {
        type Error = Infallible;
        type Encoded = T;

        #[inline]
        fn into_encoded(self) -> Result<T, Infallible> {
            Ok(self)
        }
    }

    impl<T: Encoded, E> Item for Result<T, E> {
        type Error = E;
        type Encoded = T;

        #[inline]
        fn into_encoded(self) -> Result<T, E> {
            self
        }
    }
}
