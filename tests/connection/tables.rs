//! The client's state machine, in tables: time, randomness, and responses are made up.

use http::{Request, StatusCode, response::Parts};
use sse_wire::{
    Input,
    client::{
        Bare, BuildError, Builder, Cause, ClientError, ClientEvent, Connection, Policy, RequestBody, Step,
        Timeouts,
    },
};
use std::{
    error::Error,
    io,
    sync::{Arc, Mutex},
    time::{Duration, Instant, SystemTime},
};

const URL: &str = "http://localhost:1/a/events?x=1";
/// The same URL as it is shown.
const SHOWN: &str = "http://localhost:1/a/events?x=…";
const STREAM: &[(&str, &str)] = &[("Content-Type", "text/event-stream")];

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn builder() -> Builder<Bare> {
    Connection::builder(URL)
}

fn head(status: u16, headers: &[(&str, &str)]) -> Parts {
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
struct Client {
    connection: Connection,
    now: Instant,
}

impl Client {
    fn new(builder: Builder<Bare>) -> Client {
        Client { connection: builder.build(0).unwrap(), now: Instant::now() }
    }

    /// How long to wait before the next request. `None` if the connection is closed.
    fn wait(&mut self) -> Option<Duration> {
        match self.connection.next_step(self.now) {
            Step::Send => Some(ms(0)),
            Step::Wait(until) => Some(until - self.now),
            Step::Closed => None,
            step => panic!("{step:?}"),
        }
    }

    /// Lets the time pass until the next request is due, and sends it.
    fn send(&mut self) -> Request<RequestBody> {
        let delay = self.wait().expect("a connection that is not closed");
        self.now += delay;
        // Exactly then, and not a moment later.
        let step = self.connection.next_step(self.now);
        assert!(matches!(step, Step::Send), "{step:?}");
        self.connection.request(self.now).unwrap()
    }

    fn answer(&mut self, status: u16, headers: &[(&str, &str)]) {
        self.connection.response(head(status, headers), self.now);
    }

    /// Follows a redirect to here.
    fn redirect(&mut self, status: u16, location: &str) -> Request<RequestBody> {
        self.answer(status, &[("location", location)]);
        self.send()
    }

    fn open(&mut self) {
        self.answer(200, STREAM);
        let step = self.connection.next_step(self.now);
        assert!(matches!(step, Step::Event(ClientEvent::Open(_))), "{step:?}");
    }

    /// Reads bytes of a body.
    fn bytes(&mut self, bytes: &str) -> Vec<ClientEvent> {
        let mut input = Input::new(bytes.as_bytes());
        std::iter::from_fn(|| self.connection.read(&mut input)).collect()
    }

    /// The same, and only the data of the messages in it.
    fn data(&mut self, bytes: &str) -> Vec<String> {
        let data = |event| match event {
            ClientEvent::Message(message) => Some(message.into_data()),
            _ => None,
        };
        self.bytes(bytes).into_iter().filter_map(data).collect()
    }

    /// Reads a body that ends properly after this time.
    fn read(&mut self, body: &str, lasts: Duration) -> Option<ClientError> {
        self.open();
        self.bytes(body);
        self.now += lasts;
        self.connection.end(self.now);
        self.error()
    }

    /// The error that comes next.
    fn error(&mut self) -> Option<ClientError> {
        match self.connection.next_step(self.now) {
            Step::Event(ClientEvent::Error(error)) => Some(error),
            Step::Closed => None,
            step => panic!("{step:?}"),
        }
    }

    fn fail(&mut self, error: io::Error) -> ClientError {
        self.connection.error(error, self.now);
        self.error().unwrap()
    }

    /// The error after an answer with this body.
    fn refuse_with(&mut self, status: u16, headers: &[(&str, &str)], body: &str) -> ClientError {
        self.answer(status, headers);
        let step = self.connection.next_step(self.now);
        assert!(matches!(step, Step::Read(Some(_))), "{status} {headers:?} {step:?}");
        assert!(self.bytes(body).is_empty());
        self.connection.end(self.now);
        self.error().unwrap()
    }

    fn refuse(&mut self, status: u16, headers: &[(&str, &str)]) -> ClientError {
        self.refuse_with(status, headers, "")
    }
}

fn header<'r>(request: &'r Request<RequestBody>, name: &str) -> Vec<&'r str> {
    let values = request.headers().get_all(name);
    values.into_iter().map(|value| std::str::from_utf8(value.as_bytes()).unwrap()).collect()
}

fn method_and_url(request: &Request<RequestBody>) -> (&str, String) {
    (request.method().as_str(), request.uri().to_string())
}

fn timeouts(request: &Request<RequestBody>) -> (Option<Duration>, Option<Duration>) {
    let timeouts = request.extensions().get::<Timeouts>().unwrap();
    (timeouts.connect(), timeouts.read())
}

fn refused() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionRefused, "connection refused")
}

// What is sent.

#[test]
fn the_first_request() {
    let request = Client::new(builder()).send();
    assert_eq!(method_and_url(&request), ("GET", URL.into()));
    assert_eq!(request.body().as_bytes(), b"");
    let mut headers: Vec<_> =
        request.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    headers.sort_unstable();
    assert_eq!(
        headers,
        [
            ("accept", "text/event-stream"), // wpt: request-accept
            ("accept-encoding", "identity"),
            ("cache-control", "no-cache"), // wpt: request-cache-control
        ]
    );
    assert_eq!(timeouts(&request), (Some(Duration::from_secs(10)), Some(Duration::from_secs(300))));
}

#[test]
fn settings_of_the_request() {
    let mut client = Client::new(
        builder()
            .method("post")
            .body("{}")
            .policy(Policy::new())
            .header("content-type", "application/json")
            .header("ACCEPT", " text/event-stream, */* ")
            .header("X-Two", "1")
            .header("x-two", "é")
            .header("Authorization", "Bearer secret")
            .connect_timeout(ms(1))
            .read_timeout(None)
            .compression(true)
            .last_event_id("abc"),
    );
    for _ in 0..3 {
        let request = client.send();
        assert_eq!(request.method(), "POST");
        assert_eq!(request.body().as_bytes(), b"{}");
        assert_eq!(header(&request, "accept"), ["text/event-stream, */*"]);
        assert_eq!(header(&request, "x-two"), ["1", "é"]);
        assert_eq!(header(&request, "last-event-id"), ["abc"]);
        assert!(header(&request, "accept-encoding").is_empty());
        assert_eq!(timeouts(&request), (Some(ms(1)), None));
        // A header may contain a secret.
        assert!(!format!("{request:?}").contains("Bearer"));
        client.fail(refused());
    }
    // As long as any timer supports.
    let endless = builder().connect_timeout(Duration::ZERO).read_timeout(Duration::MAX);
    let request = Client::new(endless).send();
    assert_eq!(timeouts(&request), (Some(ms(1)), Some(ms(i32::MAX as u64))));
}

#[test]
fn what_can_be_changed_for_an_attempt() {
    let mut client = Client::new(builder().header("X-Token", "0").header("x-token", "1"));
    assert_eq!(header(&client.send(), "x-token"), ["0", "1"]);
    client.fail(refused());
    client.connection.set_header("X-Token", Some(" 2 ")).unwrap();
    client.connection.set_url("http://user:pass@other/?cursor=7#x").unwrap();
    let request = client.send();
    assert_eq!(
        (header(&request, "x-token"), request.uri().to_string()),
        (vec!["2"], "http://other/?cursor=7".into())
    );
    assert_eq!(header(&request, "authorization"), ["Basic dXNlcjpwYXNz"]);
    client.fail(refused());
    client.connection.set_header("x-token", None).unwrap();
    client.connection.set_url("http://other/").unwrap();
    let request = client.send();
    assert!(header(&request, "x-token").is_empty() && header(&request, "authorization").is_empty());
    // What is not valid changes nothing.
    for (name, value) in [("x y", "1"), ("x-token", "a\nb"), ("content-length", "1")] {
        let error = client.connection.set_header(name, Some(value)).unwrap_err();
        assert!(matches!(error, BuildError::Header { .. }), "{name}");
    }
    assert!(client.connection.set_url("ftp://other/").is_err());
    client.fail(refused());
    assert_eq!(client.send().uri(), "http://other/");
}

#[test]
fn more_headers_than_a_request_can_hold() {
    let many = (0..40_000).fold(builder(), |builder, i| builder.header(format!("X-{i}"), ""));
    assert_eq!(many.build(0).unwrap_err(), BuildError::TooManyHeaders);
    // As many as there can be, so that there is no room for those of the client.
    let mut client =
        Client::new((0..24_576).fold(builder(), |builder, i| builder.header(format!("X-{i}"), "")));
    assert!(matches!(client.connection.next_step(client.now), Step::Send));
    assert!(client.connection.request(client.now).is_none());
    let error = client.error().unwrap();
    assert!(error.to_string().contains("max size reached"), "{error}");
}

#[test]
fn what_cannot_be_built() {
    for (builder, text) in [
        // wpt: eventsource-constructor-url-bogus
        (
            Connection::builder("http://this is invalid/"),
            "\"http://this is invalid/\" is not a URL to read events from: invalid international domain name",
        ),
        (
            Connection::builder("/events"),
            "\"/events\" is not a URL to read events from: relative URL without a base",
        ),
        (
            Connection::builder("ftp://u:secret@h/"),
            "\"ftp://…@h/\" is not a URL to read events from: it does not begin with http:// or https://",
        ),
        (
            Connection::builder("http://u:secret@h:x/@"),
            "\"http://…@\" is not a URL to read events from: invalid port number",
        ),
        (builder().method("GE T"), "\"GE T\" is not an HTTP method"),
        (builder().header("X Y", "1"), "\"X Y\" is not the name of a header"),
        (builder().header("X-Y", "secret\n"), ""),
        (
            builder().header("X-Y", "secret\r\nX-Z: 1"),
            "the value of the header X-Y contains a character that no header can carry",
        ),
        (
            builder().header("Content-length", "2").body("{}"),
            "the header Content-length is set by the HTTP library, for the body that it sends",
        ),
        (
            builder().header("Transfer-Encoding", "chunked"),
            "the header Transfer-Encoding is set by the HTTP library, for the body that it sends",
        ),
        (builder().header("Content-Type", "application/json"), ""),
    ] {
        match builder.build(0) {
            Ok(_) => assert_eq!(text, ""),
            Err(error) => assert_eq!(error.to_string(), text),
        }
    }
    assert!(matches!(Connection::builder("").build(0), Err(BuildError::Url { .. })));
}

#[test]
fn credentials_are_a_header_and_shown_nowhere_and_nor_is_a_query() {
    let mut client = Client::new(Connection::builder("http://us%20er:p%40ss@localhost/?key=p%40ss#part"));
    let request = client.send();
    assert_eq!(request.uri(), "http://localhost/?key=p%40ss");
    assert_eq!(header(&request, "authorization"), ["Basic dXMgZXI6cEBzcw=="]);
    // A transport may show the URL.
    let error = client.fail(io::Error::other("no http://localhost/?key=p%40ss"));
    assert_eq!(error.url(), "http://localhost/?key=p%40ss");
    assert!(error.to_string().contains("http://localhost/?key=…: no http://localhost/?key=… "), "{error}");
    client.send();
    // So may a server.
    let refused = client.refuse_with(404, &[], "no /?key=p%40ss here");
    assert_eq!(refused.body(), b"no /?key=p%40ss here");
    assert!(refused.to_string().contains("a body that begins \"no /?key=… here\""), "{refused}");
    let mut client = Client::new(Connection::builder("http://us%20er:p%40ss@localhost/?key=p%40ss#part"));
    client.send();
    client.answer(200, STREAM);
    let opened = client.connection.next_step(client.now);
    assert!(!format!("{refused} {refused:?}").contains("ss"), "{refused:?}");
    assert!(
        !format!("{error} {error:?} {error:#?} {:?} {opened:?}", client.connection).contains("ss"),
        "{error:?}"
    );
    let error = Connection::builder("http://localhost:x/?key=p%40ss").build(0).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("40ss"), "{error:?}");

    let named = Connection::builder("http://user:pass@localhost/").header("authorization", "Bearer 1");
    assert_eq!(header(&Client::new(named).send(), "authorization"), ["Bearer 1"]);
}

#[test]
fn the_last_event_id_is_sent_as_far_as_a_header_carries_it() {
    for (body, sent) in [
        ("id: abc\ndata: safe\n\n", Some("abc")), // wpt: cross-origin-preflight safe id
        ("id: e5p3n<3k0k0s\ndata: x\n\n", Some("e5p3n<3k0k0s")), // wpt: unsafe id
        ("id: 1\ndata: x\n\nid: 2\n\n", Some("2")), // an ID without data counts too
        ("id: 1\ndata: x\n\nid\ndata: y\n\n", None),
        ("id: 1\ndata: x\n\nid: 2\ndata: y\n", Some("1")), // the event was cut off, and its ID with it
        ("id: 1\ndata: x\n\nid: 2\ndata: y", Some("1")),
        ("id: 0\ndata: x\n\n", Some("0")),
        ("id: é…\u{1f600}\ndata: x\n\n", Some("é…\u{1f600}")),
        ("id: a\u{1}b\ndata: x\n\n", None),
        ("id: a\u{7f}\ndata: x\n\n", None),
        ("id: 1\ndata: x\n\nid: a\u{1}b\ndata: x\n\n", None),
        ("id: a\tb\ndata: x\n\n", Some("a\tb")),
        ("id:  a \ndata: x\n\n", Some("a")),
        ("id: 1\0\ndata: x\n\n", None),
        ("data: x\n\n", None),
    ] {
        let mut client = Client::new(builder());
        client.send();
        client.read(body, ms(0));
        let request = client.send();
        assert_eq!(header(&request, "last-event-id"), Vec::from_iter(sent), "{body:?}");
    }
    // wpt: cross-origin-preflight long id; and the longest that HTTP libraries are asked to send
    for (length, is_sent) in [(255, true), (64 << 10, true), (1 + (64 << 10), false)] {
        let id = "a".repeat(length);
        let mut client = Client::new(builder());
        client.send();
        client.read(&format!("id: {id}\nretry: 200\ndata: long\n\n"), ms(0));
        assert_eq!(header(&client.send(), "last-event-id") == [id.as_str()], is_sent, "{length}");
        assert_eq!(client.connection.last_event_id(), id);
    }
    // An ID that the user set as a header is replaced, even by one that is not sent.
    for (body, sent) in [
        ("id: 1\ndata: x\n\n", Some("1")),
        ("id: 1\ndata: x\n\nid: a\u{1}b\n\n", None),
        ("id:   \n\n", None),
        ("id\n\n", Some("0")),
        ("data: x\n\n", Some("0")),
    ] {
        let mut client = Client::new(builder().header("last-event-id", "0"));
        assert_eq!(header(&client.send(), "last-event-id"), ["0"]);
        client.read(body, ms(0));
        assert_eq!(header(&client.send(), "last-event-id"), Vec::from_iter(sent), "{body:?}");
    }
}

// What a response means.

#[test]
fn what_opens() {
    for content_type in [
        "text/event-stream",
        "text/event-stream;", // wpt: format-mime-trailing-semicolon
        "Text/Event-Stream; charset=utf-8",
    ] {
        let mut client = Client::new(builder());
        client.send();
        client.answer(200, &[("content-type", content_type)]);
        let step = client.connection.next_step(client.now);
        assert!(matches!(step, Step::Event(ClientEvent::Open(_))), "{content_type}");
    }
    // By choice.
    for headers in [&[][..], &[("content-type", "text/plain")], &[("content-type", "application/json")]] {
        let mut client = Client::new(builder().any_content_type(true));
        client.send();
        client.answer(200, headers);
        let step = client.connection.next_step(client.now);
        assert!(matches!(step, Step::Event(ClientEvent::Open(_))), "{headers:?}");
        assert_eq!(client.data("data: 1\n\n"), ["1"]);
    }
    let mut client = Client::new(builder().any_content_type(true));
    client.send();
    assert!(matches!(
        client.refuse(200, &[("content-encoding", "br")]).cause(),
        Cause::ContentEncoding { .. }
    ));
    client.connection.close();
    assert_eq!(client.wait(), None);
}

#[test]
fn what_closes() {
    // wpt: request-status-error
    for status in [205, 210, 299, 404, 410, 503, 100, 201, 206, 300, 304, 429, 500] {
        let mut client = Client::new(builder());
        client.send();
        let error = client.refuse_with(status, STREAM, "oh\nno\u{1f600}");
        assert!(error.is_fatal() && client.connection.is_closed(), "{status}");
        assert_eq!(error.status(), Some(StatusCode::from_u16(status).unwrap()));
        assert_eq!((error.retry_in(), error.attempt()), (None, 1));
        assert_eq!(
            error.to_string(),
            format!(
                "the response from {SHOWN} has status {status} and a body that begins \"oh\\nno\u{1f600}\" (attempt 1); giving up"
            )
        );
        assert_eq!(client.wait(), None);
    }
    // wpt: request-status-error, 204
    let mut client = Client::new(builder());
    client.send();
    client.answer(204, &[]);
    assert!(client.connection.is_closed());
    assert_eq!(client.wait(), None);

    for (content_type, shown) in [
        (Some("x bogus"), "the content type \"x bogus\""), // wpt: format-mime-bogus
        (Some("text/x-bogus"), "the content type \"text/x-bogus\""), // wpt: format-mime-valid-bogus
        (None, "no content type"),
    ] {
        let mut client = Client::new(builder());
        client.send();
        let headers: Vec<_> = content_type.map(|value| ("content-type", value)).into_iter().collect();
        let error = client.refuse(200, &headers);
        assert!(error.is_fatal() && client.connection.is_closed(), "{content_type:?}");
        assert_eq!(
            error.to_string(),
            format!(
                "the response from {SHOWN} is not an event stream: it has {shown} (attempt 1); giving up"
            )
        );
    }

    let mut client = Client::new(builder());
    client.send();
    let error = client.refuse(200, &[("content-type", "text/event-stream"), ("content-type", "text/html")]);
    assert!(error.to_string().contains("\"text/event-stream, text/html\""), "{error}: the last one holds");

    let mut client = Client::new(builder());
    client.send();
    let error = client.refuse(200, &[("content-type", "text/event-stream"), ("content-encoding", "br")]);
    assert_eq!(
        error.to_string(),
        format!(
            "the response from {SHOWN} has the encoding \"br\", which was not requested (attempt 1); giving up"
        )
    );
}

#[test]
fn an_error_has_all_of_the_answer() {
    let body = format!("{{\"error\": {{\"message\": {:?}}}}}", "x".repeat(10_000));
    let mut client = Client::new(builder());
    client.send();
    let headers = [("X-Request-Id", "req_1"), ("WWW-Authenticate", "Bearer"), ("x-ratelimit-remaining", "0")];
    let error = client.refuse_with(401, &headers, &body);
    assert!(
        serde_json::from_slice::<serde_json::Value>(error.body()).is_ok(),
        "{} bytes",
        error.body().len()
    );
    let header = |name| error.headers().unwrap()[name].to_str().unwrap();
    assert_eq!(headers.map(|(name, _)| header(name)), headers.map(|(_, value)| value));
    assert!(error.to_string().len() < 500, "{error}");
    // As much as is wanted; after that, it is no longer read.
    for (limit, setting) in [(64 << 10, None), (100, Some(100)), (0, Some(0))] {
        let builder = setting.into_iter().fold(builder(), |builder, size| builder.max_error_body(size));
        let mut client = Client::new(builder);
        client.send();
        client.answer(500, &[]);
        client.bytes(&"x".repeat(70_000));
        assert_eq!(client.error().unwrap().body().len(), limit);
    }
    // Nor for longer than a second, whatever arrives.
    let mut client = Client::new(builder());
    client.send();
    client.answer(500, &[]);
    client.bytes("x");
    client.now += ms(999);
    assert!(matches!(client.connection.next_step(client.now), Step::Read(Some(_))));
    client.bytes("y");
    client.now += ms(1);
    assert_eq!(client.error().unwrap().body(), b"xy");
    // Before a connection was established there is none.
    let mut client = Client::new(builder());
    client.send();
    let error = client.fail(refused());
    assert!(error.headers().is_none() && error.body().is_empty());
}

#[test]
fn the_reason_is_in_the_sentence_and_can_be_had() {
    #[derive(Debug)]
    struct Outer(io::Error);
    impl std::fmt::Display for Outer {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("error sending request")
        }
    }
    impl Error for Outer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }
    let mut client = Client::new(builder());
    client.send();
    client.connection.error(Outer(io::Error::other("connection refused")), client.now);
    let error = client.error().unwrap();
    assert_eq!(
        error.to_string(),
        format!(
            "there was no response from {SHOWN}: connection refused (attempt 1); reconnecting in 2000 ms"
        )
    );
    assert_eq!(error.source().unwrap().to_string(), "error sending request");
    let Cause::Connect(source) = error.into_cause() else { panic!() };
    assert_eq!(source.downcast::<Outer>().unwrap().0.to_string(), "connection refused");
    // Inside a stream.
    client.send();
    client.open();
    let error = client.fail(io::Error::other("reset"));
    assert!(matches!(error.cause(), Cause::Read(_)));
    assert!(
        error.to_string().starts_with(&format!("the stream from {SHOWN} broke: reset (attempt 2)")),
        "{error}"
    );
}

#[test]
fn what_the_policy_retries() {
    let policy = || Policy::new().retry_statuses([429, 500, 503, 529]).retry_content_type(true);
    for (status, headers, delay) in [
        (500, &[][..], Some(2_000)),
        (500, &[("Retry-After", "60")], Some(60_000)), // for each status that is retried
        (529, &[("Retry-After", "5")], Some(5_000)),
        (503, &[], Some(2_000)),
        (503, &[("Retry-After", "60")], Some(60_000)),
        (503, &[("Retry-After", " 1 ")], Some(1_000)), // also before the reconnection time
        (503, &[("Retry-After", "0")], Some(100)),     // but not before the floor
        (429, &[("retry-after", "7")], Some(7_000)),
        (429, &[("retry-after", "")], Some(2_000)),
        (429, &[("retry-after", "-1")], Some(2_000)),
        (429, &[("retry-after", "soon")], Some(2_000)),
        (429, &[("retry-after", "99999999999999999999")], Some(i32::MAX as u64)),
        (
            503,
            &[("Date", "Sun, 06 Nov 1994 08:49:37 GMT"), ("Retry-After", "Sun, 06 Nov 1994 08:50:07 GMT")],
            Some(30_000),
        ),
        (
            503,
            &[("Date", "Sun, 06 Nov 1994 08:49:37 GMT"), ("Retry-After", "Sunday, 06-Nov-94 08:49:07 GMT")],
            Some(2_000),
        ),
        (503, &[("Retry-After", "Sun, 06 Nov 1994 08:50:07 GMT")], Some(2_000)),
        (503, &[("Date", "today"), ("Retry-After", "Sun, 06 Nov 1994 08:50:07 GMT")], Some(2_000)),
        (200, &[("Content-Type", "text/html")], Some(2_000)),
        (200, &[], Some(2_000)),
        (502, &[], None),
        (404, &[("Retry-After", "1")], None),
    ] {
        let mut client = Client::new(builder().policy(policy()));
        client.send();
        let error = client.refuse(status, headers);
        assert_eq!(error.retry_in(), delay.map(ms), "{status} {headers:?}");
        assert_eq!(error.is_fatal(), delay.is_none());
        assert_eq!(client.wait(), delay.map(ms));
    }
}

#[test]
fn a_date_to_retry_after() {
    let retry = ("Retry-After", "Sun, 06 Nov 1994 08:50:07 GMT");
    for (date, received, delay) in [
        (None, 784_111_777, 30_000),
        (None, 784_111_806, 1_000), // also before the reconnection time
        (None, 784_111_808, 2_000), // it has passed
        (None, 0, i32::MAX as u64),
        // The server's own clock, if it has one.
        (Some("Sun, 06 Nov 1994 08:49:57 GMT"), 784_111_777, 10_000),
        (Some("today"), 784_111_777, 30_000),
    ] {
        let mut client = Client::new(builder().policy(Policy::new().retry_statuses([503])));
        client.send();
        let headers: Vec<_> = date.map(|date| ("date", date)).into_iter().chain([retry]).collect();
        let mut head = head(503, &headers);
        head.extensions.insert(SystemTime::UNIX_EPOCH + Duration::from_secs(received));
        client.connection.response(head, client.now);
        client.connection.end(client.now);
        assert_eq!(client.error().unwrap().retry_in(), Some(ms(delay)), "{date:?} {received}");
    }
    let mut client = Client::new(builder());
    client.send();
    let error = client.refuse(429, &[("retry-after", "18446744073709551615")]);
    let Cause::Status { retry_after, .. } = error.cause() else { panic!("{error:?}") };
    assert_eq!(*retry_after, Some(ms(i32::MAX as u64)));
}

#[test]
fn redirects_are_followed() {
    // wpt: request-redirect
    for status in [301, 302, 303, 307, 308] {
        let mut client = Client::new(builder().header("x-mine", "1").last_event_id("7"));
        client.send();
        for (location, url) in [
            ("b?y=2", "http://localhost:1/a/b?y=2"),
            ("/c#part", "http://localhost:1/c"),
            ("//localhost:1/d", "http://localhost:1/d"),
            ("http://user:pass@LOCALHOST:1/e", "http://localhost:1/e"),
        ] {
            client.answer(status, &[("Location", location)]);
            assert_eq!(client.wait(), Some(ms(0)));
            let request = client.send();
            assert_eq!(method_and_url(&request), ("GET", url.into()));
            assert_eq!(header(&request, "x-mine"), ["1"]);
            assert_eq!(header(&request, "last-event-id"), ["7"]);
            assert!(header(&request, "authorization").is_empty(), "the server does not choose credentials");
        }
        // The next attempt begins where the first one did.
        let error = client.read("data: 1\n\n", ms(0)).unwrap();
        assert_eq!((error.attempt(), error.url()), (1, "http://localhost:1/e"));
        assert_eq!(client.send().uri(), URL);
    }
}

#[test]
fn nothing_of_the_users_goes_to_another_origin() {
    for other in ["https://localhost:1/", "http://localhost:2/", "http://localhost/", "http://127.0.0.1:1/"] {
        let mut client = Client::new(
            Connection::builder("http://user:pass@localhost:1/")
                .header("x-mine", "secret")
                .header("cookie", "secret")
                .header("x-token", "secret")
                .last_event_id("7"),
        );
        let request = client.send();
        assert_eq!(request.headers().len(), 4 + 3 + 1);
        let request = client.redirect(302, other);
        let mut names: Vec<_> = request.headers().keys().map(|name| name.to_string()).collect();
        names.sort_unstable();
        let harmless = ["accept", "accept-encoding", "cache-control", "last-event-id"];
        assert_eq!(names, harmless, "{other}");
        // Nor back, where the other origin might have chosen the URL.
        if !other.starts_with("https") {
            assert_eq!(client.redirect(302, "http://localhost:1/delete").headers().len(), harmless.len());
        }
        // The next attempt begins anew.
        client.fail(refused());
        assert_eq!(client.send().headers().len(), 4 + 3 + 1);
    }
}

#[test]
fn a_redirect_does_not_give_up_encryption() {
    for location in ["http://localhost/a/", "http://localhost:443/", "http://other/"] {
        let mut client = Client::new(Connection::builder("https://localhost/").last_event_id("7"));
        client.send();
        let request = client.redirect(302, "//other/");
        assert_eq!(request.uri(), "https://other/");
        assert_eq!(header(&request, "last-event-id"), vec!["7"]);
        let error = client.refuse(302, &[("location", location)]);
        assert!(error.is_fatal());
        assert_eq!(
            error.to_string(),
            format!(
                "the response from https://other/ is a redirect (302) to {location:?}, which is not encrypted, unlike the request (attempt 1); giving up"
            )
        );
    }
}

#[test]
fn redirects_of_a_request_with_a_body() {
    // status, method, location: the method that follows, and whether the body does.
    let same = "/b";
    let other = "http://other/";
    for (status, method, location, expected) in [
        (301, "POST", same, Some(("GET", false))),
        (302, "POST", other, Some(("GET", false))),
        (303, "POST", same, Some(("GET", false))),
        (303, "REPORT", same, Some(("GET", false))),
        (301, "REPORT", same, Some(("REPORT", true))),
        (307, "POST", same, Some(("POST", true))),
        (308, "POST", same, Some(("POST", true))),
        (307, "POST", other, None),
        (308, "REPORT", other, None),
        (302, "PUT", other, None),
    ] {
        let mut client = Client::new(
            builder()
                .method(method)
                .body("{}")
                .header("Content-Type", "application/json")
                .header("x-mine", "1"),
        );
        client.send();
        match expected {
            Some((follows, has_body)) => {
                let request = client.redirect(status, location);
                assert_eq!(request.method(), follows, "{status} {method}");
                assert_eq!(!request.body().as_bytes().is_empty(), has_body, "{status} {method}");
                let has_type = location == same && has_body;
                assert_eq!(header(&request, "content-type").len(), usize::from(has_type));
                assert_eq!(header(&request, "x-mine").len(), usize::from(location == same));
            }
            None => {
                let error = client.refuse(status, &[("location", location)]);
                assert_eq!(
                    error.to_string(),
                    format!(
                        "the response from {SHOWN} is a redirect ({status}) to \"http://other/\", which would carry the request's body to another origin (attempt 1); giving up"
                    )
                );
            }
        }
    }
}

#[test]
fn a_redirect_that_made_a_post_a_get_is_named() {
    let mut client = Client::new(builder().body("{}"));
    client.send();
    client.redirect(301, "/b");
    client.redirect(307, "/c");
    let error = client.refuse(405, &[]);
    assert_eq!(
        error.to_string(),
        "the response from http://localhost:1/c has status 405, after a redirect (301) that turned POST into GET (attempt 1); giving up"
    );
}

#[test]
fn redirects_that_lead_nowhere() {
    for (location, reason) in [
        ("http://this is invalid/", "which is not a URL"),
        ("ftp://localhost/", "which is not HTTP"),
        ("javascript:alert(1)", "which is not HTTP"),
        ("data:text/event-stream,data:1", "which is not HTTP"),
    ] {
        let mut client = Client::new(builder());
        client.send();
        let error = client.refuse(302, &[("location", location)]);
        assert!(error.is_fatal());
        let text = format!(
            "the response from {SHOWN} is a redirect (302) to {location:?}, {reason} (attempt 1); giving up"
        );
        assert_eq!(error.to_string(), text);
    }
    // Credentials and queries are not shown, and not much of what is long.
    for (location, shown) in [
        ("ftp://user:secret@localhost/?a=secret", "ftp://localhost/?a=…".to_owned()),
        ("http://user:secret@local host/?secret", "http://…@local host/?…".to_owned()),
        (
            &*format!("ftp://localhost/{}é", "x".repeat(239)),
            format!("ftp://localhost/{}…", "x".repeat(239) + "%"),
        ),
        (&*format!("http://{} é", "é".repeat(10_000)), format!("http://{}…", "é".repeat(124))),
    ] {
        let mut client = Client::new(builder());
        client.send();
        let error = client.refuse(302, &[("location", location)]);
        let Cause::Redirect { location, .. } = error.cause() else { panic!("{error:?}") };
        assert_eq!(*location, shown);
        assert!(!format!("{error} {error:?}").contains("secret"));
    }
    // The error has the whole URL, but its text does not show all of it.
    let mut client = Client::new(builder());
    client.send();
    let long = format!("http://localhost:1/{}", "x".repeat(50_000));
    client.redirect(302, &long);
    let error = client.fail(refused());
    assert_eq!(error.url(), long);
    assert!(error.to_string().contains("xxx…: connection refused (attempt 1)"), "{error}");
    assert!(error.to_string().len() < 400, "{error}");
    // A URL that no request line can carry is an error, and not a different URL.
    let mut client = Client::new(builder());
    client.send();
    let error = client.refuse(302, &[("location", &format!("/{}", "x".repeat(70_000)))]);
    assert!(error.to_string().contains("which no request line can carry"), "{error}");
    // A redirect without a location is a status like any other.
    let mut client = Client::new(builder());
    client.send();
    assert_eq!(client.refuse(302, &[]).status(), Some(StatusCode::FOUND));
}

#[test]
fn redirects_have_a_limit_and_a_rate() {
    let mut client = Client::new(builder());
    let start = client.now;
    client.send();
    for hop in 1..=20 {
        client.redirect(302, "/loop");
        // Ten requests at once, the next ten a second later.
        assert_eq!(client.now - start, Duration::from_secs(hop / 10));
    }
    let error = client.refuse(302, &[("location", "/loop")]);
    assert!(error.is_fatal());
    assert_eq!(
        error.to_string(),
        "the response from http://localhost:1/loop is a redirect after 20 others (attempt 1); giving up"
    );

    let mut client = Client::new(builder().policy(Policy::new().max_redirects(0)));
    client.send();
    assert!(client.refuse(302, &[("location", "/loop")]).is_fatal());
}

// When to reconnect.

#[test]
fn after_a_stream_that_ended() {
    // wpt: eventsource-reconnect, eventsource-close
    let mut client = Client::new(builder());
    client.send();
    let error = client.read("retry: 500\ndata: opened\n\n", ms(0)).unwrap();
    assert_eq!(error.retry_in(), Some(ms(500)));
    assert_eq!(
        error.to_string(),
        format!("the stream from {SHOWN} ended (attempt 1); reconnecting in 500 ms")
    );
    client.send();
    let error = client.read("data: reconnected\n\nid: 9\ndata", ms(0)).unwrap();
    assert_eq!((error.attempt(), error.retry_in()), (2, Some(ms(500))));
    assert!(
        error.to_string().starts_with(&format!(
            "the stream from {SHOWN} ended, 10 bytes into an event that begins \"id: 9\\ndata\""
        )),
        "{error}"
    );
    client.send();
    client.answer(204, &[]);
    assert_eq!(client.wait(), None);
}

/// Whether a delay is drawn from between these, over many connections.
fn delays(least: u64, most: u64, delay: impl Fn(u64) -> Duration) {
    let delays: Vec<_> = (0..200).map(delay).collect();
    let (shortest, longest) = (delays.iter().min().unwrap(), delays.iter().max().unwrap());
    assert!(ms(least) <= *shortest && *longest <= ms(most), "{shortest:?} {longest:?}");
    let spread = (most - least) as f64 / 1000.0;
    assert!((*longest - *shortest).as_secs_f64() >= 0.9 * spread, "{shortest:?} {longest:?}");
}

#[test]
fn delays_grow_with_failures() {
    for (failures, most) in [(1, 1000), (2, 2000), (3, 4000), (4, 8000), (5, 16000), (6, 30000), (7, 30000)] {
        delays(1000, most, |seed| {
            let connection = builder().reconnection_time(ms(1000)).build(seed).unwrap();
            let mut client = Client { connection, now: Instant::now() };
            let mut delay = None;
            for _ in 0..failures {
                client.send();
                delay = client.fail(refused()).retry_in();
            }
            delay.unwrap()
        });
    }
}

#[test]
fn only_a_healthy_stream_ends_a_row_of_failures() {
    for (body, lasts, is_healthy) in [
        // Nothing that servers send to prime a connection.
        ("", 59_999, false),
        (": hello\n\n", 0, false),
        ("retry: 100\n\n", 0, false),
        ("id: 1\n\n", 0, false),
        ("retry: 100\nid: 1\ndata:\n\n", 59_999, false),
        ("event: tick\ndata\n\n", 0, false),
        ("data: 1\n\n", 0, true),
        ("data: 1\n\ndata: 2", 0, true),
        ("data:\ndata:\n\n", 0, true), // a line feed
        ("", 60_000, true),
        (": hello\n\n", 60_000, true),
    ] {
        // Four failures in a row would be final, and there are three.
        let mut client = Client::new(builder().policy(Policy::new().max_attempts(4)));
        for _ in 0..3 {
            client.send();
            assert!(!client.fail(refused()).is_fatal());
        }
        client.send();
        let error = client.read(body, ms(lasts)).unwrap();
        assert_eq!(error.is_fatal(), !is_healthy, "{body:?} {lasts}");
    }
    // A stream that breaks is healthy only if it was open for long enough.
    for (lasts, is_healthy) in [(59_999, false), (60_000, true)] {
        let mut client = Client::new(builder().policy(Policy::new().max_attempts(1)).read_timeout(None));
        client.send();
        client.open();
        client.data("data: 1\n\n");
        client.now += ms(lasts);
        assert_eq!(client.fail(io::Error::other("reset")).is_fatal(), !is_healthy);
    }
    // The server's reconnection time is what doubles.
    let mut client = Client::new(builder());
    client.send();
    assert_eq!(client.read("retry: 300\n\n", ms(0)).unwrap().retry_in(), Some(ms(300)));
    client.send();
    let delay = client.fail(refused()).retry_in().unwrap();
    assert!((ms(300)..=ms(600)).contains(&delay), "{delay:?}");
}

#[test]
fn limits_of_attempts_and_of_time() {
    let mut client = Client::new(builder().policy(Policy::new().max_attempts(3)));
    for attempt in 1..=2 {
        client.send();
        assert!(client.fail(refused()).retry_in().is_some(), "{attempt}");
    }
    client.send();
    client.read("data: 1\n\n", ms(0)); // resets the count of failures
    for attempt in 4..=5 {
        client.send();
        assert!(client.fail(refused()).retry_in().is_some(), "{attempt}");
    }
    client.send();
    let error = client.fail(refused());
    assert!(error.is_fatal());
    assert_eq!(error.source().unwrap().to_string(), "connection refused");
    assert_eq!(
        error.to_string(),
        format!(
            "there was no response from {SHOWN}: connection refused (attempt 6); giving up after 3 failures in a row"
        )
    );

    let mut client = Client::new(builder().policy(Policy::new().max_elapsed(Duration::from_secs(10))));
    let start = client.now;
    loop {
        client.send();
        if client.fail(refused()).is_fatal() {
            break;
        }
    }
    let elapsed = client.now - start;
    assert!(Duration::from_secs(4) <= elapsed && elapsed <= Duration::from_secs(10), "{elapsed:?}");

    let mut client = Client::new(builder().policy(Policy::never()));
    client.send();
    assert!(client.fail(refused()).is_fatal());
}

#[test]
fn no_server_makes_a_client_hurry() {
    // A thousand streams that ask for no delay, and end at once; each hop of a redirect counts too.
    for body in
        ["retry: 0\ndata: 1\n\n", "retry: 0\n\n", "retry: 18446744073709551615\nretry: 0\ndata: x\n\n"]
    {
        let mut client = Client::new(builder());
        let mut sent = Vec::new();
        for i in 0..1000 {
            client.send();
            sent.push(client.now);
            if i % 3 == 0 {
                client.redirect(307, "/elsewhere");
                sent.push(client.now);
            }
            client.read(body, ms(0));
        }
        for (i, from) in sent.iter().enumerate() {
            let within = sent[i..].iter().take_while(|to| **to - *from < Duration::from_secs(1)).count();
            assert!(within <= 10, "{within} in a second");
        }
    }
    // A server that says never keeps a client waiting for no longer than a timer supports.
    let mut client = Client::new(builder());
    client.send();
    let error = client.read("retry: 99999999999999999999\ndata: x\n\n", ms(0)).unwrap();
    assert_eq!(error.retry_in(), Some(ms(i32::MAX as u64)));
}

#[test]
fn a_request_that_must_not_be_repeated_is_not() {
    for (method, reconnects) in
        [("GET", true), ("POST", false), ("PATCH", false), ("PUT", true), ("REPORT", true), ("HEAD", true)]
    {
        let mut client = Client::new(builder().method(method));
        client.send();
        assert_eq!(client.read("data: 1\n\n", ms(0)).is_some(), reconnects, "{method}");
        assert_eq!(client.connection.is_closed(), !reconnects);
    }
    // An improper end is an error.
    for body in ["", ": x\n\n", "data: 1\n\ndata: 2"] {
        let mut client = Client::new(builder().body("{}"));
        client.send();
        let error = client.read(body, ms(0)).unwrap();
        assert!(
            error.is_fatal() && error.to_string().ends_with("(attempt 1); giving up"),
            "{body:?} {error}"
        );
    }
}

#[test]
fn until_a_stream_has_opened() {
    let policy = Policy::until_open().retry_statuses([503, 529]).max_attempts(9);
    let post = || builder().body("{}").policy(policy.clone());
    let before = |client: &mut Client| {
        client.send();
        assert!(client.fail(refused()).retry_in().is_some());
        client.send();
        assert_eq!(client.refuse(529, &[("Retry-After", "5")]).retry_in(), Some(ms(5000)));
        client.send();
        // No response in time.
        assert!(matches!(client.connection.next_step(client.now), Step::Response(_)));
        client.now += Duration::from_secs(310);
        assert!(client.error().unwrap().retry_in().is_some());
        client.send();
    };
    let mut client = Client::new(post());
    before(&mut client);
    assert!(client.refuse(500, &[]).is_fatal());
    // A proper end.
    let mut client = Client::new(post());
    before(&mut client);
    assert!(client.read("data: 1\n\n", ms(0)).is_none());
    // Whatever else ends it is final, and the error says so.
    for is_end in [true, false] {
        let mut client = Client::new(post().until_data("[DONE]"));
        before(&mut client);
        client.open();
        client.data("data: 1\n\n");
        match is_end {
            true => client.connection.end(client.now),
            false => client.connection.error(io::Error::other("reset"), client.now),
        }
        let error = client.error().unwrap();
        assert!(error.is_fatal() && error.to_string().contains("giving up"), "{error}");
        assert_eq!(client.wait(), None);
    }
}

// Where a stream ends.

#[test]
fn ends_of_an_answer() {
    let post = || builder().body("{}");
    type Case = (fn(Builder<Bare>) -> Builder<Bare>, &'static str, &'static [&'static str], bool);
    let cases: [Case; 13] = [
        (|b| b, "data: 1\n\n", &["1"], true),
        (|b| b.until_data("[DONE]"), "data: 1\n\n", &["1"], false),
        (|b| b.until_data("[DONE]"), "data: 1\n\ndata: [DONE]\n\ndata: 2\n\n", &["1"], true),
        (
            |b| b.until_event("stop"),
            "data: 1\n\nevent: stop\ndata: usage\n\ndata: 2\n\n",
            &["1", "usage"],
            true,
        ),
        (|b| b.until_event("stop"), "event: delta\ndata: stop\n\n", &["stop"], false),
        (
            |b| b.until_event("stop").until_event("error"),
            "event: error\ndata: no\n\ndata: 2\n\n",
            &["no"],
            true,
        ),
        (
            |b| b.until(|message| message.data().contains("stop")),
            "data: a\n\ndata: stop it\n\n",
            &["a", "stop it"],
            true,
        ),
        (|b| b.until_data("[DONE]").until_event("error"), "event: error\ndata: [DONE]\n\n", &[], true),
        // An event that no blank line ends, if that is enabled.
        (|b| b, "data: 1\n\ndata: 2", &["1"], false),
        (|b| b.dispatch_unfinished(true), "data: 1\n\ndata: 2", &["1", "2"], true),
        (|b| b.dispatch_unfinished(true), "data: 2", &["2"], true),
        (|b| b.dispatch_unfinished(true).until_data("[DONE]"), "data: 1\n\ndata: [DONE]", &["1"], true),
        (|b| b.dispatch_unfinished(true).until_event("stop"), "event: stop\ndata: usage\n", &["usage"], true),
    ];
    for (set, body, expected, is_complete) in cases {
        for size in 1..=body.len() {
            let mut client = Client::new(set(post()));
            client.send();
            client.open();
            let mut seen = Vec::new();
            for chunk in body.as_bytes().chunks(size) {
                seen.extend(client.data(std::str::from_utf8(chunk).unwrap()));
            }
            client.connection.end(client.now);
            let error = loop {
                match client.connection.next_step(client.now) {
                    Step::Event(ClientEvent::Message(message)) => seen.push(message.into_data()),
                    Step::Event(ClientEvent::Error(error)) => break Some(error),
                    Step::Closed => break None,
                    step => panic!("{step:?}"),
                }
            };
            assert_eq!(seen, expected, "{body:?}");
            assert_eq!(error.is_none(), is_complete, "{body:?} {error:?}");
            assert!(client.connection.is_closed());
        }
    }
}

#[test]
fn an_event_that_is_finished_by_choice_counts_in_a_stream_that_goes_on() {
    let mut client = Client::new(builder().dispatch_unfinished(true));
    client.send();
    client.open();
    client.bytes("id: 1\ndata: a\n\nid: 2\ndata: b");
    client.connection.end(client.now);
    let step = client.connection.next_step(client.now);
    let Step::Event(ClientEvent::Message(message)) = step else { panic!("{step:?}") };
    assert_eq!((message.data(), message.last_event_id()), ("b", "2"));
    let error = client.error().unwrap();
    assert!(matches!(error.cause(), Cause::Ended { unfinished: 0, .. }) && error.retry_in().is_some());
    assert_eq!(header(&client.send(), "last-event-id"), ["2"]);
    // A stream that breaks does not count.
    client.open();
    client.bytes("id: 3\ndata: c");
    assert!(matches!(client.fail(io::Error::other("reset")).cause(), Cause::Read(_)));
    assert_eq!(header(&client.send(), "last-event-id"), ["2"]);
}

#[test]
fn comments_are_reported_by_choice() {
    for choice in [true, false] {
        let mut client = Client::new(builder().comments(choice));
        client.send();
        client.open();
        let events = client.bytes(": hello\n\nretry: 7\n\ndata: 1\n\n");
        assert_eq!(events.len(), if choice { 3 } else { 2 });
        assert_eq!(matches!(&events[0], ClientEvent::Comment(text) if text == "hello"), choice);
    }
}

#[test]
fn errors_after_which_it_reconnects_are_reported() {
    let told = Arc::<Mutex<Vec<String>>>::default();
    let log = told.clone();
    let policy = Policy::new().max_attempts(3);
    let mut client = Client::new(
        builder()
            .policy(policy)
            .on_error(move |error| log.lock().unwrap().push(error.to_string()))
            .max_event_size(20),
    );
    let mut errors = Vec::new();
    client.send();
    errors.push(client.fail(refused()).to_string());
    client.send();
    // An event that is too large is not an end.
    let error = client.read(&format!("data: 1\n\ndata: {}\n\n", "x".repeat(50)), ms(0)).unwrap();
    errors.push(error.to_string());
    for _ in 0..2 {
        client.send();
        errors.push(client.fail(refused()).to_string());
    }
    client.send();
    assert!(client.fail(refused()).is_fatal(), "which is returned in any case");
    assert_eq!(*told.lock().unwrap(), errors);
}

// Time.

#[test]
fn silence_is_an_error() {
    let mut client = Client::new(builder().read_timeout(ms(10_000)).connect_timeout(ms(3_000)));
    client.send();
    let until = client.now + ms(13_000);
    assert!(matches!(client.connection.next_step(client.now), Step::Response(Some(time)) if time == until));
    client.now = until - ms(1);
    assert!(matches!(client.connection.next_step(client.now), Step::Response(Some(time)) if time == until));
    client.now = until;
    let error = client.error().unwrap();
    let Cause::Connect(source) = error.cause() else { panic!("{error:?}") };
    assert_eq!(source.to_string(), "no response arrived within 13s");
    // In a stream it counts from the last byte on.
    client.send();
    client.open();
    for _ in 0..9 {
        let step = client.connection.next_step(client.now);
        assert!(matches!(step, Step::Read(Some(time)) if time == client.now + ms(10_000)), "{step:?}");
        client.now += ms(9_999);
        assert!(client.bytes(":").is_empty());
    }
    assert!(matches!(client.connection.next_step(client.now), Step::Read(_)));
    client.now += ms(10_000);
    let error = client.error().unwrap();
    assert!(matches!(error.cause(), Cause::ReadTimeout(time) if *time == ms(10_000)), "{error:?}");
    // Which the transport may have noticed itself.
    for kind in [io::ErrorKind::TimedOut, io::ErrorKind::WouldBlock] {
        client.send();
        client.open();
        assert!(matches!(client.fail(kind.into()).cause(), Cause::ReadTimeout(_)));
    }
}

// Commands.

#[test]
fn reconnecting_on_command() {
    let mut client = Client::new(builder());
    client.send();
    client.open();
    client.bytes("id: 1\ndata: x\n\nid: 2\nda");
    client.connection.reconnect();
    assert_eq!(client.wait(), Some(ms(0)));
    assert_eq!(header(&client.send(), "last-event-id"), ["1"]);
    // The rate still applies.
    for _ in 0..8 {
        client.connection.reconnect();
        client.send();
    }
    client.connection.reconnect();
    assert_eq!(client.wait(), Some(ms(1000)));
    client.connection.close();
    client.connection.reconnect();
    assert_eq!(client.wait(), None);
}

#[test]
fn nothing_opens_a_closed_connection() {
    for (status, headers) in [(200, STREAM), (302, &[("location", "/")]), (404, &[])] {
        let mut client = Client::new(builder().policy(Policy::new().retry_statuses([404])));
        client.send();
        client.connection.close();
        client.answer(status, headers);
        assert!(client.bytes("data: 1\n\n").is_empty());
        client.connection.end(client.now);
        client.connection.error(refused(), client.now);
        assert_eq!(client.wait(), None, "{status}");
        assert!(client.connection.request(client.now).is_none() && client.connection.is_closed());
    }
}

#[test]
fn what_is_out_of_turn_changes_nothing() {
    let mut client = Client::new(builder());
    client.answer(200, STREAM);
    client.connection.end(client.now);
    client.connection.error(refused(), client.now);
    assert!(client.bytes("data: 1\n\n").is_empty());
    client.send();
    assert!(client.connection.request(client.now).is_none());
    client.open();
    client.answer(404, &[]);
    assert_eq!(client.data("data: 1\n\n"), ["1"]);
}
