//! The ways to read an event stream. Each gets it in the same chunks, and all must see the same.
#![allow(dead_code, unreachable_pub, reason = "a module that several tests share, each its part")]

use sse_wire::{Decoder, Incoming, Input};

type Engine = fn(Decoder, &[&[u8]]) -> (Vec<Incoming>, Decoder);

const ENGINES: &[(&str, Engine)] = &[
    ("decoder", decoder),
    #[cfg(feature = "std")]
    ("reader", reader),
    #[cfg(feature = "stream")]
    ("stream", stream),
];

/// Reads the chunks in each way, with decoders that `make` makes, and gives what each saw to `check`.
pub fn each(
    make: impl Fn() -> Decoder,
    chunks: &[&[u8]],
    mut check: impl FnMut(&str, Vec<Incoming>, Decoder),
) {
    for (name, engine) in ENGINES {
        let (seen, decoder) = engine(make(), chunks);
        check(name, seen, decoder);
    }
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

pub fn decoder(mut decoder: Decoder, chunks: &[&[u8]]) -> (Vec<Incoming>, Decoder) {
    let mut seen = Vec::new();
    for chunk in chunks {
        let mut input = Input::new(chunk);
        while let Some(incoming) = decoder.next(&mut input) {
            seen.push(Incoming::from(incoming));
        }
        assert!(input.is_empty(), "all is decoded");
    }
    (seen, decoder)
}

#[cfg(feature = "std")]
pub fn reader(decoder: Decoder, chunks: &[&[u8]]) -> (Vec<Incoming>, Decoder) {
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
    let source = Source { chunks: &pieces, interrupted: false };
    let mut reader = sse_wire::MessageReader::with_decoder(decoder, source);
    let (mut seen, mut blocked) = (Vec::new(), 0);
    while let Some(incoming) = reader.next_incoming() {
        match incoming {
            Ok(incoming) => seen.push(incoming),
            Err(error) if error.kind() == ErrorKind::WouldBlock => blocked += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(blocked, chunks.iter().filter(|chunk| chunk.is_empty()).count());
    assert!(reader.next_incoming().is_none(), "the end stays the end");
    (seen, reader.into_decoder())
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
pub fn stream(decoder: Decoder, chunks: &[&[u8]]) -> (Vec<Incoming>, Decoder) {
    use std::{
        convert::Infallible,
        pin::Pin,
        task::{Context, Poll, Waker},
    };

    let source = Chunks::new(chunks.iter().map(|chunk| Ok::<_, Infallible>(*chunk)));
    let mut stream = sse_wire::MessageStream::with_decoder(decoder, source);
    let mut context = Context::from_waker(Waker::noop());
    let mut seen = Vec::new();
    loop {
        match Pin::new(&mut stream).poll_incoming(&mut context) {
            Poll::Ready(Some(Ok(incoming))) => seen.push(incoming),
            Poll::Ready(None) => break,
            Poll::Pending => {}
        }
    }
    assert_eq!(Pin::new(&mut stream).poll_incoming(&mut context), Poll::Ready(None), "the end stays the end");
    (seen, stream.into_decoder())
}
