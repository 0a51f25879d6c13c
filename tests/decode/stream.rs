//! `MessageStream` over chunks of any type, and over a source that fails.

use crate::engines::Chunks;
use futures_core::Stream;
use sse_wire::{Decoder, MessageEvent, MessageStream, ReadError};
use std::{
    cell::Cell,
    convert::Infallible,
    error::Error,
    fmt,
    marker::PhantomPinned,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

type BoxError = Box<dyn Error + Send + Sync>;

fn all<C: AsRef<[u8]>, E: Into<BoxError>>(chunks: Vec<Result<C, E>>) -> Vec<Result<String, ReadError>> {
    let decoder = Decoder::new().max_event_size(13);
    let stream = MessageStream::with_decoder(decoder, Chunks::new(chunks.into_iter()));
    drain(stream.dispatch_unfinished(true))
}

fn drain<S>(mut stream: S) -> Vec<Result<String, ReadError>>
where
    S: Stream<Item = Result<MessageEvent, ReadError>> + Unpin,
{
    let mut context = Context::from_waker(Waker::noop());
    let mut seen = Vec::new();
    loop {
        match Pin::new(&mut stream).poll_next(&mut context) {
            Poll::Ready(Some(message)) => seen.push(message.map(|message| message.into_data())),
            Poll::Ready(None) => return seen,
            Poll::Pending => {}
        }
    }
}

#[test]
fn a_source_that_may_not_move_is_pinned_by_its_user() {
    struct Pinned(Cell<Option<&'static str>>, PhantomPinned);

    impl Stream for Pinned {
        type Item = Result<&'static str, Infallible>;

        fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            Poll::Ready(self.0.take().map(Ok))
        }
    }

    let mut stream = pin!(MessageStream::new(Pinned(Cell::new(Some("data: 1\n\n")), PhantomPinned)));
    let mut context = Context::from_waker(Waker::noop());
    let Poll::Ready(Some(Ok(message))) = stream.as_mut().poll_next(&mut context) else {
        panic!("there is a message");
    };
    assert_eq!(message.data(), "1");
    assert_eq!(stream.as_mut().get_pin_mut().0.take(), None);
    assert!(matches!(stream.poll_next(&mut context), Poll::Ready(None)));
}

#[test]
fn the_source_is_within_reach() {
    let chunks = [Ok::<_, Infallible>("data: 1\n\n"), Ok("data: skipped\n\n"), Ok("data: 2\n\n")];
    let mut stream = MessageStream::new(Chunks::new(chunks.into_iter()));
    let mut context = Context::from_waker(Waker::noop());
    let mut next = |stream: &mut MessageStream<_, _>| loop {
        if let Poll::Ready(message) = Pin::new(&mut *stream).poll_next(&mut context) {
            break message.map(|message| message.unwrap().into_data());
        }
    };
    assert_eq!(next(&mut stream).as_deref(), Some("1"));
    assert_eq!(stream.get_ref().chunks.len(), 2);
    stream.get_mut().chunks.next();
    assert_eq!(Pin::new(&mut stream).get_pin_mut().chunks.len(), 1);
    assert_eq!(next(&mut stream).as_deref(), Some("2"));
    assert_eq!(next(&mut stream), None);
    assert_eq!(stream.into_decoder().unfinished(), 0);
}

#[test]
fn chunks_can_be_any_bytes() {
    let chunks = ["data: 1\n\nda", "ta: 2\n", "\n:"];
    fn data(seen: Vec<Result<String, ReadError>>) -> Vec<String> {
        seen.into_iter().map(Result::unwrap).collect()
    }
    let slices: Vec<Result<&[u8], Infallible>> = chunks.iter().map(|chunk| Ok(chunk.as_bytes())).collect();
    assert_eq!(data(all(slices)), ["1", "2"]);
    let vecs: Vec<Result<Vec<u8>, Infallible>> =
        chunks.iter().map(|chunk| Ok(chunk.as_bytes().to_vec())).collect();
    assert_eq!(data(all(vecs)), ["1", "2"]);
    let strings: Vec<Result<String, Infallible>> = chunks.iter().map(|chunk| Ok(chunk.to_string())).collect();
    assert_eq!(data(all(strings)), ["1", "2"]);
    #[cfg(feature = "http")]
    {
        let bytes: Vec<Result<bytes::Bytes, Infallible>> =
            chunks.iter().map(|chunk| Ok(bytes::Bytes::from_static(chunk.as_bytes()))).collect();
        assert_eq!(data(all(bytes)), ["1", "2"]);
    }
}

#[derive(Debug, PartialEq)]
struct Broken(Option<fmt::Error>);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the cable is cut")
    }
}

impl Error for Broken {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.as_ref().map(|error| error as _)
    }
}

fn shown(seen: Vec<Result<String, ReadError>>) -> Vec<String> {
    seen.into_iter().map(|item| item.unwrap_or_else(|error| error.to_string())).collect()
}

#[test]
fn an_error_of_the_source_loses_nothing() {
    let chunks = vec![Ok("data: 1"), Err(Broken(None)), Ok("2\n\ndata: 4567890\n\n"), Ok("data: 3\n\n")];
    let too_large = "an event was skipped after 14 bytes, because it is larger than 13 bytes";
    assert_eq!(shown(all(chunks)), ["the cable is cut", "12", too_large, "3"]);
}

#[test]
fn what_an_error_of_the_source_cut_off_is_not_dispatched() {
    let broken = || Err(Broken(None));
    assert_eq!(shown(all(vec![Ok("data: 1"), broken()])), ["the cable is cut"]);
    assert_eq!(shown(all(vec![Ok("data: 1"), broken(), Ok("")])), ["the cable is cut", "1"]);
    assert_eq!(shown(all(vec![broken(), Ok("data: 1")])), ["the cable is cut", "1"]);
}

#[test]
fn an_error_of_the_source_is_an_error_whether_it_is_boxed_or_not() {
    fn check(error: ReadError) {
        let error: BoxError = error.into();
        assert_eq!(error.to_string(), "the cable is cut");
        assert!(error.source().unwrap().is::<fmt::Error>(), "its source is that of the source's error");
        let Ok(read) = error.downcast::<ReadError>() else { panic!() };
        let ReadError::Source(source) = *read else { panic!() };
        assert_eq!(*source.downcast::<Broken>().unwrap(), Broken(Some(fmt::Error)));
    }
    let broken = || Broken(Some(fmt::Error));
    let seen = all(vec![Err::<&str, _>(broken())]);
    seen.into_iter().for_each(|item| check(item.unwrap_err()));
    let seen = all(vec![Err::<&str, BoxError>(broken().into())]);
    seen.into_iter().for_each(|item| check(item.unwrap_err()));
}

#[test]
fn poll_incoming_returns_the_error_unchanged() {
    let mut stream = MessageStream::new(Chunks::new([Err::<&str, _>(Broken(None))].into_iter()));
    let mut context = Context::from_waker(Waker::noop());
    let error = loop {
        if let Poll::Ready(item) = Pin::new(&mut stream).poll_incoming(&mut context) {
            break item.unwrap().unwrap_err();
        }
    };
    assert!(matches!(error, ReadError::Source(Broken(None))));
}
