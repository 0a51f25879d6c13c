//! Streams that end before their connection does, read without a client.

use futures_util::{StreamExt, stream};
use sse_wire::{Decoder, Incoming, MessageReader, MessageStream, ReadError};
use std::convert::Infallible;

/// The ends to set, a body, the data of the messages in it, and whether it is complete.
type Case = (&'static [End], &'static str, &'static [&'static str], bool);

#[derive(Clone, Copy)]
enum End {
    Data(&'static str),
    Event(&'static str),
    Predicate(&'static str),
}

const CASES: [Case; 9] = [
    (&[], "data: 1\n\ndata: 2", &["1"], true),
    (&[End::Data("[DONE]")], "data: 1\n\ndata: [DONE]\n\ndata: 2\n\n", &["1"], true),
    (&[End::Data("[DONE]")], "data: 1\n\n", &["1"], false),
    (&[End::Data("[DONE]")], "data: 1\n\ndata: [DONE]", &["1"], false),
    (&[End::Event("stop")], "data: 1\n\nevent: stop\ndata: usage\n\ndata: 2\n\n", &["1", "usage"], true),
    (&[End::Event("stop")], "event: delta\ndata: stop\n\n", &["stop"], false),
    (&[End::Event("stop"), End::Event("error")], "event: error\ndata: no\n\ndata: 2\n\n", &["no"], true),
    (&[End::Predicate("it")], "data: a\n\ndata: stop it\n\ndata: b\n\n", &["a", "stop it"], true),
    (&[End::Data("x"), End::Predicate("y")], "", &[], false),
];

macro_rules! with_ends {
    ($messages:expr, $ends:expr) => {
        $ends.iter().fold($messages, |messages, end| match *end {
            End::Data(data) => messages.until_data(data),
            End::Event(event) => messages.until_event(event),
            End::Predicate(part) => messages.until(move |message| message.data().contains(part)),
        })
    };
}

fn check<E>(items: Vec<Result<String, ReadError<E>>>, (_, body, expected, is_complete): Case) {
    let data: Vec<_> = items.iter().filter_map(|item| item.as_deref().ok()).collect();
    assert_eq!(data, expected, "{body:?}");
    let errors: Vec<_> = items.iter().filter_map(|item| item.as_ref().err()).collect();
    assert_eq!(errors.len(), usize::from(!is_complete), "{body:?}");
    assert!(errors.iter().all(|error| matches!(error, ReadError::Cut)));
}

/// Returns a few bytes at a time.
struct Slow(&'static [u8], usize);

impl std::io::Read for Slow {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.1.min(self.0.len());
        let (start, rest) = self.0.split_at(length);
        buffer[..length].copy_from_slice(start);
        self.0 = rest;
        Ok(length)
    }
}

#[test]
fn a_reader_ends_at_the_end_that_was_set() {
    for case in CASES {
        for size in [1, 2, 7, 1000] {
            let mut reader = with_ends!(MessageReader::new(Slow(case.1.as_bytes(), size)), case.0);
            let items: Vec<_> = (&mut reader).map(|item| item.map(|message| message.into_data())).collect();
            check(items, case);
            assert!(reader.next().is_none() && reader.next_incoming().is_none());
        }
    }
}

#[test]
fn a_stream_ends_at_the_end_that_was_set() {
    for case in CASES {
        for size in [1, 2, 7, 1000] {
            let chunks = stream::iter(case.1.as_bytes().chunks(size).map(Ok::<_, Infallible>));
            let messages = with_ends!(MessageStream::new(chunks), case.0);
            let mut seen = Vec::new();
            let mut messages = std::pin::pin!(messages);
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            while let std::task::Poll::Ready(Some(item)) = messages.poll_next_unpin(&mut context) {
                seen.push(item.map(|message| message.into_data()));
            }
            check(seen, case);
        }
    }
}

#[test]
fn an_unfinished_event_may_be_the_end() {
    let body = "data: 1\n\ndata: [DONE]".as_bytes();
    let reader = MessageReader::new(body).dispatch_unfinished(true).until_data("[DONE]");
    let data: Vec<_> = reader.map(|message| message.unwrap().into_data()).collect();
    assert_eq!(data, ["1"]);
}

#[test]
fn what_is_not_a_message_is_not_an_end() {
    let body = ": [DONE]\n\ndata: 1\n\ndata: [DONE]\n\n: more\n\n".as_bytes();
    let reader = MessageReader::with_decoder(Decoder::new().comments(true), body).until_data("[DONE]");
    let seen: Vec<_> = reader.into_incoming().map(Result::unwrap).collect();
    let [Incoming::Comment(text), Incoming::Message(message)] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!((&**text, message.data()), ("[DONE]", "1"));
}

#[test]
fn a_cut_stream_is_also_an_io_error() {
    let error = MessageReader::new(&b""[..]).until_event("stop").next().unwrap().unwrap_err();
    assert_eq!(error.to_string(), "the stream ended before its last message");
    assert_eq!(std::io::Error::from(error).kind(), std::io::ErrorKind::UnexpectedEof);
}
