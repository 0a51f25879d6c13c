//! The decoder reads back whatever `Sse` writes, and whatever it reads can be sent on.

use crate::engines;
use proptest::prelude::*;
use sse_wire::{Decoder, Event, Field, Incoming, IncomingRef, MessageEvent, Sse};
use std::time::Duration;

/// What a correct client reads for a data string (9.2.6: lines are joined by line feeds).
fn with_line_feeds(data: &str) -> String {
    data.replace("\r\n", "\n").replace('\r', "\n")
}

fn is_carried(field: Field, text: &str) -> bool {
    let mut sse = Sse::without_retry();
    match field {
        Field::EventType => sse.try_add_message(text, "").is_ok(),
        _ => sse.try_set_event_id(text).is_ok(),
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ -~\r\n\0\u{feff}\u{2028}\u{85}é😀:]{0,20}",
        prop::collection::vec(
            prop::sample::select(vec!["\r", "\n", "\r\n", " ", "data:", "x", "\u{feff}"]),
            0..8
        )
        .prop_map(|parts| parts.concat()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(
        events in prop::collection::vec((text(), text(), prop::option::of(text()), 0..4u8), 0..6),
        chunk in 1..20usize,
    ) {
        let mut sse = Sse::new();
        let (mut expected, mut last_event_id) = (Vec::new(), String::new());
        for (event, data, id, how) in &events {
            let event = if is_carried(Field::EventType, event) { event.as_str() } else { "" };
            let id = id.as_deref().filter(|id| is_carried(Field::EventId, id));
            if let Some(id) = id {
                last_event_id = id.to_string();
            }
            match how {
                // As a separate event, with a comment and a reconnection time.
                0 => {
                    let mut block = Event::new().event(event).retry(7).comment("c\nd");
                    if let Some(id) = id {
                        block = block.id(id);
                    }
                    sse.push(&block.data(data));
                }
                _ => {
                    if let Some(id) = id {
                        sse.set_event_id(id);
                    }
                    sse.add_message(event, data).add_comment(data);
                }
            }
            let event = if event.is_empty() { "message" } else { event };
            expected.push((event.to_string(), with_line_feeds(data), last_event_id.clone()));
        }
        let wire = sse.as_bytes().to_vec();
        for chunks in [vec![&wire[..]], wire.chunks(chunk).collect(), wire.chunks(1).collect()] {
            engines::each(Decoder::new, &chunks, |engine, seen, decoder| {
                let seen: Vec<_> = seen.into_iter().map(|incoming| match incoming {
                    Ok(Incoming::Message(message)) => {
                        (message.event().into(), message.data().into(), message.last_event_id().into())
                    }
                    other => panic!("{other:?}"),
                }).collect();
                assert_eq!(seen, expected, "{engine}");
                assert_eq!(decoder.unfinished(), 0, "{engine}");
                assert_eq!(decoder.last_event_id(), last_event_id, "{engine}");
            });
        }
    }
}

/// An event stream: fields with any text, and lines that are not fields.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let name = prop::sample::select(vec!["data", "data", "event", "id", "retry", "", "foo"]);
    let value = prop_oneof![
        4 => "[ -~\t\0é\u{2028}]{0,8}".prop_map(String::into_bytes),
        1 => "[0-9]{1,20}".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..6),
    ];
    let end = prop::sample::select(vec!["\n", "\r\n", "\r", "\n\n", "\n\n", "\r\n\r\n"]);
    let line = (name, prop::sample::select(vec![": ", ":", ""]), value, end).prop_map(
        |(name, colon, value, end)| [name.as_bytes(), colon.as_bytes(), &value, end.as_bytes()].concat(),
    );
    prop::collection::vec(line, 0..16).prop_map(|lines| lines.concat())
}

/// What the next client gets for an item, given the last event ID that it knew.
fn sent_on(item: &Incoming, last_event_id: &mut String) -> Option<Incoming> {
    // What a client could not send back is left out.
    let can_be_sent = |id: &&str| is_carried(Field::EventId, id);
    Some(match item {
        Incoming::Message(message) => {
            if let Some(id) = message.id().filter(can_be_sent) {
                *last_event_id = id.into();
            }
            // NUL is the only character that a received type may contain but that is not sent on.
            let event = match message.event() {
                event if is_carried(Field::EventType, event) => event.to_string(),
                event => event.replace('\0', "\u{fffd}"),
            };
            let message = MessageEvent::new(message.data()).with_event(&event);
            Incoming::Message(message.with_last_event_id(last_event_id))
        }
        Incoming::Id(id) => {
            *last_event_id = Some(&**id).filter(can_be_sent)?.into();
            item.clone()
        }
        Incoming::Retry(time) => Incoming::Retry((*time).min(Duration::from_millis(i32::MAX as u64))),
        item => item.clone(),
    })
}

fn own_id(item: &Incoming) -> Option<Option<&str>> {
    if let Incoming::Message(message) = item { Some(message.id()) } else { None }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_is_sent_on(bytes in stream(), chunk in 1..20usize) {
        let make = || Decoder::new().comments(true).retries(true).ids(true);
        let chunks: Vec<_> = bytes.chunks(chunk).collect();
        let (read, decoder) = engines::decoder(make(), &chunks, false);
        let read: Vec<Incoming> = read.into_iter().map(Result::unwrap).collect();
        let mut last_event_id = String::new();
        let expected: Vec<_> = read.iter().filter_map(|item| sent_on(item, &mut last_event_id)).collect();

        let sse: Sse = read.iter().cloned().map(Event::from).collect();
        let (seen, next) = engines::decoder(make(), &[sse.as_bytes()], false);
        let seen: Vec<Incoming> = seen.into_iter().map(Result::unwrap).collect();
        prop_assert_eq!(&seen, &expected);
        prop_assert_eq!(next.last_event_id(), last_event_id);
        // An item that carried an ID still does, if a client can send it back.
        for (read, seen) in read.iter().filter_map(own_id).zip(seen.iter().filter_map(own_id)) {
            prop_assert_eq!(read.filter(|id| is_carried(Field::EventId, id)), seen);
        }
        if read.iter().all(|item| own_id(item).flatten().is_none_or(|id| is_carried(Field::EventId, id))) {
            let has_other_ids = read.iter().any(|item| matches!(item, Incoming::Id(id) if !is_carried(Field::EventId, id)));
            prop_assert!(has_other_ids || next.last_event_id() == decoder.last_event_id());
        }

        // The same with borrowed items, and with only messages.
        for item in &read {
            let event = Event::from(item.clone());
            if let Incoming::Message(message) = item {
                prop_assert_eq!(&Event::from(message), &event);
                prop_assert_eq!(&Event::from(message.clone()), &event);
                prop_assert_eq!(&Event::from(message.borrowed()), &event);
                prop_assert_eq!(&Event::from(IncomingRef::Message(message.borrowed())), &event);
            }
        }
    }
}

/// When a client reconnects to a relayed stream, the relay knows what it has sent, and that means what it received.
#[test]
fn a_message_is_sent_on_unchanged() {
    for (read, sent) in [
        ("data: 1\n\n", "data: 1\n\n"),
        ("event: message\ndata\n\n", "data: \n\n"),
        ("data: a\r\ndata:\ndata:  b\nevent: x\nid: 7\n\n", "id: 7\nevent: x\ndata: a\ndata: \ndata:  b\n\n"),
        ("id: 7\ndata: 1\n\ndata: 2\n\n", "id: 7\ndata: 1\n\ndata: 2\n\n"),
        ("id\ndata: 1\n\n", "id: \ndata: 1\n\n"),
        ("id: 7\nevent: checkpoint\n\n", "id: 7\n\n"),
        ("id:  7\ndata: 1\n\nid:  8\n\n", "data: 1\n\n"),
        ("retry: 5\n:\n:  a\n", "retry: 5\n\n:\n\n:  a\n\n"),
    ] {
        let (seen, _) = engines::decoder(
            Decoder::new().comments(true).retries(true).ids(true),
            &[read.as_bytes()],
            false,
        );
        let events: Sse = seen.into_iter().map(|item| Event::from(item.unwrap())).collect();
        assert_eq!(events.to_string(), sent, "{read:?}");
    }
}

#[test]
fn a_message_is_made_by_hand() {
    let message = MessageEvent::new("1");
    assert_eq!(
        (message.event(), message.data(), message.last_event_id(), message.id()),
        ("message", "1", "", None)
    );
    let message = message.with_last_event_id("7").with_event("tick");
    assert_eq!((message.event(), message.data(), message.last_event_id()), ("tick", "1", "7"));
    assert_eq!(message.id(), Some("7"));
    assert_eq!(message.clone().with_last_event_id("").id(), Some(""), "a reset");
    assert_eq!(message.clone().with_event("").event(), "message");

    let (seen, _) = engines::decoder(Decoder::new(), &[b"event: tick\nid: 7\ndata: 1\n\n"], false);
    assert_eq!(seen, [Ok(Incoming::Message(message))]);

    let long = "x".repeat(5000);
    let message = MessageEvent::new(&*long).with_event(&long).with_last_event_id(&long).with_event("y");
    assert_eq!((message.event(), message.data(), message.last_event_id()), ("y", &*long, &*long));
    assert_eq!(message.into_data(), long);
}
