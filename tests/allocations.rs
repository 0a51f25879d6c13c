//! In the steady state nothing is allocated for an event.

mod counting;

use counting::{allocations, peak};
use sse_wire::{Event, Sse};
use std::{fmt::Write as _, hint::black_box, io};

/// After a few rounds, in which buffers grow, a hundred more allocate nothing.
#[track_caller]
fn assert_steady(what: &str, mut round: impl FnMut(u64)) {
    (1_000_000..1_000_010).for_each(&mut round);
    let n = allocations(|| (1_000_000..1_000_100).for_each(&mut round));
    assert_eq!(n, 0, "allocations in 100 rounds of: {what}");
}

#[test]
fn adding_and_writing() {
    let lines = (["y"; 79].concat() + "\n").repeat(820);
    let text = |len: usize| "x".repeat(len);
    let workloads = [
        ("6 B", text(6)),
        ("32 B", text(32)),
        ("1 KiB", text(1 << 10)),
        ("lines", lines),
        ("1 MiB", text(1 << 20)),
    ];
    for (name, data) in &workloads {
        let mut sse = Sse::without_retry();
        assert_steady(name, |i| {
            sse.set_event_id(i).add_message("tick", data);
            sse.write_to(&mut io::sink()).unwrap();
        });
        assert_steady(name, |_| {
            sse.add_data(data);
            black_box(sse.as_bytes());
            sse.flush();
        });
    }
}

#[test]
fn what_needs_no_string() {
    let mut sse = Sse::without_retry();
    let drain = |sse: &mut Sse| sse.write_to(&mut io::sink()).unwrap();
    assert_steady("format_args", |i| {
        sse.add_message("tick", format_args!("{i}\n{:?}", Some(i)));
        drain(&mut sse);
    });
    assert_steady("lists and numbers", |i| {
        sse.add_data([i, i]).add_data(i).add_data(1.5).add_data(true).add_data('x').add_data(["a", "b"]);
        drain(&mut sse);
    });
    assert_steady("a retry, comments, a reset", |i| {
        sse.set_retry(i).add_comment("a\nb").reset_event_id();
        drain(&mut sse);
    });
    assert_steady("what has to be replaced", |_| {
        sse.set_event_id(" \0 ").add_message("a\rb", "c\r\nd");
        drain(&mut sse);
    });
    assert_steady("a message in pieces", |i| {
        let mut message = sse.start_message("log");
        write!(message, "{i}\r").unwrap();
        write!(message, "\n{i}").unwrap();
        message.finish();
        drain(&mut sse);
    });
    #[cfg(feature = "serde")]
    assert_steady("JSON", |i| {
        sse.add_json("tick", &(i, "text", [1.5, 2.5])).unwrap();
        drain(&mut sse);
    });
}

#[test]
fn short_blocks_are_inline() {
    let mut sse = Sse::without_retry();
    assert_steady("chunks", |i| {
        sse.set_event_id(i).add_message("tick", "").add_comment("");
        for chunk in &mut sse {
            black_box(chunk.clone());
        }
    });
    let data = "x".repeat(80);
    assert_steady("events", |i| {
        let event = Event::new().event("tick").id(i).data(&data);
        sse.push(&black_box(event.clone())).push(&event);
        sse.write_to(&mut io::sink()).unwrap();
    });
}

/// A buffer that is filled and drained by turns, and never runs empty, does not grow.
#[test]
fn a_buffer_that_never_runs_empty_does_not_grow() {
    let peak = peak(|| {
        let mut sse = Sse::without_retry();
        for i in 0..100_000u32 {
            sse.set_event_id(i).add_message("tick", i);
            if i >= 10 {
                assert!(sse.next().is_some());
            }
        }
    });
    assert!(peak < 8192, "{peak} bytes for 11 events");
}

#[test]
fn a_long_block_is_handed_over_without_a_copy() {
    let mut sse = Sse::without_retry();
    sse.add_data("x".repeat(1000)).add_data("y".repeat(1000));
    let chunk = sse.next().unwrap();
    assert_eq!(allocations(|| drop(black_box(Vec::from(chunk)))), 0);
    #[cfg(feature = "http")]
    {
        let (chunk, rest) = (sse.clone().next().unwrap(), sse.clone());
        assert!(peak(|| drop(black_box(bytes::Bytes::from(chunk)))) < 100);
        assert!(peak(|| drop(black_box(bytes::Bytes::from(rest)))) < 100);
    }
}
