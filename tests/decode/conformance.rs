//! The tests that browsers use: one row for each case of the web-platform-tests in `eventsource/` that is about the
//! stream itself, with the name of its file. Each is read whole, split at every byte, byte by byte, and with empty
//! chunks; with the decoder, the reader, and the stream; and by the oracle.

use crate::{
    engines,
    oracle::{self, Item, Message},
};
use sse_wire::{Decoder, Incoming};
use std::time::Duration;

/// Event type, data, last event ID.
type Expected = &'static [(&'static str, &'static str, &'static str)];

struct Row {
    test: &'static str,
    /// What arrives over each connection, and what it means.
    connections: Vec<(Vec<u8>, Expected)>,
    /// The reconnection time in milliseconds, after all connections.
    retry: Option<u64>,
    /// The last event ID after all connections, if it is not that of the last message.
    last_event_id: Option<&'static str>,
}

fn row(test: &'static str, stream: &(impl AsRef<[u8]> + ?Sized), expected: Expected) -> Row {
    let connections = vec![(stream.as_ref().to_vec(), expected)];
    Row { test, connections, retry: None, last_event_id: None }
}

impl Row {
    fn retry(mut self, milliseconds: u64) -> Row {
        self.retry = Some(milliseconds);
        self
    }

    fn last_event_id(mut self, id: &'static str) -> Row {
        self.last_event_id = Some(id);
        self
    }

    /// Adds another connection.
    fn then(mut self, stream: &(impl AsRef<[u8]> + ?Sized), expected: Expected) -> Row {
        self.connections.push((stream.as_ref().to_vec(), expected));
        self
    }
}

fn web_platform_tests() -> Vec<Row> {
    let long = "x".repeat(2048);
    vec![
        row(
            "format-bom.any.js",
            "\u{feff}data:1\n\n\u{feff}data:2\n\ndata:3\n\n\n",
            &[("message", "1", ""), ("message", "3", "")],
        ),
        // format-bom-2 (double BOM)
        row(
            "format-bom-2.any.js",
            "\u{feff}\u{feff}data:1\n\ndata:2\n\ndata:3\n\n\n",
            &[("message", "2", ""), ("message", "3", "")],
        ),
        row(
            "format-comments.any.js",
            &format!("data:1\r:\0\n:\r\ndata:2\n:{long}\rdata:3\n:data:fail\r:{long}\ndata:4\n\n"),
            &[("message", "1\n2\n3\n4", "")],
        ),
        row(
            "format-data-before-final-empty-line.any.js",
            "retry:1000\ndata:test1\n\nid:test\ndata:test2\n",
            &[("message", "test1", "")],
        )
        .retry(1000),
        row(
            "format-field-data.any.js",
            "data:\n\ndata\ndata\n\ndata:test\n\n\n",
            &[("message", "", ""), ("message", "\n", ""), ("message", "test", "")],
        ),
        row("format-field-event-empty.any.js", "event: \ndata:data\n\n\n", &[("message", "data", "")]),
        row(
            "format-field-event.any.js",
            "event:test\ndata:x\n\ndata:x\n\n\n",
            &[("test", "x", ""), ("message", "x", "")],
        ),
        row(
            "format-field-id.any.js",
            "id: \u{2026}\nretry: 200\ndata: hello\n\n",
            &[("message", "hello", "\u{2026}")],
        )
        .retry(200)
        .then("data: \u{2026}\n\n", &[("message", "\u{2026}", "\u{2026}")]),
        row(
            "format-field-id-2.any.js",
            "id: \u{2026}\nretry: 200\ndata: hello\n\n",
            &[("message", "hello", "\u{2026}")],
        )
        .retry(200)
        .then("data: \u{2026}\n\n", &[("message", "\u{2026}", "\u{2026}")])
        .then("data: \u{2026}\n\n", &[("message", "\u{2026}", "\u{2026}")]),
        // format-field-id-3 persists
        row(
            "format-field-id-3.window.js",
            "id: 1\ndata: 1\n\ndata: 2\n\nid: 2\ndata:3\n\ndata:4\n\n",
            &[("message", "1", "1"), ("message", "2", "1"), ("message", "3", "2"), ("message", "4", "2")],
        ),
        // format-field-id-3 resets
        row(
            "format-field-id-3.window.js",
            "id: 1\ndata: 1\n\nid:\ndata:2\n\ndata:3\n\n",
            &[("message", "1", "1"), ("message", "2", ""), ("message", "3", "")],
        ),
        // format-field-id-3 resets (id without colon)
        row(
            "format-field-id-3.window.js",
            "id: 1\ndata: 1\n\nid\ndata:2\n\ndata:3\n\n",
            &[("message", "1", "1"), ("message", "2", ""), ("message", "3", "")],
        ),
        // format-field-id-null "\u0000\u0000"
        row(
            "format-field-id-null.window.js",
            "id: \0\0\nretry: 200\ndata: hello\n\n",
            &[("message", "hello", "")],
        )
        .retry(200),
        // format-field-id-null "x\u0000"
        row(
            "format-field-id-null.window.js",
            "id: x\0\nretry: 200\ndata: hello\n\n",
            &[("message", "hello", "")],
        )
        .retry(200),
        // format-field-id-null "\u0000x"
        row(
            "format-field-id-null.window.js",
            "id: \0x\nretry: 200\ndata: hello\n\n",
            &[("message", "hello", "")],
        )
        .retry(200),
        // format-field-id-null "x\u0000x"
        row(
            "format-field-id-null.window.js",
            "id: x\0x\nretry: 200\ndata: hello\n\n",
            &[("message", "hello", "")],
        )
        .retry(200),
        // format-field-id-null " \u0000"
        row(
            "format-field-id-null.window.js",
            "id:  \0\nretry: 200\ndata: hello\n\n",
            &[("message", "hello", "")],
        )
        .retry(200),
        row(
            "format-field-parsing.any.js",
            "data:\0\ndata:  2\rData:1\ndata\0:2\ndata:1\r\0data:4\nda-ta:3\rdata_5\ndata:3\rdata:\r\n data:32\ndata:4\n\n",
            &[("message", "\0\n 2\n1\n3\n\n4", "")],
        ),
        row(
            "format-field-retry-bogus.any.js",
            "retry:3000\nretry:1000x\ndata:x\n\n\n",
            &[("message", "x", "")],
        )
        .retry(3000),
        row("format-field-retry-empty.any.js", "retry\ndata:test\n\n\n", &[("message", "test", "")]),
        // format-field-retry (leading zero, decimal not octal)
        row("format-field-retry.any.js", "retry:03000\ndata:x\n\n\n", &[("message", "x", "")]).retry(3000),
        row(
            "format-field-unknown.any.js",
            "data:test\n data\ndata\nfoobar:xxx\njustsometext\n:thisisacommentyay\ndata:test\n\n\n",
            &[("message", "test\n\ntest", "")],
        ),
        row(
            "format-leading-space.any.js",
            "data:\ttest\rdata: \ndata:test\n\n\n",
            &[("message", "\ttest\n\ntest", "")],
        ),
        row(
            "format-newlines.any.js",
            "data:test\r\ndata\ndata:test\r\n\r\n",
            &[("message", "test\n\ntest", "")],
        ),
        row("format-null-character.any.js", "data:\0\n\n\n\n\n", &[("message", "\0", "")]),
        // format-utf-8 (charset param ignored)
        row("format-utf-8.any.js", "data:ok\u{2026}\n\n\n", &[("message", "ok\u{2026}", "")]),
        row(
            "event-data.any.js",
            "data:msg\ndata: msg\n\n:\nfalsefield:msg\n\nfalsefield:msg\nData:data\n\ndata\n\ndata:end\n\n",
            &[("message", "msg\nmsg", ""), ("message", "", ""), ("message", "end", "")],
        ),
        // eventsource-onmessage (message.py default)
        row("eventsource-onmessage.any.js", "data: data\n\n\n", &[("message", "data", "")]),
        // eventsource-reconnect no_id first body
        row("eventsource-reconnect.window.js", "retry: 2\ndata: ok\n\n", &[("message", "ok", "")]).retry(2),
        // status-reconnect: retry only, no blank line, at EOF
        row("resources/status-reconnect.py", "retry: 2\n", &[]).retry(2),
        // single
        row("eventsource-from-readable-stream.any.js", "data: hello\n\n", &[("message", "hello", "")]),
        // multi-line
        row(
            "eventsource-from-readable-stream.any.js",
            "data: hello\ndata: world\n\n",
            &[("message", "hello\nworld", "")],
        ),
        // two events
        row(
            "eventsource-from-readable-stream.any.js",
            "data: first\n\ndata: second\n\n",
            &[("message", "first", ""), ("message", "second", "")],
        ),
        // custom type
        row(
            "eventsource-from-readable-stream.any.js",
            "event: custom\ndata: hello\n\n",
            &[("custom", "hello", "")],
        ),
        // comment
        row(
            "eventsource-from-readable-stream.any.js",
            ": this is a comment\ndata: hello\n\n",
            &[("message", "hello", "")],
        ),
        // chunk split
        row("eventsource-from-readable-stream.any.js", "data: hello\n\n", &[("message", "hello", "")]),
        // id
        row(
            "eventsource-from-readable-stream.any.js",
            "id: 42\ndata: hello\n\n",
            &[("message", "hello", "42")],
        ),
        // retry
        row(
            "eventsource-from-readable-stream.any.js",
            "retry: 5000\ndata: hello\n\n",
            &[("message", "hello", "")],
        )
        .retry(5000),
        // retry bogus
        row(
            "eventsource-from-readable-stream.any.js",
            "retry: bogus\ndata: hello\n\n",
            &[("message", "hello", "")],
        ),
        // CR/LF/CRLF
        row(
            "eventsource-from-readable-stream.any.js",
            "data: cr\r\rdata: lf\n\ndata: crlf\r\n\r\n",
            &[("message", "cr", ""), ("message", "lf", ""), ("message", "crlf", "")],
        ),
        // BOM
        row(
            "eventsource-from-readable-stream.any.js",
            "\u{feff}data: hello\n\n",
            &[("message", "hello", "")],
        ),
        // empty stream
        row("eventsource-from-readable-stream.any.js", "", &[]),
        // id persists across streams
        row(
            "eventsource-from-readable-stream.any.js",
            "id: 42\ndata: first\n\n",
            &[("message", "first", "42")],
        )
        .then("data: after-reconnect\n\n", &[("message", "after-reconnect", "42")]),
    ]
}

/// What the web-platform-tests leave out, with the place in the standard that decides.
fn our_own() -> Vec<Row> {
    vec![
        // Encoding, "UTF-8 decoder": one U+FFFD for each maximal subpart of an invalid sequence.
        row("a stray byte", b"data: a\xffb\n\n", &[("message", "a\u{fffd}b", "")]),
        row("a cut character", b"data: \xe2\x82\n\n", &[("message", "\u{fffd}", "")]),
        row(
            "an overlong one",
            b"data: \xc0\xaf\xe0\x80\xaf\n\n",
            &[("message", "\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}", "")],
        ),
        row("a surrogate", b"data: \xed\xa0\x80\n\n", &[("message", "\u{fffd}\u{fffd}\u{fffd}", "")]),
        row(
            "beyond Unicode",
            b"data: \xf4\x90\x80\x80\n\n",
            &[("message", "\u{fffd}\u{fffd}\u{fffd}\u{fffd}", "")],
        ),
        row("cut by a CR", b"data: \xf0\x9f\x98\rdata: \x80\n\n", &[("message", "\u{fffd}\n\u{fffd}", "")]),
        row(
            "in a type and an ID",
            b"event: \xff\nid: \xfe\xfe\ndata\n\n",
            &[("\u{fffd}", "", "\u{fffd}\u{fffd}")],
        ),
        row("in a name", b"data\xff: 1\n\xffdata: 2\ndata: 3\n\n", &[("message", "3", "")]),
        row("a character of four bytes", "data: \u{1f600}\n\n", &[("message", "\u{1f600}", "")]),
        row(
            "then a valid event",
            b"data: \xff\n\ndata: 1\n\n",
            &[("message", "\u{fffd}", ""), ("message", "1", "")],
        ),
        // 9.2.5: one BOM is dropped, at the very beginning of the stream; half a BOM is an invalid sequence.
        row("a BOM on each connection", "\u{feff}data: 1\n\n", &[("message", "1", "")])
            .then("\u{feff}data: 2\n\n", &[("message", "2", "")]),
        row("a BOM alone", "\u{feff}", &[]),
        row("half a BOM", b"\xef\xbbdata: 1\n\ndata: 2\n\n", &[("message", "2", "")]),
        row("a BOM in the data", "data: \u{feff}\n\n", &[("message", "\u{feff}", "")]),
        // 9.2.5: what ends a line.
        row(
            "CRLF and LF mixed",
            "data: 1\r\n\ndata: 2\n\r\ndata: 3\r\n\r\n\r\n",
            &[("message", "1", ""), ("message", "2", ""), ("message", "3", "")],
        ),
        row("LF CR", "data: 1\n\rdata: 2\n\r", &[("message", "1", ""), ("message", "2", "")]),
        row(
            "not an end",
            "data: a\u{b}b\u{c}c\u{85}d\u{2028}e\u{2029}\n\n",
            &[("message", "a\u{b}b\u{c}c\u{85}d\u{2028}e\u{2029}", "")],
        ),
        // 9.2.6: field names are compared exactly.
        row(
            "spaces and case",
            "data : 1\nDATA: 2\n data: 3\ndata\u{a0}: 4\ndat: 5\ndataa: 6\ndata: 7\n\n",
            &[("message", "7", "")],
        ),
        row("colons", "data::1\ndata: :2\ndata:: 3\n\n", &[("message", ":1\n:2\n: 3", "")]),
        row("one space goes", "event:  a \nid:  b \ndata:  c \n\n", &[(" a ", " c ", " b ")]),
        row(
            "the last type holds",
            "event: a\nevent: b\ndata\n\nevent: a\nevent\ndata\n\n",
            &[("b", "", ""), ("message", "", "")],
        ),
        row("a type without data goes", "event: a\n\ndata: 1\n\n", &[("message", "1", "")]),
        // 9.2.6, dispatching, step 1: an ID counts from its blank line on, even without data.
        row("an ID alone", "id: 1\n\ndata: 1\n\n", &[("message", "1", "1")]),
        row("an ID that no blank line follows", "id: 1\ndata: 1\n\nid: 2\n", &[("message", "1", "1")]),
        row("nor after reconnecting", "id: 1\ndata: 1\n\nid: 2\ndata: 2\n", &[("message", "1", "1")])
            .then("data: 3\n\n", &[("message", "3", "1")]),
        row("an ID alone counts for the next connection", "id: 1\n\n", &[]).last_event_id("1"),
        row("a NUL keeps the ID before it", "id: 1\nid: 2\0\ndata\n\n", &[("message", "", "1")]),
        // 9.2.6: retry is digits, and needs no blank line.
        row("not digits", "retry: 1\nretry: -2\nretry: 3.0\nretry:  4\nretry: \u{664}\nretry:\n", &[])
            .retry(1),
        row("beyond 64 bits", "retry: 99999999999999999999999\n", &[]).retry(u64::MAX),
        row("the last one holds", "retry: 1\ndata\nretry: 2\n\n", &[("message", "", "")]).retry(2),
        row("kept over connections", "retry: 7\n", &[]).then("data\n\n", &[("message", "", "")]).retry(7),
        // 9.2.6: what is unfinished at the end of the input is discarded.
        row("no blank line", "data: 1\n", &[]).then("\ndata: 2\n\n", &[("message", "2", "")]),
        row("inside a line", "event: a\ndata: 1\nda", &[]).then("data: 2\n\n", &[("message", "2", "")]),
        row("inside a CRLF", "data: 1\r\n\r", &[("message", "1", "")])
            .then("\ndata: 2\n\n", &[("message", "2", "")]),
    ]
}

#[test]
fn every_row_however_it_is_cut_and_read() {
    for row in web_platform_tests().into_iter().chain(our_own()) {
        check(&row);
    }
}

fn check(row: &Row) {
    let last = row.connections.iter().flat_map(|(_, expected)| *expected).last();
    let last_event_id = row.last_event_id.unwrap_or(last.map_or("", |(_, _, id)| id));

    let mut id_at_start = String::new();
    let mut retry = None;
    for (stream, expected) in &row.connections {
        let expected: Vec<_> = expected.iter().map(message).collect();
        let seen = oracle::interpret(stream, &id_at_start);
        retry = seen.reconnection_time.or(retry);
        let seen_messages: Vec<_> =
            seen.items.iter().filter(|item| matches!(item, Item::Message(_))).collect();
        assert_eq!(seen_messages, expected.iter().collect::<Vec<_>>(), "{}, oracle", row.test);
        id_at_start = seen.last_event_id;
    }
    assert_eq!((id_at_start.as_str(), retry), (last_event_id, row.retry), "{}, oracle", row.test);

    // One connection is cut in every way; those before it arrive whole.
    for cut in 0..row.connections.len() {
        let make = || {
            let mut decoder = Decoder::new();
            for (stream, _) in &row.connections[..cut] {
                decoder = engines::decoder(decoder, &[stream], false).1;
                decoder.reconnect();
            }
            decoder
        };
        let (stream, expected) = &row.connections[cut];
        let expected: Vec<_> = expected.iter().map(message).collect();
        let is_last = cut + 1 == row.connections.len();
        engines::each_cut(stream, |way, chunks| {
            engines::each(make, chunks, |engine, seen, decoder| {
                let context = format!("{}, connection {cut}, {engine}, {way}", row.test);
                assert_eq!(seen.iter().map(item).collect::<Vec<_>>(), expected, "{context}");
                if is_last {
                    assert_eq!(decoder.last_event_id(), last_event_id, "{context}");
                    assert_eq!(
                        decoder.reconnection_time(),
                        row.retry.map(Duration::from_millis),
                        "{context}"
                    );
                }
            });
        });
    }
}

fn message((event, data, last_event_id): &(&str, &str, &str)) -> Item {
    Item::Message(Message {
        event: event.to_string(),
        data: data.to_string(),
        last_event_id: last_event_id.to_string(),
    })
}

fn item(incoming: &engines::Item) -> Item {
    match incoming {
        Ok(Incoming::Message(it)) => message(&(it.event(), it.data(), it.last_event_id())),
        other => panic!("{other:?} was not asked for"),
    }
}

/// `eventsource-from-readable-stream.any.js`, with the chunks that the test itself has.
#[test]
fn a_given_split() {
    engines::each(Decoder::new, &[b"da", b"ta: hel", b"lo\n\n"], |engine, seen, _| {
        assert_eq!(
            seen.iter().map(item).collect::<Vec<_>>(),
            [message(&("message", "hello", ""))],
            "{engine}"
        );
    });
}

/// An event is returned as soon as the first byte of its last line end has arrived, whatever may follow.
#[test]
fn dispatch_waits_for_nothing() {
    for stream in ["data: 1\n\n", "data: 1\r\n\r", "data: 1\r\r", "data: 1\r\n\n", "data: 1\n\r"] {
        engines::each_cut(stream.as_bytes(), |way, chunks| {
            engines::each(Decoder::new, chunks, |engine, seen, _| {
                assert_eq!(seen.len(), 1, "{stream:?}, {engine}, {way}");
            });
        });
    }
}
