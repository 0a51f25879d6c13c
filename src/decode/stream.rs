//! Reads messages from a stream of chunks.

use super::{
    Decoder, Incoming, MessageEvent,
    own::{Owned, OwningDecoder, driver},
};
use crate::error::ReadError;
use alloc::{boxed::Box, string::String};
use core::{
    error::Error,
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
    /// A chunk is anything that is `AsRef<[u8]>`: `Bytes`, `Vec<u8>`, `&[u8]`. An error is anything that converts into
    /// a `Box<dyn Error + Send + Sync>`: an error, or such a box. A message is returned as soon as its blank line has
    /// arrived. This stream is [`Unpin`] if the source is; pin one that is not with `Box::pin` or `pin!`.
    ///
    /// After an error of the source, the stream continues where it was: it polls the source again, and still has the
    /// part of an event that it had received. So the source decides whether an error is the end.
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
    /// # Ok::<(), sse_wire::ReadError>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # An input that ends in mid-event
    ///
    /// The standard says that an event without its blank line is discarded. Where such an end is an error, ask the
    /// decoder for it:
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
    /// # let chunks = Chunks(vec!["data: 1\n\nda", "ta: cut"].into_iter());
    /// # let result = block_on(async {
    /// use sse_wire::MessageStream;
    ///
    /// let mut messages = MessageStream::new(chunks);
    /// while let Some(message) = messages.next().await {
    ///     println!("{}", message?.data());
    /// }
    /// match messages.decoder().unfinished() {
    ///     0 => {}
    ///     bytes => return Err(format!("the input ended {bytes} bytes into an event").into()),
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # });
    /// # assert_eq!(result.unwrap_err().to_string(), "the input ended 9 bytes into an event");
    /// ```
    ///
    /// An input that ends between two events may be cut too: [`until_data`](Self::until_data) and
    /// [`until_event`](Self::until_event) make sure. [`dispatch_unfinished`](Self::dispatch_unfinished) is for
    /// servers that leave out the last blank line.
    #[must_use = "it reads nothing until it is polled"]
    pub struct MessageStream<S, C> {
        #[pin]
        source: S,
        decoder: OwningDecoder,
        // A chunk that may contain more items.
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

    /// Reads messages from `source` with your own decoder: one with a different size limit, or one that has read
    /// earlier connections, after [`reconnect`](Decoder::reconnect).
    pub fn with_decoder(decoder: Decoder, source: S) -> MessageStream<S, C> {
        MessageStream { source, decoder: OwningDecoder::new(decoder), chunk: None, at_end: false }
    }

    /// Reads up to the next item of any kind that the decoder reports. (The stream returns only messages and reports of
    /// events that were too large.)
    ///
    /// Returns `None` at the end of the input, and from then on.
    ///
    /// # Errors
    ///
    /// Those of the source, and [`TooLarge`](ReadError::TooLarge).
    pub fn poll_incoming(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Incoming, ReadError<E>>>> {
        self.poll_own(context, |error| error)
    }

    /// Reads up to the next item of this kind, or an error of the source.
    #[inline(always)]
    fn poll_own<T: Owned, F>(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        fail: impl Fn(E) -> F,
    ) -> Poll<Option<Result<T, ReadError<F>>>> {
        if self.decoder.ending.is_expected() {
            self.poll_until_the_end(context, fail)
        } else {
            self.poll_item(context, fail)
        }
    }

    fn poll_until_the_end<T: Owned, F>(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        fail: impl Fn(E) -> F,
    ) -> Poll<Option<Result<T, ReadError<F>>>> {
        if self.decoder.ending.is_over() {
            return Poll::Ready(None);
        }
        let item = ready!(self.as_mut().poll_item(context, fail));
        Poll::Ready(self.project().decoder.ending.judge(item))
    }

    #[inline(always)]
    fn poll_item<T: Owned, F>(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        fail: impl Fn(E) -> F,
    ) -> Poll<Option<Result<T, ReadError<F>>>> {
        let mut this = self.project();
        loop {
            if let Some(chunk) = this.chunk {
                if let Some(item) = this.decoder.next(chunk.as_ref(), false) {
                    return Poll::Ready(Some(item));
                }
                *this.chunk = None;
            }
            if *this.at_end {
                return Poll::Ready(this.decoder.finish());
            }
            match ready!(this.source.as_mut().poll_next(context)) {
                Some(Ok(chunk)) if this.decoder.take(chunk.as_ref()) => {}
                Some(Ok(chunk)) => {
                    this.decoder.start = 0;
                    *this.chunk = Some(chunk);
                }
                Some(Err(error)) => {
                    this.decoder.fail();
                    return Poll::Ready(Some(Err(ReadError::Source(fail(error)))));
                }
                None => *this.at_end = true,
            }
        }
    }
}

driver!(MessageStream<S, C>);

impl<S, C> MessageStream<S, C> {
    /// Converts this into a stream of everything that the decoder reports, instead of only the messages.
    pub fn into_incoming(self) -> IncomingStream<S, C> {
        IncomingStream { messages: self }
    }

    /// Returns the source.
    pub fn get_ref(&self) -> &S {
        &self.source
    }

    /// Returns the source. Anything taken from it directly will be missing here.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.source
    }

    /// Returns the source, pinned. Anything taken from it directly will be missing here.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut S> {
        self.project().source
    }
}

impl<S, C, E> Stream for MessageStream<S, C>
where
    S: Stream<Item = Result<C, E>>,
    C: AsRef<[u8]>,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    type Item = Result<MessageEvent, ReadError>;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_own(context, Into::into)
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

pin_project! {
    /// Reads everything that a decoder reports from a stream of chunks of bytes: messages, and whatever else the
    /// settings of the [`Decoder`] enable.
    ///
    /// [`MessageStream::into_incoming`] returns it. In every other respect it is like [`MessageStream`].
    #[must_use = "it reads nothing until it is polled"]
    #[derive(Debug)]
    pub struct IncomingStream<S, C> {
        #[pin]
        messages: MessageStream<S, C>,
    }
}

impl<S, C> IncomingStream<S, C> {
    /// Returns the stream of messages.
    pub fn get_ref(&self) -> &MessageStream<S, C> {
        &self.messages
    }

    /// Returns the stream of messages. Anything taken from it directly will be missing here.
    pub fn get_mut(&mut self) -> &mut MessageStream<S, C> {
        &mut self.messages
    }

    /// Converts this back into the stream of messages, in its current state.
    pub fn into_inner(self) -> MessageStream<S, C> {
        self.messages
    }
}

impl<S, C, E> Stream for IncomingStream<S, C>
where
    S: Stream<Item = Result<C, E>>,
    C: AsRef<[u8]>,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    type Item = Result<Incoming, ReadError>;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.project().messages.poll_own(context, Into::into)
    }
}
