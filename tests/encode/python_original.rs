//! For the same calls, a client sees the same from this crate as from Python `sse` 1.2, except for the differences that
//! the guide `migrating` lists. Each of them is a row here.

use crate::{
    oracle::{Client, Message},
    skip,
};
use serde_json::{Value, json};
use sse_wire::Sse;
use std::{
    io::Write,
    process::{Command, Stdio},
};

/// The calls, made on this crate.
fn ours(calls: &Value) -> Client {
    let mut sse = Sse::new();
    for call in calls.as_array().unwrap() {
        let text = |i: usize| call[i].as_str().unwrap();
        match text(0) {
            "set_retry" => sse.set_retry(call[1].as_u64().unwrap()),
            "set_event_id" if call[1].is_i64() => sse.set_event_id(call[1].as_i64().unwrap()),
            "set_event_id" => sse.set_event_id(text(1)),
            "reset_event_id" => sse.reset_event_id(),
            "flush" => sse.flush(),
            "add_event_tick" => sse.add_message("tick", text(1)),
            "add_message" => match &call[2] {
                Value::Array(items) => sse.add_message(
                    text(1),
                    items.iter().map(|item| item.as_str().unwrap()).collect::<Vec<_>>(),
                ),
                data => sse.add_message(text(1), data.as_str().unwrap()),
            },
            name => panic!("no such call: {name}"),
        };
    }
    Client::default().read(sse.as_bytes())
}

/// The calls, made on the original. `None` if it is not installed.
fn original(calls: &Value) -> Option<Vec<Client>> {
    let python = std::env::var("PYTHON").unwrap_or("python3".into());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/encode/python_original.py");
    let is_installed = Command::new(&python).args(["-c", "import sse"]).stderr(Stdio::null()).status();
    if !is_installed.is_ok_and(|status| status.success()) {
        skip::skip(&format!("{python} cannot import the package sse (pip install sse==1.2)"));
        return None;
    }
    let mut child =
        Command::new(&python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(calls.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let streams: Vec<String> = serde_json::from_slice(&output.stdout).unwrap();
    Some(streams.iter().map(|stream| Client::default().read(stream.as_bytes())).collect())
}

#[test]
fn the_same() {
    let calls = json!([
        [],
        [["add_message", "tick", "1"]],
        [["add_message", "tick", "a\nb\rc\r\nd"]],
        [["add_message", "tick", "a\n\nb"]],
        [["add_message", "tick", "  a  "]],
        [["add_message", "tick", "é…𝄞: \u{feff}\u{0}"]],
        [["add_message", "tick", ["a", "b"]]],
        [["add_message", "tick", ["a\nb", "c"]]],
        [["add_message", "", "1"], ["add_message", "message", "2"]],
        [["add_event_tick", "1"]],
        [["set_retry", 500], ["add_message", "tick", "1"]],
        [["set_event_id", "7"], ["add_message", "tick", "1"], ["add_message", "tick", "2"]],
        [["set_event_id", 7], ["add_message", "tick", "1"]],
        [["set_event_id", "7"], ["set_event_id", "8"], ["add_message", "tick", "1"]],
        [["set_event_id", "7"], ["add_message", "a", "1"], ["reset_event_id"], ["add_message", "a", "2"]],
        [["set_event_id", "7"], ["add_message", "a", "1"], ["set_event_id", ""], ["add_message", "a", "2"]],
        [["set_event_id", "7"], ["set_retry", 5], ["add_message", "a", "1"]],
        [["add_message", "tick", "1"], ["set_event_id", "é…"]],
        [["add_message", "tick", "1"], ["flush"], ["add_message", "tick", "2"]],
        [["set_event_id", "7"], ["flush"], ["add_message", "tick", "2"]],
        [["set_event_id", "a\tb c"], ["add_message", "tick", "1"]],
    ]);
    let Some(original) = original(&calls) else { return };
    for (calls, original) in calls.as_array().unwrap().iter().zip(original) {
        assert_eq!(ours(calls), original, "{calls}");
    }
}

#[test]
fn what_differs() {
    // The calls; the messages (event, data, last event ID) of this crate; those of the original.
    let rows = json!([
        // Data is split at line ends only.
        [
            [["add_message", "a", "1\u{2028}2\u{85}3\u{b}4"]],
            [["a", "1\u{2028}2\u{85}3\u{b}4", ""]],
            [["a", "1\n2\n3\n4", ""]]
        ],
        // A trailing line end is kept.
        [[["add_message", "a", "1\n"]], [["a", "1\n", ""]], [["a", "1", ""]]],
        // Empty data is a message.
        [[["add_message", "a", ""]], [["a", "", ""]], []],
        [[["add_message", "a", []]], [["a", "", ""]], []],
        [[["add_message", "a", ["", "1"]]], [["a", "\n1", ""]], [["a", "1", ""]]],
        // The ID 0 is an ID.
        [[["set_event_id", 0], ["add_message", "a", "1"]], [["a", "1", "0"]], [["a", "1", ""]]],
        // A line end in an event type or an ID does not forge fields or events.
        [[["add_message", "a\ndata: 0", "1"]], [["a\u{fffd}data: 0", "1", ""]], [["a", "0\n1", ""]]],
        [
            [["set_event_id", "7\ndata: 0"], ["add_message", "a", "1"]],
            [["a", "1", "7?data: 0"]],
            [["message", "0", "7"], ["a", "1", "7"]]
        ],
        // An ID that no request header can carry is changed to one that it can.
        [[["set_event_id", " 7\t"], ["add_message", "a", "1"]], [["a", "1", "?7?"]], [["a", "1", " 7\t"]]],
        [[["set_event_id", "\u{0}"], ["add_message", "a", "1"]], [["a", "1", "?"]], [["a", "1", ""]]],
        // Firefox would deliver this to the listeners of `ab`.
        [[["add_message", "a\u{0}b", "1"]], [["a\u{fffd}b", "1", ""]], [["a\u{0}b", "1", ""]]],
    ]);
    let messages = |rows: &Value| -> Vec<Message> {
        let text = |row: &Value, i: usize| row[i].as_str().unwrap().to_string();
        let message = |row| Message { event: text(row, 0), data: text(row, 1), last_event_id: text(row, 2) };
        rows.as_array().unwrap().iter().map(message).collect()
    };
    let rows = rows.as_array().unwrap();
    for row in rows {
        assert_eq!(ours(&row[0]).messages, messages(&row[1]), "{}", row[0]);
    }
    let Some(original) = original(&rows.iter().map(|row| row[0].clone()).collect()) else { return };
    for (row, original) in rows.iter().zip(original) {
        assert_eq!(original.messages, messages(&row[2]), "{}", row[0]);
    }
}

/// The original sends `id: 7` as a separate block before the message. If the connection is cut between the two, the
/// client resumes after a message that it never received.
#[test]
fn a_cut_never_leaves_the_client_with_the_id_of_a_message_that_it_did_not_get() {
    let mut sse = Sse::without_retry();
    sse.set_event_id(6).add_message("a", "1").set_event_id(7).add_message("a", "2");
    for end in 0..=sse.as_bytes().len() {
        let client = Client::default().read(&sse.as_bytes()[..end]);
        let of_last_message = client.messages.last().map_or("", |message| &message.last_event_id);
        assert_eq!(client.last_event_id, of_last_message, "cut after {end} bytes");
    }
}
