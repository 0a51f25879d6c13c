//! The driver, which writes the response.

#[cfg(feature = "stream")]
use super::source::StreamSource;
use super::{
    Framing, HeaderError, Queue, SendError,
    framing::Frame,
    raw_head::{self, Header},
    source::{Source, Status},
};
use crate::{
    response::{
        End, KeepAlive, Shutdown,
        shutdown::{Deadline, Memberships},
    },
    sync::signal::Signal,
    wire::{boundary::Boundary, io::copy},
};
use alloc::{sync::Arc, vec::Vec};
use core::{
    fmt,
    task::{Context, Poll, Waker},
    time::Duration,
};
use std::{
    io::{self, Write},
    time::Instant,
};

/// How many bytes are written at once. After each piece, it is known that the client is still reading.
pub(super) const PIECE: usize = 16 * 1024;

/// How many more bytes are taken from a stream that always has more, once it has to end.
#[cfg(feature = "stream")]
const LAST: usize = 1024 * 1024;

/// Writes what a [`Sender`](super::Sender) sends, or what a stream returns, to a connection, which it owns while it
/// [`run`](Driver::run)s.
#[must_use = "nothing is sent until the driver runs"]
pub struct Driver<S: Source = Queue> {
    source: S,
    framing: Framing,
    headers: Vec<Header>,
    keep_alive: KeepAlive,
    shutdowns: Memberships,
    /// How everything that the source has returned so far ends.
    boundary: Boundary,
}

/// What a driver does next.
enum Step {
    /// There is a frame to write.
    Write,
    /// There is a last frame to write, which may be empty. Then the stream has ended.
    WriteLast(End),
    /// A keep-alive was due, but it was empty.
    BeginSilenceAnew,
    /// There is nothing to do until the source or a shutdown wakes the driver, or until this moment.
    Wait(Option<Instant>),
}

impl<S: Source> Driver<S> {
    pub(super) fn new(framing: Framing, source: S) -> Self {
        Driver {
            source,
            framing,
            headers: raw_head::defaults(),
            keep_alive: KeepAlive::default(),
            shutdowns: Memberships::default(),
            boundary: Boundary::default(),
        }
    }

    /// Sets a header of the response. It replaces a header with the same name, except for `Set-Cookie`, because each
    /// cookie has its own header (RFC 6265, section 3).
    ///
    /// There is no `Date` header unless you set one, as a server that has a clock should (RFC 9110, section 6.6.1): the
    /// standard library cannot format it. `Connection: close` is set if the [framing](Framing) needs it; set it
    /// yourself if your server closes its connections anyway. No other value of `Connection` can be set.
    ///
    /// ```
    /// use sse_wire::response::{self, Framing};
    ///
    /// let (sender, driver) = response::writer(Framing::Chunked);
    /// let driver = driver.header("Access-Control-Allow-Origin", "*")?;
    /// # Ok::<(), sse_wire::response::HeaderError>(())
    /// ```
    ///
    /// # Errors
    /// If a header cannot carry the name or the value, or if only the driver may set this header.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, HeaderError> {
        raw_head::check(name, value)?;
        if !name.eq_ignore_ascii_case("set-cookie") {
            self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        }
        self.headers.push((name.into(), value.into()));
        Ok(self)
    }

    /// Sets what is sent when the stream is silent. By default it is an empty comment every 15 seconds.
    ///
    /// It also reveals that a client has left while there is nothing else to send.
    pub fn keep_alive(mut self, keep_alive: KeepAlive) -> Self {
        self.keep_alive = keep_alive;
        self
    }

    /// Ends the stream when this shutdown begins. A stream may have several handles: see
    /// [Several handles](Shutdown#several-handles).
    pub fn shutdown(mut self, handle: &Shutdown) -> Self {
        self.shutdowns.join(handle);
        self
    }

    /// Writes the response until the stream ends, then drops the connection.
    ///
    /// It returns how the stream ended. A `HEAD` request gets only the headers, and [`End::Finished`] is returned at
    /// once.
    ///
    /// # Errors
    /// The connection's error if a write fails, which means that the client left. Senders then get
    /// [`SendError::ClientLeft`]. If the write timeout of a socket has passed, this error is
    /// [`TimedOut`](io::ErrorKind::TimedOut) on every system, and senders get [`SendError::TimedOut`].
    pub fn run(mut self, mut connection: impl Write) -> io::Result<End> {
        self.write(&mut connection).map_err(|error| self.fail(error))
    }

    fn write(&mut self, connection: &mut impl Write) -> io::Result<End> {
        if self.framing == Framing::HeadersOnly {
            self.source.close(&SendError::NoStream);
        }
        if let Some(head) = raw_head::encode(&self.headers, self.framing) {
            self.write_pieces(connection, &head)?;
        }
        if self.framing == Framing::HeadersOnly {
            return Ok(End::Finished);
        }
        let signal = Arc::new(Signal::default());
        let mut frame = Frame::new();
        loop {
            let end = self.next_frame(&mut frame, &signal);
            self.write_pieces(connection, frame.encode(self.framing, end.is_some()))?;
            if let Some(end) = end {
                return Ok(end);
            }
        }
    }

    pub(super) fn write_pieces(&mut self, connection: &mut impl Write, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match connection.write(&bytes[..bytes.len().min(PIECE)]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(len) => bytes = bytes.get(len..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            self.source.client_reads();
        }
        loop {
            match connection.flush() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    /// A write has failed, which ends the stream.
    fn fail(&mut self, error: io::Error) -> io::Error {
        // When a socket's write timeout has passed, Unix says `WouldBlock`, and Windows `TimedOut`.
        let is_timeout = matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut);
        if is_timeout {
            self.source.close(&SendError::TimedOut);
            return io::ErrorKind::TimedOut.into();
        }
        // The senders get a copy, because the original is returned.
        self.source.close(&SendError::ClientLeft { source: Arc::new(copy(&error)) });
        error
    }

    /// Waits until there is something to write. Returns how the stream ended, if this is the last frame.
    fn next_frame(&mut self, frame: &mut Frame, signal: &Arc<Signal>) -> Option<End> {
        let waker = Waker::from(signal.clone());
        let mut silence_ends = self.silence_ends();
        loop {
            match self.step(frame, silence_ends, &mut Context::from_waker(&waker)) {
                Step::Write => return None,
                Step::WriteLast(end) => return Some(end),
                Step::BeginSilenceAnew => silence_ends = self.silence_ends(),
                Step::Wait(until) => _ = signal.wait_until(until),
            }
        }
    }

    fn step(&mut self, frame: &mut Frame, silence_ends: Option<Instant>, cx: &mut Context<'_>) -> Step {
        let now = Instant::now();
        let deadline = self.shutdowns.poll_deadline(cx);
        let is_over = match deadline {
            Some(Deadline::Now) => true,
            Some(Deadline::At(end)) => end <= now,
            Some(Deadline::Never) | None => false,
        };
        if is_over {
            // From here on senders are refused, so that nothing is accepted that would not be sent.
            self.source.close(&SendError::ShutDown);
        }
        let status = self.source.poll_fill(frame, cx);
        if status.is_ready() {
            self.boundary.pass(frame.bytes());
        }
        match status {
            Poll::Ready(Status::TimedOut) => Step::WriteLast(End::TimedOut),
            Poll::Ready(Status::Ended) if deadline.is_none() => Step::WriteLast(End::Finished),
            Poll::Ready(Status::Ended) => self.end_by_shutdown(frame),
            _ if is_over => self.end_by_shutdown(frame),
            Poll::Ready(Status::Open) => Step::Write,
            Poll::Pending => {
                let until = match deadline {
                    Some(Deadline::At(end)) => Some(end),
                    _ => None,
                };
                self.keep_alive_or_wait(frame, now, silence_ends, until)
            }
        }
    }

    /// The last frame, with a farewell if a block has ended before it.
    fn end_by_shutdown(&mut self, frame: &mut Frame) -> Step {
        self.source.close(&SendError::ShutDown);
        if self.boundary.is_between_blocks() {
            frame.blocks().extend_from_slice(&self.shutdowns.farewell());
        }
        Step::WriteLast(End::ShutDown)
    }

    /// There is nothing to send: takes a keep-alive if one is due, and otherwise waits.
    fn keep_alive_or_wait(
        &self,
        frame: &mut Frame,
        now: Instant,
        silence_ends: Option<Instant>,
        deadline: Option<Instant>,
    ) -> Step {
        // A keep-alive must not be sent inside a block.
        let silence_ends = silence_ends.filter(|_| self.boundary.is_between_blocks());
        if silence_ends.is_none_or(|end| end > now) {
            return Step::Wait([silence_ends, deadline].into_iter().flatten().min());
        }
        let message = self.keep_alive.message();
        if message.is_empty() {
            return Step::BeginSilenceAnew;
        }
        frame.clear(message.len());
        frame.blocks().extend_from_slice(&message);
        Step::Write
    }

    fn silence_ends(&self) -> Option<Instant> {
        self.keep_alive.interval().and_then(|interval| Instant::now().checked_add(interval))
    }
}

/// The settings of the queue.
impl Driver<Queue> {
    /// Sets how many bytes may wait for the client before senders have to wait: 64 KiB by default. A longer event is
    /// accepted when nothing else is waiting. The driver may hold as many bytes again.
    pub fn capacity(self, bytes: usize) -> Self {
        self.source.0.lock().capacity = bytes;
        self
    }

    /// Sets how long events may wait for room while the connection accepts nothing because the client is not reading:
    /// 30 seconds by default. After that the stream ends with [`SendError::TimedOut`]. `None` means forever.
    ///
    /// A client that merely reads slowly is not affected: the time restarts with each write that returns, and a write
    /// has at most 16 KiB.
    ///
    /// The driver learns of the timeout only when its current write returns. To limit that as well, set a write timeout
    /// on the socket; tiny_http offers no way to set one.
    pub fn send_timeout(self, timeout: impl Into<Option<Duration>>) -> Self {
        self.source.0.lock().send_timeout = timeout.into();
        self
    }
}

#[cfg(feature = "stream")]
impl<S> Driver<StreamSource<S>>
where
    S: futures_core::Stream,
    S::Item: crate::response::Encoded,
{
    /// Creates a driver over a stream of events, without senders. The stream is polled on the driver's thread, which
    /// sleeps while nothing is ready. No runtime is needed unless the stream needs one.
    ///
    /// ```
    /// use sse_wire::{Event, response::{Driver, Framing}};
    ///
    /// let mut connection = Vec::new();
    /// let events = futures_util::stream::iter([Event::new().data("1")]);
    /// Driver::over(Framing::UntilClose, events).run(&mut connection)?;
    /// assert!(connection.ends_with(b"\r\n\r\ndata: 1\n\n"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// At a shutdown, everything that is ready is sent first, but at most about 1 MiB if the stream always has more.
    pub fn over(framing: Framing, events: S) -> Self {
        Driver::new(framing, StreamSource::new(events, PIECE, LAST))
    }
}

/// Dropping a driver releases everybody who waits for it.
impl<S: Source> Drop for Driver<S> {
    fn drop(&mut self) {
        self.source.close(&SendError::NoDriver);
    }
}

impl<S: Source> fmt::Debug for Driver<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver")
            .field("framing", &self.framing)
            .field("headers", &self.headers)
            .field("keep_alive", &self.keep_alive)
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::response::blocking::{queue::Shared, writer};
    use alloc::vec;

    /// A client that reads slowly is not given up: each piece that it takes restarts the timeout.
    #[test]
    fn what_the_client_takes_restarts_the_timeout() {
        struct Connection(Arc<Shared>, Vec<Instant>);
        impl Write for Connection {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                let since = self.0.lock().full_since.unwrap();
                while Instant::now() <= since {}
                self.1.push(since);
                Ok(bytes.len())
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let (sender, mut driver) = writer(Framing::UntilClose);
        let mut connection = Connection(sender.0.clone(), Vec::new());
        // Nobody waits, so there is no timeout to restart.
        driver.write_pieces(&mut Vec::new(), b"x").unwrap();
        assert_eq!(sender.0.lock().full_since, None);
        sender.0.lock().give_up_at();
        driver.write_pieces(&mut connection, &vec![b'x'; 3 * PIECE + 1]).unwrap();
        assert_eq!(connection.1.len(), 4);
        assert!(connection.1.is_sorted_by(|one, next| one < next));
        assert!(sender.0.lock().full_since > connection.1.last().copied());
    }
}
