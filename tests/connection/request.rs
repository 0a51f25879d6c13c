//! What is sent.

use crate::client::{Client, STREAM, URL, builder, header, method_and_url, ms, refused, timeouts};
use sse_wire::client::{BuildError, Connection, Policy, Step};
use std::{io, time::Duration};

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
