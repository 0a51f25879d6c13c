//! The bytes on the wire for each call, and the conversions.

use sse_wire::{Chunk, Error, Event, Field, Sse};
use std::{
    borrow::Cow,
    collections::{BTreeSet, HashSet, LinkedList, VecDeque},
    fmt::Write as _,
    hash::{BuildHasher, RandomState},
    rc::Rc,
    sync::Arc,
    time::Duration,
};

/// What `fill` writes into an empty buffer.
fn wire(fill: impl FnOnce(&mut Sse)) -> String {
    let mut sse = Sse::without_retry();
    fill(&mut sse);
    sse.to_string()
}

macro_rules! table {
    ($($wire:literal = |$sse:ident| $calls:expr;)*) => {$(
        assert_eq!(wire(|$sse| { $calls; }), $wire, "{}", stringify!($calls));
    )*};
}

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
fn events() {
    let event = Event::new().event("tick").id(7).retry(5000).comment("c").data("1");
    let block = "event: tick\nid: 7\nretry: 5000\n: c\ndata: 1\n\n";
    assert_eq!(event.to_string(), block);
    assert_eq!(Vec::from(event.clone()), block.as_bytes());
    assert_eq!(String::from(event.clone()), block);
    assert_eq!(format!("{event:?}"), format!("Event({block:?})"));
    table! {
        "event: a\ndata: \n\n" = |sse| sse.push(&Event::new().event("a"));
        "data: 1\ndata: 2\n\n" = |sse| sse.push(&Event::new().data(1).data([2]));
        "" = |sse| sse.push(&Event::new());
        "id: 7\ndata: 1\n\n" = |sse| sse.set_event_id(7).push(&Event::new().data(1));
        "id: 8\ndata: 1\n\n" = |sse| sse.set_event_id(7).push(&Event::new().id(8).data(1));
        "id: 8\n\ndata: 1\n\n" = |sse| sse.set_event_id(7).push(&Event::new().id(8)).add_data(1);
        ": c\n\nid: 7\ndata: 1\n\n" = |sse| sse.set_event_id(7).push(&Event::new().comment("c")).add_data(1);
        "id: 7\ndata: 1\n\n" = |sse| sse.set_event_id(7).push(&Event::new()).add_data(1);
    }
    let events = [Event::new().data(1), Event::new().data(2)];
    assert_eq!(events.iter().collect::<Sse>().to_string(), "data: 1\n\ndata: 2\n\n");
    assert_eq!(events.clone().into_iter().collect::<Sse>().to_string(), "data: 1\n\ndata: 2\n\n");
    let mut sse = Sse::new();
    sse.extend(&events);
    sse.extend(events);
    assert_eq!(sse.to_string(), "retry: 2000\n\ndata: 1\n\ndata: 2\n\ndata: 1\n\ndata: 2\n\n");
}

/// An event may be a key of a set: kept inline or not, what counts is what it sends.
#[test]
fn events_are_equal_if_they_send_the_same() {
    let long = "x".repeat(1000);
    let events = [Event::new(), Event::new().data(1), Event::new().data(2), Event::new().data(&*long)];
    for (i, one) in events.iter().enumerate() {
        for (j, other) in events.iter().enumerate() {
            assert_eq!(one == other, i == j, "{one:?} {other:?}");
        }
    }
    let built = [Event::new(), Event::new().data(1), Event::new().data(2), Event::new().data(long)];
    let hasher = RandomState::new();
    assert!(events.iter().zip(&built).all(|(one, other)| hasher.hash_one(one) == hasher.hash_one(other)));
    assert_eq!(events.iter().map(|event| hasher.hash_one(event)).collect::<HashSet<_>>().len(), 4);
}

#[test]
fn events_are_checked_on_demand() {
    assert!(Event::new().try_event("a\n").is_err());
    assert!(Event::new().try_event("a\0").is_err());
    assert!(Event::new().try_id("7\t").is_err());
    assert!(Event::new().try_id("7\t8").is_ok());
    assert!(Event::new().try_id(" 7").is_err());
    assert!(Event::new().try_data([0xffu8]).is_err());
    let event = || -> Result<Event, Error> { Event::new().try_event("a")?.try_id("7")?.try_data("1") };
    assert_eq!(event().unwrap().to_string(), "event: a\nid: 7\ndata: 1\n\n");
}

/// The field, the character and the position that an error names.
fn fault<T>(result: Result<T, Error>) -> (Field, char, usize) {
    match result.err().expect("an error") {
        Error::Character { field, character, position, .. } => (field, character, position),
        error => panic!("{error}"),
    }
}

#[test]
fn checked_methods_name_the_fault_and_change_nothing() {
    let mut sse = Sse::without_retry();
    sse.set_event_id(7);
    let before = "id: 7\n\n";
    assert_eq!(fault(sse.try_add_message("é\nx\r", "1")), (Field::EventType, '\n', 2));
    assert_eq!(fault(sse.try_start_message("\r")), (Field::EventType, '\r', 0));
    assert_eq!(fault(sse.try_start_message("ad\0min")), (Field::EventType, '\0', 2));
    assert_eq!(fault(sse.try_add_message("a long event type \0", "1")), (Field::EventType, '\0', 18));
    assert_eq!(fault(sse.try_set_event_id("a\0")), (Field::EventId, '\0', 1));
    assert_eq!(fault(sse.try_set_event_id("a ")), (Field::EventId, ' ', 1));
    assert_eq!(fault(sse.try_set_event_id("\ta")), (Field::EventId, '\t', 0));
    assert_eq!(fault(sse.try_set_event_id("a\tb\t")), (Field::EventId, '\t', 3));
    assert_eq!(fault(sse.try_set_event_id(String::from(" a"))), (Field::EventId, ' ', 0));

    struct Failing;
    impl std::fmt::Display for Failing {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("half\nan event")?;
            Err(std::fmt::Error)
        }
    }
    assert!(matches!(sse.try_add_data(format_args!("{Failing}")), Err(Error::Format)));
    let error = sse.try_add_message("tick", ["a\n".as_bytes(), b"b\xff"]).err().unwrap();
    assert_eq!(error.to_string(), "the data is not UTF-8: the first invalid sequence begins at byte 1");
    assert_eq!(sse.to_string(), before);

    sse.add_data(format_args!("{Failing}"));
    assert_eq!(sse.to_string(), "id: 7\ndata: half\ndata: an event\u{fffd}\n\n");
    sse.flush();
    assert!(sse.try_set_event_id(7).and_then(|sse| sse.try_add_message("tick", "1")).is_ok());
    assert_eq!(sse.to_string(), "id: 7\nevent: tick\ndata: 1\n\n");
}

#[test]
fn what_an_error_says() {
    let event = |text| Event::new().try_event(text).unwrap_err().to_string();
    let id = |text| Event::new().try_id(text).unwrap_err().to_string();
    assert_eq!(
        event("a\r"),
        "the event type contains U+000D (carriage return) at byte 1: a line end or NUL cannot be part of one"
    );
    assert_eq!(
        event("\0"),
        "the event type contains U+0000 (NUL) at byte 0: a line end or NUL cannot be part of one"
    );
    for (text, what) in [
        (" 7", "U+0020 (a leading space) at byte 0"),
        ("7 ", "U+0020 (a trailing space) at byte 1"),
        ("\t7", "U+0009 (a leading tab) at byte 0"),
        ("\t", "U+0009 (a leading tab) at byte 0"),
        ("7\t8\t", "U+0009 (a trailing tab) at byte 3"),
        ("\u{1b}", "U+001B (a control character) at byte 0"),
        ("7\n", "U+000A (line feed) at byte 1"),
    ] {
        let reason = "a client could not send it back unchanged in a Last-Event-ID header";
        assert_eq!(id(text), format!("the event ID contains {what}: {reason}"));
    }
}

#[test]
fn a_display_that_panics_leaves_no_half_event() {
    struct Panicking;
    impl std::fmt::Display for Panicking {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("half\n")?;
            std::panic::resume_unwind(Box::new(()))
        }
    }
    let mut sse = Sse::without_retry();
    sse.set_event_id(7);
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        sse.add_message("tick", format_args!("{Panicking}"));
    }));
    assert!(panic.is_err());
    assert_eq!(sse.to_string(), "id: 7\n\n");
    assert_eq!(sse.add_data(1).to_string(), "id: 7\ndata: 1\n\n");
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

#[test]
fn draining() {
    let mut sse = Sse::new();
    sse.add_message("tick", "1").add_message("tick", "2");
    assert_eq!(sse.size_hint(), (3, Some(3)));
    let mut body = Vec::new();
    for chunk in &mut sse {
        body.push(chunk);
    }
    assert_eq!(body, ["retry: 2000\n\n", "event: tick\ndata: 1\n\n", "event: tick\ndata: 2\n\n"]);
    assert!(sse.is_empty());
    assert_eq!(sse.next(), None);
    assert_eq!(sse.to_string(), "");

    sse.add_data(1).add_data(2);
    assert_eq!(sse.next().unwrap().to_string(), "data: 1\n\n");
    assert_eq!(sse.add_data(3).to_string(), "data: 2\n\ndata: 3\n\n");
    sse.flush();
    assert!(sse.is_empty());
}

#[test]
fn flush_spares_the_rest_of_a_block_that_has_begun_and_clear_does_not() {
    let mut sse = Sse::without_retry();
    sse.add_data("1").add_data("2").set_event_id(3);
    sse.advance("data: 1\n\nda".len());
    sse.flush();
    assert_eq!(sse.add_data("4").to_string(), "ta: 2\n\ndata: 4\n\n");
    sse.clear();
    assert_eq!(sse.add_data("5").to_string(), "data: 5\n\n");

    // An ID of which a byte has been sent no longer waits for a message.
    sse.clear();
    sse.set_event_id(7).advance(1);
    assert_eq!(sse.add_data("1").to_string(), "d: 7\n\ndata: 1\n\n");
}

#[test]
fn a_chunk_equals_its_bytes_and_its_text() {
    let chunk = Sse::without_retry().add_data(1).next().unwrap();
    let text = "data: 1\n\n";
    assert!(chunk == *text && chunk == text && chunk == *text.as_bytes() && chunk == text.as_bytes());
    assert!(chunk == b"data: 1\n\n" && chunk == text.as_bytes().to_vec());
    let other = "data: 2\n\n";
    assert!(chunk != *other && chunk != other && chunk != *other.as_bytes() && chunk != other.as_bytes());
    assert!(chunk != b"data: 2\n\n" && chunk != other.as_bytes().to_vec());
}

#[test]
fn a_cut_inside_a_character_is_shown_lossily_and_kept_exactly() {
    let mut sse = Sse::without_retry();
    sse.add_data("é");
    sse.advance("data: ".len() + 1);
    assert_eq!(sse.to_string(), "\u{fffd}\n\n");
    assert_eq!(sse.as_bytes(), b"\xa9\n\n");
    assert_eq!(String::from(sse.clone()), "\u{fffd}\n\n");
    assert_eq!(Vec::from(sse.clone()), b"\xa9\n\n");
    let chunk = sse.next().unwrap();
    assert_eq!(chunk, b"\xa9\n\n");
    assert_eq!(chunk.to_string(), "\u{fffd}\n\n");
}

#[test]
fn chunks() {
    let mut sse = Sse::without_retry();
    sse.add_data("x".repeat(1000)).add_data("short");
    let chunks: Vec<Chunk> = sse.collect();
    assert_eq!(chunks[0].len(), "data: \n\n".len() + 1000);
    assert_eq!(chunks[0], *format!("data: {}\n\n", "x".repeat(1000)));
    assert_eq!(format!("{:?}", chunks[1]), r#"Chunk("data: short\n\n")"#);
    assert_eq!(Vec::from(chunks[1].clone()), b"data: short\n\n");
    assert_eq!(AsRef::<[u8]>::as_ref(&chunks[1]), chunks[1].as_bytes());
}

#[test]
fn all_of_it_can_go_to_another_thread() {
    fn check<T: Send + Sync + 'static>() {}
    check::<Sse>();
    check::<Event>();
    check::<Chunk>();
    check::<Error>();
}

#[cfg(feature = "std")]
#[test]
fn readers() {
    use std::io::Read as _;
    let mut sse = Sse::new();
    sse.add_data("é");
    sse.advance(1);
    let mut read = String::new();
    sse.into_reader().read_to_string(&mut read).unwrap();
    assert_eq!(read, "etry: 2000\n\ndata: é\n\n");
}

#[cfg(feature = "json")]
#[test]
fn json() {
    use serde_json::value::RawValue;
    let raw = RawValue::from_string("{\"a\":\r\n [1,\n2]}".into()).unwrap();
    table! {
        "event: tick\ndata: [1,\"a\\nb\"]\n\n" = |sse| sse.add_json("tick", &(1, "a\nb")).unwrap();
        "data: {\"a\":\ndata:  [1,\ndata: 2]}\n\n" = |sse| sse.add_json("", &raw).unwrap();
        "data: null\n\n" = |sse| sse.push(&Event::new().json(&()).unwrap());
    }
    let unserializable = std::collections::HashMap::from([((1, 2), 3)]);
    let mut sse = Sse::without_retry();
    sse.set_event_id(7);
    let error = sse.add_json("tick", &("half", unserializable)).err().unwrap();
    assert_eq!(error.to_string(), "the data could not be written as JSON");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "key must be a string");
    assert_eq!(fault(sse.add_json("a\n", &1)), (Field::EventType, '\n', 1));
    assert_eq!(sse.to_string(), "id: 7\n\n");
}

#[cfg(feature = "http")]
#[test]
fn bodies() {
    use bytes::Bytes;
    use http_body::Body as _;
    use std::{
        pin::pin,
        task::{Context, Poll, Waker},
    };
    let mut context = Context::from_waker(Waker::noop());
    let mut sse = Sse::new();
    sse.add_data(1).advance(1);
    let all = Bytes::from("etry: 2000\n\ndata: 1\n\n");
    assert_eq!(Bytes::from(sse.clone()), all);
    assert_eq!(Bytes::from(sse.clone().next().unwrap()), all.slice(..12));
    assert_eq!(Bytes::from(Event::new().data(1)), all.slice(12..));

    let mut body = pin!(sse.clone().into_body());
    assert_eq!((body.is_end_stream(), body.size_hint().exact()), (false, Some(all.len() as u64)));
    let Poll::Ready(Some(Ok(frame))) = body.as_mut().poll_frame(&mut context) else { panic!("no frame") };
    assert_eq!(frame.into_data().unwrap(), all);
    assert!(body.is_end_stream());
    assert!(matches!(body.poll_frame(&mut context), Poll::Ready(None)));
    assert!(Sse::without_retry().into_body().is_end_stream());

    let mut stream = pin!(sse.into_body());
    assert_eq!(futures_core::Stream::poll_next(stream.as_mut(), &mut context), Poll::Ready(Some(Ok(all))));
    assert_eq!(futures_core::Stream::poll_next(stream.as_mut(), &mut context), Poll::Ready(None));
}

/// The calls that the crate promises, as they are written, without a warning.
#[cfg(feature = "std")]
mod promised {
    #![deny(warnings)]

    use sse_wire::{Event, Sse};
    use std::io::{self, Write};

    #[test]
    fn calls() -> Result<(), Box<dyn std::error::Error>> {
        let mut resp = Vec::new();
        let resp: &mut dyn Write = &mut resp;

        let mut sse = Sse::with_retry(500);
        sse.set_retry(5000);
        sse.set_event_id("7");
        sse.set_event_id(7);
        sse.reset_event_id();
        sse.add_message("tick", "1");
        sse.add_data("1");
        sse.add_comment("hello\nworld");
        sse.try_add_message("tick", "1")?;
        sse.try_set_event_id("7")?;
        sse.push(&Event::new().event("tick").id(7).retry(5000).comment("c").data("1"));
        #[allow(clippy::uninlined_format_args)]
        write!(resp, "{}", sse)?;
        sse.as_bytes();
        let _: bool = sse.is_empty();
        sse.flush();
        for chunk in &mut sse {
            resp.write_all(&chunk)?
        }
        sse.write_to(resp)?;
        Ok(())
    }

    #[test]
    fn names_do_not_collide_with_those_of_io() -> io::Result<()> {
        #[allow(unused_imports)]
        use std::{
            fmt::Write as _,
            io::{BufRead as _, Read as _, Seek as _},
        };
        fn by_reference(sse: &mut Sse) -> bool {
            sse.add_data(1).flush();
            sse.is_empty()
        }
        assert!(by_reference(&mut Sse::new()));
        let mut two = String::new();
        Sse::new().into_reader().take(2).read_to_string(&mut two)?;
        assert_eq!(two, "re");
        assert_eq!(Sse::new().take(2).count(), 1);
        Ok(())
    }
}
