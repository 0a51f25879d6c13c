//! EventSource: messages for sync code, over as many connections as it takes.

use super::{
    ClientEvent, Connection, EventSourceBuilder, EventSourceHandle, Handlers, Opened, Transport, Verdict,
    control::{Attempt, Command, Control, Stop},
    error::{Cause, ClientError},
    random,
};
use crate::{
    decode::{Incoming, MessageEvent, MessageReader},
    error::ReadError,
};
use alloc::{boxed::Box, string::String, sync::Arc, vec::Vec};
use core::{fmt, mem, time::Duration};
use std::{
    io::{self, ErrorKind, Read},
    sync::mpsc,
    thread,
    time::{Instant, SystemTime},
};

/// Reads the messages of an event stream, and connects again whenever it ends: an iterator.
///
/// It does what `EventSource` does in a browser, with what people add to it. The iterator ends when the
/// server answers with status 204, when [`close`](EventSourceHandle::close) is called, and after an error
/// that [is final](ClientError::is_fatal). Errors after which it comes back are not yielded;
/// [`events`](EventSource::events) shows these too.
#[cfg_attr(feature = "ureq", doc = "```no_run")]
#[cfg_attr(not(feature = "ureq"), doc = "```ignore")]
/// use sse_wire::EventSource;
///
/// for message in EventSource::connect("https://example.org/events")? {
///     let message = message?;
///     println!("{}: {}", message.event(), message.data());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct EventSource {
    connection: Connection,
    transport: Arc<dyn Transport>,
    control: Arc<Control>,
    phase: Phase,
}

#[expect(clippy::large_enum_variant, reason = "there is one, and it moves once a connection")]
enum Phase {
    /// Until the next request is due.
    Waiting,
    Reading {
        reader: MessageReader<Body>,
        _attempt: Attempt,
    },
    /// [`ClientEvent::Closed`] was yielded.
    Closed,
}

/// How much is read of a body that is not an event stream, in bytes, and for how long.
pub(super) const BODY_START: usize = 256;
pub(super) const BODY_PATIENCE: Duration = Duration::from_secs(1);

impl EventSource {
    /// Reads the events of `url`, with default settings. It connects when it is asked for the first
    /// message.
    ///
    /// # Errors
    ///
    /// When the URL is not one.
    #[cfg(feature = "ureq")]
    pub fn connect(url: impl Into<String>) -> Result<EventSource, super::BuildError> {
        EventSource::builder(url).build()
    }

    /// Settings for reading the events of `url`.
    pub fn builder(url: impl Into<String>) -> EventSourceBuilder {
        EventSourceBuilder::new(url.into())
    }

    pub(super) fn with_connection(
        connection: Connection,
        transport: impl Transport + 'static,
    ) -> EventSource {
        let (transport, control) = (Arc::new(transport), Arc::default());
        EventSource { connection, transport, control, phase: Phase::Waiting }
    }

    /// A handle that closes this from another thread.
    #[must_use]
    pub fn handle(&self) -> EventSourceHandle {
        EventSourceHandle { control: self.control.clone() }
    }

    /// The last event ID. An ID counts when the event that has it is complete.
    #[must_use]
    pub fn last_event_id(&self) -> &str {
        match &self.phase {
            Phase::Reading { reader, .. } => reader.decoder().last_event_id(),
            _ => self.connection.last_event_id(),
        }
    }

    /// The reconnection time: the server's, or else the one that was set.
    #[must_use]
    pub fn reconnection_time(&self) -> Duration {
        match &self.phase {
            Phase::Reading { reader, .. } => reader.decoder().reconnection_time(),
            _ => None,
        }
        .unwrap_or_else(|| self.connection.reconnection_time())
    }

    /// All that happens, as an iterator: connections that open and end, messages, comments, errors.
    ///
    /// It ends behind [`ClientEvent::Closed`].
    pub fn events(&mut self) -> Events<'_> {
        Events { source: self }
    }

    /// Calls functions for the messages, until the source is closed.
    ///
    /// # Errors
    ///
    /// As the iterator has them. After one that is not [final](ClientError::is_fatal) this may be called
    /// again.
    pub fn run(&mut self, handlers: &mut Handlers<'_>) -> Result<(), ClientError> {
        for message in self {
            handlers.handle(&message?);
        }
        Ok(())
    }

    /// Waits for the next thing that happens. `None` after [`ClientEvent::Closed`].
    pub fn next_event(&mut self) -> Option<ClientEvent> {
        loop {
            match self.control.take() {
                Some(Command::Close) => self.connection.close(),
                Some(Command::Restart) => {
                    let decoder = match mem::replace(&mut self.phase, Phase::Waiting) {
                        Phase::Reading { reader, .. } => Some(reader.into_decoder()),
                        Phase::Waiting => None,
                        Phase::Closed => {
                            self.phase = Phase::Closed;
                            return None;
                        }
                    };
                    self.connection.restart(decoder);
                }
                None => {}
            }
            if self.connection.is_closed() {
                return match mem::replace(&mut self.phase, Phase::Closed) {
                    Phase::Closed => None,
                    Phase::Waiting => Some(ClientEvent::Closed),
                    Phase::Reading { reader, .. } => {
                        // It has the last event ID, to go on from at another time.
                        self.connection.restart(Some(reader.into_decoder()));
                        Some(ClientEvent::Closed)
                    }
                };
            }
            let event = match &mut self.phase {
                Phase::Waiting => match self.connection.wait(Instant::now()) {
                    Some(delay) if !delay.is_zero() => {
                        self.control.wait(delay);
                        None
                    }
                    _ => self.open(),
                },
                Phase::Reading { reader, .. } => match reader.next_incoming() {
                    Some(Ok(Incoming::Message(message))) => {
                        (!self.connection.received(&message)).then_some(ClientEvent::Message(message))
                    }
                    Some(Ok(Incoming::Comment(text))) => Some(ClientEvent::Comment(text)),
                    Some(Err(ReadError::TooLarge(error))) => {
                        Some(ClientEvent::Error(self.connection.too_large(error)))
                    }
                    Some(Ok(Incoming::Retry(time))) => Some(ClientEvent::Retry(time)),
                    Some(Ok(Incoming::Id(_))) => None,
                    None => self.end(Cause::ended()),
                    Some(Err(ReadError::Source(error))) => {
                        let timeout = self.connection.read_timeout();
                        self.end(match (error.kind(), timeout) {
                            (ErrorKind::TimedOut | ErrorKind::WouldBlock, Some(time)) => {
                                Cause::ReadTimeout(time)
                            }
                            _ => Cause::Read(Box::new(error)),
                        })
                    }
                },
                Phase::Closed => return None,
            };
            if event.is_some() {
                return event;
            }
        }
    }

    /// Sends the request that is due.
    fn open(&mut self) -> Option<ClientEvent> {
        let attempt = self.control.begin()?;
        let request = match self.connection.request(Instant::now()) {
            Ok(request) => request,
            Err(cause) => return self.fail(cause),
        };
        self.connection.sends(Instant::now());
        let answer = match self.transport.open(&request, &attempt.stop) {
            Ok(answer) => answer,
            Err(error) => return self.fail(Cause::Connect(error)),
        };
        let (head, body) = answer.received(SystemTime::now()).into_parts();
        match self.connection.answer(&head, Instant::now()) {
            Verdict::Open(decoder) => {
                let body = Body { body, control: self.control.clone() };
                let reader = MessageReader::with_decoder(decoder, body);
                self.phase = Phase::Reading { reader, _attempt: attempt };
                let url = self.connection.url().as_str().into();
                Some(ClientEvent::Open(Opened { url, head }))
            }
            Verdict::Redirect | Verdict::NoContent => None,
            Verdict::Refused(cause) => {
                let cause = cause.with_body_start(&body_start(body, &attempt.stop, BODY_PATIENCE));
                self.fail(cause)
            }
        }
    }

    fn fail(&mut self, cause: Cause) -> Option<ClientEvent> {
        if self.control.is_pending() {
            // What was stopped from outside has not failed.
            return None;
        }
        Some(ClientEvent::Error(self.connection.fail(cause, Instant::now(), random())))
    }

    fn end(&mut self, cause: Cause) -> Option<ClientEvent> {
        if self.control.is_pending() {
            return None;
        }
        let Phase::Reading { reader, .. } = mem::replace(&mut self.phase, Phase::Waiting) else {
            return None;
        };
        let error = self.connection.end(reader.into_decoder(), cause, Instant::now(), random())?;
        Some(ClientEvent::Error(error))
    }
}

/// A body that is read until there is a command. Behind a socket that has been shut down there may be much
/// that has come already, and a thousand times more if it is compressed.
struct Body {
    body: Box<dyn Read + Send>,
    control: Arc<Control>,
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.control.is_pending() {
            // Nobody is told: what was stopped from outside has not failed.
            return Err(ErrorKind::ConnectionAborted.into());
        }
        self.body.read(buffer)
    }
}

/// The first bytes of a body that is not an event stream. They may never come, so after a while the attempt
/// is stopped. When this returns it is not any more.
fn body_start(mut body: Box<dyn Read + Send>, stop: &Stop, patience: Duration) -> Vec<u8> {
    let (done, is_done) = mpsc::channel::<()>();
    let mut start = Vec::new();
    thread::scope(|scope| {
        let watch = thread::Builder::new().name("sse-wire body".into()).spawn_scoped(scope, move || {
            if is_done.recv_timeout(patience) == Err(mpsc::RecvTimeoutError::Timeout) {
                stop.stop();
            }
        });
        let done = done;
        if watch.is_ok() {
            // What came before an error is shown all the same.
            _ = body.by_ref().take(BODY_START as u64).read_to_end(&mut start);
        }
        drop(done);
    });
    start
}

impl Iterator for EventSource {
    type Item = Result<MessageEvent, ClientError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.next_event()? {
                ClientEvent::Message(message) => return Some(Ok(message)),
                ClientEvent::Error(error) if error.retry_in().is_none() => return Some(Err(error)),
                _ => {}
            }
        }
    }
}

impl fmt::Debug for EventSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventSource").field("connection", &self.connection).finish_non_exhaustive()
    }
}

/// All that happens to an [`EventSource`]: see [`events`](EventSource::events).
#[derive(Debug)]
#[must_use]
pub struct Events<'s> {
    source: &'s mut EventSource,
}

impl Iterator for Events<'_> {
    type Item = ClientEvent;

    fn next(&mut self) -> Option<ClientEvent> {
        self.source.next_event()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A body that ends when it is told so.
    struct Silent(mpsc::Receiver<()>);

    impl Read for Silent {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            _ = self.0.recv();
            Ok(0)
        }
    }

    #[test]
    fn nothing_stops_an_attempt_that_has_been_refused_later_on() {
        let stop = Stop::default();
        let (end, body) = mpsc::channel();
        let (sender, returned) = mpsc::channel();
        let (verdict, is_over) = mpsc::channel();
        stop.on_stop(move || {
            end.send(()).unwrap();
            // That it does not return cannot be seen, only that it has not done so for a while.
            verdict.send(returned.recv_timeout(Duration::from_millis(50)).is_err()).unwrap();
        });
        assert_eq!(body_start(Box::new(Silent(body)), &stop, Duration::ZERO), b"");
        _ = sender.send(());
        assert!(is_over.recv().unwrap(), "the attempt was still being stopped");
    }
}
