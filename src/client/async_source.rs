//! AsyncEventSource: messages for async code, over as many connections as it takes.

use super::{
    Answer, AsyncBody, AsyncTransport, BoxFuture, ClientEvent, Connection, EventSource, EventSourceBuilder,
    EventSourceHandle, Handlers, Opened, Verdict,
    control::{Command, Control},
    error::{Cause, ClientError},
    idle::{Idle, Opening, Timed, poll_bytes},
    random,
    source::{BODY_PATIENCE, BODY_START},
};
use crate::{
    decode::{Incoming, MessageEvent, MessageStream},
    error::ReadError,
};
use alloc::{string::String, sync::Arc, vec::Vec};
use bytes::Bytes;
use core::{
    fmt,
    future::poll_fn,
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use futures_core::Stream;
use std::time::SystemTime;

/// Reads the messages of an event stream, and connects again whenever it ends: a [`Stream`].
///
/// It is [`EventSource`] for async code. Dropping it ends it.
#[cfg_attr(feature = "reqwest", doc = "```no_run")]
#[cfg_attr(not(feature = "reqwest"), doc = "```ignore")]
/// use sse_wire::AsyncEventSource;
///
/// # async {
/// let mut source = AsyncEventSource::connect("https://example.org/events")?;
/// while let Some(message) = source.next().await {
///     let message = message?;
///     println!("{}: {}", message.event(), message.data());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # };
/// ```
pub struct AsyncEventSource {
    connection: Connection,
    transport: Arc<dyn AsyncTransport>,
    control: Arc<Control>,
    phase: Phase,
}

type Reader = MessageStream<Timed, Bytes>;

#[expect(clippy::large_enum_variant, reason = "there is one, and it moves once a connection")]
enum Phase {
    /// Until the next request is due; behind the future it may be.
    Waiting(Option<BoxFuture<()>>),
    Opening(Opening),
    Reading(Reader),
    /// The first bytes of a body that is not an event stream. They may never come.
    Refused {
        cause: Cause,
        body: AsyncBody,
        start: Vec<u8>,
        patience: BoxFuture<()>,
    },
    /// [`ClientEvent::Closed`] was yielded.
    Closed,
}

impl AsyncEventSource {
    /// Reads the events of `url`, with default settings, in a tokio runtime: see
    /// [`build_async`](EventSourceBuilder::build_async). It connects when it is asked for the first message.
    ///
    /// # Errors
    ///
    /// When the URL is not one.
    #[cfg(feature = "reqwest")]
    pub fn connect(url: impl Into<String>) -> Result<AsyncEventSource, super::BuildError> {
        EventSource::builder(url).build_async()
    }

    /// Settings for reading the events of `url`: the same as [`EventSource::builder`].
    pub fn builder(url: impl Into<String>) -> EventSourceBuilder {
        EventSource::builder(url)
    }

    pub(super) fn with_connection(
        connection: Connection,
        transport: impl AsyncTransport + 'static,
    ) -> AsyncEventSource {
        let (transport, control) = (Arc::new(transport), Arc::default());
        AsyncEventSource { connection, transport, control, phase: Phase::Waiting(None) }
    }

    /// A handle that closes this from another task.
    #[must_use]
    pub fn handle(&self) -> EventSourceHandle {
        EventSourceHandle { control: self.control.clone() }
    }

    /// The last event ID. An ID counts when the event that has it is complete.
    #[must_use]
    pub fn last_event_id(&self) -> &str {
        match &self.phase {
            Phase::Reading(reader) => reader.decoder().last_event_id(),
            _ => self.connection.last_event_id(),
        }
    }

    /// The reconnection time: the server's, or else the one that was set.
    #[must_use]
    pub fn reconnection_time(&self) -> Duration {
        match &self.phase {
            Phase::Reading(reader) => reader.decoder().reconnection_time(),
            _ => None,
        }
        .unwrap_or_else(|| self.connection.reconnection_time())
    }

    /// Waits for the next message. `None` when the source is closed.
    ///
    /// Nothing is lost if the future is dropped.
    pub async fn next(&mut self) -> Option<Result<MessageEvent, ClientError>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// Waits for the next thing that happens. `None` after [`ClientEvent::Closed`].
    ///
    /// Nothing is lost if the future is dropped.
    pub async fn next_event(&mut self) -> Option<ClientEvent> {
        poll_fn(|context| self.poll_next_event(context)).await
    }

    /// All that happens, as a [`Stream`]: connections that open and end, messages, comments, errors.
    ///
    /// It ends behind [`ClientEvent::Closed`].
    pub fn events(&mut self) -> AsyncEvents<'_> {
        AsyncEvents { source: self }
    }

    /// Calls functions for the messages, until the source is closed.
    ///
    /// # Errors
    ///
    /// As the stream has them. After one that is not [final](ClientError::is_fatal) this may be called
    /// again.
    pub async fn run(&mut self, handlers: &mut Handlers<'_>) -> Result<(), ClientError> {
        while let Some(message) = self.next().await {
            handlers.handle(&message?);
        }
        Ok(())
    }

    /// Polls for the next thing that happens. `None` after [`ClientEvent::Closed`].
    pub fn poll_next_event(&mut self, context: &mut Context<'_>) -> Poll<Option<ClientEvent>> {
        loop {
            if let Poll::Ready(event) = self.poll(context) {
                return Poll::Ready(event);
            }
            self.control.wake(context.waker());
            // A command may have come before it knew whom to wake.
            if !self.control.is_pending() {
                return Poll::Pending;
            }
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<ClientEvent>> {
        loop {
            match self.control.take() {
                Some(Command::Close) => self.connection.close(),
                Some(Command::Restart) => {
                    let decoder = match mem::replace(&mut self.phase, Phase::Waiting(None)) {
                        Phase::Reading(reader) => Some(reader.into_decoder()),
                        Phase::Closed => {
                            self.phase = Phase::Closed;
                            return Poll::Ready(None);
                        }
                        _ => None,
                    };
                    self.connection.restart(decoder);
                }
                None => {}
            }
            if self.connection.is_closed() {
                self.control.forget();
                return Poll::Ready(match mem::replace(&mut self.phase, Phase::Closed) {
                    Phase::Closed => None,
                    Phase::Reading(reader) => {
                        // It has the last event ID, to go on from at another time.
                        self.connection.restart(Some(reader.into_decoder()));
                        Some(ClientEvent::Closed)
                    }
                    _ => Some(ClientEvent::Closed),
                });
            }
            let event = match &mut self.phase {
                Phase::Waiting(delay) => {
                    if let Some(delay) = delay {
                        ready!(delay.as_mut().poll(context));
                    }
                    match self.connection.wait(self.transport.now()) {
                        Some(more) if !more.is_zero() => {
                            self.phase = Phase::Waiting(Some(self.transport.sleep(more)));
                            None
                        }
                        _ => self.open(),
                    }
                }
                Phase::Opening(opening) => match ready!(opening.poll(context)) {
                    Ok(answer) => self.answered(answer),
                    Err(error) => self.fail(Cause::Connect(error)),
                },
                Phase::Reading(reader) => match ready!(Pin::new(reader).poll_incoming(context)) {
                    Some(Ok(Incoming::Message(message))) => {
                        (!self.connection.received(&message)).then_some(ClientEvent::Message(message))
                    }
                    Some(Ok(Incoming::Comment(text))) => Some(ClientEvent::Comment(text)),
                    Some(Err(ReadError::TooLarge(error))) => {
                        Some(ClientEvent::Error(self.connection.too_large(error)))
                    }
                    Some(Ok(Incoming::Retry(time))) => Some(ClientEvent::Retry(time)),
                    Some(Ok(Incoming::Id(_))) => None,
                    Some(Err(ReadError::Source(cause))) => self.end(cause),
                    None => self.end(Cause::ended()),
                },
                Phase::Refused { body, start, patience, .. } => {
                    let is_done = match poll_bytes(body, context) {
                        Poll::Ready(Some(Ok(bytes))) => {
                            let wanted = BODY_START - start.len();
                            start.extend_from_slice(bytes.get(..wanted).unwrap_or(&bytes));
                            start.len() >= BODY_START
                        }
                        Poll::Ready(Some(Err(_)) | None) => true,
                        Poll::Pending => {
                            ready!(patience.as_mut().poll(context));
                            true
                        }
                    };
                    if is_done { self.refuse() } else { None }
                }
                Phase::Closed => return Poll::Ready(None),
            };
            if event.is_some() {
                return Poll::Ready(event);
            }
        }
    }

    /// Sends the request that is due.
    fn open(&mut self) -> Option<ClientEvent> {
        match self.connection.request(self.transport.now()) {
            Ok(request) => {
                self.connection.sends(self.transport.now());
                self.phase = Phase::Opening(Opening::new(&self.transport, request));
                None
            }
            Err(cause) => self.fail(cause),
        }
    }

    fn answered(&mut self, answer: Answer<AsyncBody>) -> Option<ClientEvent> {
        let (head, body) = answer.received(SystemTime::now()).into_parts();
        match self.connection.answer(&head, self.transport.now()) {
            Verdict::Open(decoder) => {
                let idle = Idle::new(&self.transport, self.connection.read_timeout());
                self.phase = Phase::Reading(MessageStream::with_decoder(decoder, Timed::new(body, idle)));
                let url = self.connection.url().as_str().into();
                Some(ClientEvent::Open(Opened { url, head }))
            }
            Verdict::Redirect | Verdict::NoContent => {
                self.phase = Phase::Waiting(None);
                None
            }
            Verdict::Refused(cause) => {
                let patience = self.transport.sleep(BODY_PATIENCE);
                self.phase = Phase::Refused { cause, body, start: Vec::new(), patience };
                None
            }
        }
    }

    fn refuse(&mut self) -> Option<ClientEvent> {
        match mem::replace(&mut self.phase, Phase::Waiting(None)) {
            Phase::Refused { cause, start, .. } => self.fail(cause.with_body_start(&start)),
            _ => None,
        }
    }

    fn fail(&mut self, cause: Cause) -> Option<ClientEvent> {
        self.phase = Phase::Waiting(None);
        Some(ClientEvent::Error(self.connection.fail(cause, self.transport.now(), random())))
    }

    fn end(&mut self, cause: Cause) -> Option<ClientEvent> {
        let Phase::Reading(reader) = mem::replace(&mut self.phase, Phase::Waiting(None)) else {
            return None;
        };
        let error = self.connection.end(reader.into_decoder(), cause, self.transport.now(), random())?;
        Some(ClientEvent::Error(error))
    }
}

impl Drop for AsyncEventSource {
    fn drop(&mut self) {
        self.control.forget();
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

impl fmt::Debug for AsyncEventSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncEventSource").field("connection", &self.connection).finish_non_exhaustive()
    }
}

/// All that happens to an [`AsyncEventSource`]: see [`events`](AsyncEventSource::events).
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
