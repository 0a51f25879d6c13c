//! A socket that combines small pieces into one write, and reports when it cannot write anything.

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll},
};
use tokio::net::TcpStream;

/// Up to this many bytes, copying costs less than what the kernel does for each piece of a `writev`.
const SMALL: usize = 2 * 1024;

/// A chunk of HTTP/1.1 consists of three pieces: its size, the event, and a line end. For a small event, it is cheapest
/// to copy the three into one and `write` that, which hyper does by itself after `writev(false)`. But then it also
/// copies large pieces, and each connection keeps the memory for the largest one that it has ever had: after one burst,
/// 64 KiB for each client. This socket copies small pieces on the stack, and sends large ones from where they lie, in
/// memory that all connections share.
pub struct Socket {
    socket: TokioIo<TcpStream>,
    stall: Stall,
}

/// Whether the kernel accepts nothing of what is written, because the client does not read.
///
/// hyper keeps asking a body for frames until it holds 8 KiB for each such client. With this, the body knows, and what
/// is not in flight stays in the channel, where all connections share it.
#[derive(Clone, Default)]
pub struct Stall(Arc<AtomicBool>);

impl Stall {
    /// If it is on, the task is woken when it ends.
    pub fn is_on(&self) -> bool {
        self.0.load(Relaxed)
    }

    fn follow<T>(&self, written: Poll<T>, cx: &Context<'_>) -> Poll<T> {
        if self.0.load(Relaxed) != written.is_pending() {
            self.0.store(written.is_pending(), Relaxed);
            if written.is_ready() {
                cx.waker().wake_by_ref();
            }
        }
        written
    }
}

impl Socket {
    pub fn new(socket: TcpStream, stall: Stall) -> Socket {
        // Without this, the kernel holds back a small event while an earlier one is in flight. It fails if the client
        // has already left, which the first read notices.
        let _ = socket.set_nodelay(true);
        Socket { socket: TokioIo::new(socket), stall }
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
                let written = Pin::new(&mut self.socket).poll_write_vectored(cx, pieces);
                return self.stall.follow(written, cx);
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
        let written = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.stall.follow(written, cx)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

impl Read for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buffer)
    }
}
