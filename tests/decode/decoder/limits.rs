//! How large an event or a comment may be, and what remains of one that is larger.

use super::{items, message};
use crate::{engines, oracle::Item};
use sse_wire::{Decoder, IncomingRef, Input};

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
