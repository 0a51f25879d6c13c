//! What is refused, and what an error says and leaves.

use super::fault;
use sse_wire::{Error, Event, Field, Sse};

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
