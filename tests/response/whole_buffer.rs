//! What an `Sse` has buffered, as the body of a response.

use futures_core::Stream;
use http_body::Body;
use sse_wire::{Sse, response};
use std::{
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

fn buffer() -> Sse {
    let mut sse = Sse::without_retry();
    sse.add_data("1").add_data("2");
    sse
}

#[test]
fn it_is_taken_at_once() {
    let mut sse = buffer();
    assert_eq!(sse.take_bytes(), "data: 1\n\ndata: 2\n\n");
    assert!(sse.is_empty());
    assert_eq!(sse.take_bytes(), "");
}

#[test]
fn it_knows_how_much_is_left() {
    let cx = &mut Context::from_waker(Waker::noop());
    let mut stream = pin!(buffer().into_body());
    assert_eq!(Stream::size_hint(&*stream), (1, Some(1)));
    assert_eq!(Body::size_hint(&*stream).exact(), Some(18));
    assert!(
        matches!(Stream::poll_next(stream.as_mut(), cx), Poll::Ready(Some(Ok(bytes))) if bytes.len() == 18)
    );
    assert_eq!(Stream::size_hint(&*stream), (0, Some(0)));
    assert_eq!(Body::size_hint(&*stream).exact(), Some(0));
    assert!(matches!(Pin::new(&mut *stream).poll_frame(cx), Poll::Ready(None)));
}

#[test]
fn the_headers_are_counted() {
    let mut headers = response::headers().cache_control("no-store");
    for left in (1..=3).rev() {
        assert_eq!((headers.len(), headers.size_hint()), (left, (left, Some(left))));
        assert!(headers.next().is_some());
    }
    assert_eq!((headers.len(), headers.next()), (0, None));
}
