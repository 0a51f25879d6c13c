//! Ends all streams of a server.

mod membership;
#[cfg(all(test, loom))]
mod models;

pub(super) use membership::Memberships;

use super::{Encoded, encoded};
use crate::{
    encode::{Retry, block},
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
        lock,
        random::random,
        signal::Signal,
        wakers::{Place, Wakers},
    },
};
use alloc::{sync::Arc, vec::Vec};
use core::{
    fmt,
    future::Future,
    ops::RangeInclusive,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};
use std::time::Instant;

/// A handle that ends event streams: all streams of a server, or those of a session.
///
/// An open stream does not end by itself, so a server that waits for its connections when it shuts down
/// would wait forever. Give this handle to each body or blocking driver, and call
/// [`begin`](Shutdown::begin) when the server is told to stop. Each stream wakes at once, sends what is
/// ready and then the [`farewell`](ShutdownBuilder::farewell), and ends. A source that always has more cannot prevent
/// this: at most about 1 MiB is taken from it.
///
/// Clients reconnect by themselves when a stream ends. To keep them from all doing so at the same
/// moment, give them a range of reconnection times: [`retry`](ShutdownBuilder::retry).
///
#[cfg_attr(feature = "http", doc = "```")]
#[cfg_attr(not(feature = "http"), doc = "```ignore")]
/// use sse_wire::{Event, response::{Body, Shutdown}};
/// use std::time::Duration;
///
/// let shutdown = Shutdown::builder()
///     .farewell(Event::new().event("restart"))
///     .retry(Duration::from_secs(1)..=Duration::from_secs(10))
///     .build();
///
/// // In each handler:
/// let events = futures_util::stream::pending::<Event>();
/// let body = Body::without_timer(events).shutdown(&shutdown);
///
/// // When the server is told to stop:
/// shutdown.begin();
/// ```
///
/// # The deadline
/// With [`begin_within`](Shutdown::begin_within), event sources have some time to end by themselves. They learn of the
/// shutdown from [`begun`](Shutdown::begun), may yield last events, and end. Until then everything continues as before,
/// keep-alives included. Streams whose source has not ended are cut off when the time is up.
///
/// # Several handles
/// A stream may have several handles: the server's, and one for its session, which a logout begins. Each handle counts
/// the stream, and the one whose time is up first ends it, with its own farewell.
///
/// # Clients that do not read
/// No body can end while the server does not poll it, and a server does not poll it while the client leaves what it was
/// sent unread. For these clients, put a timeout around the server's own graceful shutdown;
/// [`finished`](Shutdown::finished) says when all streams are gone.
#[derive(Clone)]
pub struct Shutdown(Arc<Shared>);

struct Shared {
    farewell: Vec<u8>,
    /// The range of reconnection times in milliseconds, both ends included.
    retry: Option<(u32, u32)>,
    /// Whether the shutdown has begun. Before that, a poll takes no lock.
    begun: AtomicBool,
    state: Mutex<State>,
}

struct State {
    /// Set once the shutdown has begun.
    deadline: Option<Deadline>,
    /// Determines where in the range the next stream's reconnection time lies.
    jitter: u64,
    streams: usize,
    waiting_for_begin: Wakers,
    waiting_for_finish: Wakers,
}

/// 2^64 divided by the golden ratio. Its multiples, modulo 2^64, are spread as evenly as is possible for points that
/// are added one by one.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

impl Shutdown {
    /// Creates a handle. Its streams end without a farewell.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Returns a builder to configure a handle.
    pub fn builder() -> ShutdownBuilder {
        ShutdownBuilder::default()
    }

    /// Ends all streams now, and ends streams that begin later as soon as they are polled.
    ///
    /// Calling it again does nothing. After [`begin_within`](Shutdown::begin_within), it ends the given time early.
    pub fn begin(&self) {
        self.begin_within(Duration::ZERO);
    }

    /// Ends all streams within this time. Until then, a stream continues for as long as its event source has not ended.
    ///
    /// Calling it again may shorten the time, but not extend it. With [`Duration::MAX`], event sources may take as long
    /// as they need. A body without a timer cannot wait for any shorter time, and ends at once.
    ///
    /// All times except zero and `MAX` are measured with [`Instant`], which is not available on every target.
    pub fn begin_within(&self, time: Duration) {
        let deadline = Deadline::within(time);
        let waiting = {
            let mut state = self.0.lock();
            if state.deadline.is_some_and(|before| before <= deadline) {
                return;
            }
            state.deadline = Some(deadline);
            self.0.begun.store(true, Ordering::Release);
            let mut waiting = state.waiting_for_begin.all();
            // If no stream is left, none will be dropped, which would otherwise wake them.
            if state.is_finished() {
                waiting.append(&mut state.waiting_for_finish.all());
            }
            waiting
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Whether the shutdown has begun. A handler may then respond with `503 Service Unavailable` instead of starting a
    /// stream.
    pub fn has_begun(&self) -> bool {
        self.0.begun.load(Ordering::Acquire)
    }

    /// Returns a future that completes when the shutdown begins. Event sources can await it alongside their events, to
    /// end in their own way; servers can await it to begin their own graceful shutdown.
    pub fn begun(&self) -> Begun {
        Begun { shared: self.0.clone(), place: Place::default() }
    }

    /// Returns the number of streams: bodies and drivers that were given this handle and have not been dropped yet.
    pub fn streams(&self) -> usize {
        self.0.lock().streams
    }

    /// Returns a future that completes when the shutdown has begun and no stream is left.
    ///
    /// By then the server has taken everything from the bodies. Only the server's own graceful shutdown can say whether
    /// it has reached the clients.
    pub fn finished(&self) -> Finished {
        Finished { shared: self.0.clone(), place: Place::default() }
    }

    /// Blocks the thread until the shutdown has begun and no stream is left, but no longer than this. Returns whether
    /// no stream is left.
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        let signal = Arc::new(Signal::default());
        let waker = Waker::from(signal.clone());
        let mut finished = self.finished();
        let deadline = Instant::now().checked_add(timeout);
        loop {
            if Pin::new(&mut finished).poll(&mut Context::from_waker(&waker)).is_ready() {
                return true;
            }
            if !signal.wait_until(deadline) {
                return false;
            }
        }
    }
}

/// Configures a [`Shutdown`]: see [`Shutdown::builder`].
#[derive(Clone, Debug, Default)]
#[must_use = "the handle is what `build` returns"]
pub struct ShutdownBuilder {
    farewell: Vec<u8>,
    retry: Option<(u32, u32)>,
}

impl ShutdownBuilder {
    /// Sets what each stream sends last: an [`Event`](crate::Event) or an [`Sse`](crate::Sse).
    pub fn farewell(self, events: impl Encoded) -> Self {
        ShutdownBuilder { farewell: encoded::whole_blocks(events), ..self }
    }

    /// Sets the range of reconnection times that clients are given at the end, in milliseconds or as a [`Duration`].
    /// Each stream gets a different time; together they are spread evenly over the range.
    pub fn retry<R: Retry>(self, range: RangeInclusive<R>) -> Self {
        let (start, end) = (range.start().to_wire(), range.end().to_wire());
        ShutdownBuilder { retry: Some((start.min(end), start.max(end))), ..self }
    }

    /// Builds the handle.
    pub fn build(self) -> Shutdown {
        Shutdown(Arc::new(Shared {
            farewell: self.farewell,
            retry: self.retry,
            begun: AtomicBool::new(false),
            state: Mutex::new(State {
                deadline: None,
                // Starts at a different place in each server, so that the clients of several servers are spread too.
                jitter: random(),
                streams: 0,
                waiting_for_begin: Wakers::default(),
                waiting_for_finish: Wakers::default(),
            }),
        }))
    }
}

/// When all streams must have ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Deadline {
    Now,
    At(Instant),
    /// Also used if the clock cannot represent the time.
    Never,
}

impl Deadline {
    /// Reads the clock only if the time is neither zero nor unlimited.
    fn within(time: Duration) -> Self {
        match time {
            Duration::ZERO => Deadline::Now,
            Duration::MAX => Deadline::Never,
            _ => Instant::now().checked_add(time).map_or(Deadline::Never, Deadline::At),
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    fn farewell(&self) -> Vec<u8> {
        let mut farewell = self.farewell.clone();
        if let Some((start, end)) = self.retry {
            let jitter = {
                let mut state = self.lock();
                state.jitter = state.jitter.wrapping_add(GOLDEN);
                state.jitter
            };
            let width = u128::from(end - start) + 1;
            let offset = (u128::from(jitter) * width) >> 64;
            // The offset is at most `end - start`.
            block::retry(&mut farewell, start + offset as u32);
            block::end(&mut farewell);
        }
        farewell
    }
}

impl State {
    fn is_finished(&self) -> bool {
        self.deadline.is_some() && self.streams == 0
    }
}

/// The future that [`Shutdown::begun`] returns.
#[must_use = "a future does nothing until it is polled"]
pub struct Begun {
    shared: Arc<Shared>,
    place: Place,
}

impl Future for Begun {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Begun { shared, place } = self.get_mut();
        let _before;
        let mut state = shared.lock();
        if state.deadline.is_some() {
            return Poll::Ready(());
        }
        if !place.holds(cx) {
            _before = state.waiting_for_begin.set(place, cx);
        }
        Poll::Pending
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        let _before = self.shared.lock().waiting_for_begin.remove(&mut self.place);
    }
}

/// The future that [`Shutdown::finished`] returns.
#[must_use = "a future does nothing until it is polled"]
pub struct Finished {
    shared: Arc<Shared>,
    place: Place,
}

impl Future for Finished {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Finished { shared, place } = self.get_mut();
        let _before;
        let mut state = shared.lock();
        if state.is_finished() {
            return Poll::Ready(());
        }
        if !place.holds(cx) {
            _before = state.waiting_for_finish.set(place, cx);
        }
        Poll::Pending
    }
}

impl Drop for Finished {
    fn drop(&mut self) {
        let _before = self.shared.lock().waiting_for_finish.remove(&mut self.place);
    }
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Shutdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.0.lock();
        f.debug_struct("Shutdown")
            .field("begun", &state.deadline.is_some())
            .field("streams", &state.streams)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Begun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Begun").finish_non_exhaustive()
    }
}

impl fmt::Debug for Finished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finished").finish_non_exhaustive()
    }
}
