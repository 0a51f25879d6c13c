//! EventSource: reads messages in blocking code, over as many connections as it takes.

use super::{
    Builder, ClientError, ClientEvent, EventSourceHandle, Stop,
    builder::{Part, sealed},
    control::{Attempt, Control},
    driver::{Computed, Driver, accessors, seed},
    error::{BoxError, BuildError},
};
use crate::decode::{Input, MessageEvent};
use alloc::{boxed::Box, string::String, sync::Arc, vec, vec::Vec};
use core::{fmt, marker::PhantomData, ops::Range, time::Duration};
use http::{Request, Response};
use std::{
    io::{ErrorKind, Read},
    sync::mpsc,
    thread,
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

/// A [`Builder`] of this kind builds an [`EventSource`].
#[derive(Debug)]
pub struct Blocking(PhantomData<()>);

impl sealed::Kind for Blocking {
    type Compute = Compute;
}

impl Builder<Blocking> {
    /// Adds a header whose value is computed for each request, including those after a redirect: for tokens that expire.
    /// `None` leaves the header out. It replaces other headers with this name.
    ///
    /// ```
    /// # let fetch_token = || Ok::<_, std::io::Error>("");
    /// let builder = sse_wire::EventSource::builder("https://example.org/events")
    ///     .header_with("Authorization", move || Ok(Some(format!("Bearer {}", fetch_token()?))));
    /// ```
    pub fn header_with(
        mut self,
        name: impl Into<String>,
        value: impl FnMut() -> Result<Option<String>, BoxError> + Send + 'static,
    ) -> Self {
        self.computed.push((Part::Header(name.into()), Box::new(value)));
        self
    }

    /// Computes the URL for each attempt: for cursors and tokens in a query.
    ///
    /// ```
    /// # let cursor = || "7".to_owned();
    /// let builder = sse_wire::EventSource::builder("https://example.org/events")
    ///     .url_with(move || Ok(format!("https://example.org/events?after={}", cursor())));
    /// ```
    pub fn url_with(mut self, mut url: impl FnMut() -> Result<String, BoxError> + Send + 'static) -> Self {
        self.computed.push((Part::Url, Box::new(move || url().map(Some))));
        self
    }

    /// Builds a client over ureq.
    ///
    /// # Errors
    ///
    /// If a setting is invalid.
    #[cfg(feature = "ureq")]
    pub fn build(self) -> Result<EventSource, BuildError> {
        let timeouts = self.timeouts();
        self.build_with(super::ureq::transport(timeouts))
    }

    /// Builds a client over your own HTTP library, with its proxies, cookies, and certificates. `transport` is a function
    /// that sends a request, and returns when the head of the response has arrived. The body is read as it arrives.
    ///
    /// The transport must not follow redirects, nor treat any status as an error: the client handles both. It should
    /// respect the [`Timeouts`](crate::client::Timeouts) in the request's extensions, or have its own; the read timeout
    /// also applies while it sends. If the read timeout passes while the body is read, it must return an
    /// [`io::Error`](std::io::Error) of the kind `TimedOut` or `WouldBlock`. If the body ends too early, for example
    /// inside a chunk, that must be an error too.
    ///
    /// ```no_run
    /// use sse_wire::{EventSource, client::Stop};
    ///
    /// let agent = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().new_agent();
    /// let source = EventSource::builder("http://localhost/events").build_with(
    ///     move |request: http::Request<Vec<u8>>, _: &Stop| {
    ///         let answer = agent.run(request)?;
    ///         Ok::<_, ureq::Error>(answer.map(ureq::Body::into_reader))
    ///     },
    /// )?;
    /// # Ok::<(), sse_wire::client::BuildError>(())
    /// ```
    ///
    /// A ureq agent takes a stream that is cut off by a reset for one that ends, unless it has a `CutDetector` of
    /// [`client`](crate::client) (feature `ureq`). [`close`](EventSourceHandle::close) takes effect when the function, or
    /// the body that is being read, returns: tell the [`Stop`] how to make them return at once.
    ///
    /// # Errors
    ///
    /// If a setting is invalid.
    pub fn build_with<F, B, E>(mut self, mut transport: F) -> Result<EventSource, BuildError>
    where
        F: FnMut(Request<Vec<u8>>, &Stop) -> Result<Response<B>, E> + Send + 'static,
        B: Read + Send + 'static,
        E: Into<BoxError>,
    {
        let computed = core::mem::take(&mut self.computed);
        Ok(EventSource {
            driver: Driver::new(self.connection(seed())?),
            transport: Box::new(move |request, stop| {
                let answer = transport(request, stop).map_err(Into::into)?;
                Ok(answer.map(|body| Box::new(body) as BoxRead))
            }),
            computed,
            body: None,
            buffer: vec![0; BUFFER_SIZE].into_boxed_slice(),
            chunk: 0..0,
        })
    }
}

accessors!(EventSource);

impl EventSource {
    /// Creates a client for the events of `url`, with default settings. It connects when it is asked for the first
    /// message.
    ///
    /// # Errors
    ///
    /// If the URL is invalid.
    #[cfg(feature = "ureq")]
    pub fn new(url: impl Into<String>) -> Result<EventSource, BuildError> {
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
                super::Step::Event(event) => return Some(event),
                super::Step::Wait(until) => {
                    self.body = None;
                    self.driver.control.wait(until);
                }
                super::Step::Send => {
                    self.body = None;
                    self.open();
                }
                super::Step::Answer(_) | super::Step::Read(_) => self.read(),
                super::Step::Closed => {
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
                driver.connection.answer(head, Instant::now());
                match driver.connection.wants_error_body() {
                    None => self.body = Some(OpenBody { body, _attempt: attempt }),
                    Some((size, patience)) => {
                        let start = body_start(body, size, patience, &attempt.stop, &driver.control);
                        driver.connection.read(&mut Input::new(&start));
                        driver.connection.end(Instant::now());
                    }
                }
            }
        }
    }
}

/// Reads the first bytes of a body that is not an event stream. They may never arrive, so after a while the attempt is
/// stopped. Once this has returned, it is no longer stopped from here.
fn body_start(
    body: BoxRead,
    size: usize,
    patience: Duration,
    stop: &Stop,
    control: &Arc<Control>,
) -> Vec<u8> {
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
            // What arrived before an error is still shown.
            let body = Commanded { body, control: control.clone() };
            _ = body.take(size as u64).read_to_end(&mut start);
        }
        drop(done);
    });
    start
}

/// A body that is read until there is a command. Even after a socket has been shut down, much may be left to read that has
/// already arrived, and a thousand times more if it is compressed.
struct Commanded {
    body: BoxRead,
    control: Arc<Control>,
}

impl Read for Commanded {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.control.is_pending() {
            return Err(ErrorKind::ConnectionAborted.into());
        }
        self.body.read(buffer)
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

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// A body that ends when it is told to.
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
            // That it never returns cannot be observed, only that it has not returned for a while.
            verdict.send(returned.recv_timeout(Duration::from_millis(50)).is_err()).unwrap();
        });
        let body = Box::new(Silent(body));
        assert_eq!(body_start(body, 9, Duration::ZERO, &stop, &Arc::default()), b"");
        _ = sender.send(());
        assert!(is_over.recv().unwrap(), "the attempt was still being stopped");
    }
}
