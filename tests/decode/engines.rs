//! The ways to read an event stream. Each gets the stream in the same chunks, and all must see the same.
#![allow(dead_code, unreachable_pub, reason = "a module that several tests share, each its part")]

use sse_wire::{Decoder, Incoming, Input, TooLarge};

pub type Item = Result<Incoming, TooLarge>;

/// Returns what it saw, and its decoder. The last argument says whether an unfinished event is dispatched at the end.
type Engine = fn(Decoder, &[&[u8]], bool) -> (Vec<Item>, Decoder);

const ENGINES: &[(&str, Engine)] = &[
    ("decoder", decoder),
    #[cfg(feature = "std")]
    ("reader", reader),
    #[cfg(feature = "stream")]
    ("stream", stream),
];

/// Reads the chunks in each way, with decoders from `make`, and passes what each saw to `check`.
pub fn each(make: impl Fn() -> Decoder, chunks: &[&[u8]], check: impl FnMut(&str, Vec<Item>, Decoder)) {
    each_with(make, chunks, false, check);
}

/// The same, with the choice of whether an unfinished event is dispatched at the end.
pub fn each_with(
    make: impl Fn() -> Decoder,
    chunks: &[&[u8]],
    finish: bool,
    mut check: impl FnMut(&str, Vec<Item>, Decoder),
) {
    for (name, engine) in ENGINES {
        let (seen, decoder) = engine(make(), chunks, finish);
        check(name, seen, decoder);
    }
}

/// Those of the items that the iterator over messages and the stream of messages return.
fn messages(seen: &[Item]) -> Vec<Item> {
    let is_of_messages = |item: &&Item| match item {
        Ok(incoming) => matches!(incoming, Incoming::Message(_)),
        Err(error) => !error.is_comment,
    };
    seen.iter().filter(is_of_messages).cloned().collect()
}

/// All the ways to cut that a case must survive: whole, split at every byte (with an empty chunk between),
/// byte by byte, and with an empty chunk before each byte.
pub fn each_cut(bytes: &[u8], mut with: impl FnMut(&str, &[&[u8]])) {
    with("whole", &[bytes]);
    for at in 0..=bytes.len() {
        let (a, b) = bytes.split_at(at);
        with(&format!("split at {at}"), &[a, b]);
        with(&format!("split at {at} with empty chunks"), &[b"", a, b"", b"", b, b""]);
    }
    with("byte by byte", &bytes.chunks(1).collect::<Vec<_>>());
    with(
        "byte by byte with empty chunks",
        &bytes.chunks(1).flat_map(|byte| [&b""[..], byte]).collect::<Vec<_>>(),
    );
}

pub fn decoder(mut decoder: Decoder, chunks: &[&[u8]], finish: bool) -> (Vec<Item>, Decoder) {
    let mut seen = Vec::new();
    for chunk in chunks {
        let mut input = Input::new(chunk);
        while let Some(incoming) = decoder.next(&mut input) {
            seen.push(incoming.map(Incoming::from));
        }
        assert!(input.is_empty(), "all is decoded");
    }
    if finish {
        seen.extend(decoder.finish().map(|incoming| incoming.map(Incoming::from)));
        assert_eq!(decoder.finish(), None, "there is no second last item");
    }
    (seen, decoder)
}

#[cfg(feature = "std")]
pub fn reader(decoder: Decoder, chunks: &[&[u8]], finish: bool) -> (Vec<Item>, Decoder) {
    use sse_wire::{MessageReader, ReadError};
    use std::io::{self, ErrorKind, Read};

    /// A source that is interrupted before each chunk and blocks before each empty one.
    struct Source<'c> {
        chunks: &'c [&'c [u8]],
        interrupted: bool,
    }

    impl Read for Source<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.interrupted = !self.interrupted;
            if self.interrupted {
                return Err(ErrorKind::Interrupted.into());
            }
            let Some((chunk, rest)) = self.chunks.split_first() else {
                return Ok(0);
            };
            self.chunks = rest;
            if chunk.is_empty() {
                return Err(ErrorKind::WouldBlock.into());
            }
            buffer[..chunk.len()].copy_from_slice(chunk);
            Ok(chunk.len())
        }
    }

    let pieces: Vec<&[u8]> = chunks
        .iter()
        .flat_map(|chunk| if chunk.is_empty() { vec![*chunk] } else { chunk.chunks(16 * 1024).collect() })
        .collect();
    fn all<I>(
        items: impl Iterator<Item = Result<I, ReadError<io::Error>>>,
    ) -> (Vec<Result<I, TooLarge>>, usize) {
        let (mut seen, mut blocked) = (Vec::new(), 0);
        for item in items {
            match item {
                Ok(item) => seen.push(Ok(item)),
                Err(ReadError::TooLarge(error)) => seen.push(Err(error)),
                Err(ReadError::Source(error)) if error.kind() == ErrorKind::WouldBlock => blocked += 1,
                Err(error) => panic!("{error}"),
            }
        }
        (seen, blocked)
    }
    let make = |decoder| {
        MessageReader::with_decoder(decoder, Source { chunks: &pieces, interrupted: false })
            .dispatch_unfinished(finish)
    };
    let mut reader = make(decoder.clone()).into_incoming();
    let (seen, blocked) = all(&mut reader);
    assert_eq!(blocked, chunks.iter().filter(|chunk| chunk.is_empty()).count());
    assert!(reader.next().is_none(), "the end stays the end");
    let (of_messages, _) = all(make(decoder).map(|message| message.map(Incoming::Message)));
    assert_eq!(of_messages, messages(&seen));
    (seen, reader.into_inner().into_decoder())
}

/// A stream of chunks that is pending before each of them.
#[cfg(feature = "stream")]
#[derive(Debug)]
pub struct Chunks<I> {
    pub chunks: I,
    pending: bool,
}

#[cfg(feature = "stream")]
impl<I> Chunks<I> {
    pub fn new(chunks: I) -> Chunks<I> {
        Chunks { chunks, pending: false }
    }
}

#[cfg(feature = "stream")]
impl<I> Unpin for Chunks<I> {}

#[cfg(feature = "stream")]
impl<I: Iterator> futures_core::Stream for Chunks<I> {
    type Item = I::Item;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<I::Item>> {
        self.pending = !self.pending;
        if self.pending {
            context.waker().wake_by_ref();
            return std::task::Poll::Pending;
        }
        std::task::Poll::Ready(self.chunks.next())
    }
}

#[cfg(feature = "stream")]
pub fn stream(decoder: Decoder, chunks: &[&[u8]], finish: bool) -> (Vec<Item>, Decoder) {
    use futures_core::Stream;
    use sse_wire::{MessageStream, ReadError};
    use std::{
        convert::Infallible,
        pin::Pin,
        task::{Context, Poll, Waker},
    };

    fn all<S: Stream<Item = Result<I, ReadError>> + Unpin, I>(stream: &mut S) -> Vec<Result<I, TooLarge>> {
        let mut context = Context::from_waker(Waker::noop());
        let mut seen = Vec::new();
        loop {
            match Pin::new(&mut *stream).poll_next(&mut context) {
                Poll::Ready(Some(Ok(item))) => seen.push(Ok(item)),
                Poll::Ready(Some(Err(ReadError::TooLarge(error)))) => seen.push(Err(error)),
                Poll::Ready(Some(Err(error))) => panic!("{error}"),
                Poll::Ready(None) => break,
                Poll::Pending => {}
            }
        }
        assert!(
            matches!(Pin::new(stream).poll_next(&mut context), Poll::Ready(None)),
            "the end stays the end"
        );
        seen
    }
    let make = |decoder| {
        let source = Chunks::new(chunks.iter().map(|chunk| Ok::<_, Infallible>(*chunk)));
        MessageStream::with_decoder(decoder, source).dispatch_unfinished(finish)
    };
    let mut stream = make(decoder.clone()).into_incoming();
    let seen = all(&mut stream);
    let of_messages: Vec<Item> =
        all(&mut make(decoder)).into_iter().map(|message| message.map(Incoming::Message)).collect();
    assert_eq!(of_messages, messages(&seen));
    (seen, stream.into_inner().into_decoder())
}
