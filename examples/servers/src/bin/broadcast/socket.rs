//! A socket that writes small pieces as one.

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
};
use tokio::net::TcpStream;

/// Up to how many bytes a copy costs less than what the kernel does for each piece of a `writev`.
const SMALL: usize = 2 * 1024;

/// A chunk of HTTP/1.1 is three pieces: its size, the event, and a line end. For a small event the cheapest is to
/// copy the three into one and `write` that, which hyper does by itself after `writev(false)`. But then it copies
/// large pieces too, and each connection keeps the memory for the largest one that it ever had: after one burst, 64
/// KiB for each client. This copies what is small on the stack, and lets what is large leave from where it lies, in
/// memory that all connections share.
pub struct Socket(TokioIo<TcpStream>);

impl Socket {
    pub fn new(socket: TcpStream) -> Socket {
        // Without this the kernel holds a small event back while an earlier one is on its way. A client that has
        // left already is noticed at the first read.
        let _ = socket.set_nodelay(true);
        Socket(TokioIo::new(socket))
    }
}

impl Write for Socket {
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let (mut joined, mut len) = ([0; SMALL], 0);
        for piece in pieces {
            let Some(room) = joined.get_mut(len..len + piece.len()) else {
                return Pin::new(&mut self.0).poll_write_vectored(cx, pieces);
            };
            room.copy_from_slice(piece);
            len += piece.len();
        }
        self.poll_write(cx, &joined[..len])
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

impl Read for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}
