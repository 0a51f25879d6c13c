//! When a client reconnects, and when it gives up.

use crate::client::{Client, SHOWN, builder, ms, refused};
use sse_wire::client::{Policy, Step};
use std::{
    error::Error,
    io,
    time::{Duration, Instant},
};

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
