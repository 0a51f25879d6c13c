//! What is reported, in which order, and whether it is borrowed.

use super::{items, message, own_ids};
use crate::{engines, oracle::Item};
use sse_wire::{Decoder, Incoming, IncomingRef, Input, MessageRef};

#[test]
fn comments_and_retries_are_in_the_order_of_the_stream() {
    let stream = b":a\nretry: 5\nevent: tick\ndata: 1\n: b\nid: 7\nretry: 6x\nretry:7\r\n\n:\n::c\n:  d\n";
    let comment = |text: &str| Item::Comment(text.into());
    let expected = [
        comment("a"),
        Item::Retry(5),
        comment("b"),
        Item::Retry(7),
        message("tick", "1", "7"),
        comment(""),
        comment(":c"),
        comment(" d"),
    ];
    let all = || Decoder::new().comments(true).retries(true);
    engines::each_cut(stream, |way, chunks| {
        engines::each(all, chunks, |engine, seen, _| assert_eq!(items(&seen), expected, "{engine}, {way}"));
        engines::each(Decoder::new, chunks, |engine, seen, _| {
            assert_eq!(items(&seen), expected[4..5], "{engine}, {way}");
        });
    });
}

#[test]
fn ids_without_a_message_are_reported_and_the_others_with_their_messages() {
    let stream = b"id: 1\n\nevent: checkpoint\nid: 2\n\nid: 3\ndata: a\n\ndata: b\n\nid\n\nid: x\0\n\n\nid\ndata: c\n\nid: 4\n";
    let id = |text: &str| Item::Id(text.into());
    let expected = [
        id("1"),
        id("2"),
        message("message", "a", "3"),
        message("message", "b", "3"),
        id(""),
        message("message", "c", ""),
    ];
    let own = [Some("3".to_string()), None, Some(String::new())];
    engines::each_cut(stream, |way, chunks| {
        engines::each(
            || Decoder::new().ids(true),
            chunks,
            |engine, seen, _| {
                assert_eq!(items(&seen), expected, "{engine}, {way}");
                assert_eq!(own_ids(&seen), own, "{engine}, {way}");
            },
        );
        engines::each(Decoder::new, chunks, |engine, seen, _| {
            assert_eq!((seen.len(), own_ids(&seen)), (3, own.to_vec()), "{engine}, {way}");
        });
    });
}

#[test]
fn an_event_in_one_chunk_is_borrowed_from_it() {
    let long = "é".repeat(2_000);
    let chunk = format!(
        "event: tick\nid: 7\ndata: 1\n\nevent: é\ndata: 2\n\ndata: {long}\n\nevent: {long}\ndata: 4\n\n"
    );
    let range = chunk.as_bytes().as_ptr_range();
    let mut decoder = Decoder::new();
    let mut input = Input::new(chunk.as_bytes());
    let mut messages = 0;
    while let Some(Ok(IncomingRef::Message(message))) = decoder.next(&mut input) {
        let named = (message.event() != "message").then_some(message.event());
        for text in named.into_iter().chain([message.data()]) {
            assert!(range.contains(&text.as_ptr()), "{text:?}");
        }
        messages += 1;
    }
    assert_eq!(messages, 4);
}

#[test]
fn input_that_was_not_decoded_stays() {
    let mut decoder = Decoder::new();
    let mut input = Input::new(b"data: 1\n\ndata: 2\n\n");
    assert!(decoder.next(&mut input).is_some());
    let rest = input.remaining();
    assert_eq!(rest, b"data: 2\n\n");
    let mut input = Input::from(rest);
    let Some(Ok(IncomingRef::Message(message))) = decoder.next(&mut input) else { panic!() };
    assert_eq!(message.data(), "2");
    assert!(decoder.next(&mut input).is_none() && input.is_empty());
}

#[test]
fn a_decoder_is_seeded_with_the_last_event_id() {
    let mut decoder = Decoder::new().with_last_event_id("41");
    assert_eq!(decoder.last_event_id(), "41");
    let mut input = Input::new(b"data: 1\n\nid\ndata: 2\n\n");
    let mut ids = Vec::new();
    while let Some(Ok(IncomingRef::Message(message))) = decoder.next(&mut input) {
        ids.push(message.last_event_id().to_string());
    }
    assert_eq!(ids, ["41", ""]);
}

#[test]
fn messages_own_and_lend_the_same() {
    let long = "7".repeat(1000);
    let stream =
        format!("event: tick\nid: 7\ndata: a\ndata: é\n\nid: {long}\ndata: 1\n\ndata: 2\n\nid\ndata: 3\n\n");
    let expected =
        [("tick", "a\né", "7"), ("message", "1", &*long), ("message", "2", &*long), ("message", "3", "")];
    engines::each_cut(stream.as_bytes(), |_, chunks| {
        engines::each(Decoder::new, chunks, |engine, seen, _| {
            let mut expected = expected.iter();
            for incoming in seen {
                let Ok(Incoming::Message(message)) = incoming else { panic!() };
                let (event, data, id) = *expected.next().unwrap();
                assert_eq!(
                    (message.event(), message.data(), message.last_event_id()),
                    (event, data, id),
                    "{engine}"
                );
                let lent: MessageRef<'_> = message.borrowed();
                assert_eq!((lent.event(), lent.data(), lent.last_event_id()), (event, data, id));
                assert_eq!(sse_wire::MessageEvent::from(lent), message);
                assert_eq!(message.into_data(), data);
            }
            assert!(expected.next().is_none());
        });
    });
}

#[test]
fn equal_messages_are_equal_however_they_came() {
    let all = |stream: &str| engines::decoder(Decoder::new(), &[stream.as_bytes()], false).0;
    assert_eq!(all("data: 1\n\n"), all("event: message\ndata: 1\n\n"));
    assert_ne!(all("data: 1\n\n"), all("event: x\ndata: 1\n\n"));
    assert_ne!(all("data: 1\n\n"), all("id: x\ndata: 1\n\n"));
}

#[cfg(feature = "json")]
#[test]
fn json_errors_name_the_event_and_the_place() {
    use std::error::Error;
    let (seen, _) = engines::decoder(
        Decoder::new(),
        &[b"event: point\nid: 7\ndata: [1,\ndata: x]\n\nid\ndata: {\"a\": \"b\"}\n\ndata\n\n"],
        false,
    );
    let messages: Vec<_> = seen
        .into_iter()
        .map(|incoming| match incoming {
            Ok(Incoming::Message(message)) => message,
            other => panic!("{other:?}"),
        })
        .collect();
    let error = messages[0].json::<Vec<i32>>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the data of the event \"point\" with the ID \"7\" is not the expected JSON: line 2, column 1"
    );
    assert_eq!((error.line(), error.column()), (2, 1));
    assert!(error.source().unwrap().to_string().starts_with("expected value"));
    let borrowed: std::collections::HashMap<&str, &str> = messages[1].json().unwrap();
    assert_eq!(borrowed["a"], "b");
    let error = messages[2].json::<i32>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the data of the event \"message\" is not the expected JSON: line 1, column 0"
    );
}
