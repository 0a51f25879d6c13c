//! A connection without I/O and its clock: time, randomness, and responses are made up.

use http::{Request, response::Parts};
use sse_wire::{
    Input,
    client::{Bare, Builder, ClientError, ClientEvent, Connection, RequestBody, Step, Timeouts},
};
use std::{
    io,
    time::{Duration, Instant},
};

pub(crate) const URL: &str = "http://localhost:1/a/events?x=1";

/// The same URL as it is shown.
pub(crate) const SHOWN: &str = "http://localhost:1/a/events?x=…";

pub(crate) const STREAM: &[(&str, &str)] = &[("Content-Type", "text/event-stream")];

pub(crate) const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub(crate) fn builder() -> Builder<Bare> {
    Connection::builder(URL)
}

pub(crate) fn head(status: u16, headers: &[(&str, &str)]) -> Parts {
    let answer = http::Response::builder().status(status);
    headers
        .iter()
        .fold(answer, |answer, (name, value)| answer.header(*name, *value))
        .body(())
        .unwrap()
        .into_parts()
        .0
}

/// A connection and its clock.
pub(crate) struct Client {
    pub(crate) connection: Connection,
    pub(crate) now: Instant,
}

impl Client {
    pub(crate) fn new(builder: Builder<Bare>) -> Client {
        Client { connection: builder.build(0).unwrap(), now: Instant::now() }
    }

    /// How long to wait before the next request. `None` if the connection is closed.
    pub(crate) fn wait(&mut self) -> Option<Duration> {
        match self.connection.next_step(self.now) {
            Step::Send => Some(ms(0)),
            Step::Wait(until) => Some(until - self.now),
            Step::Closed => None,
            step => panic!("{step:?}"),
        }
    }

    /// Lets the time pass until the next request is due, and sends it.
    pub(crate) fn send(&mut self) -> Request<RequestBody> {
        let delay = self.wait().expect("a connection that is not closed");
        self.now += delay;
        // Exactly then, and not a moment later.
        let step = self.connection.next_step(self.now);
        assert!(matches!(step, Step::Send), "{step:?}");
        self.connection.request(self.now).unwrap()
    }

    pub(crate) fn answer(&mut self, status: u16, headers: &[(&str, &str)]) {
        self.connection.response(head(status, headers), self.now);
    }

    /// Follows a redirect to here.
    pub(crate) fn redirect(&mut self, status: u16, location: &str) -> Request<RequestBody> {
        self.answer(status, &[("location", location)]);
        self.send()
    }

    pub(crate) fn open(&mut self) {
        self.answer(200, STREAM);
        let step = self.connection.next_step(self.now);
        assert!(matches!(step, Step::Event(ClientEvent::Open(_))), "{step:?}");
    }

    /// Reads bytes of a body.
    pub(crate) fn bytes(&mut self, bytes: &str) -> Vec<ClientEvent> {
        let mut input = Input::new(bytes.as_bytes());
        std::iter::from_fn(|| self.connection.read(&mut input)).collect()
    }

    /// The same, and only the data of the messages in it.
    pub(crate) fn data(&mut self, bytes: &str) -> Vec<String> {
        let data = |event| match event {
            ClientEvent::Message(message) => Some(message.into_data()),
            _ => None,
        };
        self.bytes(bytes).into_iter().filter_map(data).collect()
    }

    /// Reads a body that ends properly after this time.
    pub(crate) fn read(&mut self, body: &str, lasts: Duration) -> Option<ClientError> {
        self.open();
        self.bytes(body);
        self.now += lasts;
        self.connection.end(self.now);
        self.error()
    }

    /// The error that comes next.
    pub(crate) fn error(&mut self) -> Option<ClientError> {
        match self.connection.next_step(self.now) {
            Step::Event(ClientEvent::Error(error)) => Some(error),
            Step::Closed => None,
            step => panic!("{step:?}"),
        }
    }

    pub(crate) fn fail(&mut self, error: io::Error) -> ClientError {
        self.connection.error(error, self.now);
        self.error().unwrap()
    }

    /// The error after an answer with this body.
    pub(crate) fn refuse_with(&mut self, status: u16, headers: &[(&str, &str)], body: &str) -> ClientError {
        self.answer(status, headers);
        let step = self.connection.next_step(self.now);
        assert!(matches!(step, Step::Read(Some(_))), "{status} {headers:?} {step:?}");
        assert!(self.bytes(body).is_empty());
        self.connection.end(self.now);
        self.error().unwrap()
    }

    pub(crate) fn refuse(&mut self, status: u16, headers: &[(&str, &str)]) -> ClientError {
        self.refuse_with(status, headers, "")
    }
}

pub(crate) fn header<'r>(request: &'r Request<RequestBody>, name: &str) -> Vec<&'r str> {
    let values = request.headers().get_all(name);
    values.into_iter().map(|value| std::str::from_utf8(value.as_bytes()).unwrap()).collect()
}

pub(crate) fn method_and_url(request: &Request<RequestBody>) -> (&str, String) {
    (request.method().as_str(), request.uri().to_string())
}

pub(crate) fn timeouts(request: &Request<RequestBody>) -> (Option<Duration>, Option<Duration>) {
    let timeouts = request.extensions().get::<Timeouts>().unwrap();
    (timeouts.connect(), timeouts.read())
}

pub(crate) fn refused() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionRefused, "connection refused")
}
