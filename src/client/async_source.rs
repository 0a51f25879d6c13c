//! AsyncEventSource: reads messages in async code, over as many connections as it takes.

use super::{
    BoxFuture, Builder, ClientError, ClientEvent, EventSourceHandle, RequestBody, Step, Timer,
    body::BoxBody,
    builder::{Part, sealed},
    driver::{Computed, Driver, accessors, seed},
    error::{BoxError, BuildError},
};
use crate::decode::{Input, MessageEvent};
use alloc::{boxed::Box, collections::VecDeque, string::String, vec::Vec};
use bytes::{Buf, Bytes};
use core::{
    fmt,
    future::{Future, poll_fn},
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use futures_core::Stream;
use http::{Request, Response};
use http_body::Body;
use std::time::{Instant, SystemTime};

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

enum Phase {
    /// There is no connection.
    Idle,
    /// The parts of the next request are being computed.
    Preparing(VecDeque<(Part, BoxFuture<Computed>)>),
    Opening(BoxFuture<Answer>),
    Reading {
        body: BoxBody,
        chunk: Bytes,
        /// How many chunks have arrived without waiting.
        in_a_row: u32,
    },
}

/// After how many chunks in a row other tasks get their turn, and commands are noticed: if chunks keep coming and contain
/// no message, nothing else makes the reader return.
const MOST_IN_A_ROW: u32 = 32;

/// A [`Builder`] of this kind builds an [`AsyncEventSource`].
#[derive(Debug)]
pub struct Async(PhantomData<()>);

impl sealed::Kind for Async {
    type Compute = Compute;
}

impl Builder<Async> {
    /// Adds a header whose value is computed by a future for each request, including those after a redirect: for tokens
    /// that expire. `None` leaves the header out. It replaces other headers with this name.
    ///
    /// ```
    /// # async fn fetch_token() -> Result<String, std::io::Error> { Ok(String::new()) }
    /// let builder = sse_wire::AsyncEventSource::builder("https://example.org/events")
    ///     .header_with("Authorization", || async { Ok(Some(format!("Bearer {}", fetch_token().await?))) });
    /// ```
    pub fn header_with<F, T>(mut self, name: impl Into<String>, mut value: F) -> Self
    where
        F: FnMut() -> T + Send + 'static,
        T: Future<Output = Result<Option<String>, BoxError>> + Send + 'static,
    {
        self.computed.push((Part::Header(name.into()), Box::new(move || Box::pin(value()))));
        self
    }

    /// Computes the URL for each attempt with a future: for cursors and tokens in a query.
    ///
    /// ```
    /// # let cursor = || "7".to_owned();
    /// let builder = sse_wire::AsyncEventSource::builder("https://example.org/events").url_with(move || {
    ///     let url = format!("https://example.org/events?after={}", cursor());
    ///     async move { Ok(url) }
    /// });
    /// ```
    pub fn url_with<F, T>(mut self, mut url: F) -> Self
    where
        F: FnMut() -> T + Send + 'static,
        T: Future<Output = Result<String, BoxError>> + Send + 'static,
    {
        let compute = move || -> BoxFuture<Computed> {
            let url = url();
            Box::pin(async move { url.await.map(Some) })
        };
        self.computed.push((Part::Url, Box::new(compute)));
        self
    }

    /// Builds a client over reqwest. It must always be used in the same tokio runtime, with its timer and I/O enabled:
    /// anywhere else, and after that runtime has ended, tokio panics.
    ///
    /// # Errors
    ///
    /// If a setting is invalid, or the HTTP library does not start.
    #[cfg(feature = "reqwest")]
    pub fn build(self) -> Result<AsyncEventSource, BuildError> {
        let transport = super::reqwest::transport(self.timeouts())?;
        self.build_with(transport)
    }

    /// Builds a client over your own HTTP library, with its proxies, cookies, and certificates, and with tokio's timer.
    /// `transport` is a function that sends a request. Its future completes when the head of the response has arrived,
    /// and the body yields bytes as they arrive.
    ///
    /// The transport must not follow redirects, nor treat any status as an error: the client handles both. It should
    /// respect the connect timeout. The client itself enforces the read timeout, and restarts it whenever a piece of the
    /// request's body is taken. Dropping the future or the body must abort the request.
    ///
    #[cfg_attr(feature = "reqwest", doc = "```no_run")]
    #[cfg_attr(not(feature = "reqwest"), doc = "```ignore")]
    /// use sse_wire::{AsyncEventSource, client::RequestBody};
    ///
    /// # fn client() -> reqwest::Client { unimplemented!() }
    /// let client: reqwest::Client = client();
    /// let source = AsyncEventSource::builder("http://localhost/events").build_with(
    ///     move |request: http::Request<RequestBody>| {
    ///         let client = client.clone();
    ///         async move {
    ///             let request = request.map(reqwest::Body::wrap).try_into()?;
    ///             Ok::<_, reqwest::Error>(http::Response::<reqwest::Body>::from(client.execute(request).await?))
    ///         }
    ///     },
    /// )?;
    /// # Ok::<(), sse_wire::client::BuildError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If a setting is invalid.
    #[cfg(feature = "tokio")]
    pub fn build_with<F, T, B, E>(self, transport: F) -> Result<AsyncEventSource, BuildError>
    where
        F: FnMut(Request<RequestBody>) -> T + Send + 'static,
        T: Future<Output = Result<Response<B>, E>> + Send + 'static,
        B: Body<Data: Buf, Error: Into<BoxError>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.build_with_timer(transport, super::TokioTimer)
    }

    /// Builds a client over your own HTTP library and for your own runtime.
    ///
    /// # Errors
    ///
    /// If a setting is invalid.
    pub fn build_with_timer<F, T, B, E>(
        mut self,
        mut transport: F,
        timer: impl Timer,
    ) -> Result<AsyncEventSource, BuildError>
    where
        F: FnMut(Request<RequestBody>) -> T + Send + 'static,
        T: Future<Output = Result<Response<B>, E>> + Send + 'static,
        B: Body<Data: Buf, Error: Into<BoxError>> + Send + 'static,
        E: Into<BoxError>,
    {
        let computed = core::mem::take(&mut self.computed);
        Ok(AsyncEventSource {
            driver: Driver::new(self.connection(seed())?),
            transport: Box::new(move |request| {
                let answer = transport(request);
                Box::pin(async move {
                    let answer = answer.await.map_err(Into::into)?;
                    Ok(answer.map(|body| Box::pin(body) as BoxBody))
                })
            }),
            timer: Box::new(timer),
            computed,
            phase: Phase::Idle,
            sleep: None,
        })
    }
}

accessors!(AsyncEventSource);

impl AsyncEventSource {
    /// Creates a client for the events of `url`, with default settings, in a tokio runtime: see
    /// [`build`](Builder::<Async>::build). It connects when it is asked for the first message.
    ///
    /// # Errors
    ///
    /// If the URL is invalid, or the HTTP library does not start.
    #[cfg(feature = "reqwest")]
    pub fn new(url: impl Into<String>) -> Result<AsyncEventSource, BuildError> {
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
                Step::Answer(until) | Step::Read(until) => until,
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

    /// Begins an attempt.
    fn prepare(&mut self) {
        let driver = &self.driver;
        let needed = self.computed.iter_mut().filter(|(part, _)| driver.needs(part));
        self.phase = Phase::Preparing(needed.map(|(part, compute)| (part.clone(), compute())).collect());
    }

    /// Makes progress with the current connection.
    fn progress(&mut self, context: &mut Context<'_>) -> Progress {
        let connection = &mut self.driver.connection;
        match &mut self.phase {
            Phase::Idle => return Progress::None,
            Phase::Preparing(parts) => {
                if let Some((part, compute)) = parts.front_mut() {
                    let Poll::Ready(computed) = compute.as_mut().poll(context) else { return Progress::None };
                    let part = part.clone();
                    parts.pop_front();
                    if !self.driver.set(&part, computed, self.timer.now()) {
                        self.phase = Phase::Idle;
                    }
                } else {
                    self.phase = match connection.request(self.timer.now()) {
                        Some(request) => Phase::Opening((self.transport)(request)),
                        None => Phase::Idle,
                    };
                }
            }
            Phase::Opening(answer) => match answer.as_mut().poll(context) {
                Poll::Pending => return Progress::None,
                Poll::Ready(Ok(answer)) => {
                    let (mut head, body) = answer.into_parts();
                    head.extensions.insert(SystemTime::now());
                    connection.answer(head, self.timer.now());
                    self.phase = Phase::Reading { body, chunk: Bytes::new(), in_a_row: 0 };
                }
                Poll::Ready(Err(error)) => {
                    connection.error(error, self.timer.now());
                    self.phase = Phase::Idle;
                }
            },
            Phase::Reading { body, chunk, in_a_row } => {
                if !chunk.is_empty() {
                    let mut input = Input::once(chunk);
                    if let Some(event) = connection.read(&mut input) {
                        let rest = input.remaining().len();
                        chunk.advance(chunk.len() - rest);
                        return Progress::Event(event);
                    }
                    *chunk = Bytes::new();
                }
                if !connection.is_reading() {
                    return Progress::None;
                }
                if *in_a_row == MOST_IN_A_ROW {
                    *in_a_row = 0;
                    context.waker().wake_by_ref();
                    return Progress::OthersFirst;
                }
                match body.as_mut().poll_chunk(context) {
                    // An empty chunk brings nothing, and there may be no end of them.
                    Poll::Ready(Some(Ok(bytes))) if bytes.is_empty() => {
                        context.waker().wake_by_ref();
                        return Progress::None;
                    }
                    Poll::Ready(Some(Ok(bytes))) => {
                        *in_a_row += 1;
                        *chunk = bytes;
                    }
                    Poll::Ready(Some(Err(error))) => {
                        connection.error(error, self.timer.now());
                        self.phase = Phase::Idle;
                    }
                    Poll::Ready(None) => {
                        connection.end(self.timer.now());
                        self.phase = Phase::Idle;
                    }
                    Poll::Pending => {
                        *in_a_row = 0;
                        return Progress::None;
                    }
                }
            }
        }
        Progress::Some
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

/// The result of trying to make progress.
enum Progress {
    Event(ClientEvent),
    Some,
    /// Nothing can be done until something arrives or a time is over.
    None,
    OthersFirst,
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
