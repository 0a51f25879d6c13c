//! EventSource: reads messages in blocking code, over as many connections as it takes.

mod build;
mod error_body;

pub use build::Blocking;

use super::{
    Builder, ClientError, ClientEvent, EventSourceHandle, Step, Stop,
    builder::Part,
    control::Attempt,
    driver::{Computed, Driver, accessors},
    error::BoxError,
};
use crate::decode::{Input, MessageEvent};
use alloc::{boxed::Box, string::String, vec::Vec};
use core::{fmt, ops::Range, time::Duration};
use http::{Request, Response};
use std::{
    io::{ErrorKind, Read},
    time::{Instant, SystemTime},
};

/// Reads the messages of an event stream, and reconnects whenever it ends: an iterator.
///
/// It does what `EventSource` does in a browser, plus what people usually add to it. The iterator ends when the server
/// responds with status 204, when [`close`](EventSourceHandle::close) is called, or after an error that
/// [is final](ClientError::is_fatal). Errors after which it reconnects are not returned:
/// [`on_error`](Builder::on_error) is called for them, and [`events`](EventSource::events) returns them too.
#[cfg_attr(feature = "ureq", doc = "```no_run")]
#[cfg_attr(not(feature = "ureq"), doc = "```ignore")]
/// use sse_wire::EventSource;
///
/// let source = EventSource::builder("https://example.org/events")
///     .on_error(|error| eprintln!("{error}"))
///     .build()?;
/// for message in source {
///     let message = message?;
///     println!("{}: {}", message.event(), message.data());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct EventSource {
    driver: Driver,
    transport: Transport,
    computed: Vec<(Part, Compute)>,
    body: Option<OpenBody>,
    /// What has been read of the body, and which part of it is still to be decoded.
    buffer: Box<[u8]>,
    chunk: Range<usize>,
}

type BoxRead = Box<dyn Read + Send>;
type Transport = Box<dyn FnMut(Request<Vec<u8>>, &Stop) -> Result<Response<BoxRead>, BoxError> + Send>;
type Compute = Box<dyn FnMut() -> Computed + Send>;

struct OpenBody {
    body: BoxRead,
    _attempt: Attempt,
}

/// How many bytes are read at once.
const BUFFER_SIZE: usize = 16 * 1024;

accessors!(EventSource);

impl EventSource {
    /// Creates a client for the events of `url`, with default settings. It connects when it is asked for the first
    /// message.
    ///
    /// # Errors
    ///
    /// If the URL is invalid.
    #[cfg(feature = "ureq")]
    pub fn new(url: impl Into<String>) -> Result<EventSource, super::BuildError> {
        EventSource::builder(url).build()
    }

    /// Returns a builder to configure a client for the events of `url`.
    pub fn builder(url: impl Into<String>) -> Builder<Blocking> {
        Builder::new(url.into())
    }

    /// Returns everything that happens, as an iterator: connections that open and end, messages, comments, errors.
    ///
    /// It ends after [`ClientEvent::Closed`].
    pub fn events(&mut self) -> Events<'_> {
        Events { source: self }
    }

    /// Waits for the next client event. Returns `None` after [`ClientEvent::Closed`].
    pub fn next_event(&mut self) -> Option<ClientEvent> {
        loop {
            if self.driver.obey() {
                self.body = None;
                self.chunk = 0..0;
            }
            if !self.chunk.is_empty() {
                let event = self.decode();
                if event.is_some() {
                    return event;
                }
            }
            if self.body.is_some() && self.driver.connection.is_reading() {
                self.read();
                continue;
            }
            match self.driver.connection.next_step(Instant::now()) {
                Step::Event(event) => return Some(event),
                Step::Wait(until) => {
                    self.body = None;
                    self.driver.control.wait(until);
                }
                Step::Send => {
                    self.body = None;
                    self.open();
                }
                Step::Response(_) | Step::Read(_) => self.read(),
                Step::Closed => {
                    self.body = None;
                    return self.driver.done();
                }
            }
        }
    }

    /// Decodes the chunk up to the next client event in it.
    #[inline]
    fn decode(&mut self) -> Option<ClientEvent> {
        let mut input = Input::once(self.buffer.get(self.chunk.clone()).unwrap_or_default());
        let event = self.driver.connection.read(&mut input);
        match event {
            Some(_) => self.chunk.start = self.chunk.end - input.remaining().len(),
            None => self.chunk = 0..0,
        }
        event
    }

    /// Reads the next chunk.
    fn read(&mut self) {
        let connection = &mut self.driver.connection;
        let Some(OpenBody { body, .. }) = &mut self.body else {
            return connection.end(Instant::now());
        };
        let result = body.read(&mut self.buffer);
        if self.driver.control.is_pending() {
            // A body that was stopped from outside has not failed.
            return;
        }
        match result {
            Ok(0) => connection.end(Instant::now()),
            Ok(length) => self.chunk = 0..length.min(BUFFER_SIZE),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => connection.error(error, Instant::now()),
        }
    }

    /// Sends the request that is due.
    fn open(&mut self) {
        let driver = &mut self.driver;
        let Some(attempt) = driver.control.begin() else { return };
        for (part, compute) in &mut self.computed {
            if driver.needs(part) && !driver.set(part, compute(), Instant::now()) {
                return;
            }
        }
        let Some(request) = driver.connection.request(Instant::now()) else { return };
        let result = (self.transport)(request.map(Vec::from), &attempt.stop);
        if driver.control.is_pending() {
            return;
        }
        match result {
            Err(error) => driver.connection.error(error, Instant::now()),
            Ok(answer) => {
                let (mut head, body) = answer.into_parts();
                head.extensions.insert(SystemTime::now());
                driver.connection.response(head, Instant::now());
                match driver.connection.wants_error_body() {
                    None => self.body = Some(OpenBody { body, _attempt: attempt }),
                    Some((size, patience)) => {
                        let start = error_body::start(body, size, patience, &attempt.stop, &driver.control);
                        driver.connection.read(&mut Input::new(&start));
                        driver.connection.end(Instant::now());
                    }
                }
            }
        }
    }
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

/// Everything that happens to an [`EventSource`]: see [`events`](EventSource::events).
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
