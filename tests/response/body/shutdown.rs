//! How a body ends in a shutdown: what it still sends, and when.

use super::{Broken, Clock, Count, Handle, SECOND, ends, frame, poll, poll_with, text, tick};
use bytes::Bytes;
use futures_core::Stream;
use futures_util::stream;
use http_body::Body as _;
use sse_wire::{
    Event,
    response::{Body, End, KeepAlive, Shutdown},
};
use std::{
    pin::{Pin, pin},
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

#[test]
fn a_body_is_under_several_shutdowns_and_the_first_ends_it() {
    let farewell = |text| Shutdown::builder().farewell(Event::new().comment(text)).build();
    for first in 0..2 {
        let handles = [farewell("the server stops"), farewell("logged out")];
        let waker = Arc::new(Count::default());
        let body =
            Body::without_timer(stream::pending::<Event>()).shutdown(&handles[0]).shutdown(&handles[1]);
        // Given twice, it counts once.
        let mut body = Box::pin(body.shutdown(&handles[0]));
        assert_eq!(poll_with(&mut body.as_mut(), &waker.clone().into()), None);
        assert_eq!(handles.each_ref().map(Shutdown::streams), [1, 1]);
        handles[first].begin();
        assert_eq!(waker.get(), 1);
        assert_eq!(frame(&mut body.as_mut()), [": the server stops\n\n", ": logged out\n\n"][first]);
        assert_eq!(poll(&mut body.as_mut()), Some(None));
        assert!(!handles[first].wait_timeout(Duration::ZERO));
        drop(body);
        assert_eq!(handles.each_ref().map(Shutdown::streams), [0, 0]);
        assert!(handles[first].wait_timeout(Duration::ZERO));
        assert!(!handles[1 - first].wait_timeout(Duration::ZERO), "it has not begun");
    }
}

#[test]
fn a_session_may_end_during_the_drain_of_its_server() {
    let farewell = |text| Shutdown::builder().farewell(Event::new().comment(text)).build();
    let (server, session) = (farewell("the server stops"), farewell("logged out"));
    let clock = Clock::default();
    let body = Body::with_timer(stream::pending::<Event>(), clock.timer());
    let mut body = pin!(body.shutdown(&server).shutdown(&session));
    server.begin_within(3600 * SECOND);
    assert_eq!(poll(&mut body), None);
    session.begin();
    assert_eq!(frame(&mut body), ": logged out\n\n");
    assert_eq!(poll(&mut body), Some(None));
}

#[test]
fn shutdown_wakes_a_body_and_ends_it() {
    let shutdown = Shutdown::builder().farewell(Event::new().event("bye")).retry(2000..=2000).build();
    let (callback, ends) = self::ends();
    let source = Handle::new();
    let waker = Arc::new(Count::default());
    let mut body = pin!(Body::without_timer(source.clone()).shutdown(&shutdown).on_end(callback));
    assert_eq!(poll_with(&mut body, &waker.clone().into()), None);
    assert!(!shutdown.has_begun());
    source.put(tick(1));

    shutdown.begin();
    assert!(shutdown.has_begun());
    assert_eq!(waker.get(), 1);
    assert_eq!(frame(&mut body), text([tick(1)]), "what was ready is not lost");
    assert_eq!(frame(&mut body), "event: bye\ndata: \n\nretry: 2000\n\n");
    assert!(body.is_end_stream());
    assert_eq!(ends(), [End::ShutDown]);
    assert_eq!(Rc::strong_count(&source.0), 1, "the source is dropped");
}

#[test]
fn shutdown_ends_a_source_that_always_has_more() {
    let shutdown = Shutdown::new();
    let mut body = pin!(Body::without_timer(stream::repeat_with(|| tick(1))).shutdown(&shutdown));
    shutdown.begin();
    let mut bytes = 0;
    while let Some(Some(Ok(frame))) = poll(&mut body) {
        assert!(frame.len() <= 16 * 1024);
        bytes += frame.len();
    }
    assert!((1 << 20..(1 << 20) + 16 * 1024).contains(&bytes), "{bytes} bytes");
}

#[test]
fn shutdown_loses_nothing_that_is_ready() {
    let all = text((0..1000).map(|n| Event::new().data(format_args!("{n:0>100}"))));
    for (batch, time) in [(0, 0), (16 * 1024, 0), (usize::MAX, 0), (0, 1), (16 * 1024, 1)] {
        let shutdown = Shutdown::builder().farewell(Event::new().comment("bye")).build();
        let (clock, source) = (Clock::default(), Handle::new());
        let body = Body::with_timer(source.clone(), clock.timer()).batch(batch).shutdown(&shutdown);
        let mut body = pin!(body);
        shutdown.begin_within(time * 3600 * SECOND);
        if time > 0 {
            assert_eq!(poll(&mut body), None);
            clock.pass(time * 3600 * SECOND);
        }
        for n in 0..1000 {
            source.put(Event::new().data(format_args!("{n:0>100}")));
        }
        let mut sent = Vec::new();
        while let Some(Some(Ok(frame))) = poll(&mut body) {
            sent.extend(frame);
        }
        assert!(sent == (all.clone() + ": bye\n\n").into_bytes(), "batch({batch}) within {time} h");
    }
}

#[test]
fn a_source_that_fails_in_a_shutdown_has_last_words_too() {
    for clean in [true, false] {
        let (callback, ends) = self::ends();
        let shutdown = Shutdown::builder().farewell(Event::new().comment("bye")).build();
        shutdown.begin();
        let hook = move |error| if clean { Ok(()) } else { Err(error) };
        let body = Body::without_timer(stream::iter([Err::<Event, _>(Broken(1))]));
        let mut body = pin!(body.shutdown(&shutdown).on_error(hook).on_end(callback));
        if clean {
            assert_eq!(frame(&mut body), ": bye\n\n");
        } else {
            assert_eq!(poll_with(&mut body, Waker::noop()), None);
            assert_eq!(poll(&mut body), Some(Some(Err(Broken(1)))));
        }
        assert_eq!(poll(&mut body), Some(None));
        assert_eq!(ends(), [End::Failed]);
    }
}

#[test]
fn no_timer_is_asked_for_more_than_the_clock_has() {
    let timer = |duration| {
        assert_ne!(duration, Duration::MAX);
        std::future::pending::<()>()
    };
    let shutdown = Shutdown::new();
    let source = Handle::<Event>::new();
    let keep_alive = KeepAlive::every(Duration::MAX);
    let body = Body::with_timer(source.clone(), timer).keep_alive(keep_alive).shutdown(&shutdown);
    let mut body = pin!(body);
    let endless = Body::without_timer(source.clone()).shutdown(&shutdown);
    let mut endless = pin!(endless);
    assert_eq!(poll(&mut body), None);
    shutdown.begin_within(Duration::MAX);
    assert_eq!((poll(&mut body), poll(&mut endless)), (None, None), "there is no deadline");
    source.end();
    assert_eq!((poll(&mut body), poll(&mut endless)), (Some(None), Some(None)));
}

#[test]
fn shutdown_without_last_words_only_ends() {
    let shutdown = Shutdown::new();
    shutdown.begin();
    let mut body = pin!(Body::without_timer(stream::pending::<Event>()).shutdown(&shutdown));
    assert_eq!(poll(&mut body), Some(None), "also a body that comes later");
}

#[test]
fn a_source_may_end_in_its_own_way_until_the_deadline() {
    let hour = 3600 * SECOND;
    let shutdown = Shutdown::builder().farewell(Event::new().comment("bye")).build();
    let clock = Clock::default();
    let (source, late) = (Handle::new(), Handle::<Event>::new());
    let mut body = pin!(Body::with_timer(source.clone(), clock.timer()).shutdown(&shutdown));
    let mut late_body = pin!(Body::with_timer(late.clone(), clock.timer()).shutdown(&shutdown));
    let mut begun = pin!(shutdown.begun());
    let mut cx = Context::from_waker(Waker::noop());
    assert_eq!(begun.as_mut().poll(&mut cx), Poll::Pending);
    assert_eq!((poll(&mut body), poll(&mut late_body)), (None, None));

    shutdown.begin_within(hour);
    assert_eq!(begun.as_mut().poll(&mut cx), Poll::Ready(()));
    assert_eq!((poll(&mut body), poll(&mut late_body)), (None, None));
    for _ in 0..3 {
        clock.pass(15 * SECOND);
        assert_eq!((frame(&mut body), frame(&mut late_body)), (":\n\n".into(), ":\n\n".into()));
        assert_eq!((poll(&mut body), poll(&mut late_body)), (None, None), "it goes on as before");
    }
    source.put(tick(1));
    assert_eq!(frame(&mut body), text([tick(1)]));
    source.put(tick(2));
    source.end();
    assert_eq!(frame(&mut body), text([tick(2)]));
    assert_eq!(frame(&mut body), ": bye\n\n");

    clock.pass(hour);
    assert_eq!(frame(&mut late_body), ": bye\n\n", "ends regardless");
    assert_eq!(poll(&mut late_body), Some(None));
}

#[test]
fn the_time_may_be_shortened_but_not_prolonged() {
    let hour = 3600 * SECOND;
    for last in [Duration::ZERO, hour / 2] {
        let shutdown = Shutdown::new();
        let clock = Clock::default();
        let waker = Arc::new(Count::default());
        let mut body = pin!(Body::with_timer(stream::pending::<Event>(), clock.timer()).shutdown(&shutdown));
        let mut now = || poll_with(&mut body, &waker.clone().into());
        assert_eq!(now(), None);
        shutdown.begin_within(Duration::MAX);
        assert_eq!(now(), None);
        shutdown.begin_within(hour);
        assert_eq!(now(), None);
        shutdown.begin_within(Duration::MAX);
        assert_eq!(waker.get(), 2);
        shutdown.begin_within(last);
        assert_eq!(waker.get(), 3);
        if !last.is_zero() {
            assert_eq!(now(), None);
            clock.pass(last);
        }
        assert_eq!(now(), None, "the source gets another turn");
        assert_eq!(now(), Some(None));
    }
}

/// Bytes that end inside a block are closed if they are sent between the events of a source.
#[test]
fn what_is_added_is_whole_blocks() {
    let torn = |text: &'static str| Bytes::from_static(text.as_bytes());
    let ping = KeepAlive::every(SECOND).computed(move || torn("data: ping"));
    let mut body =
        pin!(Body::with_timer(stream::pending::<Event>(), |_| std::future::ready(())).keep_alive(ping));
    assert_eq!(frame(&mut body), "data: ping\n\n");

    let shutdown = Shutdown::builder().farewell(torn("data: bye\r\n")).retry(5..=5).build();
    shutdown.begin();
    let mut body = pin!(Body::without_timer(stream::empty::<Event>()).shutdown(&shutdown));
    assert_eq!(frame(&mut body), "data: bye\r\n\nretry: 5\n\n");

    let source = stream::iter([Err::<Event, _>("gone")]);
    let mut body = pin!(Body::without_timer(source).on_error(move |_| Ok(torn("data: sorry"))));
    assert_eq!(frame(&mut body), "data: sorry\n\n");
}

/// A tokio channel occasionally says that nothing is ready, so that other tasks get their turn.
#[test]
fn a_shutdown_believes_a_source_that_has_nothing_only_the_second_time() {
    struct Shy(u32);
    impl Stream for Shy {
        type Item = Event;

        fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
            self.0 += 1;
            match self.0 {
                1000.. => Poll::Pending,
                n if n % 100 == 0 => {
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }
                n => Poll::Ready(Some(tick(n))),
            }
        }
    }
    let shutdown = Shutdown::new();
    shutdown.begin();
    let mut body = pin!(Body::without_timer(Shy(0)).shutdown(&shutdown));
    let mut sent = String::new();
    while let Some(Some(Ok(frame))) = poll(&mut body) {
        sent.push_str(core::str::from_utf8(&frame).unwrap());
    }
    assert_eq!(sent, text((1..1000).filter(|n| n % 100 != 0).map(tick)));
}

#[test]
fn a_source_that_ends_in_time_is_ended_by_the_shutdown() {
    let (callback, ends) = self::ends();
    let shutdown = Shutdown::new();
    shutdown.begin_within(Duration::MAX);
    let mut body = pin!(Body::without_timer(stream::iter([tick(1)])).shutdown(&shutdown).on_end(callback));
    assert_eq!(frame(&mut body), text([tick(1)]));
    assert_eq!(poll(&mut body), Some(None));
    assert_eq!(ends(), [End::ShutDown]);
}

/// The whole range, both ends included, and evenly.
#[test]
fn reconnection_times_are_spread_over_the_range() {
    let shutdown = Shutdown::builder().retry(5..=6).build();
    shutdown.begin();
    let times: Vec<String> = (0..100)
        .map(|_| frame(&mut pin!(Body::without_timer(stream::empty::<Event>()).shutdown(&shutdown))))
        .collect();
    for time in ["retry: 5\n\n", "retry: 6\n\n"] {
        let count = times.iter().filter(|text| *text == time).count();
        assert!((40..=60).contains(&count), "{count} times {time:?}");
    }
}

#[test]
fn a_future_wakes_the_task_that_polled_it_last_and_forgets_it_when_dropped() {
    let shutdown = Shutdown::new();
    let [first, second] = [(); 2].map(|()| Arc::new(Count::default()));
    let [begun, finished] = [(); 2].map(|()| Arc::new(Count::default()));
    {
        let (mut begins, mut finishes) = (pin!(shutdown.begun()), pin!(shutdown.finished()));
        for waker in [&first, &second] {
            let waker = waker.clone().into();
            let cx = &mut Context::from_waker(&waker);
            assert!(begins.as_mut().poll(cx).is_pending() && finishes.as_mut().poll(cx).is_pending());
        }
        let other: [Pin<Box<dyn Future<Output = ()>>>; 2] =
            [Box::pin(shutdown.begun()), Box::pin(shutdown.finished())];
        for (mut future, waker) in other.into_iter().zip([&begun, &finished]) {
            assert!(future.as_mut().poll(&mut Context::from_waker(&waker.clone().into())).is_pending());
            assert!(Arc::strong_count(waker) > 1);
        }
        assert_eq!([&begun, &finished].map(Arc::strong_count), [1, 1], "a dropped future is not woken");
        shutdown.begin();
        assert_eq!((first.get(), second.get()), (0, 2));
    }
    assert_eq!([&first, &second].map(Arc::strong_count), [1, 1]);
}

#[test]
fn a_thread_can_wait_for_the_last_stream() {
    let shutdown = Shutdown::new();
    let body = Body::without_timer(stream::pending::<Event>()).shutdown(&shutdown);
    let waits = [Duration::MAX, Duration::from_secs(3600)].map(|time| {
        let shutdown = shutdown.clone();
        std::thread::spawn(move || shutdown.wait_timeout(time))
    });
    shutdown.begin();
    assert!(!shutdown.wait_timeout(Duration::from_nanos(1)));
    drop(body);
    assert!(waits.into_iter().all(|wait| wait.join().unwrap()));
}
