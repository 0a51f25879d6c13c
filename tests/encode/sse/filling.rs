//! What the buffer holds after each method that fills it.

use super::wire;
use sse_wire::{Event, Sse};
use std::{
    borrow::Cow,
    collections::{BTreeSet, LinkedList, VecDeque},
    fmt::Write as _,
    rc::Rc,
    sync::Arc,
    time::Duration,
};

#[test]
fn how_it_begins() {
    assert_eq!(Sse::new().to_string(), "retry: 2000\n\n");
    assert_eq!(Sse::default().to_string(), "retry: 2000\n\n");
    assert_eq!(Sse::with_retry(500).to_string(), "retry: 500\n\n");
    assert_eq!(Sse::with_retry(Duration::from_secs(1)).to_string(), "retry: 1000\n\n");
    assert_eq!(Sse::without_retry().to_string(), "");
    assert!(Sse::without_retry().is_empty());
}

#[test]
fn messages() {
    table! {
        "event: tick\ndata: 1\n\n" = |sse| sse.add_message("tick", "1");
        "data: 1\n\n" = |sse| sse.add_data("1");
        "data: 1\n\n" = |sse| sse.add_message("", "1");
        "event: message\ndata: 1\n\n" = |sse| sse.add_message("message", "1");
        "event:  tick \ndata:  1 \n\n" = |sse| sse.add_message(" tick ", " 1 ");
        "event: a\ndata: 1\n\nevent: b\ndata: 2\n\n" = |sse| sse.add_message("a", "1").add_message("b", "2");
        "event: a\u{fffd}data: x\u{fffd}\u{fffd}\ndata: 1\n\n" = |sse| sse.add_message("a\ndata: x\r\n", "1");
        "event: ad\u{fffd}min\ndata: 1\n\n" = |sse| sse.add_message("ad\0min", "1");
        "event: \u{fffd}\ndata: 1\n\n" = |sse| sse.push(&Event::new().event("\0").data("1"));
        "event: a\u{fffd}\ndata: \n\n" = |sse| sse.start_message("a\0").finish();
        "event: a\tb\u{1}\u{7f}\ndata: 1\n\n" = |sse| sse.add_message("a\tb\u{1}\u{7f}", "1");
    }
}

#[test]
fn data_is_split_at_line_ends_only() {
    table! {
        "data: \n\n" = |sse| sse.add_data("");
        "data: \ndata: \n\n" = |sse| sse.add_data("\n");
        "data: a\ndata: \n\n" = |sse| sse.add_data("a\n");
        "data: a\ndata: \ndata: b\n\n" = |sse| sse.add_data("a\n\nb");
        "data: a\ndata: b\ndata: c\ndata: d\n\n" = |sse| sse.add_data("a\rb\nc\r\nd");
        "data: \ndata: \ndata: \n\n" = |sse| sse.add_data("\n\r");
        "data: a\u{b}\u{c}\u{1c}\u{85}\u{2028}\u{2029}b\n\n" = |sse| sse.add_data("a\u{b}\u{c}\u{1c}\u{85}\u{2028}\u{2029}b");
        "data: \u{feff}\0\n\n" = |sse| sse.add_data("\u{feff}\0");
    }
}

#[test]
fn what_data_can_be() {
    table! {
        "data: x\n\n" = |sse| sse.add_data(String::from("x"));
        "data: x\n\n" = |sse| sse.add_data(std::convert::identity(&String::from("x")));
        "data: x\n\n" = |sse| sse.add_data(Cow::Borrowed("x"));
        "data: x\n\n" = |sse| sse.add_data(Box::<str>::from("x"));
        "data: x\n\n" = |sse| sse.add_data(Rc::<str>::from("x"));
        "data: x\n\n" = |sse| sse.add_data(Arc::<str>::from("x"));
        "data: x\n\n" = |sse| sse.add_data('x');
        "data: \ndata: \n\n" = |sse| sse.add_data('\n');
        "data: true\n\n" = |sse| sse.add_data(true);
        "data: 1\n\n" = |sse| sse.add_data(1);
        "data: 1\n\n" = |sse| sse.add_data(1u8);
        "data: -128\n\n" = |sse| sse.add_data(i8::MIN);
        "data: 340282366920938463463374607431768211455\n\n" = |sse| sse.add_data(u128::MAX);
        "data: 1.5\n\n" = |sse| sse.add_data(1.5);
        "data: 1-2\n\n" = |sse| sse.add_data(format_args!("{}-{}", 1, 2));
        "data: plain\n\n" = |sse| sse.add_data(format_args!("plain"));
        "data: a\ndata: b\n\n" = |sse| sse.add_data(format_args!("{}\r{}", "a", "\nb"));
        "data: a\ndata: b\n\n" = |sse| sse.add_data(["a", "b"]);
        "data: a\ndata: b\n\n" = |sse| sse.add_data(&["a", "b"][..]);
        "data: a\ndata: b\n\n" = |sse| sse.add_data(vec!["a", "b"]);
        "data: a\ndata: b\n\n" = |sse| sse.add_data(vec!["a".to_string(), "b".to_string()]);
        "data: a\ndata: b\n\n" = |sse| sse.add_data(VecDeque::from(["a", "b"]));
        "data: a\ndata: b\n\n" = |sse| sse.add_data(LinkedList::from(["a", "b"]));
        "data: a\ndata: b\n\n" = |sse| sse.add_data(BTreeSet::from(["b", "a"]));
        "data: a\ndata: b\ndata: c\n\n" = |sse| sse.add_data(["a\nb", "c"]);
        "data: a\ndata: \ndata: \ndata: b\n\n" = |sse| sse.add_data(["a\r", "\nb"]);
        "data: 1\ndata: 2\n\n" = |sse| sse.add_data([1, 2]);
        "data: a\ndata: b\n\n" = |sse| sse.add_data([["a"], ["b"]]);
        "data: \n\n" = |sse| sse.add_data(Vec::<String>::new());
        "data: \ndata: \n\n" = |sse| sse.add_data(["", ""]);
        "data: a\ndata: b\n\n" = |sse| sse.add_data(b"a\r\nb");
        "data: a\u{fffd}b\n\n" = |sse| sse.add_data(vec![b'a', 0xff, b'b']);
    }
    #[cfg(feature = "std")]
    assert_eq!(wire(|sse| _ = sse.add_data(std::collections::HashSet::from([1]))), "data: 1\n\n");
}

#[test]
fn an_id_travels_with_its_message() {
    table! {
        "id: 7\nevent: tick\ndata: 1\n\n" = |sse| sse.set_event_id(7).add_message("tick", "1");
        "id: 7\ndata: 1\n\ndata: 2\n\n" = |sse| sse.set_event_id("7").add_data("1").add_data("2");
        "id: 0\ndata: 1\n\n" = |sse| sse.set_event_id(0).add_data(1);
        "id: -1\ndata: 1\n\n" = |sse| sse.set_event_id(-1i64).add_data(1);
        "id: é…\ndata: 1\n\n" = |sse| sse.set_event_id(String::from("é…")).add_data(1);
        "id: 2\ndata: 1\n\n" = |sse| sse.set_event_id("1").set_event_id("2").add_data(1);
        "id: \ndata: 1\n\n" = |sse| sse.set_event_id("1").reset_event_id().add_data(1);
        "id: \ndata: 1\n\n" = |sse| sse.set_event_id("").add_data(1);
        "retry: 1\n\n: c\n\nid: 7\ndata: 1\n\n" = |sse| sse.set_event_id(7).set_retry(1).add_comment("c").add_data(1);
        "id: 7\n\n" = |sse| sse.set_event_id(7);
        "data: 1\n\nid: 7\n\n" = |sse| sse.add_data(1).set_event_id(7);
        "id: ?7?8?\n\n" = |sse| sse.set_event_id(" 7\n8\0");
        "id: ?7\t8?\n\n" = |sse| sse.set_event_id("\t7\t8\t");
        "id: ? 7 ?\n\n" = |sse| sse.set_event_id("  7  ");
        "id: ?\n\n" = |sse| sse.set_event_id(" ");
        "id: ?\t?\u{85}\n\n" = |sse| sse.push(&Event::new().id("\u{7f}\t\u{1b}\u{85}"));
    }
}

#[test]
fn an_id_that_is_only_shown_still_waits() {
    let mut sse = Sse::without_retry();
    sse.set_event_id(7);
    assert_eq!(sse.to_string(), "id: 7\n\n");
    assert_eq!(sse.as_bytes(), b"id: 7\n\n");
    sse.add_data(1);
    assert_eq!(sse.to_string(), "id: 7\ndata: 1\n\n");
    // Once it is drained without a message, it is gone.
    sse.set_event_id(8);
    assert_eq!(sse.by_ref().count(), 2);
    assert_eq!(sse.add_data(2).to_string(), "data: 2\n\n");
}

#[test]
fn retries_and_comments() {
    table! {
        "retry: 5000\n\n" = |sse| sse.set_retry(5000);
        "retry: 1\n\n" = |sse| sse.set_retry(Duration::from_micros(1));
        "retry: 2147483647\n\n" = |sse| sse.set_retry(u64::MAX);
        ":\n\n" = |sse| sse.add_comment("");
        ": hello\n: world\n\n" = |sse| sse.add_comment("hello\nworld");
        ": a\n: b\n: \n\n" = |sse| sse.add_comment("a\r\nb\r");
    }
}

#[test]
fn a_message_in_pieces() {
    let mut sse = Sse::without_retry();
    sse.set_event_id(7);
    let mut message = sse.start_message("log");
    for piece in ["a\r", "", "\nb", "\n", "\r", "c"] {
        message.write_str(piece).unwrap();
    }
    message.finish();
    assert_eq!(sse.to_string(), "id: 7\nevent: log\ndata: a\ndata: b\ndata: \ndata: c\n\n");

    let before = sse.set_event_id(8).to_string();
    let mut message = sse.start_message("log");
    message.write_str("never finished").unwrap();
    drop(message);
    assert_eq!(sse.to_string(), before);
    sse.start_message("").finish();
    assert_eq!(sse.to_string(), before.trim_end().to_owned() + "\ndata: \n\n");
}
