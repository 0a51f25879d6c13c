//! What interrupts a silence, and when.

use super::{Clock, Count, Handle, SECOND, YEAR, ends, frame, poll, poll_with, text, tick};
use bytes::Bytes;
use futures_util::stream;
use sse_wire::{
    Event,
    response::{Body, End, KeepAlive, Shutdown},
};
use std::{
    cell::{Cell, RefCell},
    pin::pin,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

#[test]
fn a_keep_alive_may_take_decades_but_is_never_added_to_a_time_that_overflows() {
    let asked = Rc::new(Cell::new(None));
    for (interval, expected) in [(30 * YEAR, Some(30 * YEAR)), (Duration::MAX, None)] {
        asked.set(None);
        let seen = asked.clone();
        let timer = move |time: Duration| {
            seen.set(Some(time));
            std::future::pending::<()>()
        };
        let source = Handle::<Event>::new();
        let mut body = pin!(Body::with_timer(source, timer).keep_alive(KeepAlive::every(interval)));
        assert_eq!(poll(&mut body), None);
        assert_eq!(asked.get(), expected);
    }
}

#[test]
fn nothing_goes_between_two_halves_of_an_event() {
    let (callback, ends) = self::ends();
    let shutdown = Shutdown::builder().farewell(Event::new().comment("bye")).build();
    let (clock, source) = (Clock::default(), Handle::new());
    let body = Body::with_timer(source.clone(), clock.timer()).shutdown(&shutdown).on_end(callback);
    let mut body = pin!(body);
    let pieces =
        ["id: 1\nevent: delta\ndata: {\"text\":", " \"hi\"}\n", "\n", "data: 2\r\n\r", "\n", ": 3\r"];
    for (piece, ends_a_block) in pieces.into_iter().zip([false, false, true, true, true, false]) {
        source.put(Bytes::from(piece));
        assert_eq!(frame(&mut body), piece);
        assert_eq!(poll(&mut body), None);
        clock.pass(15 * SECOND);
        let now = poll(&mut body).map(|frame| frame.unwrap().unwrap());
        assert_eq!(now, ends_a_block.then_some(":\n\n".into()), "after {piece:?}");
    }
    // There is no farewell inside a block either, and a torn block is not made to look whole.
    shutdown.begin();
    assert_eq!(poll(&mut body), Some(None));
    assert_eq!(ends(), [End::ShutDown]);
}

/// As on a target without a clock, where std's clock panics: only the timer moves the body.
#[test]
fn the_timer_alone_keeps_the_time() {
    let asked = Rc::new(RefCell::new(Vec::new()));
    let timer = {
        let asked = asked.clone();
        move |time: Duration| {
            asked.borrow_mut().push(time);
            std::future::ready(())
        }
    };
    let shutdown = Shutdown::new();
    let body = Body::with_timer(stream::pending::<Event>(), timer).shutdown(&shutdown);
    let mut body = pin!(body.keep_alive(KeepAlive::every(SECOND)));
    assert_eq!(frame(&mut body), ":\n\n");
    assert_eq!(frame(&mut body), ":\n\n");
    shutdown.begin();
    assert_eq!(poll(&mut body), Some(None));
    assert_eq!(*asked.borrow(), [SECOND, SECOND]);
}

#[test]
fn only_silence_is_interrupted() {
    let (clock, source) = (Clock::default(), Handle::new());
    let mut body = pin!(Body::with_timer(source.clone(), clock.timer()));
    for _ in 0..3 {
        assert_eq!(poll(&mut body), None);
        clock.pass(14 * SECOND);
        assert_eq!(poll(&mut body), None);
        source.put(tick(1));
        assert_eq!(frame(&mut body), text([tick(1)]));
    }
    for _ in 0..3 {
        assert_eq!(poll(&mut body), None);
        clock.pass(15 * SECOND - Duration::from_nanos(1));
        assert_eq!(poll(&mut body), None);
        clock.pass(Duration::from_nanos(1));
        assert_eq!(frame(&mut body), ":\n\n");
    }
}

#[test]
fn any_message_keeps_alive() {
    let counter = Arc::new(AtomicUsize::new(0));
    let computed = {
        let counter = counter.clone();
        move || match counter.fetch_add(1, Ordering::Relaxed) {
            0 => Event::new(),
            n => Event::new().event("ping").data(n),
        }
    };
    let every = || KeepAlive::every(SECOND);
    for (keep_alive, expected) in [
        (every(), ":\n\n"),
        (every().without_blank_line(), ":\n"),
        (every().without_blank_line().comment("ping"), ": ping\n"),
        (every().comment("ping").without_blank_line(), ": ping\n"),
        (every().comment("two\nlines").without_blank_line(), ": two\n: lines\n"),
        (every().event(Event::new().event("ping")).without_blank_line(), "event: ping\ndata: \n\n"),
        (every().comment("still\nhere"), ": still\n: here\n\n"),
        (every().event(Event::new().event("ping")), "event: ping\ndata: \n\n"),
        (every().computed(computed), "event: ping\ndata: 1\n\n"),
    ] {
        let clock = Clock::default();
        let mut body =
            pin!(Body::with_timer(stream::pending::<Event>(), clock.timer()).keep_alive(keep_alive.clone()));
        assert_eq!(poll(&mut body), None);
        clock.pass(SECOND);
        let mut now = poll(&mut body);
        if now.is_none() {
            // The computed message was empty: the silence continues.
            assert_eq!(poll(&mut body), None);
            clock.pass(SECOND);
            now = poll(&mut body);
        }
        assert_eq!(now.unwrap().unwrap().unwrap(), expected, "{keep_alive:?}");
    }
    for off in [KeepAlive::off(), KeepAlive::every(Duration::ZERO)] {
        let clock = Clock::default();
        let mut body = pin!(Body::with_timer(stream::pending::<Event>(), clock.timer()).keep_alive(off));
        assert_eq!(poll(&mut body), None);
        clock.pass(1_000_000 * SECOND);
        assert_eq!(poll(&mut body), None);
    }
}

#[test]
fn an_empty_keep_alive_and_a_hasty_timer_do_not_keep_the_thread() {
    let waker = Arc::new(Count::default());
    let keep_alive = KeepAlive::default().computed(Event::new);
    let hasty = |_: Duration| std::future::ready(());
    let mut body = pin!(Body::with_timer(stream::pending::<Event>(), hasty).keep_alive(keep_alive));
    assert_eq!(poll_with(&mut body, &waker.clone().into()), None);
    assert_eq!(waker.get(), 1);
}
