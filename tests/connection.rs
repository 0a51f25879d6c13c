//! The client's state machine, in tables: time, randomness and answers are made up.
#![cfg(feature = "client")]

use sse_wire::{
    Decoder, EventSource, Incoming, Input,
    client::{
        Answer, AnswerHead, BuildError, Cause, ClientError, Connection, EventSourceBuilder, Policy, Request,
        Verdict,
    },
};
use std::{
    error::Error,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant, SystemTime},
};

const URL: &str = "http://localhost:1/a/events?x=1";
const STREAM: &[(&str, &str)] = &[("Content-Type", "text/event-stream")];

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn builder() -> EventSourceBuilder {
    EventSource::builder(URL)
}

fn head(status: u16, headers: &[(&str, &str)]) -> AnswerHead {
    let answer = Answer::new(status, ());
    headers.iter().fold(answer, |answer, (name, value)| answer.header(*name, value)).into_parts().0
}

/// A connection and its clock.
struct Client {
    connection: Connection,
    now: Instant,
    random: u64,
}

impl Client {
    fn new(builder: EventSourceBuilder) -> Client {
        Client { connection: builder.build_connection().unwrap(), now: Instant::now(), random: 0 }
    }

    /// Lets the time pass until the next request is due, and sends it.
    fn send(&mut self) -> Request {
        self.now += self.connection.wait(self.now).expect("a connection that is not closed");
        self.connection.request(self.now).unwrap()
    }

    fn answer(&mut self, status: u16, headers: &[(&str, &str)]) -> Verdict {
        self.connection.answer(&head(status, headers), self.now)
    }

    fn open(&mut self) -> Decoder {
        match self.answer(200, STREAM) {
            Verdict::Open(decoder) => decoder,
            verdict => panic!("{verdict:?}"),
        }
    }

    /// Reads a body that ends in good order after this time.
    fn read(&mut self, body: &str, lasts: Duration) -> Option<ClientError> {
        let mut decoder = self.open();
        let mut input = Input::new(body.as_bytes());
        while let Some(incoming) = decoder.next(&mut input).map(|incoming| incoming.map(Incoming::from)) {
            if let Ok(Incoming::Message(message)) = incoming {
                self.connection.received(&message);
            }
        }
        self.now += lasts;
        self.connection.end(decoder, Cause::ended(), self.now, self.random)
    }

    fn fail(&mut self, cause: Cause) -> ClientError {
        self.connection.fail(cause, self.now, self.random)
    }

    fn refuse(&mut self, status: u16, headers: &[(&str, &str)]) -> ClientError {
        match self.answer(status, headers) {
            Verdict::Refused(cause) => self.fail(cause),
            verdict => panic!("{status} {headers:?}: {verdict:?}"),
        }
    }
}

fn header<'r>(request: &'r Request, name: &str) -> Vec<&'r str> {
    request.headers().filter(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
}

fn refused() -> Cause {
    Cause::Connect("connection refused".into())
}

// What is sent.

#[test]
fn the_first_request() {
    let request = Client::new(builder()).send();
    assert_eq!((request.method(), request.url()), ("GET", URL));
    assert_eq!((request.host(), request.port(), request.target()), ("localhost", 1, "/a/events?x=1"));
    assert_eq!(request.body(), None);
    let headers: Vec<_> = request.headers().collect();
    assert_eq!(
        headers,
        [
            ("Accept", "text/event-stream"), // wpt: request-accept
            ("Cache-Control", "no-cache"),   // wpt: request-cache-control
            ("Accept-Encoding", "identity"),
            ("User-Agent", concat!("sse-wire/", env!("CARGO_PKG_VERSION"))),
        ]
    );
    assert_eq!(request.connect_timeout(), Some(Duration::from_secs(10)));
    assert_eq!(request.read_timeout(), Some(Duration::from_secs(300)));
}

#[test]
fn settings_of_the_request() {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let mut client = Client::new(
        builder()
            .method("post")
            .body("{}")
            .policy(Policy::new())
            .header("content-type", "application/json")
            .header("ACCEPT", " text/event-stream, */* ")
            .header_with("Authorization", || Ok(format!("Bearer {}", CALLS.fetch_add(1, Ordering::Relaxed))))
            .header("X-Two", "1")
            .header("x-two", "é")
            .connect_timeout(ms(1))
            .read_timeout(None)
            .last_event_id("abc"),
    );
    for call in 0..3 {
        let request = client.send();
        assert_eq!((request.method(), request.body()), ("POST", Some(&b"{}"[..])));
        assert_eq!(header(&request, "accept"), ["text/event-stream, */*"]);
        assert_eq!(header(&request, "authorization"), [format!("Bearer {call}")]);
        assert_eq!(header(&request, "x-two"), ["1", "é"]);
        assert_eq!(header(&request, "last-event-id"), ["abc"]);
        assert_eq!((request.connect_timeout(), request.read_timeout()), (Some(ms(1)), None));
        client.fail(refused());
    }
    // As much as any timer holds.
    let endless = builder().connect_timeout(Duration::ZERO).read_timeout(Duration::MAX);
    let request = Client::new(endless).send();
    assert_eq!(request.connect_timeout(), Some(ms(1)));
    assert_eq!(request.read_timeout(), Some(ms(i32::MAX as u64)));
    // A header may hold a secret.
    assert!(!format!("{:?}", client.send()).contains("Bearer"));
}

#[test]
fn a_header_that_cannot_be_computed_fails_the_attempt() {
    let mut fails = true;
    let mut client = Client::new(builder().header_with("x-token", move || {
        fails = !fails;
        if fails { Ok("1".into()) } else { Err("the vault is locked".into()) }
    }));
    let cause = client.connection.request(client.now).unwrap_err();
    let error = client.fail(cause);
    assert_eq!(error.retry_in(), Some(ms(2000)));
    assert_eq!(error.source().unwrap().to_string(), "the vault is locked");
    assert_eq!(
        error.to_string(),
        format!(
            "the header x-token for {URL} could not be computed (attempt 1); connecting again in 2000 ms"
        )
    );
    assert_eq!(header(&client.send(), "x-token"), ["1"]);

    let mut client = Client::new(builder().header_with("x-token", || Ok("a\nb".into())));
    assert!(matches!(client.connection.request(client.now), Err(Cause::Header { .. })));
}

#[test]
fn what_cannot_be_built() {
    for (builder, text) in [
        // wpt: eventsource-constructor-url-bogus
        (
            EventSource::builder("http://this is invalid/"),
            "\"http://this is invalid/\" is not a URL to read events from: invalid international domain name",
        ),
        (
            EventSource::builder("/events"),
            "\"/events\" is not a URL to read events from: relative URL without a base",
        ),
        (
            EventSource::builder("ftp://u:secret@h/"),
            "\"ftp://…@h/\" is not a URL to read events from: it does not begin with http:// or https://",
        ),
        (
            EventSource::builder("http://u:secret@h:x/@"),
            "\"http://…@\" is not a URL to read events from: invalid port number",
        ),
        (builder().method("GE T"), "\"GE T\" is not an HTTP method"),
        (builder().header("X Y", "1"), "\"X Y\" is not the name of a header"),
        (builder().header("X-Y", "secret\n"), ""),
        (
            builder().header("X-Y", "secret\r\nX-Z: 1"),
            "the value of the header X-Y holds a character that no header can carry",
        ),
        (
            builder().header("Content-length", "2").body("{}"),
            "the header Content-length is set by the HTTP library, for the body that it sends",
        ),
        (
            builder().header_with("Transfer-Encoding", || Ok("chunked".into())),
            "the header Transfer-Encoding is set by the HTTP library, for the body that it sends",
        ),
        (builder().header("Content-Type", "application/json"), ""),
    ] {
        match builder.build_connection() {
            Ok(_) => assert_eq!(text, ""),
            Err(error) => assert_eq!(error.to_string(), text),
        }
    }
    assert!(matches!(EventSource::builder("").build_connection(), Err(BuildError::Url { .. })));
}

#[test]
fn credentials_of_the_url_are_a_header_and_shown_nowhere() {
    let mut client = Client::new(EventSource::builder("http://us%20er:p%40ss@localhost/#part"));
    let request = client.send();
    assert_eq!(request.url(), "http://localhost/");
    assert_eq!(header(&request, "authorization"), ["Basic dXMgZXI6cEBzcw=="]);
    let error = client.fail(refused());
    assert_eq!(error.url(), "http://localhost/");
    assert!(!format!("{error} {error:?} {:?}", client.connection).contains("ss"), "{error:?}");

    let named = EventSource::builder("http://user:pass@localhost/").header("authorization", "Bearer 1");
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
    // One that the user set as a header gives way, also to one that is not sent.
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

// What an answer means.

#[test]
fn what_opens() {
    for content_type in [
        "text/event-stream",
        "text/event-stream;", // wpt: format-mime-trailing-semicolon
        "Text/Event-Stream; charset=utf-8",
    ] {
        let mut client = Client::new(builder());
        client.send();
        let verdict = client.answer(200, &[("content-type", content_type)]);
        assert!(matches!(verdict, Verdict::Open(_)), "{content_type}");
    }
}

#[test]
fn what_closes() {
    // wpt: request-status-error
    for status in [205, 210, 299, 404, 410, 503, 100, 201, 206, 300, 304, 429, 500] {
        let mut client = Client::new(builder());
        client.send();
        let Verdict::Refused(cause) = client.answer(status, STREAM) else { panic!("{status}") };
        let error = client.fail(cause.with_body_start(b"oh\nno\xff"));
        assert!(error.is_fatal() && client.connection.is_closed(), "{status}");
        assert_eq!((error.status(), error.retry_in(), error.attempt()), (Some(status), None, 1));
        assert_eq!(
            error.to_string(),
            format!(
                "the answer from {URL} has status {status} and a body that begins \"oh\\nno\u{fffd}\" (attempt 1); giving up"
            )
        );
        assert_eq!(client.connection.wait(client.now), None);
    }
    // wpt: request-status-error, 204
    let mut client = Client::new(builder());
    client.send();
    assert!(matches!(client.answer(204, &[]), Verdict::NoContent));
    assert!(client.connection.is_closed());
    assert_eq!(client.connection.wait(client.now), None);

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
            format!("the answer from {URL} is no event stream: it has {shown} (attempt 1); giving up")
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
            "the answer from {URL} has the encoding \"br\", which was not asked for (attempt 1); giving up"
        )
    );
}

#[test]
fn what_the_policy_retries() {
    let policy = || Policy::new().retry_statuses([429, 500, 503]).retry_content_type(true);
    for (status, headers, delay) in [
        (500, &[][..], Some(2_000)),
        (500, &[("Retry-After", "60")], Some(2_000)), // that is for 429 and 503
        (503, &[], Some(2_000)),
        (503, &[("Retry-After", "60")], Some(60_000)),
        (503, &[("Retry-After", " 1 ")], Some(2_000)), // not before the reconnection time
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
        assert_eq!(client.connection.wait(client.now), delay.map(ms));
    }
}

#[test]
fn a_date_to_retry_after() {
    let retry = ("Retry-After", "Sun, 06 Nov 1994 08:50:07 GMT");
    for (date, received, delay) in [
        (None, 784_111_777, 30_000),
        (None, 784_111_806, 2_000), // not before the reconnection time
        (None, 784_111_808, 2_000), // it has passed
        (None, 0, i32::MAX as u64),
        // The server's own clock, if it has one.
        (Some("Sun, 06 Nov 1994 08:49:57 GMT"), 784_111_777, 10_000),
        (Some("today"), 784_111_777, 30_000),
    ] {
        let mut client = Client::new(builder().policy(Policy::new().retry_statuses([503])));
        client.send();
        let answer = Answer::new(503, ()).received(SystemTime::UNIX_EPOCH + Duration::from_secs(received));
        let answer = answer.header(retry.0, retry.1);
        let answer = date.into_iter().fold(answer, |answer, date| answer.header("date", date));
        let Verdict::Refused(cause) = client.connection.answer(answer.head(), client.now) else { panic!() };
        assert_eq!(client.fail(cause).retry_in(), Some(ms(delay)), "{date:?} {received}");
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
            assert!(matches!(client.answer(status, &[("Location", location)]), Verdict::Redirect));
            assert_eq!(client.connection.wait(client.now), Some(ms(0)));
            let request = client.send();
            assert_eq!((request.method(), request.url()), ("GET", url));
            assert_eq!(header(&request, "x-mine"), ["1"]);
            assert_eq!(header(&request, "last-event-id"), ["7"]);
            assert!(header(&request, "authorization").is_empty(), "the server does not choose credentials");
        }
        // The next attempt begins where the first one did.
        let error = client.read("data: 1\n\n", ms(0)).unwrap();
        assert_eq!((error.attempt(), error.url()), (1, "http://localhost:1/e"));
        assert_eq!(client.send().url(), URL);
    }
}

#[test]
fn nothing_of_the_users_goes_to_another_origin() {
    for other in ["https://localhost:1/", "http://localhost:2/", "http://localhost/", "http://127.0.0.1:1/"] {
        let mut client = Client::new(
            EventSource::builder("http://user:pass@localhost:1/")
                .header("x-mine", "secret")
                .header("cookie", "secret")
                .header_with("x-token", || Ok("secret".into()))
                .last_event_id("7"),
        );
        let request = client.send();
        assert_eq!(request.headers().count(), 4 + 4 + 1);
        client.answer(302, &[("location", other)]);
        let names: Vec<_> = client.send().headers().map(|(name, _)| name.to_owned()).collect();
        let harmless = ["Accept", "Cache-Control", "Accept-Encoding", "User-Agent", "Last-Event-ID"];
        assert_eq!(names, harmless, "{other}");
        // Nor back, where the other origin might have chosen the URL.
        if !other.starts_with("https") {
            client.answer(302, &[("location", "http://localhost:1/delete")]);
            assert_eq!(client.send().headers().count(), harmless.len());
        }
        // The next attempt begins anew.
        client.fail(refused());
        assert_eq!(client.send().headers().count(), 4 + 4 + 1);
    }
}

#[test]
fn a_redirect_does_not_give_up_encryption() {
    for location in ["http://localhost/a/", "http://localhost:443/", "http://other/"] {
        let mut client = Client::new(EventSource::builder("https://localhost/").last_event_id("7"));
        client.send();
        client.answer(302, &[("location", "//other/")]);
        let request = client.send();
        assert_eq!((request.url(), header(&request, "last-event-id")), ("https://other/", vec!["7"]));
        let error = client.refuse(302, &[("location", location)]);
        assert!(error.is_fatal());
        assert_eq!(
            error.to_string(),
            format!(
                "the answer from https://other/ is a redirect (302) to {location:?}, which is not encrypted, as the request was (attempt 1); giving up"
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
        match client.answer(status, &[("location", location)]) {
            Verdict::Redirect => {
                let request = client.send();
                assert_eq!(Some((request.method(), request.body().is_some())), expected, "{status} {method}");
                let has_type = location == same && request.body().is_some();
                assert_eq!(header(&request, "content-type").len(), usize::from(has_type));
                assert_eq!(header(&request, "x-mine").len(), usize::from(location == same));
            }
            Verdict::Refused(cause) => {
                assert_eq!(expected, None, "{status} {method}");
                let error = client.fail(cause);
                assert_eq!(
                    error.to_string(),
                    format!(
                        "the answer from {URL} is a redirect ({status}) to \"http://other/\", which would carry the request's body to another origin (attempt 1); giving up"
                    )
                );
            }
            verdict => panic!("{verdict:?}"),
        }
    }
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
            "the answer from {URL} is a redirect (302) to {location:?}, {reason} (attempt 1); giving up"
        );
        assert_eq!(error.to_string(), text);
    }
    // Credentials are not shown, and not much of what is long.
    for (location, shown) in [
        ("ftp://user:secret@localhost/", "ftp://localhost/".to_owned()),
        ("http://user:secret@local host/", "http://…@local host/".to_owned()),
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
    // Where it did go is all in the error, and not all in its text.
    let mut client = Client::new(builder());
    client.send();
    let long = format!("http://localhost:1/{}", "x".repeat(50_000));
    assert!(matches!(client.answer(302, &[("location", &long)]), Verdict::Redirect));
    let error = client.fail(refused());
    assert_eq!(error.url(), long);
    assert!(error.to_string().contains("xxx… (attempt 1)") && error.to_string().len() < 400, "{error}");
    // A redirect without a place to go to is a status like any other.
    let mut client = Client::new(builder());
    client.send();
    assert_eq!(client.refuse(302, &[]).status(), Some(302));
}

#[test]
fn redirects_have_a_limit_and_a_rate() {
    let mut client = Client::new(builder());
    let start = client.now;
    client.send();
    for hop in 1..=20 {
        assert!(matches!(client.answer(302, &[("location", "/loop")]), Verdict::Redirect), "{hop}");
        client.send();
        // Ten requests at once, the next ten a second later.
        assert_eq!(client.now - start, Duration::from_secs(hop / 10));
    }
    let error = client.refuse(302, &[("location", "/loop")]);
    assert!(error.is_fatal());
    assert_eq!(
        error.to_string(),
        "the answer from http://localhost:1/loop is a redirect after 20 others (attempt 1); giving up"
    );

    let mut client = Client::new(builder().policy(Policy::new().max_redirects(0)));
    client.send();
    assert!(client.refuse(302, &[("location", "/loop")]).is_fatal());
}

// When to come back.

#[test]
fn after_a_stream_that_ended() {
    // wpt: eventsource-reconnect, eventsource-close
    let mut client = Client::new(builder());
    client.send();
    let error = client.read("retry: 500\ndata: opened\n\n", ms(0)).unwrap();
    assert_eq!(error.retry_in(), Some(ms(500)));
    assert_eq!(
        error.to_string(),
        format!("the stream from {URL} ended (attempt 1); connecting again in 500 ms")
    );
    client.send();
    let error = client.read("data: reconnected\n\nid: 9\ndata", ms(0)).unwrap();
    assert_eq!((error.attempt(), error.retry_in()), (2, Some(ms(500))));
    assert!(error.to_string().starts_with(&format!("the stream from {URL} ended, 10 bytes into an event")));
    client.send();
    assert!(matches!(client.answer(204, &[]), Verdict::NoContent));
    assert_eq!(client.connection.wait(client.now), None);
}

#[test]
fn delays_grow_with_failures_and_shrink_after_a_healthy_stream() {
    let mut client = Client::new(builder().reconnection_time(ms(1000)));
    client.random = u64::MAX;
    let close = |delay: Option<Duration>, expected: u64| {
        let delay = delay.unwrap();
        assert!(delay <= ms(expected) && delay + ms(1) > ms(expected), "{delay:?}, not {expected}");
    };
    for expected in [1000, 2000, 4000, 8000, 16000, 30000, 30000] {
        client.send();
        close(client.fail(refused()).retry_in(), expected);
    }
    // A stream that ends without a message, or breaks, has not been healthy.
    client.send();
    close(client.read(": hello\n\nid: 1\n\n", ms(59_999)).unwrap().retry_in(), 30000);
    client.send();
    let decoder = client.open();
    let error = client.connection.end(decoder, Cause::ReadTimeout(ms(1)), client.now, client.random);
    close(error.unwrap().retry_in(), 30000);
    // One that was open for long enough has, however it ends.
    client.send();
    let decoder = client.open();
    client.now += ms(60_000);
    let error = client.connection.end(decoder, Cause::Read("reset".into()), client.now, client.random);
    close(error.unwrap().retry_in(), 1000);
    client.send();
    close(client.fail(refused()).retry_in(), 1000);
    client.send();
    close(client.fail(refused()).retry_in(), 2000);
    // And one that ends in good order after a message.
    client.send();
    close(client.read("data: 1\n\n", ms(0)).unwrap().retry_in(), 1000);
    client.send();
    // The server's reconnection time is what doubles.
    close(client.read("retry: 300\n\n", ms(0)).unwrap().retry_in(), 300);
    client.send();
    close(client.fail(refused()).retry_in(), 600);
}

#[test]
fn limits_of_attempts_and_of_time() {
    let mut client = Client::new(builder().policy(Policy::new().max_attempts(3)));
    for attempt in 1..=2 {
        client.send();
        assert!(client.fail(refused()).retry_in().is_some(), "{attempt}");
    }
    client.send();
    client.read("data: 1\n\n", ms(0)); // the row ends
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
        format!("there was no answer from {URL} (attempt 6); giving up after 3 failures in a row")
    );

    let mut client = Client::new(builder().policy(Policy::new().max_elapsed(Duration::from_secs(10))));
    let start = client.now;
    loop {
        client.send();
        if client.fail(refused()).is_fatal() {
            break;
        }
    }
    assert_eq!(client.now - start, Duration::from_secs(10));

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
                client.answer(307, &[("location", "/elsewhere")]);
                client.send();
                sent.push(client.now);
            }
            client.read(body, ms(0));
        }
        for (i, from) in sent.iter().enumerate() {
            let within = sent[i..].iter().take_while(|to| **to - *from < Duration::from_secs(1)).count();
            assert!(within <= 10, "{within} in a second");
        }
    }
    // A server that says never keeps a client waiting for no longer than a timer holds.
    let mut client = Client::new(builder());
    client.send();
    let error = client.read("retry: 99999999999999999999\ndata: x\n\n", ms(0)).unwrap();
    assert_eq!(error.retry_in(), Some(ms(i32::MAX as u64)));
}

#[test]
fn a_request_that_must_not_be_repeated_is_not() {
    for (method, comes_back) in
        [("GET", true), ("POST", false), ("PATCH", false), ("PUT", true), ("REPORT", true), ("HEAD", true)]
    {
        let mut client = Client::new(builder().method(method));
        client.send();
        assert_eq!(client.read("data: 1\n\n", ms(0)).is_some(), comes_back, "{method}");
        assert_eq!(client.connection.is_closed(), !comes_back);
    }
    // An end that is not in good order is an error.
    for body in ["", ": x\n\n", "data: 1\n\ndata: 2"] {
        let mut client = Client::new(builder().body("{}"));
        client.send();
        assert!(client.read(body, ms(0)).unwrap().is_fatal(), "{body:?}");
    }
}

#[test]
fn a_terminator_ends_the_stream() {
    let mut client = Client::new(builder().body("{}").until_data("[DONE]"));
    client.send();
    let error = client.read("data: 1\n\n", ms(0)).unwrap();
    assert!(error.is_fatal(), "the stream ended before its terminator");

    let mut client = Client::new(builder().body("{}").until_data("[DONE]"));
    client.send();
    client.read("data: 1\n\ndata: [DONE]\n\n", ms(0));
    assert!(client.connection.is_closed());
}

#[test]
fn beginning_anew() {
    let mut client = Client::new(builder());
    client.send();
    let mut decoder = client.open();
    while decoder.next(&mut Input::new(b"id: 1\ndata: x\n\nid: 2\nda")).is_none() {}
    client.connection.restart(Some(decoder));
    assert_eq!(client.connection.wait(client.now), Some(ms(0)));
    assert_eq!(header(&client.send(), "last-event-id"), ["1"]);
    // The rate still holds.
    for _ in 0..8 {
        client.connection.restart(None);
        client.send();
    }
    client.connection.restart(None);
    assert_eq!(client.connection.wait(client.now), Some(ms(1000)));
    client.connection.close();
    client.connection.restart(None);
    assert_eq!(client.connection.wait(client.now), None);
}

#[test]
fn nothing_opens_a_closed_connection() {
    for (status, headers) in [(200, STREAM), (302, &[("location", "/")]), (404, &[])] {
        let mut client = Client::new(builder().policy(Policy::new().retry_statuses([404])));
        client.send();
        client.connection.close();
        let error = match client.answer(status, headers) {
            Verdict::Open(decoder) => client.connection.end(decoder, Cause::ended(), client.now, 0),
            Verdict::Refused(cause) => Some(client.fail(cause)),
            _ => None,
        };
        assert!(error.is_none_or(|error| error.is_fatal()), "{status}");
        assert_eq!(client.connection.wait(client.now), None, "{status}");
        assert!(client.connection.request(client.now).is_ok() && client.connection.is_closed());
    }
}
