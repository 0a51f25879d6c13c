//! The end of all streams of a server.

mod membership;
#[cfg(all(test, loom))]
mod models;

pub(super) use membership::Memberships;

use super::{Encoded, encoded};
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

/// A handle that ends event streams: all of a server, or those of a session.
///
/// An open stream does not end by itself, so a server that waits for its connections when it shuts down
/// would wait forever. Give this handle to each body, or blocking driver, and call
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
/// With [`begin_within`](Shutdown::begin_within) event sources have some time to end by themselves. They
/// learn of it by [`begun`](Shutdown::begun), may yield last events, and end. Until then everything goes on as
/// before, keep-alives included. Those that do not end are cut off when the time is over.
///
/// # Several handles
/// A stream may be under several: the server's, and one for its session, which a logout begins. Each counts
/// it, and the one whose time is over first ends it, with its own farewell.
///
/// What no body can do is to end while the server does not poll it, and a server does not as long as
/// the client leaves what it was sent unread. Put a timeout around the server's own graceful shutdown
/// for these; [`finished`](Shutdown::finished) says when all streams are gone.
#[derive(Clone)]
pub struct Shutdown(Arc<Shared>);

struct Shared {
    farewell: Vec<u8>,
    /// In milliseconds, both ends included.
    retry: Option<(u32, u32)>,
    /// Whether it has begun, so that a poll before that takes no lock.
    begun: AtomicBool,
    state: Mutex<State>,
}

struct State {
    /// Set once it has begun.
    deadline: Option<Deadline>,
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
    /// A handle that has not begun. Streams end without a farewell.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// The settings of a handle, which are made before it is shared.
    pub fn builder() -> ShutdownBuilder {
        ShutdownBuilder::default()
    }

    /// Ends all streams now, and those that begin later as soon as they are polled.
    ///
    /// Called again, it does nothing; after [`begin_within`](Shutdown::begin_within) it ends the time
    /// that was given there.
    pub fn begin(&self) {
        self.begin_within(Duration::ZERO);
    }

    /// Ends all streams within this time. Until then those go on whose event source has not ended.
    ///
    /// Called again, it may shorten the time, but not prolong it. [`Duration::MAX`] is as long as the
    /// event sources need. A body without a timer cannot wait for a shorter time, and ends at once.
    ///
    /// Any time but zero and `MAX` is measured with [`Instant`], which not every target has.
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
}

/// The settings of a [`Shutdown`], from [`Shutdown::builder`].
#[derive(Clone, Debug, Default)]
#[must_use = "the handle is what `build` returns"]
pub struct ShutdownBuilder {
    farewell: Vec<u8>,
    retry: Option<(u32, u32)>,
}

impl ShutdownBuilder {
    /// What each stream sends last: an [`Event`](crate::Event) or an [`Sse`](crate::Sse).
    pub fn farewell(self, events: impl Encoded) -> Self {
        ShutdownBuilder { farewell: encoded::to_vec(events), ..self }
    }

    /// The reconnection times that clients are given at the end, in milliseconds or as a [`Duration`].
    /// Each stream gets another one; together they spread evenly over the range.
    pub fn retry<R: Retry>(self, range: RangeInclusive<R>) -> Self {
        let (start, end) = (range.start().to_wire(), range.end().to_wire());
        ShutdownBuilder { retry: Some((start.min(end), start.max(end))), ..self }
    }

    /// The handle, which has not begun.
    pub fn build(self) -> Shutdown {
        Shutdown(Arc::new(Shared {
            farewell: self.farewell,
            retry: self.retry,
            begun: AtomicBool::new(false),
            state: Mutex::new(State {
                deadline: None,
                // Another beginning for each server, so that the clients of several spread too.
                jitter: RandomState::new().hash_one(0),
                streams: 0,
                waiting_for_begin: Wakers::default(),
                waiting_for_finish: Wakers::default(),
            }),
        }))
    }
}

/// When all streams have to be ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Deadline {
    Now,
    At(Instant),
    /// Later than the clock goes, too.
    Never,
}

impl Deadline {
    /// It reads the clock only if the time is neither none nor unlimited.
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
        // The state is whole at every moment, so that a panic elsewhere does not matter.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
