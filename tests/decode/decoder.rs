//! Compares the decoder with the oracle on arbitrary input, and tests what the standard leaves open: limits, comments,
//! and the effect of a source's errors and its end.

use crate::{
    engines,
    oracle::{self, Item, Message},
};
use proptest::prelude::*;
use sse_wire::{Decoder, Incoming, IncomingRef, Input, MessageRef};
use std::time::Duration;

fn item(incoming: &engines::Item) -> Item {
    match incoming {
        Ok(Incoming::Message(message)) => Item::Message(Message {
            event: message.event().into(),
            data: message.data().into(),
            last_event_id: message.last_event_id().into(),
        }),
        Ok(Incoming::Id(id)) => Item::Id(id.clone()),
        Ok(Incoming::Comment(text)) => Item::Comment(text.clone()),
        Ok(Incoming::Retry(time)) => Item::Retry(u64::try_from(time.as_millis()).unwrap()),
        Ok(_) => unreachable!(),
        Err(error) => {
            assert!(error.size > error.limit);
            if error.is_comment { Item::CommentTooLarge } else { Item::TooLarge }
        }
    }
}

/// Those of the oracle's items that a decoder with these settings reports.
fn reported(items: Vec<Item>, comments: bool, retries: bool, ids: bool) -> Vec<Item> {
    let items = items.into_iter().filter_map(|item| match item {
        Item::Comment(text) => {
            comments.then(|| Item::Comment(text.strip_prefix(' ').unwrap_or(&text).into()))
        }
        Item::Retry(_) => retries.then_some(item),
        Item::Id(_) => ids.then_some(item),
        item => Some(item),
    });
    items.collect()
}

/// The IDs that the messages themselves carried.
fn own_ids(seen: &[engines::Item]) -> Vec<Option<String>> {
    let ids = seen.iter().filter_map(|item| match item {
        Ok(Incoming::Message(message)) => Some(message.id().map(String::from)),
        _ => None,
    });
    ids.collect()
}

fn items(incoming: &[engines::Item]) -> Vec<Item> {
    incoming.iter().map(item).collect()
}

/// Bytes that look like an event stream, and some that look like nothing.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let text = prop_oneof![
        3 => "[ -~]{0,12}".prop_map(String::into_bytes),
        1 => "\\PC{0,6}".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..6),
        1 => prop::sample::select(vec![&b"\0"[..], b" ", b":", b"\xef\xbb\xbf", b"\xf0\x9f", b"\xe2\x80\xa8", b"\x80"])
            .prop_map(<[u8]>::to_vec),
        1 => "[0-9]{1,25}".prop_map(String::into_bytes),
    ];
    let name = prop_oneof![
        8 => prop::sample::select(vec!["data", "event", "id", "retry", "", "Data", "dat", "dataa", " data"]),
    ];
    let colon = prop::sample::select(vec!["", ":", ": ", ":  "]);
    let end = prop_oneof![
        6 => prop::sample::select(vec!["\n", "\r\n", "\r"]),
        4 => prop::sample::select(vec!["\n\n", "\r\n\r\n", "\r\r", "\n\r\n"]),
        1 => Just(""),
    ];
    let line = (name, colon, text, end).prop_map(|(name, colon, text, end)| {
        [name.as_bytes(), colon.as_bytes(), &text, end.as_bytes()].concat()
    });
    let start = prop::sample::select(vec![&b""[..], b"", b"\xef\xbb\xbf", b"\xef\xbb", b"\xef"]);
    (start, prop::collection::vec(line, 0..24)).prop_map(|(start, lines)| [start, &lines.concat()].concat())
}

fn any_stream() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => stream(),
        1 => prop::collection::vec(any::<u8>(), 0..200),
        1 => prop::collection::vec(prop::sample::select(b"\r\n\n: dataeventidretry\0\xef\xbb\xbf0".to_vec()), 0..200),
    ]
}

/// `bytes` cut where `cuts` say.
fn cut<'b>(bytes: &'b [u8], cuts: &[prop::sample::Index]) -> Vec<&'b [u8]> {
    let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    at.sort_unstable();
    at.push(bytes.len());
    let mut start = 0;
    at.into_iter().map(|end| &bytes[std::mem::replace(&mut start, end)..end]).collect()
}

fn cuts() -> impl Strategy<Value = Vec<prop::sample::Index>> {
    prop::collection::vec(any::<prop::sample::Index>(), 0..30)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_in_any_chunks_mean_what_the_standard_says(
        bytes in any_stream(), cuts in cuts(), comments: bool, retries: bool, ids: bool, finish: bool,
        id in "[a-z]{0,2}",
    ) {
        let oracle = oracle::interpret_with(&bytes, &id, oracle::Options { finish, ..Default::default() });
        let expected = reported(oracle.items, comments, retries, ids);
        let make = || Decoder::new().comments(comments).retries(retries).ids(ids).with_last_event_id(&*id);
        for chunks in [cut(&bytes, &cuts), bytes.chunks(1).collect(), vec![&bytes[..]]] {
            engines::each_with(make, &chunks, finish, |engine, seen, decoder| {
                assert_eq!(items(&seen), expected, "{engine}");
                assert_eq!(own_ids(&seen), oracle.ids, "{engine}");
                assert_eq!(decoder.last_event_id(), oracle.last_event_id, "{engine}");
                assert_eq!(
                    decoder.reconnection_time(), oracle.reconnection_time.map(Duration::from_millis), "{engine}"
                );
            });
        }
    }

    #[test]
    fn so_they_do_within_a_limit(
        bytes in any_stream(), cuts in cuts(), limit in 0..60usize, comments: bool, finish: bool,
    ) {
        // U+FFFD counts differently before and after decoding, so that the oracle is exact only without.
        let bytes = String::from_utf8_lossy(&bytes).into_owned().into_bytes();
        let options = oracle::Options { limit, comments, finish };
        let expected = reported(oracle::interpret_with(&bytes, "", options).items, comments, true, true);
        let make = || Decoder::new().comments(comments).retries(true).ids(true).max_event_size(limit);
        for chunks in [cut(&bytes, &cuts), bytes.chunks(1).collect(), vec![&bytes[..]]] {
            engines::each_with(make, &chunks, finish, |engine, seen, _| {
                assert_eq!(items(&seen), expected, "{engine}");
            });
        }
    }

    #[test]
    fn invalid_bytes_within_a_limit_mean_the_same_in_any_chunks(
        bytes in any_stream(), cuts in cuts(), limit in 0..60usize,
    ) {
        let make = || Decoder::new().comments(true).retries(true).max_event_size(limit);
        let whole = items(&engines::decoder(make(), &[&bytes], false).0);
        for item in &whole {
            if let Item::Message(message) = item {
                assert!(message.data.len() <= limit && message.event.len() <= limit.max(7));
            }
        }
        for chunks in [cut(&bytes, &cuts), bytes.chunks(1).collect()] {
            engines::each(make, &chunks, |engine, seen, _| assert_eq!(items(&seen), whole, "{engine}"));
        }
    }

    #[test]
    fn reconnecting_anywhere_keeps_the_id_and_nothing_else(a in any_stream(), b in any_stream(), cuts in cuts()) {
        let mut decoder = engines::decoder(Decoder::new(), &cut(&a, &cuts), false).1;
        let first = oracle::interpret(&a, "");
        decoder.reconnect();
        prop_assert_eq!(decoder.unfinished(), 0);
        let (seen, decoder) = engines::decoder(decoder, &cut(&b, &cuts), false);
        let second = oracle::interpret(&b, &first.last_event_id);
        let messages = reported(second.items, false, false, false);
        prop_assert_eq!(items(&seen), messages);
        let retry = second.reconnection_time.or(first.reconnection_time).map(Duration::from_millis);
        prop_assert_eq!(decoder.reconnection_time(), retry);
    }
}

fn message(event: &str, data: &str, last_event_id: &str) -> Item {
    Item::Message(Message { event: event.into(), data: data.into(), last_event_id: last_event_id.into() })
}

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
fn the_limit_is_exact() {
    for (event, size) in [
        ("data: ab", 9),
        ("data", 5),
        ("data: a|data: b", 16),
        ("id: 1|event: x|data: ab|retry: 5|foo", 37),
        ("data: ab|:12345", 9),
        (":12345|data: ab", 9),
    ] {
        for end in ["\n", "\r", "\r\n"] {
            let stream = format!("{}{end}{end}", event.replace('|', end));
            engines::each_cut(stream.as_bytes(), |way, chunks| {
                for comments in [false, true] {
                    let make = |limit| Decoder::new().comments(comments).max_event_size(limit);
                    let of_messages = |seen: &[engines::Item]| {
                        items(seen)
                            .into_iter()
                            .filter(|item| !matches!(item, Item::Comment(_)))
                            .collect::<Vec<_>>()
                    };
                    engines::each(
                        || make(size),
                        chunks,
                        |engine, seen, _| {
                            let seen = of_messages(&seen);
                            assert!(
                                matches!(seen[..], [Item::Message(_)]),
                                "{seen:?}, {stream:?}, {engine}, {way}"
                            );
                        },
                    );
                    engines::each(
                        || make(size - 1),
                        chunks,
                        |engine, seen, _| {
                            assert_eq!(of_messages(&seen), [Item::TooLarge], "{stream:?}, {engine}, {way}");
                        },
                    );
                }
            });
        }
    }
}

#[test]
fn a_too_large_event_is_reported_and_skipped() {
    let make = || Decoder::new().max_event_size(20);
    for (stream, expected) in [
        // 20 bytes with the line end, and one more.
        ("data: 1234567890123\n\n", vec![message("message", "1234567890123", "")]),
        ("data: 12345678901234\n\n", vec![Item::TooLarge]),
        ("data: 12345678901234\ndata: 1\n\ndata: 2\n\n", vec![Item::TooLarge, message("message", "2", "")]),
        // All fields count, with one byte for each line end.
        ("data\ndata\ndata\ndata\n\n", vec![message("message", "\n\n\n", "")]),
        ("data\ndata\ndata\ndata\nx\n\n", vec![Item::TooLarge]),
        ("event\nid\nretry\nxx:yyy\n\n", vec![Item::TooLarge]),
        // A CRLF is one line end.
        ("data\r\ndata\r\ndata\r\ndata\r\n\r\n", vec![message("message", "\n\n\n", "")]),
        // Comments do not count, whether they are complete or not.
        (":1234567890\ndata: 1\n:1234567890\n\n", vec![message("message", "1", "")]),
        (":12345678901234567890\ndata: 1\n\n", vec![message("message", "1", "")]),
        ("data: 1234567890123\n:\n\n", vec![message("message", "1234567890123", "")]),
        // Neither the length of a field nor the number of fields carries over to the next event.
        (
            "data: 1234567890\n\ndata: 1234567890\n\n",
            vec![message("message", "1234567890", ""), message("message", "1234567890", "")],
        ),
        // Its ID does not count, wherever it is, and neither do other fields after the limit.
        (
            "id: 1\ndata\n\nid: 2\ndata: 12345678901234567890\nid: 3\nevent: a\n\ndata\n\n",
            vec![message("message", "", "1"), Item::TooLarge, message("message", "", "1")],
        ),
        ("data: 12345678901234567890\nretry: 1\n:c\n\n", vec![Item::TooLarge]),
    ] {
        engines::each_cut(stream.as_bytes(), |way, chunks| {
            engines::each(make, chunks, |engine, seen, decoder| {
                assert_eq!(items(&seen), expected, "{stream:?}, {engine}, {way}");
                assert_eq!(decoder.unfinished(), 0);
                assert_eq!(decoder.reconnection_time(), None);
            });
        });
    }
}

#[test]
fn a_too_large_event_is_reported_before_it_ends() {
    let mut decoder = Decoder::new().max_event_size(11);
    let mut input = Input::new(b"data: 1234");
    assert_eq!(decoder.next(&mut input), None);
    assert_eq!(decoder.unfinished(), 10);
    let mut input = Input::new(b"567");
    let Some(Err(error)) = decoder.next(&mut input) else { panic!() };
    assert_eq!((error.size, error.limit, error.is_comment), (14, 11, false));
    assert_eq!(error.to_string(), "an event was skipped after 14 bytes, because it is larger than 11 bytes");
    assert_eq!((decoder.unfinished(), decoder.unfinished_start()), (0, &b""[..]), "it has been reported");
    let mut input = Input::new(b"8\n\ndata: 9\n\n");
    let Some(Ok(IncomingRef::Message(message))) = decoder.next(&mut input) else { panic!() };
    assert_eq!(message.data(), "9");
}

#[test]
fn replacing_invalid_bytes_does_not_pass_the_limit() {
    let make = || Decoder::new().max_event_size(12);
    // Four times U+FFFD are twelve bytes, five are fifteen.
    let stream =
        b"data:\xff\xff\xff\xff\n\ndata:\xff\xff\xff\xff\xff\n\nevent:\xff\xff\xff\xff\xff\n\nid:\xff\xff\xff\xff\xff\n\ndata:1\n\n";
    let expected = [
        message("message", "\u{fffd}\u{fffd}\u{fffd}\u{fffd}", ""),
        Item::TooLarge,
        // Without data the type means nothing.
        Item::TooLarge,
        message("message", "1", ""),
    ];
    engines::each_cut(stream, |way, chunks| {
        let each =
            |engine: &str, seen: Vec<engines::Item>, _| assert_eq!(items(&seen), expected, "{engine}, {way}");
        engines::each(make, chunks, each);
    });
}

/// The limit applies to the fields of an event together, and to a comment by itself.
#[test]
fn replacing_invalid_bytes_says_how_large_the_event_became() {
    for stream in [
        // In the stream, all of these are smaller than the limit.
        &b"data:\xff\xff\xff\xff\xff\xff\xff\n\n"[..],
        b"event:\xff\xff\ndata:\xff\xff\xff\xff\xff\n\n",
        b"id:\xff\xff\xff\xff\xff\xff\xff\n\n",
        b":\xff\xff\xff\xff\xff\xff\xff\n\n",
    ] {
        engines::each_cut(stream, |way, chunks| {
            engines::each(
                || Decoder::new().max_event_size(20).comments(true),
                chunks,
                |engine, seen, decoder| {
                    let [Err(error)] = &seen[..] else { panic!("{seen:?}, {engine}, {way}") };
                    assert_eq!((error.size, error.limit), (21, 20), "{engine}, {way}");
                    assert_eq!((decoder.unfinished(), decoder.last_event_id()), (0, ""));
                },
            );
        });
    }
}

#[test]
fn a_comment_costs_no_event() {
    let long = format!(":{}\n", "x".repeat(20));
    let comment = |text: &str| Item::Comment(text.into());
    let one = || message("message", "1", "7");
    for (stream, expected) in [
        (format!("{long}id: 7\ndata: 1\n\n"), vec![Item::CommentTooLarge, one()]),
        (format!("id: 7\n{long}data: 1\n\n"), vec![Item::CommentTooLarge, one()]),
        (format!("id: 7\ndata: 1\n{long}\n"), vec![Item::CommentTooLarge, one()]),
        (
            format!("{long}{long}: a\nid: 7\n: b\ndata: 1\n\n"),
            vec![Item::CommentTooLarge, Item::CommentTooLarge, comment("a"), comment("b"), one()],
        ),
        // A comment may be as large as an event, however much room the current event has left.
        (format!("id: 7\n:{}\ndata: 1\n\n", "x".repeat(18)), vec![comment(&"x".repeat(18)), one()]),
    ] {
        let make = |comments| Decoder::new().max_event_size(20).comments(comments);
        engines::each_cut(stream.as_bytes(), |way, chunks| {
            engines::each(
                || make(true),
                chunks,
                |engine, seen, _| {
                    assert_eq!(items(&seen), expected, "{stream:?}, {engine}, {way}");
                },
            );
            engines::each(
                || make(false),
                chunks,
                |engine, seen, _| {
                    assert_eq!(items(&seen), [one()], "{stream:?}, {engine}, {way}");
                },
            );
        });
    }
    // With U+FFFD in it, it is too large.
    let stream = b"id: 7\n:\xff\xff\xff\xff\xff\xff\xff\ndata: 1\n\n";
    engines::each_cut(stream, |way, chunks| {
        let make = || Decoder::new().max_event_size(20).comments(true);
        engines::each(make, chunks, |engine, seen, _| {
            assert_eq!(items(&seen), [Item::CommentTooLarge, one()], "{engine}, {way}");
            let Err(error) = seen[0] else { panic!() };
            assert_eq!(
                error.to_string(),
                "a comment was skipped after 21 bytes, because it is larger than 20 bytes"
            );
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
fn the_end_of_the_input_dispatches_on_request() {
    let tick = |data: &str| message("tick", data, "");
    for (stream, expected) in [
        ("data: [DONE]", vec![message("message", "[DONE]", "")]),
        (
            "event: response.completed\ndata: {\"usage\":7}\n",
            vec![message("response.completed", "{\"usage\":7}", "")],
        ),
        ("data: 1\r\n", vec![message("message", "1", "")]),
        ("data", vec![message("message", "", "")]),
        ("data: 1\n\n", vec![message("message", "1", "")]),
        ("data: 1\n\ndata: 2\ndata: 3", vec![message("message", "1", ""), message("message", "2\n3", "")]),
        ("id: 7\ndata: 1", vec![message("message", "1", "7")]),
        // An ID or a reconnection time that is cut short is a different one.
        ("data: 1\nid: 7", vec![message("message", "1", "")]),
        ("data: 1\nid: 7\n", vec![message("message", "1", "7")]),
        ("data: 1\nretry: 7", vec![message("message", "1", "")]),
        ("id: 7\n", vec![Item::Id("7".into())]),
        ("id: 7", vec![]),
        ("data: 1\nevent: tick", vec![tick("1")]),
        ("event: tick\ndata: 1\n: comm", vec![tick("1")]),
        ("event: tick", vec![]),
        ("{\"message\":\"Internal error\"}", vec![]),
        ("data: 12345678901234567890123456789012345678901234567890", vec![Item::TooLarge]),
        ("", vec![]),
        ("\u{feff}", vec![]),
        ("\u{feff}data: 1", vec![message("message", "1", "")]),
    ] {
        engines::each_cut(stream.as_bytes(), |way, chunks| {
            let make = || Decoder::new().max_event_size(50).comments(true).retries(true).ids(true);
            engines::each_with(make, chunks, true, |engine, seen, mut decoder| {
                assert_eq!(items(&seen), expected, "{stream:?}, {engine}, {way}");
                assert_eq!(decoder.unfinished(), 0, "{stream:?}, {engine}, {way}");
                decoder.reconnect();
                let next = engines::decoder(decoder, &[b"data: 1\n\n"], false).0;
                assert_eq!(own_ids(&next), [None]);
            });
        });
    }
}

#[test]
fn the_start_of_what_is_unfinished_is_there_to_be_shown() {
    let long = format!("data: {}\nid: 7\n", "x".repeat(200));
    for (stream, start) in [
        ("", ""),
        ("data: 1\n\n", ""),
        ("{\"message\":\"Internal error\"}", "{\"message\":\"Internal error\"}"),
        ("{\n  \"message\": \"No\"\n}\n", "{\n  \"message\": \"No\"\n}\n"),
        ("data: 1\n\nevent: a\r\n\r\ndata: 2", "data: 2"),
        ("id: 1\n\ndata: 2\nx", "data: 2\nx"),
        (": a comment\n: more\n\ndata: 2", "data: 2"),
        // Comments before the event are left out; comments inside it are not.
        (": a comment\n: more\ndata: 2\n: in it\nx", "data: 2\n: in it\nx"),
        (": a comment", ""),
        ("\u{feff}data: 1", "data: 1"),
        (&long, &long[..128]),
        ("data: 123456789012345678901234567890123456789012\n\nx", "x"),
    ] {
        engines::each_cut(stream.as_bytes(), |way, chunks| {
            for comments in [false, true] {
                let make = || {
                    Decoder::new().max_event_size(if stream == long { 300 } else { 40 }).comments(comments)
                };
                engines::each(make, chunks, |engine, _, decoder| {
                    let seen = String::from_utf8_lossy(decoder.unfinished_start()).into_owned();
                    assert_eq!(seen, start, "{stream:?}, {engine}, {way}");
                });
            }
        });
    }
}

#[test]
fn the_end_of_the_input_leaves_word_of_an_unfinished_event() {
    for (stream, unfinished) in [
        ("", 0),
        ("data: 1\n\n", 0),
        ("data: 1\r\n\r", 0),
        ("data: 1\n\n: a comment\n", 0),
        ("data: 1\n\n: a comment", 0),
        ("data: 1\n: a comment", 8),
        ("data: 1\ndata::", 14),
        ("retry: 1\n", 9),
        ("data: 1\n", 8),
        ("data: 1\r\n", 8),
        ("data: 1\n\nid: 2\ndata", 10),
    ] {
        engines::each_cut(stream.as_bytes(), |way, chunks| {
            for comments in [false, true] {
                engines::each(
                    || Decoder::new().comments(comments),
                    chunks,
                    |engine, _, mut decoder| {
                        assert_eq!(decoder.unfinished(), unfinished, "{stream:?}, {engine}, {way}");
                        decoder.reconnect();
                        assert_eq!(decoder.unfinished(), 0);
                    },
                );
            }
        });
    }
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

#[cfg(feature = "std")]
mod reader {
    use super::*;
    use sse_wire::{MessageReader, ReadError};
    use std::io::{self, ErrorKind, Read};

    /// What each call to `read` returns.
    struct Script(Vec<io::Result<&'static [u8]>>);

    impl Read for Script {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Ok(0);
            }
            let bytes = self.0.remove(0)?;
            buffer[..bytes.len()].copy_from_slice(bytes);
            Ok(bytes.len())
        }
    }

    #[test]
    fn an_error_of_the_source_loses_nothing() {
        let error = |kind: ErrorKind| Err(io::Error::from(kind));
        let source = Script(vec![
            Ok(b"data: 1\n\ndata: 2"),
            error(ErrorKind::WouldBlock),
            error(ErrorKind::Interrupted),
            Ok(b"3\n"),
            error(ErrorKind::ConnectionReset),
            Ok(b"\ndata: 4\n\n"),
        ]);
        let seen: Vec<_> = MessageReader::new(source)
            .map(|message| match message {
                Ok(message) => message.into_data(),
                Err(ReadError::Source(error)) => error.kind().to_string(),
                Err(error) => panic!("{error}"),
            })
            .collect();
        let blocked = ErrorKind::WouldBlock.to_string();
        let reset = ErrorKind::ConnectionReset.to_string();
        assert_eq!(seen, ["1", &blocked, &reset, "23", "4"]);
    }

    #[test]
    fn a_too_large_event_is_an_error_after_which_reading_continues() {
        let decoder = Decoder::new().max_event_size(10).comments(true).retries(true);
        let stream: &[u8] = b":c\nretry: 1\n\ndata: 1234567890\n\ndata: 2\n\n";
        let mut messages = MessageReader::with_decoder(decoder, stream);
        let error = messages.next().unwrap().unwrap_err();
        let ReadError::TooLarge(too_large) = &error else { panic!() };
        assert_eq!(too_large.limit, 10);
        let error = io::Error::from(error);
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        assert_eq!(
            error.to_string(),
            "an event was skipped after 17 bytes, because it is larger than 10 bytes"
        );
        assert_eq!(messages.next().unwrap().unwrap().data(), "2");
        assert!(messages.next().is_none());
    }

    #[test]
    fn the_next_connection_continues_with_the_decoder() {
        let mut messages = MessageReader::new(&b"id: 1\ndata: 1\n\nid: 2\ndata: 2\n"[..]);
        assert_eq!(messages.by_ref().count(), 1);
        assert_eq!(messages.decoder().unfinished(), 14);
        let mut decoder = messages.into_decoder();
        decoder.reconnect();
        let mut messages = MessageReader::with_decoder(decoder, &b"data: 3\n\n"[..]);
        let message = messages.next().unwrap().unwrap();
        assert_eq!((message.data(), message.last_event_id()), ("3", "1"));
    }

    #[test]
    fn the_end_is_final_and_the_parts_can_be_taken_back() {
        let mut messages = MessageReader::new(Script(vec![Ok(b"id: 1\ndata\n\n"), Ok(b""), Ok(b"data\n\n")]));
        assert_eq!(messages.by_ref().count(), 1);
        assert!(messages.next().is_none() && messages.next_incoming().is_none());
        let (decoder, source) = messages.into_parts();
        assert_eq!((decoder.last_event_id(), source.0.len()), ("1", 1));
        assert_eq!(MessageReader::new(source).into_inner().0.len(), 1);
    }

    /// A source that claims to have read more than there is room for.
    #[test]
    fn a_source_that_lies_does_no_harm() {
        struct Liar(bool);
        impl Read for Liar {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Ok(if std::mem::replace(&mut self.0, true) { 0 } else { usize::MAX })
            }
        }
        assert_eq!(MessageReader::new(Liar(false)).count(), 0);
    }
}

#[cfg(feature = "stream")]
mod stream_of_chunks {
    use super::{engines::Chunks, *};
    use futures_core::Stream;
    use sse_wire::{MessageEvent, MessageStream, ReadError};
    use std::{
        cell::Cell,
        convert::Infallible,
        error::Error,
        fmt,
        marker::PhantomPinned,
        pin::{Pin, pin},
        task::{Context, Poll, Waker},
    };

    type BoxError = Box<dyn Error + Send + Sync>;

    fn all<C: AsRef<[u8]>, E: Into<BoxError>>(chunks: Vec<Result<C, E>>) -> Vec<Result<String, ReadError>> {
        let decoder = Decoder::new().max_event_size(13);
        let stream = MessageStream::with_decoder(decoder, Chunks::new(chunks.into_iter()));
        drain(stream.dispatch_unfinished(true))
    }

    fn drain<S>(mut stream: S) -> Vec<Result<String, ReadError>>
    where
        S: Stream<Item = Result<MessageEvent, ReadError>> + Unpin,
    {
        let mut context = Context::from_waker(Waker::noop());
        let mut seen = Vec::new();
        loop {
            match Pin::new(&mut stream).poll_next(&mut context) {
                Poll::Ready(Some(message)) => seen.push(message.map(|message| message.into_data())),
                Poll::Ready(None) => return seen,
                Poll::Pending => {}
            }
        }
    }

    #[test]
    fn a_source_that_may_not_move_is_pinned_by_its_user() {
        struct Pinned(Cell<Option<&'static str>>, PhantomPinned);

        impl Stream for Pinned {
            type Item = Result<&'static str, Infallible>;

            fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
                Poll::Ready(self.0.take().map(Ok))
            }
        }

        let mut stream = pin!(MessageStream::new(Pinned(Cell::new(Some("data: 1\n\n")), PhantomPinned)));
        let mut context = Context::from_waker(Waker::noop());
        let Poll::Ready(Some(Ok(message))) = stream.as_mut().poll_next(&mut context) else {
            panic!("there is a message");
        };
        assert_eq!(message.data(), "1");
        assert_eq!(stream.as_mut().get_pin_mut().0.take(), None);
        assert!(matches!(stream.poll_next(&mut context), Poll::Ready(None)));
    }

    #[test]
    fn the_source_is_within_reach() {
        let chunks = [Ok::<_, Infallible>("data: 1\n\n"), Ok("data: skipped\n\n"), Ok("data: 2\n\n")];
        let mut stream = MessageStream::new(Chunks::new(chunks.into_iter()));
        let mut context = Context::from_waker(Waker::noop());
        let mut next = |stream: &mut MessageStream<_, _>| loop {
            if let Poll::Ready(message) = Pin::new(&mut *stream).poll_next(&mut context) {
                break message.map(|message| message.unwrap().into_data());
            }
        };
        assert_eq!(next(&mut stream).as_deref(), Some("1"));
        assert_eq!(stream.get_ref().chunks.len(), 2);
        stream.get_mut().chunks.next();
        assert_eq!(Pin::new(&mut stream).get_pin_mut().chunks.len(), 1);
        assert_eq!(next(&mut stream).as_deref(), Some("2"));
        assert_eq!(next(&mut stream), None);
        assert_eq!(stream.into_decoder().unfinished(), 0);
    }

    #[test]
    fn chunks_can_be_any_bytes() {
        let chunks = ["data: 1\n\nda", "ta: 2\n", "\n:"];
        fn data(seen: Vec<Result<String, ReadError>>) -> Vec<String> {
            seen.into_iter().map(Result::unwrap).collect()
        }
        let slices: Vec<Result<&[u8], Infallible>> =
            chunks.iter().map(|chunk| Ok(chunk.as_bytes())).collect();
        assert_eq!(data(all(slices)), ["1", "2"]);
        let vecs: Vec<Result<Vec<u8>, Infallible>> =
            chunks.iter().map(|chunk| Ok(chunk.as_bytes().to_vec())).collect();
        assert_eq!(data(all(vecs)), ["1", "2"]);
        let strings: Vec<Result<String, Infallible>> =
            chunks.iter().map(|chunk| Ok(chunk.to_string())).collect();
        assert_eq!(data(all(strings)), ["1", "2"]);
        #[cfg(feature = "http")]
        {
            let bytes: Vec<Result<bytes::Bytes, Infallible>> =
                chunks.iter().map(|chunk| Ok(bytes::Bytes::from_static(chunk.as_bytes()))).collect();
            assert_eq!(data(all(bytes)), ["1", "2"]);
        }
    }

    #[derive(Debug, PartialEq)]
    struct Broken(Option<fmt::Error>);

    impl fmt::Display for Broken {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("the cable is cut")
        }
    }

    impl Error for Broken {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.0.as_ref().map(|error| error as _)
        }
    }

    fn shown(seen: Vec<Result<String, ReadError>>) -> Vec<String> {
        seen.into_iter().map(|item| item.unwrap_or_else(|error| error.to_string())).collect()
    }

    #[test]
    fn an_error_of_the_source_loses_nothing() {
        let chunks = vec![Ok("data: 1"), Err(Broken(None)), Ok("2\n\ndata: 4567890\n\n"), Ok("data: 3\n\n")];
        let too_large = "an event was skipped after 14 bytes, because it is larger than 13 bytes";
        assert_eq!(shown(all(chunks)), ["the cable is cut", "12", too_large, "3"]);
    }

    #[test]
    fn what_an_error_of_the_source_cut_off_is_not_dispatched() {
        let broken = || Err(Broken(None));
        assert_eq!(shown(all(vec![Ok("data: 1"), broken()])), ["the cable is cut"]);
        assert_eq!(shown(all(vec![Ok("data: 1"), broken(), Ok("")])), ["the cable is cut", "1"]);
        assert_eq!(shown(all(vec![broken(), Ok("data: 1")])), ["the cable is cut", "1"]);
    }

    #[test]
    fn an_error_of_the_source_is_an_error_whether_it_is_boxed_or_not() {
        fn check(error: ReadError) {
            let error: BoxError = error.into();
            assert_eq!(error.to_string(), "the cable is cut");
            assert!(error.source().unwrap().is::<fmt::Error>(), "its source is that of the source's error");
            let Ok(read) = error.downcast::<ReadError>() else { panic!() };
            let ReadError::Source(source) = *read else { panic!() };
            assert_eq!(*source.downcast::<Broken>().unwrap(), Broken(Some(fmt::Error)));
        }
        let broken = || Broken(Some(fmt::Error));
        let seen = all(vec![Err::<&str, _>(broken())]);
        seen.into_iter().for_each(|item| check(item.unwrap_err()));
        let seen = all(vec![Err::<&str, BoxError>(broken().into())]);
        seen.into_iter().for_each(|item| check(item.unwrap_err()));
    }

    #[test]
    fn poll_incoming_returns_the_error_unchanged() {
        let mut stream = MessageStream::new(Chunks::new([Err::<&str, _>(Broken(None))].into_iter()));
        let mut context = Context::from_waker(Waker::noop());
        let error = loop {
            if let Poll::Ready(item) = Pin::new(&mut stream).poll_incoming(&mut context) {
                break item.unwrap().unwrap_err();
            }
        };
        assert!(matches!(error, ReadError::Source(Broken(None))));
    }
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
