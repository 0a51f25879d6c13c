//! Messages from a stream of chunks.

use super::{Decoder, Incoming, Input};
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
pub struct MessageStream<S, C> {
    source: Pin<Box<S>>,
    decoder: Decoder,
    owner: Owner,
    chunk: Option<C>,
    /// How many bytes of the chunk have been decoded.
    start: usize,
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
        MessageStream { source, decoder, owner: Owner::default(), chunk: None, start: 0, at_end: false }
    }

    /// Reads up to the next message, comment or change of the reconnection time, whatever the decoder
    /// reports. The stream is made of this, and leaves out all but messages.
    ///
    /// `None` at the end of the input, and from then on.
    ///
    /// # Errors
    ///
    /// Those of the source.
    #[inline]
    pub fn poll_incoming(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Incoming, E>>> {
        loop {
            if let Some(chunk) = &self.chunk {
                let chunk = chunk.as_ref();
                let mut input = Input::once(chunk.get(self.start..).unwrap_or_default());
                let incoming = self.decoder.next(&mut input);
                self.start = chunk.len() - input.remaining().len();
                if let Some(incoming) = incoming {
                    let incoming = incoming.own_with(|message| self.owner.own(message));
                    return Poll::Ready(Some(Ok(incoming)));
                }
                self.chunk = None;
            }
            if self.at_end {
                return Poll::Ready(None);
            }
            match ready!(self.source.as_mut().poll_next(context)) {
                Some(Ok(chunk)) => (self.chunk, self.start) = (Some(chunk), 0),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => self.at_end = true,
            }
        }
    }
}

impl<S, C> MessageStream<S, C> {
    /// The decoder: for the last event ID, the reconnection time, and whether the input ended inside an
    /// event.
    pub fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    /// The decoder, for the next connection. What has come and was not decoded is dropped.
    pub fn into_decoder(self) -> Decoder {
        self.decoder
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
        loop {
            return Poll::Ready(Some(match ready!(self.poll_incoming(context)) {
                Some(Ok(Incoming::Message(message))) => Ok(message),
                Some(Ok(Incoming::TooLarge(error))) => Err(ReadError::TooLarge(error)),
                Some(Ok(Incoming::Comment(_) | Incoming::Retry(_))) => continue,
                Some(Err(error)) => Err(ReadError::Source(error)),
                None => return Poll::Ready(None),
            }));
        }
    }
}

impl<S: fmt::Debug, C> fmt::Debug for MessageStream<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageStream")
            .field("source", &self.source)
            .field("decoder", &self.decoder)
            .finish_non_exhaustive()
    }
}
