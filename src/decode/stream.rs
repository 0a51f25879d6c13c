//! Messages from a stream of chunks.

use super::{
    Decoder, Incoming, IncomingRef,
    own::{self, OwningDecoder},
};
use crate::{MessageEvent, ReadError, message::Owner};
use alloc::boxed::Box;
use core::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};
use futures_core::Stream;

/// Reads messages from a stream of chunks of bytes, such as the body of an HTTP response: a [`Stream`]
/// that ends where the chunks end.
///
/// A chunk is anything that is `AsRef<[u8]>`: `Bytes`, `Vec<u8>`, `&[u8]`. A message is yielded as soon as
/// its blank line has come. After an error the stream goes on where it was, if its source does. The source
/// is boxed, so that this is [`Unpin`] whatever the source is.
///
/// ```
/// # use std::{convert::Infallible, pin::{Pin, pin}, task::{Context, Poll, Waker}};
/// # struct Chunks(std::vec::IntoIter<&'static str>);
/// # impl futures_core::Stream for Chunks {
/// #     type Item = Result<&'static str, Infallible>;
/// #     fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
/// #         Poll::Ready(self.0.next().map(Ok))
/// #     }
/// # }
/// # let chunks = Chunks(vec!["data: he", "llo\n", "\n"].into_iter());
/// # fn block_on<F: Future>(future: F) -> F::Output {
/// #     let Poll::Ready(output) = pin!(future).poll(&mut Context::from_waker(Waker::noop())) else {
/// #         unreachable!()
/// #     };
/// #     output
/// # }
/// # trait Next { async fn next(&mut self) -> Option<<Self as futures_core::Stream>::Item>
/// # where Self: futures_core::Stream + Unpin {
/// #     std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
/// # } }
/// # impl<S: futures_core::Stream> Next for S {}
/// # block_on(async {
/// use sse_wire::MessageStream;
///
/// let mut messages = MessageStream::new(chunks);
/// while let Some(message) = messages.next().await {
///     assert_eq!(message?.data(), "hello");
/// }
/// # Ok::<(), sse_wire::ReadError<Infallible>>(())
/// # }).unwrap();
/// ```
#[must_use = "it reads nothing until it is polled"]
pub struct MessageStream<S, C> {
    source: Pin<Box<S>>,
    decoder: OwningDecoder,
    /// A chunk that may hold more.
    chunk: Option<C>,
    at_end: bool,
}

// Nothing pins a chunk.
impl<S, C> Unpin for MessageStream<S, C> {}

impl<S, C, E> MessageStream<S, C>
where
    S: Stream<Item = Result<C, E>>,
    C: AsRef<[u8]>,
{
    /// Reads messages from `source`.
    pub fn new(source: S) -> MessageStream<S, C> {
        MessageStream::with_decoder(Decoder::new(), source)
    }

    /// Reads messages from `source` with a decoder of your own: with another size limit, or one that has
    /// read earlier connections and to which [`reconnect`](Decoder::reconnect) was said.
    pub fn with_decoder(decoder: Decoder, source: S) -> MessageStream<S, C> {
        let source = Box::pin(source);
        MessageStream { source, decoder: OwningDecoder::new(decoder), chunk: None, at_end: false }
    }

    /// Reads up to the next message, comment or change of the reconnection time, whatever the decoder
    /// reports. The stream is made of this, and leaves out all but messages.
    ///
    /// `None` at the end of the input, and from then on.
    ///
    /// # Errors
    ///
    /// Those of the source.
    pub fn poll_incoming(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Incoming, E>>> {
        self.poll_own(context, own::incoming, Err)
    }

    /// Reads up to the next item that `own` takes, or an error of the source.
    #[inline(always)]
    fn poll_own<T>(
        &mut self,
        context: &mut Context<'_>,
        own: impl Fn(IncomingRef<'_>, &mut Owner) -> Option<T> + Copy,
        fail: impl Fn(E) -> T,
    ) -> Poll<Option<T>> {
        loop {
            if let Some(chunk) = &self.chunk {
                if let Some(item) = self.decoder.next(chunk.as_ref(), own) {
                    return Poll::Ready(Some(item));
                }
                self.chunk = None;
            }
            if self.at_end {
                return Poll::Ready(None);
            }
            match ready!(self.source.as_mut().poll_next(context)) {
                Some(Ok(chunk)) if self.decoder.take(chunk.as_ref()) => {}
                Some(Ok(chunk)) => self.chunk = Some(chunk),
                Some(Err(error)) => return Poll::Ready(Some(fail(error))),
                None => self.at_end = true,
            }
        }
    }
}

impl<S, C> MessageStream<S, C> {
    /// The decoder: for the last event ID, the reconnection time, and whether the input ended inside an
    /// event.
    pub fn decoder(&self) -> &Decoder {
        &self.decoder.decoder
    }

    /// The decoder, for the next connection. What has come and was not decoded is dropped.
    pub fn into_decoder(self) -> Decoder {
        self.decoder.decoder
    }

    /// The source.
    pub fn get_ref(&self) -> &S {
        &self.source
    }

    /// The source. What is taken from it directly is missing here.
    pub fn get_mut(&mut self) -> &mut S
    where
        S: Unpin,
    {
        self.get_pin_mut().get_mut()
    }

    /// The source, pinned. What is taken from it directly is missing here.
    pub fn get_pin_mut(&mut self) -> Pin<&mut S> {
        self.source.as_mut()
    }
}

impl<S, C, E> Stream for MessageStream<S, C>
where
    S: Stream<Item = Result<C, E>>,
    C: AsRef<[u8]>,
{
    type Item = Result<MessageEvent, ReadError<E>>;

    #[inline]
    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_own(context, own::message, |error| Err(ReadError::Source(error)))
    }
}

impl<S: fmt::Debug, C> fmt::Debug for MessageStream<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageStream")
            .field("source", &self.source)
            .field("decoder", self.decoder())
            .finish_non_exhaustive()
    }
}
