//! A shutdown of many streams: who waits for it, who is woken, and how clients spread.

use super::{Count, frame, poll, poll_with};
use futures_util::stream;
use sse_wire::{
    Event,
    response::{Body, Shutdown},
};
use std::{
    ops::RangeInclusive,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Wake, Waker},
    time::Duration,
};

#[test]
fn shutdown_finishes_when_all_bodies_are_gone() {
    let shutdown = Shutdown::new();
    let waker = Arc::new(Count::default());
    let mut finished = pin!(shutdown.finished());
    let done = |finished: &mut Pin<&mut sse_wire::response::Finished>| {
        finished.as_mut().poll(&mut Context::from_waker(&waker.clone().into())).is_ready()
    };
    assert!(!done(&mut finished), "not before it has begun");
    let body = || Body::without_timer(stream::pending::<Event>()).shutdown(&shutdown);
    let (a, b) = (body(), body());
    assert_eq!(shutdown.streams(), 2);
    shutdown.begin();
    assert!(!done(&mut finished));
    drop(a);
    assert!(!done(&mut finished));
    assert_eq!(waker.get(), 0);
    assert!(!shutdown.wait_timeout(Duration::ZERO));
    drop(b);
    assert_eq!(waker.get(), 1);
    assert!(done(&mut finished));
    assert!(shutdown.wait_timeout(Duration::ZERO));
    assert_eq!(shutdown.streams(), 0);
}

#[test]
fn a_thread_can_wait_for_the_end() {
    let shutdown = Shutdown::new();
    let body = Body::without_timer(stream::pending::<Event>()).shutdown(&shutdown);
    shutdown.begin();
    let waiting = std::thread::spawn({
        let shutdown = shutdown.clone();
        move || shutdown.wait_timeout(Duration::MAX)
    });
    drop(body);
    assert!(waiting.join().unwrap());
}

#[test]
fn whoever_already_waits_for_the_end_is_woken_by_a_shutdown_without_streams() {
    let shutdown = Shutdown::new();
    let waker = Arc::new(Count::default());
    let mut finished = pin!(shutdown.finished());
    assert!(finished.as_mut().poll(&mut Context::from_waker(&waker.clone().into())).is_pending());
    shutdown.begin();
    assert_eq!(waker.get(), 1);
    assert!(finished.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
}

#[test]
fn a_shutdown_finishes_after_the_last_callback() {
    let shutdown = Shutdown::new();
    let (tell, told) = std::sync::mpsc::channel();
    let seen = shutdown.clone();
    let body = Body::without_timer(stream::pending::<Event>())
        .shutdown(&shutdown)
        .on_end(move |_| tell.send((seen.streams(), seen.wait_timeout(Duration::ZERO))).unwrap());
    shutdown.begin();
    drop(body);
    assert_eq!(told.try_recv(), Ok((1, false)));
    assert!(shutdown.wait_timeout(Duration::ZERO));
}

#[test]
fn clients_reconnect_spread_over_the_range() {
    const CLIENTS: u32 = 1000;
    let (start, end) = (1000, 11_000);
    let shutdown = Shutdown::builder()
        .retry(Duration::from_millis(start.into())..=Duration::from_millis(end.into()))
        .build();
    shutdown.begin();
    let mut retries: Vec<u32> = (0..CLIENTS)
        .map(|_| {
            let mut body = pin!(Body::without_timer(stream::pending::<Event>()).shutdown(&shutdown));
            let frame = frame(&mut body);
            frame.strip_prefix("retry: ").unwrap().strip_suffix("\n\n").unwrap().parse().unwrap()
        })
        .collect();
    retries.sort();
    assert!(retries[0] >= start && *retries.last().unwrap() <= end);
    // Evenly: no tenth of the range has many more or fewer than a tenth of the clients.
    for tenth in 0..10 {
        let from = start + tenth * (end - start) / 10;
        let there = retries.iter().filter(|retry| (from..from + (end - start) / 10).contains(retry)).count();
        assert!((90..=110).contains(&there), "{there} clients come back from {from} ms on");
    }
}

#[test]
fn a_range_of_one_or_the_wrong_way_round_is_fine() {
    for (range, allowed) in
        [(7..=7, 7..=7), (RangeInclusive::new(9, 7), 7..=9), (0..=u64::MAX, 0..=i32::MAX as u64)]
    {
        let shutdown = Shutdown::builder().retry(range).build();
        shutdown.begin();
        let mut body = pin!(Body::without_timer(stream::pending::<Event>()).shutdown(&shutdown));
        let retry: u64 = frame(&mut body)[7..].trim_end().parse().unwrap();
        assert!(allowed.contains(&retry));
    }
}

#[test]
fn ten_thousand_bodies_share_a_handle() {
    let shutdown = Shutdown::new();
    let waker = Arc::new(Count::default());
    let mut bodies: Vec<_> = (0..10_000)
        .map(|_| Box::pin(Body::without_timer(stream::pending::<Event>()).shutdown(&shutdown)))
        .collect();
    for body in &mut bodies {
        // A body that moves to another task is woken through that task.
        poll(&mut body.as_mut());
        poll_with(&mut body.as_mut(), &waker.clone().into());
    }
    bodies.truncate(5_000);
    shutdown.begin();
    assert_eq!(waker.get(), 5_000, "each that is still there, once");
    for body in &mut bodies {
        assert_eq!(poll(&mut body.as_mut()), Some(None));
    }
}

/// Dropping the last waker of a task drops what the task owns, which may be another body.
#[test]
fn a_waker_may_own_a_body() {
    struct Owner {
        _body: Box<dyn Send + Sync>,
    }
    impl Wake for Owner {
        fn wake(self: Arc<Self>) {}
    }
    let shutdown = Shutdown::new();
    let body = || Box::pin(Body::without_timer(stream::pending::<Event>()).shutdown(&shutdown));
    let owner = || Waker::from(Arc::new(Owner { _body: Box::new(body()) }));

    let mut replaced = body();
    poll_with(&mut replaced.as_mut(), &owner());
    poll(&mut replaced.as_mut());
    let mut dropped = body();
    poll_with(&mut dropped.as_mut(), &owner());
    drop(dropped);
    let mut begun = shutdown.begun();
    assert!(Pin::new(&mut begun).poll(&mut Context::from_waker(&owner())).is_pending());
    drop(begun);
    assert_eq!(shutdown.streams(), 1);
}
