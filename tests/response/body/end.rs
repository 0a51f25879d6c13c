//! How a body ends, and what its callback is told.

use super::{Handle, ends, frame, poll, tick};
use futures_util::stream;
use http_body::Body as _;
use sse_wire::{
    Event,
    response::{Body, End},
};
use std::{pin::pin, rc::Rc};

#[test]
fn the_end_is_reported_once() {
    let (callback, ends) = self::ends();
    let source = Handle::new();
    {
        let mut body = pin!(Body::without_timer(source.clone()).on_end(callback).batch(0));
        source.put(tick(1));
        source.put(tick(2));
        source.end();
        frame(&mut body);
        assert_eq!(ends(), []);
        assert!(!body.is_end_stream());
        frame(&mut body);
        assert_eq!(poll(&mut body), Some(None));
        assert_eq!(ends(), [End::Finished]);
        assert!(body.is_end_stream());
        assert_eq!(poll(&mut body), Some(None));
    }
    assert_eq!(ends(), [End::Finished]);
}

#[test]
fn the_last_frame_is_known_to_be_the_last() {
    let (callback, ends) = self::ends();
    let mut body = pin!(Body::without_timer(stream::iter([tick(1)])).on_end(callback));
    frame(&mut body);
    assert!(body.is_end_stream(), "the server need not ask again");
    assert_eq!(ends(), [End::Finished]);
}

#[test]
fn a_drop_is_reported_whenever_it_happens() {
    // Before the first poll, while it waits, and before the last frames are taken.
    for polls in 0..3 {
        let (callback, ends) = self::ends();
        let source = Handle::new();
        {
            let mut body = pin!(Body::without_timer(source.clone()).batch(0).on_end(callback));
            if polls > 0 {
                assert_eq!(poll(&mut body), None);
            }
            if polls > 1 {
                source.put(Ok(tick(1)));
                source.put(Err("broken"));
                frame(&mut body);
            }
        }
        assert_eq!(ends(), [End::Dropped], "after {polls} polls");
    }
}

#[test]
fn of_two_callbacks_the_last_counts() {
    let ((first, told_first), (second, told_second)) = (ends(), ends());
    drop(Body::without_timer(stream::pending::<Event>()).on_end(first).on_end(second));
    assert_eq!((told_first(), told_second()), (vec![], vec![End::Dropped]));
}

#[test]
fn head_is_answered_without_a_stream() {
    for method in ["HEAD", "GET"] {
        let (callback, ends) = self::ends();
        let source = Handle::<Event>::new();
        {
            let mut body = pin!(Body::without_timer(source.clone()).method(method).on_end(callback));
            let is_head = method == "HEAD";
            assert_eq!(body.is_end_stream(), is_head);
            assert_eq!(poll(&mut body), is_head.then_some(None));
            assert_eq!(source.polls(), usize::from(!is_head));
            assert_eq!(Rc::strong_count(&source.0), if is_head { 1 } else { 2 });
            assert_eq!(
                http_body::Body::size_hint(&body).exact(),
                None,
                "a length of 0 would be wrong for a GET"
            );
        }
        assert_eq!(ends(), [if method == "HEAD" { End::Finished } else { End::Dropped }]);
    }
    let (callback, ends) = self::ends();
    drop(Body::without_timer(stream::pending::<Event>()).on_end(callback).method(http::Method::HEAD));
    assert_eq!(ends(), [End::Finished], "also if the server drops it");
}
