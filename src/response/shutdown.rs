//! The end of all streams of a server.

use super::Encoded;
use crate::{
    encode::{Retry, block},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
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
use std::{
    hash::{BuildHasher, RandomState},
    task::Wake,
    thread::{self, Thread},
    time::Instant,
};

/// A handle that ends all event streams of a server.
///
/// An open stream has no end of its own, so a server that waits for its connections when it shuts down
/// would wait for ever. Give a clone of this handle to each body, or blocking driver, and call
/// [`begin`](Shutdown::begin) when the server is told to stop. Each stream wakes at once, sends what is
/// ready and then the [`farewell`](Shutdown::farewell), and ends. So that it does end, a body takes about
/// 1 MiB at most from a source that always has more.
///
/// Clients connect again by themselves when a stream ends. So that they do not all come back in the
/// same moment, give a range of reconnection times: [`retry`](Shutdown::retry).
///
#[cfg_attr(feature = "http", doc = "```")]
#[cfg_attr(not(feature = "http"), doc = "```ignore")]
/// use sse_wire::{Event, response::{Body, Shutdown}};
/// use std::time::Duration;
///
/// let shutdown = Shutdown::new()
///     .farewell(Event::new().event("restart"))
///     .retry(Duration::from_secs(1)..=Duration::from_secs(10));
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
/// With [`begin_within`](Shutdown::begin_within) event sources have some time to end by themselves. They
/// learn of it by [`begun`](Shutdown::begun), may yield last events, and end. Those that do not are cut
/// off when the time is over.
///
/// What no body can do is to end while the server does not poll it, and a server does not as long as
/// the client leaves what it was sent unread. Put a timeout around the server's own graceful shutdown
/// for these; [`finished`](Shutdown::finished) says when all streams are gone.
#[derive(Clone)]
pub struct Shutdown(Arc<Shared>);

struct Shared {
    /// Whether it has begun, so that a poll before that takes no lock.
    begun: AtomicBool,
    state: Mutex<State>,
}

struct State {
    /// Set once it has begun.
    deadline: Option<Deadline>,
    farewell: Vec<u8>,
    /// In milliseconds, both ends included.
    retry: Option<(u32, u32)>,
    /// Where in the range the next stream's reconnection time lies.
    jitter: u64,
    streams: usize,
    waiting_for_begin: Wakers,
    waiting_for_finish: Wakers,
}

/// 2^64 divided by the golden ratio. Multiples of it, modulo 2^64, lie as evenly as points can that
/// come one by one.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

impl Shutdown {
    /// A handle that has not begun.
    pub fn new() -> Self {
        Shutdown(Arc::new(Shared {
            begun: AtomicBool::new(false),
            state: Mutex::new(State {
                deadline: None,
                farewell: Vec::new(),
                retry: None,
                // Another beginning for each server, so that the clients of several spread too.
                jitter: RandomState::new().hash_one(0),
                streams: 0,
                waiting_for_begin: Wakers::default(),
                waiting_for_finish: Wakers::default(),
            }),
        }))
    }

    /// What each stream sends last: an [`Event`](crate::Event) or an [`Sse`](crate::Sse).
    pub fn farewell(self, events: impl Encoded) -> Self {
        let mut farewell = Vec::with_capacity(events.encoded_len());
        events.write(&mut farewell);
        self.0.lock().farewell = farewell;
        self
    }

    /// The reconnection times that clients are given at the end, in milliseconds or as a [`Duration`].
    /// Each stream gets another one; together they spread evenly over the range.
    pub fn retry<R: Retry>(self, range: RangeInclusive<R>) -> Self {
        let (start, end) = (range.start().to_wire(), range.end().to_wire());
        self.0.lock().retry = Some((start.min(end), start.max(end)));
        self
    }

    /// Ends all streams now, and those that begin later as soon as they are polled.
    ///
    /// Called again, it does nothing; after [`begin_within`](Shutdown::begin_within) it ends the time
    /// that was given there.
    pub fn begin(&self) {
        self.begin_within(Duration::ZERO);
    }

    /// Ends all streams within this time. Until then those go on whose event source has not ended. No
    /// keep-alive is sent any more.
    ///
    /// Called again, it may shorten the time, but not prolong it. [`Duration::MAX`] is as long as the
    /// event sources need. A body without a timer cannot wait for a shorter time, and ends at once.
    pub fn begin_within(&self, time: Duration) {
        let deadline = Deadline(Instant::now().checked_add(time));
        let waiting = {
            let mut state = self.0.lock();
            if state.deadline.is_some_and(|before| !deadline.is_before(before)) {
                return;
            }
            state.deadline = Some(deadline);
            self.0.begun.store(true, Ordering::Release);
            let mut waiting = state.waiting_for_begin.all();
            // No stream will be dropped that could tell them.
            if state.is_finished() {
                waiting.append(&mut state.waiting_for_finish.all());
            }
            waiting
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Whether it has begun. A handler may then answer with `503 Service Unavailable` instead of
    /// beginning a stream.
    pub fn is_begun(&self) -> bool {
        self.0.begun.load(Ordering::Acquire)
    }

    /// Completes when the shutdown begins. Event sources wait for it beside their events to end in
    /// their own way, and servers to begin their own graceful shutdown.
    pub fn begun(&self) -> Begun {
        Begun { shared: self.0.clone(), place: Place::default() }
    }

    /// How many streams there are: bodies and drivers that were given this handle and are not dropped
    /// yet.
    pub fn streams(&self) -> usize {
        self.0.lock().streams
    }

    /// Completes when the shutdown has begun and no stream is left.
    ///
    /// What the bodies had is then in the hands of the server; that it reached the clients, only the
    /// server's own graceful shutdown can say.
    pub fn finished(&self) -> Finished {
        Finished { shared: self.0.clone(), place: Place::default() }
    }

    /// Blocks the thread until the shutdown has begun and no stream is left, or for this time at most.
    /// Returns whether none is left.
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        struct Unpark(Thread);
        impl Wake for Unpark {
            fn wake(self: Arc<Self>) {
                self.0.unpark();
            }
        }
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut finished = self.finished();
        let end = Instant::now().checked_add(timeout);
        loop {
            if Pin::new(&mut finished).poll(&mut Context::from_waker(&waker)).is_ready() {
                return true;
            }
            match end {
                None => thread::park(),
                Some(end) => match end.checked_duration_since(Instant::now()) {
                    Some(left) if !left.is_zero() => thread::park_timeout(left),
                    _ => return false,
                },
            }
        }
    }

    /// Counts a stream.
    pub(super) fn register(&self) -> Stream {
        self.0.lock().streams += 1;
        Stream { shared: self.0.clone(), place: Place::default() }
    }
}

/// When all streams have to be ended. `None` is later than the clock goes.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Deadline(Option<Instant>);

impl Deadline {
    fn is_before(self, other: Deadline) -> bool {
        match (self.0, other.0) {
            (Some(this), Some(other)) => this < other,
            (this, _) => this.is_some(),
        }
    }

    #[cfg(feature = "http")]
    pub(super) fn is_never(self) -> bool {
        self.0.is_none()
    }

    /// How much time is left.
    pub(super) fn left(self) -> Duration {
        self.0.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()))
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is whole at every moment, so that a panic elsewhere does not matter.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_finished(&self) -> bool {
        self.deadline.is_some() && self.streams == 0
    }
}

/// A stream's part in a shutdown.
pub(super) struct Stream {
    shared: Arc<Shared>,
    place: Place,
}

impl Stream {
    /// The deadline, if the shutdown has begun. The task is woken when it does, or when the deadline
    /// changes.
    pub(super) fn poll_deadline(&mut self, cx: &Context<'_>) -> Option<Deadline> {
        if !self.shared.begun.load(Ordering::Acquire) && self.place.holds(cx) {
            return None;
        }
        let _before;
        let mut state = self.shared.lock();
        if !self.place.holds(cx) {
            _before = state.waiting_for_begin.set(&mut self.place, cx);
        }
        state.deadline
    }

    /// What this stream sends last. The reconnection time is another one at each call.
    pub(super) fn farewell(&self) -> Vec<u8> {
        let mut state = self.shared.lock();
        let mut farewell = state.farewell.clone();
        if let Some((start, end)) = state.retry {
            state.jitter = state.jitter.wrapping_add(GOLDEN);
            let width = u128::from(end - start) + 1;
            let offset = (u128::from(state.jitter) * width) >> 64;
            // The offset is at most `end - start`.
            block::retry(&mut farewell, start + offset as u32);
            block::end(&mut farewell);
        }
        farewell
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let _before;
        let waiting = {
            let mut state = self.shared.lock();
            _before = state.waiting_for_begin.remove(&mut self.place);
            state.streams -= 1;
            if state.is_finished() { state.waiting_for_finish.all() } else { Vec::new() }
        };
        waiting.into_iter().for_each(Waker::wake);
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
