//! The response of a blocking server: a sender for events, and a driver that owns the connection.

mod framing;
mod raw_head;

pub use framing::Framing;
pub use raw_head::HeaderError;

use super::{
    Encoded, End, KeepAlive, Shutdown, head,
    shutdown::{self, Deadline},
};
use crate::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use alloc::{
    string::{String, ToString},
    sync::Arc,
    vec::Vec,
};
use core::{
    fmt, mem,
    task::{Context, Waker},
    time::Duration,
};
use framing::Frame;
use std::{
    io::{self, Write},
    task::Wake,
    time::Instant,
};

/// How many bytes wait for the client by default before a sender does.
const CAPACITY: usize = 64 * 1024;

/// How long a sender waits by default for a client that does not read.
const SEND_TIMEOUT: Duration = Duration::from_secs(30);

/// How many bytes are written at once. After each piece it is known that the client still reads.
const PIECE: usize = 16 * 1024;

/// A response for a server in which each connection has a thread: tiny_http, or a bare TCP socket.
///
/// Events go into the [`Sender`], from any thread and any number of its clones. The [`Driver`] runs on
/// the connection's thread and writes: the head of the response, then whatever has been sent, each time
/// all of it with one flush and one write for each 16 KiB, and a keep-alive when there was nothing.
///
/// ```no_run
/// use sse_wire::{Event, response::{self, Framing}};
/// use std::{net::TcpListener, thread, time::Duration};
///
/// let (connection, _) = TcpListener::bind("127.0.0.1:0")?.accept()?;
/// // Read the request here. Then:
/// let (sender, driver) = response::writer(Framing::of("GET", (1, 1), None));
/// thread::spawn(move || {
///     for n in 1.. {
///         if let Err(error) = sender.send(Event::new().event("tick").id(n).data(n)) {
///             println!("The stream ended: {error}.");
///             return;
///         }
///         thread::sleep(Duration::from_secs(1));
///     }
/// });
/// driver.run(connection)?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// The stream ends when the last sender is dropped.
pub fn writer(framing: Framing) -> (Sender, Driver) {
    let queue = Arc::new(Queue {
        state: Mutex::new(State {
            frame: Frame::new(),
            capacity: CAPACITY,
            send_timeout: Some(SEND_TIMEOUT),
            full_since: None,
            senders: 1,
            ended: None,
        }),
        filled: Condvar::new(),
        emptied: Condvar::new(),
    });
    let driver = Driver {
        queue: queue.clone(),
        framing,
        headers: head::headers().map(|(name, value)| (name.into(), value.into())).collect(),
        keep_alive: KeepAlive::default(),
        shutdown: None,
    };
    (Sender(queue), driver)
}

/// What senders and driver share: the frame that is being filled.
struct Queue {
    state: Mutex<State>,
    /// The driver waits for this, senders for the other.
    filled: Condvar,
    emptied: Condvar,
}

struct State {
    frame: Frame,
    capacity: usize,
    send_timeout: Option<Duration>,
    /// Since when there has been something that found no room, or since the client last read.
    full_since: Option<Instant>,
    senders: usize,
    /// Why nothing can be sent any more.
    ended: Option<SendError>,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is whole at every moment, so that a panic elsewhere does not matter.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets go of the state until `condition` is notified, or until this moment.
    fn wait<'s>(
        condition: &Condvar,
        state: MutexGuard<'s, State>,
        until: Option<Instant>,
    ) -> MutexGuard<'s, State> {
        match until {
            None => condition.wait(state).unwrap_or_else(PoisonError::into_inner),
            Some(until) => {
                let time = until.saturating_duration_since(Instant::now());
                condition.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner).0
            }
        }
    }

    /// Tells all who wait that the stream has ended.
    fn notify(&self) {
        self.filled.notify_one();
        self.emptied.notify_all();
    }
}

/// A shutdown that begins wakes the driver.
impl Wake for Queue {
    fn wake(self: Arc<Self>) {
        // With the lock the driver either waits already, or will see what has happened.
        let _state = self.lock();
        self.filled.notify_one();
    }
}

impl State {
    fn has_room(&self, len: usize) -> bool {
        // What is longer than the capacity goes alone.
        self.frame.len() == 0 || self.capacity.saturating_sub(self.frame.len()) >= len
    }

    /// When a client that does not read is given up.
    fn give_up_at(&mut self) -> Option<Instant> {
        let since = *self.full_since.get_or_insert_with(Instant::now);
        self.send_timeout.and_then(|timeout| since.checked_add(timeout))
    }
}

/// Sends events to a [`Driver`]. Clones send into the same stream; an event is never torn.
pub struct Sender(Arc<Queue>);

impl Sender {
    /// Sends an [`Event`](crate::Event), or all that an [`Sse`](crate::Sse) holds: `send(&mut sse)`
    /// leaves that empty. It waits while the queue has no room.
    ///
    /// That it returns `Ok` means that the event will be written, not that the client has it.
    ///
    /// # Errors
    /// If the stream has ended: the client left, the server shuts down, or the client read nothing for
    /// as long as the [send timeout](Driver::send_timeout), in which case this ends the stream. The
    /// event is not sent then, and an `Sse` keeps what it holds.
    pub fn send(&self, events: impl Encoded) -> Result<(), SendError> {
        self.push(events, true)
    }

    /// As [`send`](Sender::send), but does not wait.
    ///
    /// # Errors
    /// As `send`, and [`SendError::Full`] if the queue has no room now.
    pub fn try_send(&self, events: impl Encoded) -> Result<(), SendError> {
        self.push(events, false)
    }

    fn push(&self, events: impl Encoded, may_wait: bool) -> Result<(), SendError> {
        let len = events.encoded_len();
        let mut state = self.0.lock();
        loop {
            if let Some(ended) = &state.ended {
                return Err(ended.clone());
            }
            if state.has_room(len) {
                events.write(state.frame.blocks());
                drop(state);
                self.0.filled.notify_one();
                return Ok(());
            }
            let until = state.give_up_at();
            if until.is_some_and(|until| until <= Instant::now()) {
                state.ended = Some(SendError::TimedOut);
                drop(state);
                self.0.notify();
                return Err(SendError::TimedOut);
            }
            if !may_wait {
                return Err(SendError::Full);
            }
            state = Queue::wait(&self.0.emptied, state, until);
        }
    }
}

impl Clone for Sender {
    fn clone(&self) -> Self {
        self.0.lock().senders += 1;
        Sender(self.0.clone())
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.0.lock().senders -= 1;
        self.0.filled.notify_one();
    }
}

/// Writes what a [`Sender`] sends to a connection, which it owns while it [`run`](Driver::run)s.
#[must_use = "nothing is sent until the driver runs"]
pub struct Driver {
    queue: Arc<Queue>,
    framing: Framing,
    headers: Vec<(String, String)>,
    keep_alive: KeepAlive,
    shutdown: Option<shutdown::Stream>,
}

impl Driver {
    /// Sets a header of the response, instead of one that has this name. Only `Set-Cookie` is added to
    /// those that there are, since each cookie has its own (RFC 6265, section 3).
    ///
    /// There is no `Date` unless it is set here, as it should be by a server that has a clock (RFC 9110,
    /// section 6.6.1): the standard library cannot write one.
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
    /// It is also how a client that left is noticed while there is nothing to send.
    pub fn keep_alive(mut self, keep_alive: KeepAlive) -> Self {
        self.keep_alive = keep_alive;
        self
    }

    /// How many bytes may wait for the client before a sender has to; 64 KiB by default. One event that
    /// is longer is taken when nothing else waits. As many are in the hands of the driver.
    pub fn capacity(self, bytes: usize) -> Self {
        self.queue.lock().capacity = bytes;
        self
    }

    /// How long events may find no room while the connection takes nothing, because the client does not
    /// read; 30 seconds by default. After that [`SendError::TimedOut`] ends the stream. `None` is for
    /// ever.
    ///
    /// A client that reads slowly is no such client: the time begins anew with each write that returns,
    /// of 16 KiB at most.
    ///
    /// The driver learns of it when its write returns. To end that as well, give the socket a write
    /// timeout; tiny_http has no way to set one.
    pub fn send_timeout(self, timeout: impl Into<Option<Duration>>) -> Self {
        self.queue.lock().send_timeout = timeout.into();
        self
    }

    /// Ends the stream when the server shuts down.
    pub fn shutdown(mut self, handle: &Shutdown) -> Self {
        self.shutdown = Some(handle.register());
        self
    }

    /// Writes the response, until the stream ends. Then it drops the connection.
    ///
    /// It returns how the stream ended; to `HEAD` it answers with the headers and returns
    /// [`End::Finished`] at once.
    ///
    /// # Errors
    /// The connection's own, when a write fails: the client left. Senders then get
    /// [`SendError::ClientLeft`].
    pub fn run(mut self, mut connection: impl Write) -> io::Result<End> {
        let result = self.write(&mut connection);
        if let Err(error) = &result {
            let left = || SendError::ClientLeft { source: Arc::new(copy(error)) };
            self.queue.lock().ended.get_or_insert_with(left);
            self.queue.notify();
        }
        result
    }

    fn write(&mut self, connection: &mut impl Write) -> io::Result<End> {
        if self.framing == Framing::HeadersOnly {
            self.queue.lock().ended = Some(SendError::NoStream);
            self.queue.notify();
        }
        self.write_pieces(connection, &raw_head::encode(&self.headers, self.framing))?;
        if self.framing == Framing::HeadersOnly {
            return Ok(End::Finished);
        }
        let waker = Waker::from(self.queue.clone());
        let mut frame = Frame::new();
        loop {
            let end = self.next_frame(&mut frame, &Context::from_waker(&waker));
            self.write_pieces(connection, frame.encode(self.framing, end.is_some()))?;
            if let Some(end) = end {
                return Ok(end);
            }
        }
    }

    fn write_pieces(&self, connection: &mut impl Write, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match connection.write(&bytes[..bytes.len().min(PIECE)]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(len) => bytes = bytes.get(len..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            if let Some(since) = &mut self.queue.lock().full_since {
                *since = Instant::now();
            }
        }
        loop {
            match connection.flush() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    /// Waits until there is something to write, and exchanges it for the frame that has been written.
    /// Returns how the stream ends, if this is the last.
    fn next_frame(&mut self, frame: &mut Frame, cx: &Context<'_>) -> Option<End> {
        let next_silence =
            || self.keep_alive.interval().and_then(|interval| Instant::now().checked_add(interval));
        let mut silence_ends = next_silence();
        let mut state = self.queue.lock();
        loop {
            let left =
                self.shutdown.as_mut().and_then(|shutdown| shutdown.poll_deadline(cx)).map(Deadline::left);
            let end = match (&state.ended, left) {
                // Only a sender has ended it so far.
                (Some(_), _) => Some(End::TimedOut),
                (None, Some(left)) if left.is_zero() || state.senders == 0 => Some(End::ShutDown),
                (None, None) if state.senders == 0 => Some(End::Finished),
                (None, _) => None,
            };
            if end == Some(End::ShutDown)
                && let Some(shutdown) = &self.shutdown
            {
                // From here on senders are told, so that nothing is taken that would not be sent.
                state.ended = Some(SendError::ShutDown);
                state.frame.blocks().extend_from_slice(&shutdown.farewell());
            }
            if end.is_none() && state.frame.len() == 0 {
                let now = Instant::now();
                if left.is_none() && silence_ends.is_some_and(|end| end <= now) {
                    drop(state);
                    // Without the lock: a computed message may send something itself.
                    let message = self.keep_alive.message();
                    silence_ends = next_silence();
                    state = self.queue.lock();
                    state.frame.blocks().extend_from_slice(&message);
                } else {
                    let until = left.map_or(silence_ends, |left| now.checked_add(left));
                    state = Queue::wait(&self.queue.filled, state, until);
                }
                continue;
            }
            frame.clear(state.capacity);
            mem::swap(&mut state.frame, frame);
            state.full_since = None;
            drop(state);
            self.queue.emptied.notify_all();
            return end;
        }
    }
}

/// A driver that is dropped leaves nobody waiting.
impl Drop for Driver {
    fn drop(&mut self) {
        self.queue.lock().ended.get_or_insert(SendError::NoDriver);
        self.queue.notify();
    }
}

/// For the senders, while the original is returned.
fn copy(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}

/// Why an event was not sent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SendError {
    /// The client left: a write failed. How it did is this error's
    /// [`source`](core::error::Error::source).
    #[non_exhaustive]
    ClientLeft {
        /// What the connection said.
        source: Arc<io::Error>,
    },
    /// The server shuts down.
    ShutDown,
    /// The client read nothing for as long as the [send timeout](Driver::send_timeout), while events
    /// waited.
    TimedOut,
    /// The request was `HEAD`, whose answer has no stream.
    NoStream,
    /// The driver was dropped.
    NoDriver,
    /// The client does not read as fast as events are sent, and there is no room now. Only
    /// [`try_send`](Sender::try_send) returns this; the stream goes on.
    Full,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SendError::ClientLeft { .. } => "the client left",
            SendError::ShutDown => "the server shuts down",
            SendError::TimedOut => "the client read nothing for as long as the send timeout",
            SendError::NoStream => "the request was HEAD, whose answer has no stream",
            SendError::NoDriver => "the driver that writes the stream was dropped",
            SendError::Full => "the client has not read enough yet to make room for another event",
        })
    }
}

impl core::error::Error for SendError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            SendError::ClientLeft { source } => Some(&**source),
            _ => None,
        }
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.0.lock();
        f.debug_struct("Sender")
            .field("waiting_bytes", &state.frame.len())
            .field("ended", &state.ended)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver")
            .field("framing", &self.framing)
            .field("headers", &self.headers)
            .field("keep_alive", &self.keep_alive)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    /// A client that reads slowly is not given up: each piece that it takes begins the time anew.
    #[test]
    fn what_the_client_takes_begins_the_time_anew() {
        struct Connection(Arc<Queue>, Vec<Instant>);
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
        let (sender, driver) = writer(Framing::UntilClose);
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
