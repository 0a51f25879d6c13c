//! What a stream reports, and where it ends.

use crate::client::{Client, builder, header, ms, refused};
use sse_wire::client::{Bare, Builder, Cause, ClientEvent, Policy, Step};
use std::{
    io,
    sync::{Arc, Mutex},
};

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
