//! The decoder reads back whatever `Sse` writes: exactly the messages that were added, whatever their texts.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use sse_wire::{Decoder, Incoming, IncomingRef, Input, Sse};

#[path = "../../tests/oracle/mod.rs"]
mod oracle;

#[derive(Arbitrary, Debug)]
enum Call<'a> {
    Message(&'a str, &'a str),
    Data(&'a str),
    TryMessage(&'a str, &'a str),
    Id(&'a str),
    TryId(&'a str),
    Number(u64),
    ResetId,
    Retry(u64),
    Comment(&'a str),
}

#[derive(Arbitrary, Debug)]
struct Case<'a> {
    calls: Vec<Call<'a>>,
    size: u8,
}

/// What a correct client reads for a data string.
fn lines(data: &str) -> String {
    data.replace("\r\n", "\n").replace('\r', "\n")
}

/// What remains of a text as an event type.
fn event_type(text: &str) -> String {
    text.replace(['\r', '\n', '\0'], "\u{fffd}")
}

/// What remains of a text as an ID.
fn id(text: &str) -> String {
    let last = text.len().wrapping_sub(1);
    let carried = |i, c: char| match c {
        ' ' | '\t' => i != 0 && i != last,
        _ => !c.is_ascii_control(),
    };
    text.char_indices().map(|(i, c)| if carried(i, c) { c } else { '?' }).collect()
}

fuzz_target!(|case: Case<'_>| {
    let mut sse = Sse::without_retry();
    // Event type, data and the ID that the message carries.
    let mut expected: Vec<(String, String, String)> = Vec::new();
    let (mut last, mut pending): (String, Option<String>) = (String::new(), None);
    for call in &case.calls {
        let mut added = |event: String, data: &str| {
            if let Some(id) = pending.take() {
                last = id;
            }
            let event = if event.is_empty() { "message".to_string() } else { event };
            expected.push((event, lines(data), last.clone()));
        };
        match *call {
            Call::Message(event, data) => {
                sse.add_message(event, data);
                added(event_type(event), data);
            }
            Call::Data(data) => {
                sse.add_data(data);
                added(String::new(), data);
            }
            Call::TryMessage(event, data) => {
                let before = sse.as_bytes().to_vec();
                match sse.try_add_message(event, data) {
                    Ok(_) => {
                        assert_eq!(event, event_type(event));
                        added(event.to_string(), data);
                    }
                    Err(_) => {
                        assert_ne!(event, event_type(event));
                        assert_eq!(sse.as_bytes(), before);
                    }
                }
            }
            Call::Id(text) => {
                sse.set_event_id(text);
                pending = Some(id(text));
            }
            Call::TryId(text) => match sse.try_set_event_id(text) {
                Ok(_) => {
                    assert_eq!(text, id(text));
                    pending = Some(text.to_string());
                }
                Err(_) => assert_ne!(text, id(text)),
            },
            Call::Number(number) => {
                sse.set_event_id(number);
                pending = Some(number.to_string());
            }
            Call::ResetId => {
                sse.reset_event_id();
                pending = Some(String::new());
            }
            Call::Retry(milliseconds) => {
                sse.set_retry(milliseconds);
            }
            Call::Comment(text) => {
                sse.add_comment(text);
            }
        }
    }

    let wire = sse.as_bytes();
    let mut decoder = Decoder::new();
    let mut seen = Vec::new();
    for chunk in wire.chunks(usize::from(case.size).max(1)) {
        let mut input = Input::new(chunk);
        while let Some(incoming) = decoder.next(&mut input) {
            let Ok(IncomingRef::Message(message)) = incoming else { unreachable!() };
            seen.push((message.event().into(), message.data().into(), message.last_event_id().into()));
        }
    }
    assert_eq!(seen, expected);
    assert_eq!(decoder.unfinished(), 0);
    assert_eq!(decoder.last_event_id(), pending.unwrap_or(last));

    let oracle: Vec<_> = oracle::decode(wire)
        .into_iter()
        .map(|message| (message.event, message.data, message.last_event_id))
        .collect();
    assert_eq!(oracle, expected);

    // The drained chunks are the same bytes, and each is whole.
    let wire = wire.to_vec();
    let mut drained = Vec::new();
    for chunk in &mut sse {
        let mut decoder = Decoder::new().comments(true).retries(true);
        let mut input = Input::new(&chunk);
        while let Some(incoming) = decoder.next(&mut input) {
            drop(incoming.map(Incoming::from).unwrap());
        }
        assert_eq!(decoder.unfinished(), 0);
        drained.extend_from_slice(&chunk);
    }
    assert_eq!(drained, wire);
});
