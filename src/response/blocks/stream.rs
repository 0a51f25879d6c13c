//! Whole blocks from a stream of pieces.

use super::{Cut, Cutter, settings};
use alloc::vec::Vec;
use bytes::Bytes;
use core::{
    convert::Infallible,
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};
use futures_core::Stream;
use pin_project_lite::pin_project;

/// How many pieces in a row are taken before other tasks get their turn, as long as no block is whole.
const MAX_PIECES: usize = 256;

pin_project! {
    /// Turns bytes that may be cut anywhere, such as the body of an upstream response, into whole blocks.
    ///
    /// TCP and HTTP cut bytes anywhere. A [`Body`](crate::response::Body) directly over such bytes cannot send a
    /// keep-alive or a farewell while they end inside a block. Each item of this stream is one or several whole blocks,
    /// byte for byte as they arrived, cut at blank lines. Blocks that lie in one piece are not copied. A byte order
    /// mark at the start is dropped.
    ///
    /// The pieces may be `Bytes` or `Vec<u8>`, or a `Result` of one of them (see [`Piece`]). After an error, the inner
    /// stream is not polled again, and an unfinished block is dropped.
    ///
    /// ```
    /// use futures_util::{StreamExt, stream};
    /// use sse_wire::response::Blocks;
    ///
    /// # futures_util::FutureExt::now_or_never(async {
    /// let pieces = [b"id: 1\ndata: {\"text\":".to_vec(), b" \"hi\"}\n\ndata: 2\n\nda".to_vec()];
    /// let mut blocks = Blocks::new(stream::iter(pieces));
    /// assert_eq!(blocks.next().await.unwrap().unwrap(), "id: 1\ndata: {\"text\": \"hi\"}\n\n");
    /// assert_eq!(blocks.next().await.unwrap().unwrap(), "data: 2\n\n");
    /// assert!(blocks.next().await.is_none());
    /// # }).unwrap();
    /// ```
    #[must_use = "streams do nothing unless they are polled"]
    pub struct Blocks<S> {
        // `None` once it has ended.
        #[pin]
        pieces: Option<S>,
        cutter: Cutter,
        // The blocks after the one that was returned last.
        then: Bytes,
    }
}

impl<S> Blocks<S>
where
    S: Stream,
    S::Item: Piece,
{
    /// Reads the whole blocks from these pieces.
    pub fn new(pieces: S) -> Self {
        Blocks { pieces: Some(pieces), cutter: Cutter::new(), then: Bytes::new() }
    }
}

settings!(Blocks);

impl<S> Stream for Blocks<S>
where
    S: Stream,
    S::Item: Piece,
{
    type Item = Result<Bytes, <S::Item as Piece>::Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        if !this.then.is_empty() {
            return Poll::Ready(Some(Ok(core::mem::take(this.then))));
        }
        for _ in 0..MAX_PIECES {
            let Some(pieces) = this.pieces.as_mut().as_pin_mut() else {
                return Poll::Ready(None);
            };
            match ready!(pieces.poll_next(cx)).map(Piece::into_bytes) {
                Some(Ok(mut piece)) => {
                    let Cut { first, then } = this.cutter.cut(&piece);
                    piece.truncate(then.end);
                    let then = piece.split_off(then.start);
                    if let Some(first) = first {
                        *this.then = then;
                        return Poll::Ready(Some(Ok(first.into())));
                    }
                    if !then.is_empty() {
                        return Poll::Ready(Some(Ok(then)));
                    }
                }
                Some(Err(error)) => {
                    this.pieces.set(None);
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    this.pieces.set(None);
                    return Poll::Ready(this.cutter.finish().map(|rest| Ok(rest.into())));
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<S> fmt::Debug for Blocks<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocks").field("cutter", &self.cutter).finish_non_exhaustive()
    }
}

/// An item of the stream in [`Blocks`]: `Bytes` or `Vec<u8>`, or a `Result` of one of them.
///
/// This trait is sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a piece of an event stream",
    label = "expected a stream of `Bytes` or `Vec<u8>`, or of a `Result` of one of them"
)]
pub trait Piece: sealed::Piece {
    /// The error that ends the stream; [`Infallible`] if the item is not a `Result`.
    type Error;

    #[doc(hidden)]
    fn into_bytes(self) -> Result<Bytes, Self::Error>;
}

mod sealed {
    pub trait Piece {}
}

/// Implemented type by type, so that the documentation lists the types.
macro_rules! pieces {
    ($($type:ty),+) => {$(
        impl sealed::Piece for $type {}
        impl Piece for $type {
            type Error = Infallible;

            fn into_bytes(self) -> Result<Bytes, Infallible> {
                Ok(self.into())
            }
        }

        impl<E> sealed::Piece for Result<$type, E> {}
        impl<E> Piece for Result<$type, E> {
            type Error = E;

            fn into_bytes(self) -> Result<Bytes, E> {
                self.map(Bytes::from)
            }
        }
    )+};
}
pieces!(Bytes, Vec<u8>);
