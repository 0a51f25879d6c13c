//! Whatever `Sse` writes, the decoder reads back.

mod engines;

use proptest::prelude::*;
use sse_wire::{Decoder, Event, Field, Incoming, Sse};

/// What a correct client reads of a data string (9.2.6: lines are joined by line feeds).
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
                // As an event of its own, with a comment and a reconnection time.
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
                    Incoming::Message(message) => {
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
