//! What goes into one frame.

use super::{Count, Handle, frame, poll, poll_with, text, tick};
use bytes::Bytes;
use futures_core::Stream;
use futures_util::stream;
use sse_wire::{
    Event, Sse,
    response::{Body, Shutdown},
};
use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

#[test]
fn what_is_ready_goes_into_one_frame() {
    let source = Handle::new();
    let mut body = pin!(Body::without_timer(source.clone()));
    assert_eq!(poll(&mut body), None);
    source.put(tick(1));
    source.put(Event::new());
    source.put(tick(2));
    assert_eq!(frame(&mut body), text([tick(1), tick(2)]));
    assert_eq!(poll(&mut body), None);
    source.put(tick(3));
    assert_eq!(frame(&mut body), text([tick(3)]));
}

#[test]
fn a_burst_of_small_events_is_a_few_frames() {
    let all = text((0..1000).map(tick));
    let mut body = pin!(Body::without_timer(stream::iter((0..1000).map(tick))));
    let mut frames = Vec::new();
    while let Some(Some(Ok(frame))) = poll(&mut body) {
        frames.push(frame);
    }
    assert_eq!(frames.len(), all.len().div_ceil(16 * 1024 - 32), "{} bytes", all.len());
    assert_eq!(frames.concat(), all.as_bytes());
}

#[test]
fn the_size_of_a_frame_can_be_set() {
    let two = text([tick(1), tick(2)]).len();
    for (limit, expected) in [(0, [1; 5].as_slice()), (1, &[1; 5]), (two, &[2, 2, 1]), (two + 1, &[2, 2, 1])]
    {
        let mut body = pin!(Body::without_timer(stream::iter((1..6).map(tick))).batch(limit));
        let mut frames = Vec::new();
        while let Some(Some(Ok(frame))) = poll(&mut body) {
            frames.push(frame.iter().filter(|byte| **byte == b':').count() / 2);
        }
        assert_eq!(frames, expected, "{limit} bytes");
    }
}

#[test]
fn a_poll_returns_whatever_the_size_of_a_frame() {
    let mut body = pin!(Body::without_timer(stream::repeat_with(|| tick(1))).batch(usize::MAX));
    for _ in 0..2 {
        assert!(frame(&mut body).len() <= 1 << 20);
    }
}

#[test]
fn bytes_that_are_alone_or_large_are_not_copied() {
    let small = Bytes::from(vec![b'\n'; 10]);
    let large = Bytes::from(vec![b'\n'; 100_000]);
    let items = [small.clone(), large.clone(), small.clone()];
    let mut body = pin!(Body::without_timer(stream::iter(items)));
    for expected in [&small, &large, &small] {
        let frame = poll(&mut body).unwrap().unwrap().unwrap();
        assert_eq!(frame, expected);
        assert_eq!(frame.as_ptr(), expected.as_ptr());
    }
    assert_eq!(poll(&mut body), Some(None));
}

#[test]
fn a_buffer_and_encoded_bytes_are_items_too() {
    let mut sse = Sse::with_retry(5);
    sse.add_message("tick", "1");
    let shown = sse.to_string();
    let mut body = pin!(Body::without_timer(stream::iter([sse])));
    assert_eq!(frame(&mut body), shown);

    let mut sse = Sse::new();
    sse.add_data("1");
    let chunks: Vec<_> = sse.collect();
    let mut body = pin!(Body::without_timer(stream::iter(chunks)));
    assert_eq!(frame(&mut body), "retry: 2000\n\ndata: 1\n\n");

    let mut body = pin!(Body::without_timer(stream::iter([Ok::<_, ()>(Bytes::from(tick(1)))])));
    assert_eq!(frame(&mut body), "id: 1\ndata: 1\n\n");
}

#[test]
fn empty_items_do_not_keep_the_thread() {
    let waker = Arc::new(Count::default());
    let mut body = pin!(Body::without_timer(stream::repeat_with(Event::new)));
    assert_eq!(poll_with(&mut body, &waker.clone().into()), None);
    assert_eq!(waker.get(), 1, "it goes on when others had their turn");
}

#[test]
fn it_is_a_stream_of_bytes() {
    let mut body = pin!(Body::without_timer(stream::iter([tick(1)])));
    let next = body.as_mut().poll_next(&mut Context::from_waker(Waker::noop()));
    assert_eq!(next, Poll::Ready(Some(Ok(tick(1).into()))));
    assert_eq!(body.as_mut().poll_next(&mut Context::from_waker(Waker::noop())), Poll::Ready(None));
}

#[test]
fn a_body_is_as_sendable_as_what_it_is_made_of() {
    fn check<T: Send + Sync + 'static>(_: &T) {}
    let body = Body::without_timer(stream::iter([tick(1)])).shutdown(&Shutdown::new()).on_end(|_| ());
    check(&body);
    check(&Shutdown::new());
}

#[test]
fn events_may_be_borrowed() {
    let events = [tick(1), tick(2)];
    let mut buffers = [Sse::without_retry(), Sse::without_retry()];
    for (buffer, event) in buffers.iter_mut().zip(&events) {
        buffer.push(event);
    }
    for limit in [0, 1024] {
        let mut body = pin!(Body::without_timer(stream::iter(&events)).batch(limit));
        let mut sent = frame(&mut body);
        while let Some(Some(Ok(more))) = poll(&mut body) {
            sent.push_str(core::str::from_utf8(&more).unwrap());
        }
        assert_eq!(sent, text(events.clone()));
    }
    let mut body = pin!(Body::without_timer(stream::iter(&mut buffers)).batch(0));
    assert_eq!([frame(&mut body), frame(&mut body)].concat(), text(events));
    assert_eq!(poll(&mut body), Some(None));
}
