//! Bytes that are cut anywhere come out as they went in, cut where a block ends; and the reader and the stream of
//! blocks agree.
#![no_main]

use arbitrary::Arbitrary;
use futures_core::Stream;
use libfuzzer_sys::fuzz_target;
use sse_wire::response::{BlockReader, Blocks};
use std::{
    io::{self, ErrorKind, Read},
    pin::Pin,
    task::{Context, Poll, Waker},
};

#[derive(Arbitrary, Debug)]
struct Case<'a> {
    bytes: &'a [u8],
    /// The sizes of the pieces, over and over.
    sizes: [u8; 4],
    limit: Option<u8>,
    closes_unfinished: bool,
}

/// Whether a block can begin after these bytes: they are none, or end with a blank line (WHATWG HTML, 9.2.6).
fn is_boundary(bytes: &[u8]) -> bool {
    let (mut blank, mut at) = (true, 0);
    while at < bytes.len() {
        let len = bytes[at..].iter().take_while(|byte| !matches!(byte, b'\r' | b'\n')).count();
        at += len;
        let end = match bytes[at..] {
            [b'\r', b'\n', ..] => 2,
            [] => return false,
            _ => 1,
        };
        at += end;
        blank = len == 0;
    }
    blank
}

/// Gives a piece a call, and blocks where there is an empty one.
struct Source<'p>(std::vec::IntoIter<&'p [u8]>);

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.next() {
            None => Ok(0),
            Some([]) => Err(ErrorKind::WouldBlock.into()),
            Some(piece) => {
                buffer[..piece.len()].copy_from_slice(piece);
                Ok(piece.len())
            }
        }
    }
}

/// The pieces as a stream.
struct Pieces<'p>(std::vec::IntoIter<&'p [u8]>);

impl Stream for Pieces<'_> {
    type Item = Vec<u8>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Vec<u8>>> {
        Poll::Ready(self.0.next().map(Vec::from))
    }
}

fuzz_target!(|case: Case<'_>| {
    let mut pieces = Vec::new();
    let mut rest = case.bytes;
    for size in case.sizes.iter().cycle() {
        // Zero among the sizes is an empty piece, unless there is nothing else.
        let size = if case.sizes == [0; 4] { 1 } else { usize::from(*size) };
        let (piece, later) = rest.split_at(size.min(rest.len()));
        pieces.push(piece);
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    let limit = case.limit.map_or(usize::MAX, usize::from);

    let reader = BlockReader::new(Source(pieces.clone().into_iter()));
    let reader = reader.max_block_size(limit).close_unfinished(case.closes_unfinished);
    let read = reader.filter_map(|item| match item {
        Ok(chunk) => Some(chunk.to_vec()),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
            None
        }
    });
    let read: Vec<Vec<u8>> = read.collect();

    let blocks = Blocks::new(Pieces(pieces.into_iter()));
    let mut blocks = blocks.max_block_size(limit).close_unfinished(case.closes_unfinished);
    let (mut seen, mut context) = (Vec::new(), Context::from_waker(Waker::noop()));
    loop {
        match Pin::new(&mut blocks).poll_next(&mut context) {
            Poll::Ready(Some(Ok(item))) => seen.push(item.to_vec()),
            Poll::Ready(None) => break,
            // It gives other tasks a turn.
            Poll::Pending => {}
        }
    }
    assert_eq!(read, seen);

    const MARK: &[u8] = b"\xef\xbb\xbf";
    // A mark that is cut is nothing that a client would read.
    let text = if MARK.starts_with(case.bytes) { b"" } else { case.bytes };
    let text = text.strip_prefix(MARK).unwrap_or(text);
    let ends: Vec<usize> = (0..=text.len()).filter(|end| is_boundary(&text[..*end])).collect();
    let last = *ends.last().expect("nothing is a boundary");
    let out = seen.concat();
    let mut at = 0;
    for item in &seen {
        assert!(!item.is_empty());
        at += item.len();
        if ends.contains(&at) || is_boundary(&out[..at]) {
            continue;
        }
        // Only a block that is too large is torn.
        let begin = ends.iter().rfind(|end| **end <= at).expect("zero is one");
        let end = ends.iter().find(|end| **end > at).copied().unwrap_or(text.len());
        assert!(end - begin > limit, "a block of {} bytes is torn at {}", end - begin, at - begin);
    }
    if case.closes_unfinished {
        assert!(is_boundary(&out));
        assert!(out.starts_with(text));
        assert!([&b""[..], b"\n", b"\n\n"].contains(&&out[text.len()..]));
        assert_eq!(out.len() == text.len(), last == text.len());
    } else {
        assert!(text.starts_with(&out));
        // All whole blocks, and of the last, unfinished one what was too large to be kept.
        assert!(out.len() >= last);
        assert!(out.len() == last || text.len() - last > limit);
    }
});
