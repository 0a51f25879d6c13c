//! Counts memory: nothing is allocated for each event, and no input makes the decoder hold more than the limit and a
//! constant.

use crate::counting::{allocations, live, peak};
use sse_wire::{Decoder, IncomingRef, Input};

fn feed(decoder: &mut Decoder, chunk: &[u8]) -> (usize, usize) {
    let (mut messages, mut too_large) = (0, 0);
    let mut input = Input::new(chunk);
    while let Some(incoming) = decoder.next(&mut input) {
        match incoming {
            Ok(IncomingRef::Message(_)) => messages += 1,
            Ok(_) => {}
            Err(_) => too_large += 1,
        }
    }
    (messages, too_large)
}

#[test]
fn an_event_costs_no_allocation() {
    let line = |len| "x".repeat(len);
    for event in [
        "data: 123456\n\n".to_string(),
        "event: tick\nid: 123456\ndata: 12345678901234567890123456789012\n\n".to_string(),
        format!("id: 1\nevent: tick\n: a comment\nretry: 5\ndata: {}\n\n", line(1024)),
        format!("data: {}\n", line(80)).repeat(800) + "\n",
        format!("data: {}\r\n\r\n", line(1 << 20)),
        "event: événement\nid: é\ndata: ……\n\n".to_string(),
        "event: ?\nid: ?\n: ?\ndata: ???? ???? ????\n\n".to_string(),
    ] {
        for size in [1, 64, 1460, 16 << 10, usize::MAX] {
            let mut decoder = Decoder::new().comments(true).retries(true);
            // There is no invalid UTF-8 in a String.
            let stream = event.repeat(((64 << 10) / event.len()).clamp(2, 2000)).into_bytes();
            let stream: Vec<_> = stream.into_iter().map(|b| if b == b'?' { 0xff } else { b }).collect();
            let mut seen = 0;
            let mut read = || {
                stream.chunks(size.min(stream.len())).for_each(|chunk| {
                    seen += feed(&mut decoder, chunk).0;
                })
            };
            read();
            assert_eq!(allocations(&mut read), 0, "{:?}… in chunks of {size}", &event[..20]);
            assert_eq!(seen, 2 * stream.len() / event.len());
        }
    }
}

/// A source that returns this many bytes in each call.
#[cfg(feature = "std")]
struct Pieces<'s>(&'s [u8], usize);

#[cfg(feature = "std")]
impl std::io::Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let len = self.1.min(buffer.len());
        self.0.read(&mut buffer[..len])
    }
}

#[cfg(feature = "std")]
#[test]
fn a_small_owned_message_costs_no_allocation_and_a_larger_one_costs_one() {
    let line = |len| "x".repeat(len);
    for (event, expected) in [
        ("data: 123456\n\n".to_string(), 0),
        (format!("event: tick\nid: 1234567\ndata: {}\n\n", line(32)), 0),
        (format!("data: {}\ndata: é\n\n", line(40)), 0),
        (format!("data: {}\n\n", line(48)), 0),
        (format!("data: {}\n\n", line(49)), 1),
        (format!("id: 1\ndata: {}\n\n", line(41)), 1),
        (format!("event: tick\nid: 1234567\ndata: {}\n\n", line(1024)), 1),
        (format!("data: {}\n", line(80)).repeat(800) + "\n", 1),
        (format!("event: tick\nid: 1234567\ndata: {}\n\n", line(300_000)), 1),
        (format!("data: {}\n\n", line(1 << 20)), 1),
    ] {
        for size in [64, 1460, 16 << 10] {
            // Enough pieces for an event to be cut in each of its fields.
            let small = "event: tick\nid: 1234567\ndata: 1\n\n";
            let (first, half) = (40 * size / small.len(), (40 * size / event.len()).max(20));
            let stream = small.repeat(first) + "id\ndata\n\n" + &event.repeat(2 * half);
            let mut messages = sse_wire::MessageReader::new(Pieces(stream.as_bytes(), size));
            let mut read = |count| messages.by_ref().take(count).for_each(|message| drop(message.unwrap()));
            read(first + 1 + half);
            let counted = allocations(|| read(half));
            assert_eq!(
                counted,
                half * expected,
                "{:?}… of {} in pieces of {size}",
                &event[..20],
                event.len()
            );
        }
    }
}

/// The memory of a message is bounded by its own size, whatever preceded it and however it was cut.
#[cfg(feature = "std")]
#[test]
fn a_held_message_holds_little_more_than_it_needs() {
    let event = |len: usize| format!("data: {}\n\n", "x".repeat(len));
    for (len, before) in [
        (10, 1 << 20),
        (1000, 1 << 20),
        (5000, 0),
        (9000, 1 << 20),
        (100_000, 110_000),
        (300_000, 1 << 20),
        (1 << 20, 0),
    ] {
        for size in [100, 1460, 16 << 10] {
            let stream = event(before) + &event(len).repeat(20);
            let mut messages = sse_wire::MessageReader::new(Pieces(stream.as_bytes(), size));
            assert_eq!(messages.next().unwrap().unwrap().data().len(), before);
            let mut held = Vec::with_capacity(20);
            held.extend(messages.by_ref().map(Result::unwrap));
            assert_eq!(held.len(), 20);
            let before_drop = live();
            drop(held);
            let freed = (before_drop - live()) as usize - 20 * size_of::<sse_wire::MessageEvent>();
            assert!(
                freed <= 20 * (len + len / 4),
                "{freed} bytes for 20 messages of {len} in pieces of {size}"
            );
        }
    }
}

const LIMIT: usize = 64 << 10;
/// What a decoder may hold beyond the limit.
const CONSTANT: usize = 16 << 10;

/// Feeds `start`, and then `chunk` up to 5 MB (a million of the smallest `data` fields), and checks all the time that
/// the decoder stays within the limit.
fn endless(start: &str, chunk: &[u8], options: fn(Decoder) -> Decoder) -> (usize, usize) {
    let mut decoder = options(Decoder::new().max_event_size(LIMIT));
    let (mut messages, mut too_large) = (0, 0);
    let most = peak(|| {
        feed(&mut decoder, start.as_bytes());
        for _ in 0..5_000_000 / chunk.len() {
            let seen = feed(&mut decoder, chunk);
            (messages, too_large) = (messages + seen.0, too_large + seen.1);
        }
        // And it continues to read.
        assert_eq!(feed(&mut decoder, b"\n\ndata: 1\n\n").0, 1);
    });
    assert!(most <= LIMIT + CONSTANT, "{most} bytes for {start:?}, {:?}", &chunk[..chunk.len().min(20)]);
    (messages, too_large)
}

#[test]
fn endless_lines_and_events_stay_within_the_limit() {
    let all: fn(Decoder) -> Decoder = |decoder| decoder.comments(true).retries(true);
    let none: fn(Decoder) -> Decoder = |decoder| decoder;
    for (options, is_all) in [(all, true), (none, false)] {
        for len in [5, 64 << 10] {
            let fill = vec![b'x'; len];
            // A line without an end, wherever a line can be.
            for start in [
                "",
                "data",
                "data: ",
                "event: ",
                "id: ",
                "retry: ",
                ":",
                ": ",
                "\u{feff}",
                "x: ",
                "data: 1\nid: ",
            ] {
                // An unwanted comment is not an event.
                let too_large = usize::from(!start.starts_with(':') || is_all);
                assert_eq!(endless(start, &fill, options), (0, too_large), "{start:?}");
            }
            assert_eq!(endless("data: ", &vec![0xff; len], options), (0, 1));
            assert_eq!(endless("data: ", &vec![0; len], options), (0, 1));
        }
        // An event without an end, of tiny fields.
        for line in
            ["data\n", "data:\r\n", "x\n", "id\n", "id: 1\n", "event: a\r", "retry: 1\n", "data: 12345\n"]
        {
            let seen = endless("", line.repeat(300).as_bytes(), options);
            assert_eq!(seen, (0, 1), "{line:?}");
        }
        // What does not become part of an event may go on forever.
        for line in [":\n", ": keep-alive\r\n", "\n", "event: a\n\n", "id: 1\n\n", "retry: 1\n\n"] {
            assert_eq!(endless("", line.repeat(300).as_bytes(), options).1, 0, "{line:?}");
        }
    }
}

/// Each field as large as possible, one after the other: nothing of one event is kept for the next, except the
/// last event ID and the data buffer's capacity.
#[test]
fn large_fields_do_not_add_up() {
    let fill = "x".repeat(LIMIT - 20);
    let mut decoder = Decoder::new().max_event_size(LIMIT).comments(true);
    let stream = format!(
        "event: {fill}\n\nid: {fill}\ndata\n\nid\ndata\n\ndata: {fill}\n\n:{fill}\n\nfoo: {fill}\n\n"
    )
    .repeat(3);
    for size in [1000, 16 << 10, stream.len()] {
        let most = peak(|| {
            for chunk in stream.as_bytes().chunks(size) {
                assert_eq!(feed(&mut decoder, chunk).1, 0);
            }
        });
        assert!(most <= 3 * LIMIT + CONSTANT, "{most} bytes in chunks of {size}");
    }
    assert_eq!(decoder.last_event_id(), "");
}

/// U+FFFD is three bytes. Whatever it replaces, in however many fields, the limit also applies to the copy.
#[test]
fn replacing_invalid_bytes_is_bounded() {
    let bad = |len| vec![0xff; len];
    let third = bad(LIMIT / 3 - 20);
    for (stream, fits) in [
        ([b"data:", &third[..], b"\n\n"].concat(), true),
        ([b":", &third[..], b"\n\n"].concat(), true),
        ([b":", &bad(LIMIT - 20)[..], b"\n\n"].concat(), false),
        ([b":", &b"\xffx".repeat(LIMIT / 2 - 20)[..], b"\n\n"].concat(), false),
        ([b"data:", &bad(LIMIT - 20)[..], b"\n\n"].concat(), false),
        ([b"data:", &third[..], b"\nevent:", &third, b"\n\n"].concat(), false),
        ([b"data:", &third[..], b"\nid:", &third, b"\n\n"].concat(), false),
        ([b"id:", &third[..], b"\nevent:", &third, b"\ndata\n\n"].concat(), false),
        // As large as it may be: in the stream, in the buffers, and in the copy.
        ([b"event:", &b"x".repeat(LIMIT - 20)[..], b"\xff\ndata\n\n"].concat(), true),
    ] {
        for size in [100, stream.len()] {
            let mut decoder = Decoder::new().max_event_size(LIMIT).comments(true);
            let mut too_large = 0;
            let most = peak(|| {
                let filled = vec![b'x'; LIMIT - 20];
                for part in [b"data:", &filled[..], b"\n\n"] {
                    feed(&mut decoder, part);
                }
                drop(filled);
                for chunk in stream.chunks(size) {
                    too_large += feed(&mut decoder, chunk).1;
                }
            });
            assert_eq!(too_large, usize::from(!fits));
            assert!(most <= 3 * LIMIT + CONSTANT, "{most} bytes in chunks of {size}");
        }
    }
}

/// A long ID is shared by the owned messages that carry it, so that a tiny event stays cheap.
#[cfg(feature = "std")]
#[test]
fn a_long_id_is_not_copied_into_each_message() {
    let stream = format!("id: {}\ndata\n\n", "x".repeat(LIMIT)) + &"data\n\n".repeat(1000);
    let most = peak(|| {
        let messages: Vec<_> = sse_wire::MessageReader::new(stream.as_bytes()).map(Result::unwrap).collect();
        assert_eq!(messages.len(), 1001);
        assert!(messages.iter().all(|message| message.last_event_id().len() == LIMIT));
    });
    // A copy for each would be 64 MB.
    assert!(most < 1 << 20, "{most} bytes");
}

/// The reader shares a long ID only while messages carry it.
#[cfg(feature = "std")]
#[test]
fn a_long_id_goes_with_the_next_short_one() {
    let filled = "x".repeat(LIMIT);
    let stream = format!("id: {filled}\ndata\n\nid: 1\ndata\n\n");
    let mut messages = sse_wire::MessageReader::new(stream.as_bytes());
    assert_eq!(messages.by_ref().count(), 2);
    // What is freed here and not with its decoder is what the reader held besides: its buffer, of 20 KiB.
    let mut decoder = None;
    let mut block = Vec::new();
    let grown = peak(|| {
        decoder = Some(messages.into_decoder());
        block = vec![1u8; LIMIT];
    });
    assert!(grown >= LIMIT - (20 << 10), "{grown} bytes: the reader held {}", LIMIT - grown);
}
