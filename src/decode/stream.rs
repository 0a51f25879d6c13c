//! Messages from a stream of chunks.

use super::{
    Decoder, Incoming, IncomingRef, MessageEvent,
    message::Owner,
    own::{self, OwningDecoder},
};
use crate::error::ReadError;
use core::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};
use futures_core::Stream;
use pin_project_lite::pin_project;

pin_project! {
    /// Reads messages from a stream of chunks of bytes, such as the body of an HTTP response: a [`Stream`]
    /// that ends where the chunks end.
    ///
    /// A chunk is anything that is `AsRef<[u8]>`: `Bytes`, `Vec<u8>`, `&[u8]`. A message is yielded as soon as
    /// its blank line has come. After an error the stream goes on where it was, if its source does. This is
    /// [`Unpin`] if the source is; one that is not goes into a `Box::pin` or behind a `pin!`.
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
        #[pin]
        source: S,
        decoder: OwningDecoder,
        // A chunk that may hold more.
        chunk: Option<C>,
        at_end: bool,
    }
}

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
    pub fn poll_incoming(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Incoming, E>>> {
        self.poll_own(context, own::incoming, Err)
    }

    /// Reads up to the next item that `own` takes, or an error of the source.
    #[inline(always)]
    fn poll_own<T>(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        own: impl Fn(IncomingRef<'_>, &mut Owner) -> Option<T> + Copy,
        fail: impl Fn(E) -> T,
    ) -> Poll<Option<T>> {
        let mut this = self.project();
        loop {
            if let Some(chunk) = this.chunk {
                if let Some(item) = this.decoder.next(chunk.as_ref(), own) {
                    return Poll::Ready(Some(item));
                }
                *this.chunk = None;
            }
            if *this.at_end {
                return Poll::Ready(None);
            }
            match ready!(this.source.as_mut().poll_next(context)) {
                Some(Ok(chunk)) if this.decoder.take(chunk.as_ref()) => {}
                Some(Ok(chunk)) => *this.chunk = Some(chunk),
                Some(Err(error)) => return Poll::Ready(Some(fail(error))),
                None => *this.at_end = true,
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
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.source
    }

    /// The source, pinned. What is taken from it directly is missing here.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut S> {
        self.project().source
    }
}

impl<S, C, E> Stream for MessageStream<S, C>
where
    S: Stream<Item = Result<C, E>>,
    C: AsRef<[u8]>,
{
    type Item = Result<MessageEvent, ReadError<E>>;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
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
