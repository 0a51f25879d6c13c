//! How a response over a bare connection marks its end.

use crate::response::head;
use alloc::vec::Vec;
use std::io::Write as _;

/// How a blocking server sends the stream, which depends on the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Framing {
    /// In chunks, with an empty one at the end: for HTTP/1.1.
    Chunked,
    /// Unchanged, up to the end of the connection: for HTTP/1.0, and if the client wants the connection closed anyway.
    ///
    /// The response says `Connection: close`, and the server has to close the connection when the
    /// [`Driver`](crate::response::Driver) drops it. tiny_http does not do so for an HTTP/1.0 request with
    /// `Connection: keep-alive`, and cannot be told to: such a client never sees the end of the stream.
    UntilClose,
    /// Not at all: a `HEAD` request gets only the headers.
    HeadersOnly,
    /// Unchanged, without a head, up to the end of the connection: for servers that have sent the head themselves and
    /// hand over the connection, or that frame what they are given (an upgrade, CGI, FastCGI).
    /// [`headers`](crate::response::headers) returns what the head needs.
    ///
    /// [`of`](Framing::of) never returns this.
    BodyOnly,
}

impl Framing {
    /// Returns the framing for a request with this method, HTTP version (for example `(1, 1)`), and value of the
    /// `Connection` header.
    ///
    /// ```
    /// use sse_wire::response::Framing;
    ///
    /// assert_eq!(Framing::of("GET", (1, 1), None), Framing::Chunked);
    /// assert_eq!(Framing::of("GET", (1, 1), Some("close")), Framing::UntilClose);
    /// assert_eq!(Framing::of("GET", (1, 0), None), Framing::UntilClose);
    /// assert_eq!(Framing::of("HEAD", (1, 1), None), Framing::HeadersOnly);
    /// ```
    pub fn of(method: &str, version: (u8, u8), connection: Option<&str>) -> Self {
        let is_close = |option: &str| option.trim().eq_ignore_ascii_case("close");
        if head::is_head(method) {
            Framing::HeadersOnly
        } else if version < (1, 1) || connection.unwrap_or_default().split(',').any(is_close) {
            // Chunks are unknown to HTTP/1.0 (RFC 9112, section 6.1).
            Framing::UntilClose
        } else {
            Framing::Chunked
        }
    }
}

/// Blocks that are written together, with room in front of them for the size of a chunk, so that each batch is one
/// buffer, whatever its framing.
#[derive(Debug)]
pub struct Frame {
    /// `ROOM` bytes, then the blocks.
    buf: Vec<u8>,
}

/// The size of a chunk in hexadecimal digits, and the line end after it.
const ROOM: usize = 2 * size_of::<usize>() + 2;

impl Frame {
    pub(super) fn new() -> Self {
        Frame { buf: [0; ROOM].into() }
    }

    /// How many bytes of the event stream are in the frame.
    pub(super) fn len(&self) -> usize {
        self.buf.len() - ROOM
    }

    /// The bytes of the event stream in the frame.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buf[ROOM..]
    }

    /// The buffer to which blocks are appended.
    pub(super) fn blocks(&mut self) -> &mut Vec<u8> {
        &mut self.buf
    }

    /// Empties it. It keeps its allocation, unless that is much larger than `usual` bytes need.
    pub(super) fn clear(&mut self, usual: usize) {
        self.buf.truncate(ROOM);
        if self.buf.capacity() / 4 > usual.saturating_add(ROOM) {
            self.buf.shrink_to(usual);
        }
    }

    /// The bytes to write, with the end of the stream if this is the last frame.
    pub(super) fn encode(&mut self, framing: Framing, is_last: bool) -> &[u8] {
        if framing != Framing::Chunked {
            return &self.buf[ROOM..];
        }
        let mut start = ROOM;
        // A chunk without bytes would end the stream (RFC 9112, section 7.1).
        if self.len() > 0 {
            let mut size = [0; ROOM];
            let mut unused = &mut size[..];
            // There is room for any size.
            let _ = write!(unused, "{:x}\r\n", self.len());
            let used = ROOM - unused.len();
            start -= used;
            self.buf[start..ROOM].copy_from_slice(&size[..used]);
            self.buf.extend_from_slice(b"\r\n");
        }
        if is_last {
            self.buf.extend_from_slice(b"0\r\n\r\n");
        }
        &self.buf[start..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_begins_with_its_size() {
        let mut frame = Frame::new();
        assert_eq!(frame.encode(Framing::Chunked, false), b"");
        assert_eq!(frame.encode(Framing::UntilClose, true), b"");
        frame.blocks().extend_from_slice(b"data: 0123456789\n\n");
        assert_eq!(frame.encode(Framing::UntilClose, true), b"data: 0123456789\n\n");
        assert_eq!(frame.encode(Framing::Chunked, false), b"12\r\ndata: 0123456789\n\n\r\n");
        frame.clear(64);
        frame.blocks().push(b'\n');
        assert_eq!(frame.encode(Framing::Chunked, true), b"1\r\n\n\r\n0\r\n\r\n");
        frame.clear(64);
        assert_eq!(frame.encode(Framing::Chunked, true), b"0\r\n\r\n");
    }

    #[test]
    fn the_memory_of_a_large_frame_is_not_kept() {
        let mut frame = Frame::new();
        for (len, is_kept) in [(4_000, true), (1_000_000, false)] {
            frame.blocks().resize(ROOM + len, b'x');
            let capacity = frame.buf.capacity();
            frame.clear(1_000);
            assert_eq!((frame.len(), frame.buf.capacity() == capacity), (0, is_kept), "{len}");
        }
        assert!(frame.buf.capacity() >= 1_000);
    }

    #[test]
    fn the_request_decides() {
        for (connection, framing) in [
            (None, Framing::Chunked),
            (Some("keep-alive"), Framing::Chunked),
            (Some("te, Close"), Framing::UntilClose),
            (Some("closed"), Framing::Chunked),
        ] {
            assert_eq!(Framing::of("GET", (1, 1), connection), framing, "{connection:?}");
        }
        assert_eq!(Framing::of("POST", (1, 0), Some("keep-alive")), Framing::UntilClose);
        assert_eq!(Framing::of("HEAD", (1, 0), None), Framing::HeadersOnly);
        assert_eq!(Framing::of("head", (1, 1), None), Framing::Chunked);
    }
}
