//! The end of the input inside an event.

use super::{items, message, own_ids};
use crate::{engines, oracle::Item};
use sse_wire::Decoder;

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
