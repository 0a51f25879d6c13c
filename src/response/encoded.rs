//! What a response can send.

use crate::{
    encode::{Chunk, Event, Sse},
    wire::boundary::Boundary,
};
use alloc::vec::Vec;

/// Whole blocks of an event stream: an [`Event`], a [`Chunk`], or the contents of an [`Sse`]. A sender also takes a
/// reference to an event, and `&mut Sse`, which it leaves empty.
///
/// With the feature `http` or `channel`, also `Bytes` that are already encoded. As items of a stream they are sent
/// unchanged: if they end inside a block, no keep-alive or farewell is sent until later bytes end that block. As a
/// snapshot, a farewell, a computed keep-alive, or the last events after an error, a block that they leave open is
/// closed.
#[cfg_attr(
    feature = "http",
    doc = "[`Blocks`](crate::response::Blocks) turns bytes that may be cut anywhere, such as an upstream response, into whole blocks."
)]
///
/// Nothing is sent for an empty value. Text is not accepted, because it could corrupt the stream. This trait is sealed.
///
/// ```compile_fail
/// # use sse_wire::response::Shutdown;
/// let shutdown = Shutdown::builder().farewell("restart");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a block of an event stream",
    label = "expected `Event`, `Sse`, `Chunk` or `Bytes`",
    note = "text becomes an event with `Event::new().data(text)`"
)]
pub trait Encoded: sealed::Encoded {}

/// How many empty items in a row are taken from a stream before other tasks get their turn.
#[cfg(feature = "stream")]
pub(super) const MAX_EMPTY: usize = 256;

pub(crate) mod sealed {
    use super::*;

    pub trait Encoded {
        /// How many bytes `write` appends.
        fn encoded_len(&self) -> usize;

        fn write(self, out: &mut Vec<u8>);

        /// Does not copy if everything is in one buffer already.
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

/// Copies the events into a new buffer, to be sent between the events of a source. `Bytes` that end inside a block are
/// closed, so that what follows does not become part of that block.
pub(crate) fn whole_blocks(events: impl Encoded) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(events.encoded_len());
    events.write(&mut encoded);
    let mut boundary = Boundary::default();
    boundary.pass(&encoded);
    encoded.extend_from_slice(boundary.closing());
    encoded
}

impl Encoded for Event {}
impl sealed::Encoded for Event {
    #[inline]
    fn encoded_len(&self) -> usize {
        self.block_len()
    }

    #[inline]
    fn write(self, out: &mut Vec<u8>) {
        self.write_block(out);
    }

    #[cfg(feature = "http")]
    fn into_bytes(self) -> bytes::Bytes {
        self.into()
    }
}

impl Encoded for &Event {}
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

impl Encoded for Chunk {}
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

impl Encoded for Sse {}
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

impl Encoded for &mut Sse {}
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

#[cfg(any(feature = "channel", feature = "http"))]
impl Encoded for bytes::Bytes {}
#[cfg(any(feature = "channel", feature = "http"))]
impl sealed::Encoded for bytes::Bytes {
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
        self
    }
}

/// An item of the stream in a [`Body`](crate::response::Body): an [`Event`], an [`Sse`], a [`Chunk`] or `Bytes` (see
/// [`Encoded`]), or a `Result` of one of them.
///
/// This trait is sealed.
#[cfg(feature = "http")]
#[diagnostic::on_unimplemented(
    message = "a response body cannot send `{Self}`",
    label = "expected a stream of `Event`, `Sse`, `Chunk` or `Bytes`, or of a `Result` of one of them",
    note = "text becomes an event with `StreamExt::map(stream, |text| Event::new().data(text))`"
)]
pub trait Item: item::Sealed {
    /// The error that ends the stream; [`Infallible`](core::convert::Infallible) if the item is not
    /// a `Result`.
    type Error;

    #[doc(hidden)]
    type Encoded: Encoded;

    #[doc(hidden)]
    fn into_encoded(self) -> Result<Self::Encoded, Self::Error>;
}

/// What a body sends after an error, before it ends: nothing (`()`), or [events](Encoded).
///
/// This trait is sealed.
#[cfg(feature = "http")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent after an error",
    label = "expected `()` for nothing, or `Event`, `Sse`, `Chunk` or `Bytes`"
)]
pub trait LastEvents: item::LastEvents {}

#[cfg(feature = "http")]
pub(crate) mod item {
    use super::{Chunk, Encoded, Event, Item, Sse, whole_blocks};
    use bytes::Bytes;
    use core::convert::Infallible;

    pub trait Sealed {}

    pub trait LastEvents {
        fn into_last(self) -> Bytes;
    }

    /// Implemented type by type, so that the documentation lists the types.
    macro_rules! items {
        ($($type:ty),+) => {$(
            impl Sealed for $type {}
            impl Item for $type {
                type Error = Infallible;
                type Encoded = Self;

                #[inline]
                fn into_encoded(self) -> Result<Self, Infallible> {
                    Ok(self)
                }
            }

            impl super::LastEvents for $type {}
            impl LastEvents for $type {
                fn into_last(self) -> Bytes {
                    whole_blocks(self).into()
                }
            }
        )+};
    }
    items!(Event, &Event, Chunk, Sse, &mut Sse, Bytes);

    impl<T: Encoded, E> Sealed for Result<T, E> {}
    impl<T: Encoded, E> Item for Result<T, E> {
        type Error = E;
        type Encoded = T;

        #[inline]
        fn into_encoded(self) -> Result<T, E> {
            self
        }
    }

    impl super::LastEvents for () {}
    impl LastEvents for () {
        fn into_last(self) -> Bytes {
            Bytes::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{sealed::Encoded, *};

    #[test]
    fn the_length_is_that_of_what_is_written() {
        fn check(events: impl Encoded) {
            let (len, mut out) = (events.encoded_len(), Vec::new());
            events.write(&mut out);
            assert_eq!(out.len(), len);
        }
        for event in [Event::new(), Event::new().id(1).data("a\nb"), Event::new().data("x".repeat(1000))] {
            let mut sse = Sse::new();
            sse.push(&event);
            check(&event);
            check(event);
            let mut copy = sse.clone();
            check(&mut copy);
            assert!(copy.is_empty());
            for chunk in sse.clone() {
                check(chunk);
            }
            #[cfg(any(feature = "http", feature = "channel"))]
            check(bytes::Bytes::from(sse.clone()));
            check(sse);
        }
    }
}
