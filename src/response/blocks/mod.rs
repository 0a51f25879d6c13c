//! Turns bytes that may be cut anywhere into pieces that are cut at blank lines.

mod reader;
#[cfg(feature = "http")]
mod stream;

pub use reader::BlockReader;
#[cfg(feature = "http")]
pub use stream::{Blocks, Piece};

use crate::{
    decode::received::BOM,
    wire::boundary::{Boundary, last_end},
};
use alloc::vec::Vec;
use core::{mem, ops::Range};

/// The size of the largest block, in bytes, that is by default collected until it is whole.
const MAX_BLOCK: usize = 256 * 1024;

/// The settings of what cuts blocks.
macro_rules! settings {
    ($cuts:ident) => {
        impl<S> $cuts<S> {
            /// Sets how large a block may become, in bytes, while it is collected: 256 KiB by default. A larger block
            /// is passed on as it arrives, in several items. Neither a body nor a driver sends anything of its own
            /// between them.
            ///
            /// Send nothing else between them either, and nothing after them if the last one does not end the block:
            /// it would become part of the block.
            pub fn max_block_size(mut self, bytes: usize) -> Self {
                self.cutter.limit = bytes;
                self
            }

            /// Sets what happens to a block that is not whole when the input ends. By default it is dropped, as a
            /// client would drop it. With `true` it is closed by a blank line and passed on: some servers, LLM gateways
            /// among them, leave out the last blank line.
            ///
            /// If the connection was cut inside a line, an `id` or a `retry` that is closed in this way may be shorter
            /// than the one that was meant.
            ///
            /// An error is not an end: it closes no block. If the beginning of the block was already passed on because
            /// the block is too large, the client discards that, and nothing can follow it, neither the last events of
            /// a body after the error nor the farewell of a shutdown.
            pub fn close_unfinished(mut self, close: bool) -> Self {
                self.cutter.closes_unfinished = close;
                self
            }
        }
    };
}
use settings;

/// Finds the whole blocks in pieces. It does no I/O, and copies only blocks that span several pieces.
#[derive(Debug)]
struct Cutter {
    limit: usize,
    closes_unfinished: bool,
    /// How many bytes of a byte order mark have been read, or its whole length if there was none.
    mark: usize,
    /// The beginning of a block that is not whole yet.
    rest: Vec<u8>,
    /// Whether the current block is larger than the limit, so that its beginning has been passed on.
    is_torn: bool,
    /// How everything that has been read so far ends.
    boundary: Boundary,
}

/// What can be passed on.
struct Cut {
    /// The block that began in an earlier piece or, if it is too large, that beginning.
    first: Option<Vec<u8>>,
    /// Where in the piece the whole blocks are, or a part of one that is too large.
    then: Range<usize>,
}

impl Cutter {
    fn new() -> Self {
        Cutter {
            limit: MAX_BLOCK,
            closes_unfinished: false,
            mark: 0,
            rest: Vec::new(),
            is_torn: false,
            boundary: Boundary::default(),
        }
    }

    fn cut(&mut self, piece: &[u8]) -> Cut {
        let start = self.skip_mark(piece);
        let bytes = &piece[start..];
        let before = self.boundary;
        self.boundary.pass(bytes);

        let (mut first, mut start, mut first_end) = (None, start, 0);
        if self.is_torn || !self.rest.is_empty() {
            let Some(end) = before.first_end(bytes) else {
                return self.collect(start, piece);
            };
            first_end = end;
            // The end of a torn block need not be copied.
            if !mem::take(&mut self.is_torn) {
                self.rest.extend_from_slice(&bytes[..end]);
                first = Some(mem::take(&mut self.rest));
                (start, first_end) = (start + end, 0);
            }
        }
        let end = start + first_end;
        let end = end + last_end(&piece[end..]);
        let Cut { then: last, .. } = self.collect(end, piece);
        Cut { first, then: start..if last.is_empty() { end } else { last.end } }
    }

    /// Keeps the unfinished block that begins here, or passes it on if it is too large.
    fn collect(&mut self, start: usize, piece: &[u8]) -> Cut {
        let bytes = &piece[start..];
        if !self.is_torn && self.rest.len() + bytes.len() <= self.limit {
            self.rest.extend_from_slice(bytes);
            return Cut { first: None, then: 0..0 };
        }
        self.is_torn = true;
        let rest = mem::take(&mut self.rest);
        Cut { first: (!rest.is_empty()).then_some(rest), then: start..piece.len() }
    }

    /// How many bytes of this piece are part of the byte order mark.
    fn skip_mark(&mut self, piece: &[u8]) -> usize {
        // It is dropped, because anywhere but at the start of a stream it would be part of a field's name.
        let missing = &BOM[self.mark..];
        let len = missing.len().min(piece.len());
        if missing[..len] == piece[..len] {
            self.mark += len;
            return len;
        }
        // It was not a byte order mark: what has been read of it belongs to the first block.
        self.rest.extend_from_slice(&BOM[..self.mark]);
        self.boundary.pass(&self.rest);
        self.mark = BOM.len();
        0
    }

    /// What is passed on when the input ends.
    fn finish(&mut self) -> Option<Vec<u8>> {
        let mut rest = mem::take(&mut self.rest);
        if !self.closes_unfinished || self.boundary.is_between_blocks() {
            return None;
        }
        rest.extend_from_slice(self.boundary.closing());
        self.boundary = Boundary::default();
        Some(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{vec, vec::Vec};

    /// The output for these pieces.
    fn cut(mut cutter: Cutter, pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut out = Vec::new();
        for piece in pieces {
            let Cut { first, then } = cutter.cut(piece);
            out.extend(first);
            if !then.is_empty() {
                out.push(piece[then].to_vec());
            }
        }
        out.extend(cutter.finish());
        out
    }

    fn is_whole(block: &[u8]) -> bool {
        let mut boundary = Boundary::default();
        boundary.pass(block);
        boundary.is_between_blocks()
    }

    const TEXT: &[u8] =
        b"id: 1\ndata: a\n\n:\r\r\n\ndata: b\r\n\r\nevent: c\rdata: c\r\rdata: d\n\r\n\n\ndata: rest\n";

    #[test]
    fn whole_blocks_wherever_it_is_cut() {
        let whole = TEXT.len() - b"data: rest\n".len();
        let mark = BOM;
        for text in [TEXT.to_vec(), [&mark, TEXT].concat()] {
            for i in 0..=text.len() {
                for j in i..=text.len() {
                    let out = cut(Cutter::new(), &[&text[..i], &text[i..j], b"", &text[j..]]);
                    assert_eq!(out.concat(), TEXT[..whole], "cut at {i} and {j}");
                    assert!(out.iter().all(|block| is_whole(block)), "cut at {i} and {j}: {out:?}");
                }
            }
            let bytes: Vec<&[u8]> = text.chunks(1).collect();
            assert_eq!(cut(Cutter::new(), &bytes).concat(), TEXT[..whole]);
        }
    }

    #[test]
    fn an_unfinished_rest_is_closed_on_demand() {
        for (rest, closed) in [
            (&b"data: x"[..], &b"data: x\n\n"[..]),
            (b"data: x\n", b"data: x\n\n"),
            (b"data: x\r\n", b"data: x\r\n\n"),
            (b"data: x\r", b"data: x\r\n\n"),
            (b"", b""),
        ] {
            for limit in [0, MAX_BLOCK] {
                for pieces in [vec![&b"id: 1\n\n"[..], rest], vec![&[b"id: 1\n\n", rest].concat()]] {
                    let cutter = Cutter { closes_unfinished: true, limit, ..Cutter::new() };
                    let out = cut(cutter, &pieces);
                    assert_eq!(out.concat(), [b"id: 1\n\n", closed].concat());
                }
            }
        }
    }

    #[test]
    fn a_block_that_is_too_large_is_passed_on_as_it_arrives() {
        let large = [b"data: ", &[b'x'; 100][..]].concat();
        let pieces = [&large[..], b"yy", b"z\n", b"\ndata: 1\n\nda", b"ta: 2", b"\n\n"];
        let out = cut(Cutter { limit: 10, ..Cutter::new() }, &pieces);
        assert_eq!(out, [&large[..], b"yy", b"z\n", b"\ndata: 1\n\n", b"data: 2\n\n"]);
        // This begins as soon as the block becomes too large.
        let out = cut(Cutter { limit: 10, ..Cutter::new() }, &[b"data: ", b"12", b"345", b"6\n\nid"]);
        assert_eq!(out, [&b"data: 12"[..], b"345", b"6\n\n"]);
    }

    #[test]
    fn by_default_a_quarter_of_a_mebibyte_is_collected() {
        for (len, parts) in [(256 << 10, 1), (1 + (256 << 10), 2)] {
            let mut large = vec![b'x'; len];
            large[..5].copy_from_slice(b"data:");
            assert_eq!(cut(Cutter::new(), &[&large, b"\n\n"]).len(), parts);
        }
    }

    #[test]
    fn what_is_not_a_mark_is_not_lost() {
        for pieces in [vec![&b"\xef"[..], b"\xbb", b":\n\n"], vec![&b"\xef\xbb:\n\n"[..]]] {
            assert_eq!(cut(Cutter::new(), &pieces).concat(), b"\xef\xbb:\n\n");
        }
        // Only the first mark is dropped.
        let twice = [BOM, BOM].concat();
        assert_eq!(cut(Cutter::new(), &[&twice, b"\n\n"]).concat(), b"\xef\xbb\xbf\n\n");
    }
}
