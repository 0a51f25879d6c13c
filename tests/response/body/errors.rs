//! Errors of the source.

use super::{Broken, Count, Handle, ends, frame, poll, poll_with, text, tick};
use bytes::Bytes;
use futures_util::stream;
use http_body::Body as _;
use sse_wire::{
    Event,
    response::{Body, End, Shutdown},
};
use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Waker,
};

#[test]
fn an_error_ends_the_body_as_the_hook_says() {
    for clean in [true, false] {
        let (callback, ends) = self::ends();
        let source = Handle::new();
        let seen = Arc::new(AtomicUsize::new(0));
        let saw = seen.clone();
        let hook = move |Broken(n)| {
            saw.store(n as usize, Ordering::Relaxed);
            if clean { Ok(()) } else { Err(Broken(n + 1)) }
        };
        let mut body = pin!(Body::without_timer(source.clone()).on_error(hook).on_end(callback));
        source.put(Ok(tick(1)));
        source.put(Err(Broken(7)));
        source.put(Ok(tick(2)));
        assert_eq!(frame(&mut body), text([tick(1)]), "what was ready goes first");
        assert_eq!(seen.load(Ordering::Relaxed), 7);
        assert_eq!(body.is_end_stream(), clean);
        if !clean {
            assert_eq!(
                poll_with(&mut body, Waker::noop()),
                None,
                "a moment in which the server writes what it has"
            );
            assert_eq!(poll(&mut body), Some(Some(Err(Broken(8)))));
        }
        assert_eq!(poll(&mut body), Some(None));
        assert_eq!(ends(), [End::Failed]);
        assert_eq!(source.polls(), 2);
    }
}

#[test]
fn a_failed_body_has_failed_also_if_it_is_dropped() {
    let (callback, ends) = self::ends();
    {
        let body = Body::without_timer(stream::iter([Err::<Event, _>(Broken(1))])).on_end(callback);
        let mut body = pin!(body);
        assert_eq!(poll_with(&mut body, Waker::noop()), None, "the server has time to write");
    }
    assert_eq!(ends(), [End::Failed]);
}

#[test]
fn without_a_hook_an_error_fails_the_body() {
    let mut body = pin!(Body::without_timer(stream::iter([Err::<Event, _>(Broken(1))])));
    let waker = Arc::new(Count::default());
    assert_eq!(poll_with(&mut body, &waker.clone().into()), None);
    assert_eq!(waker.get(), 1);
    assert_eq!(poll(&mut body), Some(Some(Err(Broken(1)))));
    assert_eq!(poll(&mut body), Some(None));
}

#[test]
fn last_events_tell_the_client_of_an_error() {
    let shutdown = Shutdown::builder().farewell(Event::new().comment("bye")).build();
    for (is_shut_down, cut) in [(false, false), (true, false), (false, true), (true, true)] {
        if is_shut_down {
            shutdown.begin();
        }
        let (callback, ends) = self::ends();
        let source = Handle::new();
        source.put(Ok(Bytes::from(if cut { "data: 1\ndata" } else { "data: 1\n\n" })));
        source.put(Err(Broken(7)));
        let body = Body::without_timer(source).shutdown(&shutdown).on_end(callback);
        let mut body = pin!(body.on_error(|Broken(n)| Ok(Event::new().event("error").data(n))));
        let mut sent = Vec::new();
        while let Some(Some(Ok(frame))) = poll(&mut body) {
            sent.extend(frame);
        }
        let sent = String::from_utf8(sent).unwrap();
        match (is_shut_down, cut) {
            (_, true) => assert_eq!(sent, "data: 1\ndata"),
            (false, false) => assert_eq!(sent, "data: 1\n\nevent: error\ndata: 7\n\n"),
            (true, false) => assert_eq!(sent, "data: 1\n\nevent: error\ndata: 7\n\n: bye\n\n"),
        }
        assert_eq!(ends(), [End::Failed]);
    }
}

#[test]
fn a_hook_may_depend_on_a_condition() {
    struct Answer<S> {
        body: Body<S, sse_wire::response::NoTimer>,
    }
    for is_watched in [false, true] {
        let (callback, ends) = self::ends();
        let mut body: Body<_, sse_wire::response::NoTimer> = Body::without_timer(stream::pending::<Event>());
        if is_watched {
            body = body.on_end(callback);
        }
        // No bounds are needed to hold it.
        fn unwrap<S>(answer: Answer<S>) -> Body<S, sse_wire::response::NoTimer> {
            answer.body
        }
        drop(unwrap(Answer { body }));
        assert_eq!(ends().len(), usize::from(is_watched));
    }
}
