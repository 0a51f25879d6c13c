//! In the steady state, nothing is allocated for an event.

use crate::counting::{allocations, peak};
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
    #[cfg(feature = "json")]
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

/// A buffer that is alternately filled and drained, and never runs empty, does not grow.
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

/// A body's frame is its only allocation, whatever is in it.
#[cfg(feature = "http")]
#[test]
fn a_body_allocates_its_frames() {
    use futures_core::Stream;
    use sse_wire::response::{Body, KeepAlive, Shutdown};
    use std::{
        pin::{Pin, pin},
        task::{Context, Poll, Waker},
        time::Duration,
    };

    /// Yields `batch` items, then waits until the body has to wait as well, and so on.
    struct Source<F>(F, usize, usize);

    impl<T, F: FnMut() -> T + Unpin> Stream for Source<F> {
        type Item = T;

        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<T>> {
            let Source(make, batch, polls) = &mut *self;
            *polls += 1;
            // The first wait sends the frame; at the second there is none.
            if *polls % (*batch + 2) < 2 { Poll::Pending } else { Poll::Ready(Some(make())) }
        }
    }

    #[track_caller]
    fn check<T: sse_wire::response::Item<Error: std::fmt::Debug>>(
        what: &str,
        batch: usize,
        make: impl FnMut() -> T + Unpin,
        expected: usize,
    ) {
        const FRAMES: usize = 100;
        let mut cx = Context::from_waker(Waker::noop());
        let timer = |_: Duration| std::future::pending::<()>();
        let body = Body::with_timer(Source(make, batch, 0), timer);
        let mut body = pin!(body.shutdown(&Shutdown::new()).keep_alive(KeepAlive::default()));
        let mut round = || {
            let mut frames = 0;
            while frames < FRAMES {
                if let Poll::Ready(frame) = body.as_mut().poll_next(&mut cx) {
                    black_box(frame.unwrap().unwrap());
                    frames += 1;
                }
            }
        };
        round();
        assert_eq!(allocations(round), expected * FRAMES, "{what}");
    }

    let event = |data: &str| Event::new().event("tick").id(1).data(data);
    check("one event a frame", 1, || event("1"), 1);
    let block = bytes::Bytes::from(event("1"));
    check("encoded bytes, one a frame", 1, || block.clone(), 0);
    // The first event by itself, then the buffer, and what `Bytes` needs to share a buffer with spare capacity.
    for batch in [2, 10, 100] {
        check("a batch", batch, || event("1"), 2 + usize::from(batch == 2));
    }
    check("a batch of encoded bytes", 100, || block.clone(), 1);
}

/// The blocking writer writes from two buffers in turn.
#[test]
fn a_writer_allocates_nothing() {
    use sse_wire::response::{self, Framing, Sender};

    /// A client that gets the next events when it has taken the last.
    struct Client {
        sender: Option<Sender>,
        rounds: u32,
    }

    impl io::Write for Client {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if let Some(sender) = &self.sender
                && !bytes.is_empty()
            {
                for n in 0..10 {
                    sender.send(Event::new().event("tick").id(n).data("1")).unwrap();
                }
                self.rounds -= 1;
                if self.rounds == 0 {
                    self.sender = None;
                }
            }
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let run = |rounds| {
        let (sender, driver) = response::writer(Framing::Chunked);
        allocations(|| _ = driver.run(Client { sender: Some(sender), rounds }).unwrap())
    };
    assert_eq!(run(10), run(1000));
}
