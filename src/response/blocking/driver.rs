//! What writes the response.

#[cfg(feature = "stream")]
use super::source::Events;
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
    wire::boundary::Boundary,
};
use alloc::{string::ToString, sync::Arc, vec::Vec};
use core::{
    fmt,
    task::{Context, Poll, Waker},
    time::Duration,
};
use std::{
    io::{self, Write},
    time::Instant,
};

/// How many bytes are written at once. After each piece it is known that the client still reads.
pub(super) const PIECE: usize = 16 * 1024;

/// How many bytes are still taken from a stream that always has more, once it has to end.
#[cfg(feature = "stream")]
const LAST: usize = 1024 * 1024;

/// Writes what a [`Sender`](super::Sender) sends, or a stream returns, to a connection, which it owns while it
/// [`run`](Driver::run)s.
#[must_use = "nothing is sent until the driver runs"]
pub struct Driver<S: Source = Queue> {
    source: S,
    framing: Framing,
    headers: Vec<Header>,
    keep_alive: KeepAlive,
    shutdowns: Memberships,
    /// What all that the source gave ends with.
    boundary: Boundary,
}

/// What a driver does next.
enum Step {
    /// There is a frame to write.
    Write,
    /// There is a frame to write, which may be empty, and then the stream has ended.
    WriteLast(End),
    /// A keep-alive was due, and it was empty.
    BeginSilenceAnew,
    /// Nothing is to be done until the source or a shutdown wakes the driver, or until this moment.
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

    /// Sets a header of the response, instead of one that has this name. Only `Set-Cookie` is added to
    /// those that are set, since each cookie has its own (RFC 6265, section 3).
    ///
    /// There is no `Date` unless it is set here, as it should be by a server that has a clock (RFC 9110,
    /// section 6.6.1): the standard library cannot write one. `Connection: close` is there where the
    /// [framing](Framing) needs it; a server that closes its connections anyway sets it for the other framing
    /// too. Another value of `Connection` cannot be set.
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
    /// If a header cannot carry the name or the value, or if the driver itself has to set it.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, HeaderError> {
        raw_head::check(name, value)?;
        if !name.eq_ignore_ascii_case("set-cookie") {
            self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        }
        self.headers.push((name.into(), value.into()));
        Ok(self)
    }

    /// What is sent after a time of silence. By default it is an empty comment every 15 seconds.
    ///
    /// It also reveals that a client left while there is nothing to send.
    pub fn keep_alive(mut self, keep_alive: KeepAlive) -> Self {
        self.keep_alive = keep_alive;
        self
    }

    /// Ends the stream when this shutdown begins. A stream may be under several, see
    /// [Several handles](Shutdown#several-handles).
    pub fn shutdown(mut self, handle: &Shutdown) -> Self {
        self.shutdowns.join(handle);
        self
    }

    /// Writes the response, until the stream ends. Then it drops the connection.
    ///
    /// It returns how the stream ended; to `HEAD` it answers with the headers and returns
    /// [`End::Finished`] at once.
    ///
    /// # Errors
    /// The connection's own, when a write fails: the client left. Senders then get
    /// [`SendError::ClientLeft`]. If it is the write timeout of a socket that is over, this error is
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
        // Unix says `WouldBlock` when a socket's write timeout is over, Windows `TimedOut`.
        let is_timeout = matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut);
        if is_timeout {
            self.source.close(&SendError::TimedOut);
            return io::ErrorKind::TimedOut.into();
        }
        self.source.close(&SendError::ClientLeft { source: Arc::new(copy(&error)) });
        error
    }

    /// Waits until there is something to write. Returns how the stream ends, if this is the last.
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
            // From here on senders are told, so that nothing is taken that would not be sent.
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

    /// The last frame, with a farewell where there is a place for it.
    fn end_by_shutdown(&mut self, frame: &mut Frame) -> Step {
        self.source.close(&SendError::ShutDown);
        if self.boundary.is_between_blocks() {
            frame.blocks().extend_from_slice(&self.shutdowns.farewell());
        }
        Step::WriteLast(End::ShutDown)
    }

    /// There is nothing to send.
    fn keep_alive_or_wait(
        &self,
        frame: &mut Frame,
        now: Instant,
        silence_ends: Option<Instant>,
        deadline: Option<Instant>,
    ) -> Step {
        // Within a block there is no place for a keep-alive.
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
    /// How many bytes may wait for the client before a sender has to; 64 KiB by default. One event that
    /// is longer is taken when nothing else waits. As many are in the hands of the driver.
    pub fn capacity(self, bytes: usize) -> Self {
        self.source.0.lock().capacity = bytes;
        self
    }

    /// How long events may find no room while the connection takes nothing, because the client does not
    /// read; 30 seconds by default. After that [`SendError::TimedOut`] ends the stream. `None` means
    /// forever.
    ///
    /// A client that merely reads slowly is not affected: the time begins again with each write that
    /// returns, of 16 KiB at most.
    ///
    /// The driver learns of it when its write returns. To end that as well, give the socket a write
    /// timeout; tiny_http has no way to set one.
    pub fn send_timeout(self, timeout: impl Into<Option<Duration>>) -> Self {
        self.source.0.lock().send_timeout = timeout.into();
        self
    }
}

#[cfg(feature = "stream")]
impl<S> Driver<Events<S>>
where
    S: futures_core::Stream,
    S::Item: super::super::Encoded,
{
    /// A driver of a stream of events, without senders. The stream is polled on the driver's
    /// thread, which sleeps while nothing is ready: it needs no runtime, unless the stream does.
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
    /// At a shutdown, what is ready is sent first: at most about 1 MiB, if the stream always has more.
    pub fn over(framing: Framing, events: S) -> Self {
        Driver::new(framing, Events::new(events, PIECE, LAST))
    }
}

/// A driver that is dropped leaves nobody waiting.
impl<S: Source> Drop for Driver<S> {
    fn drop(&mut self) {
        self.source.close(&SendError::NoDriver);
    }
}

/// For the senders, while the original is returned.
fn copy(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), error.to_string()),
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

    /// A client that reads slowly is not given up: each piece that it takes begins the time anew.
    #[test]
    fn what_the_client_takes_begins_the_time_anew() {
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
        // Nobody waits, so there is no time that could begin.
        driver.write_pieces(&mut Vec::new(), b"x").unwrap();
        assert_eq!(sender.0.lock().full_since, None);
        sender.0.lock().give_up_at();
        driver.write_pieces(&mut connection, &vec![b'x'; 3 * PIECE + 1]).unwrap();
        assert_eq!(connection.1.len(), 4);
        assert!(connection.1.is_sorted_by(|one, next| one < next));
        assert!(sender.0.lock().full_since > connection.1.last().copied());
    }
}
