//! AsyncEventSource: reads messages in async code, over as many connections as it takes.

mod build;
mod phase;

pub use build::Async;

use super::{
    BoxFuture, Builder, ClientError, ClientEvent, EventSourceHandle, RequestBody, Step, Timer,
    body::BoxBody,
    builder::Part,
    driver::{Computed, Driver, accessors},
    error::BoxError,
};
use crate::decode::MessageEvent;
use alloc::{boxed::Box, string::String, vec::Vec};
use core::{
    fmt,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use futures_core::Stream;
use http::{Request, Response};
use phase::{Phase, Progress};
use std::time::Instant;

/// Reads the messages of an event stream, and reconnects whenever it ends: a [`Stream`].
///
/// It is the [`EventSource`](crate::EventSource) for async code. Dropping it closes it.
#[cfg_attr(feature = "reqwest", doc = "```no_run")]
#[cfg_attr(not(feature = "reqwest"), doc = "```ignore")]
/// use sse_wire::AsyncEventSource;
///
/// # async {
/// let mut source = AsyncEventSource::builder("https://example.org/events")
///     .on_error(|error| eprintln!("{error}"))
///     .build()?;
/// while let Some(message) = source.next().await {
///     let message = message?;
///     println!("{}: {}", message.event(), message.data());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # };
/// ```
pub struct AsyncEventSource {
    driver: Driver,
    transport: Transport,
    timer: Box<dyn Timer>,
    computed: Vec<(Part, Compute)>,
    phase: Phase,
    /// Sleeps until a time at which something may be due. If nothing is due then, it sleeps on.
    sleep: Option<(Instant, BoxFuture<()>)>,
}

type Transport = Box<dyn FnMut(Request<RequestBody>) -> BoxFuture<Answer> + Send>;
type Answer = Result<Response<BoxBody>, BoxError>;
type Compute = Box<dyn FnMut() -> BoxFuture<Computed> + Send>;

accessors!(AsyncEventSource);

impl AsyncEventSource {
    /// Creates a client for the events of `url`, with default settings, in a tokio runtime: see
    /// [`build`](Builder::<Async>::build). It connects when it is asked for the first message.
    ///
    /// # Errors
    ///
    /// If the URL is invalid, or the HTTP library does not start.
    #[cfg(feature = "reqwest")]
    pub fn new(url: impl Into<String>) -> Result<AsyncEventSource, super::BuildError> {
        AsyncEventSource::builder(url).build()
    }

    /// Returns a builder to configure a client for the events of `url`.
    pub fn builder(url: impl Into<String>) -> Builder<Async> {
        Builder::new(url.into())
    }

    /// Waits for the next message. Returns `None` when the source is closed.
    ///
    /// Nothing is lost if the future is dropped.
    pub async fn next(&mut self) -> Option<Result<MessageEvent, ClientError>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// Waits for the next client event. Returns `None` after [`ClientEvent::Closed`].
    ///
    /// Nothing is lost if the future is dropped.
    pub async fn next_event(&mut self) -> Option<ClientEvent> {
        poll_fn(|context| self.poll_next_event(context)).await
    }

    /// Returns everything that happens, as a [`Stream`]: connections that open and end, messages, comments, errors.
    ///
    /// It ends after [`ClientEvent::Closed`].
    pub fn events(&mut self) -> AsyncEvents<'_> {
        AsyncEvents { source: self }
    }

    /// Polls for the next client event. Returns `None` after [`ClientEvent::Closed`].
    pub fn poll_next_event(&mut self, context: &mut Context<'_>) -> Poll<Option<ClientEvent>> {
        loop {
            if let Poll::Ready(event) = self.poll(context) {
                return Poll::Ready(event);
            }
            // A command may have arrived before this waker was registered.
            if !self.driver.control.register(context.waker()) {
                return Poll::Pending;
            }
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<ClientEvent>> {
        loop {
            if self.driver.obey() {
                self.phase = Phase::Idle;
                self.sleep = None;
            }
            match self.progress(context) {
                Progress::Event(event) => return Poll::Ready(Some(event)),
                Progress::Some => continue,
                Progress::OthersFirst => return Poll::Pending,
                Progress::None => {}
            }
            let until = match self.driver.connection.next_step(self.timer.now()) {
                Step::Event(event) => return Poll::Ready(Some(event)),
                Step::Send => {
                    if !matches!(self.phase, Phase::Preparing(_)) {
                        self.prepare();
                        continue;
                    }
                    None
                }
                Step::Wait(until) => {
                    self.phase = Phase::Idle;
                    Some(until)
                }
                Step::Response(until) | Step::Read(until) => until,
                Step::Closed => {
                    (self.phase, self.sleep) = (Phase::Idle, None);
                    self.driver.control.forget();
                    return Poll::Ready(self.driver.done());
                }
            };
            match until {
                Some(until) => ready!(self.poll_sleep(until, context)),
                None => return Poll::Pending,
            }
        }
    }

    fn poll_sleep(&mut self, until: Instant, context: &mut Context<'_>) -> Poll<()> {
        let sleep = match &mut self.sleep {
            Some((end, sleep)) if *end <= until => sleep,
            sleep => {
                let left = until.saturating_duration_since(self.timer.now());
                &mut sleep.insert((until, self.timer.sleep(left))).1
            }
        };
        ready!(sleep.as_mut().poll(context));
        self.sleep = None;
        Poll::Ready(())
    }
}

impl Drop for AsyncEventSource {
    fn drop(&mut self) {
        self.driver.control.forget();
    }
}

impl Stream for AsyncEventSource {
    type Item = Result<MessageEvent, ClientError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let source = self.get_mut();
        loop {
            return Poll::Ready(match ready!(source.poll_next_event(context)) {
                Some(ClientEvent::Message(message)) => Some(Ok(message)),
                Some(ClientEvent::Error(error)) if error.retry_in().is_none() => Some(Err(error)),
                Some(_) => continue,
                None => None,
            });
        }
    }
}

/// Everything that happens to an [`AsyncEventSource`]: see [`events`](AsyncEventSource::events).
#[derive(Debug)]
#[must_use]
pub struct AsyncEvents<'s> {
    source: &'s mut AsyncEventSource,
}

impl Stream for AsyncEvents<'_> {
    type Item = ClientEvent;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<ClientEvent>> {
        self.source.poll_next_event(context)
    }
}
