//! What a response means, and what an error says of it.

use crate::client::{Client, SHOWN, STREAM, builder, head, ms, refused};
use http::StatusCode;
use sse_wire::client::{Cause, ClientEvent, Policy, Step};
use std::{
    error::Error,
    io,
    time::{Duration, SystemTime},
};

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
