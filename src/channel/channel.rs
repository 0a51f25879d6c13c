//! The channel: what publishers hold.

use super::{
    Builder, Metrics,
    events::Events,
    hooks::{Hook, Told},
    id::Id,
    log::Log,
    policy::{GapEvent, OnLag, OnMissed, Start},
    subscriber::Subscriber,
};
use crate::{
    response::Encoded,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
        wait_list::WaitList,
    },
};
use alloc::{sync::Arc, vec::Vec};
use bytes::Bytes;
use core::{fmt, task::Waker};

/// A feed of events with any number of subscribers. Clones are handles of the same one.
///
/// It is a bounded log of encoded blocks. Publishing appends to it, and never waits. A [`Subscriber`] is a place
/// in it: what is slow, late, or connects again reads what the log still has, and what it has not any more is told
/// as a [gap](super::Gap). See [the module](super) for what that gives.
///
/// ```
/// use sse_wire::{Event, channel::Channel};
///
/// let channel = Channel::new();
/// let mut subscriber = channel.subscribe().into_blocking();
/// let id = channel.publish(Event::new().event("tick").data("1"))?;
/// assert_eq!(subscriber.next().unwrap(), format!("id: {id}\nevent: tick\ndata: 1\n\n"));
/// # Ok::<(), sse_wire::channel::PublishError>(())
/// ```
#[derive(Clone)]
pub struct Channel(pub(super) Arc<Shared>);

pub(super) struct Shared {
    state: Mutex<State>,
    /// Changes whenever those who wait are woken, so that a poll that would change nothing takes no lock.
    version: AtomicU64,
    /// Room for the wakers that are taken out of the state to be woken. Whoever finds it locked makes room of its own.
    wakers: Mutex<Vec<Waker>>,
    pub(super) policy: Policy,
    pub(super) on_first: Hook,
    pub(super) on_last: Hook,
}

pub(super) struct State {
    pub(super) log: Log,
    pub(super) waiting: WaitList,
    pub(super) ended: Option<Ended>,
    pub(super) subscribers: usize,
    pub(super) told: Told,
    pub(super) delivered: u64,
    pub(super) missed: u64,
    pub(super) filtered: u64,
}

/// Nothing is published any more.
#[derive(Clone)]
pub(super) enum Ended {
    Finished,
    /// With what each subscriber gets last.
    Closed(Bytes),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Policy {
    pub(super) start: Start,
    pub(super) on_lag: OnLag,
    pub(super) on_missed: OnMissed,
    pub(super) gap_event: GapEvent,
    pub(super) prime: bool,
}

impl Channel {
    /// A channel that retains 10,000 events and 1 MiB at most.
    #[must_use]
    pub fn new() -> Channel {
        Channel::builder().build()
    }

    /// Sets up a channel.
    ///
    /// ```
    /// use sse_wire::channel::{Channel, Start};
    /// use std::time::Duration;
    ///
    /// let channel = Channel::builder()
    ///     .events(1_000)
    ///     .age(Duration::from_secs(600))
    ///     .start(Start::Oldest)
    ///     .build();
    /// ```
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(super) fn with(builder: Builder) -> Channel {
        let Builder { bounds, policy, on_first, on_last } = builder;
        Channel(Arc::new(Shared {
            state: Mutex::new(State {
                log: Log::new(bounds),
                waiting: WaitList::default(),
                ended: None,
                subscribers: 0,
                told: Told::default(),
                delivered: 0,
                missed: 0,
                filtered: 0,
            }),
            version: AtomicU64::new(0),
            wakers: Mutex::new(Vec::new()),
            policy,
            on_first,
            on_last,
        }))
    }

    /// Publishes an [`Event`](crate::Event), or several at once (see [`Events`]), and returns the ID of the last.
    ///
    /// An event without an ID gets one; one that has its own keeps it, and clients can resume with either. IDs of
    /// your own should differ: after one that was published twice, a client gets what followed the first.
    ///
    /// It never waits for a subscriber, and can be called from any thread.
    ///
    /// # Errors
    /// If the channel is finished or closed.
    pub fn publish(&self, events: impl Events) -> Result<Id, PublishError> {
        self.publish_with(|| events)
    }

    /// Publishes what this function returns, with no other publication and no
    /// [`subscribe_with`](Channel::subscribe_with) between the call and the publication.
    ///
    /// This is how state changes together with the channel: change it in the function. The function runs under
    /// the channel's lock, so it must be quick, and must not use the channel, which would wait for itself.
    ///
    /// # Errors
    /// If the channel is finished or closed. The function is not called then.
    pub fn publish_with<E: Events>(&self, events: impl FnOnce() -> E) -> Result<Id, PublishError> {
        self.append(events, None)
    }

    fn append<E: Events>(&self, events: impl FnOnce() -> E, then: Option<Ended>) -> Result<Id, PublishError> {
        let mut state = self.0.lock();
        if let Some(ended) = &state.ended {
            return Err(ended.into());
        }
        let from = state.log.next();
        events().append(&mut state.log);
        state.log.commit(from);
        state.ended = then;
        let id = Id { epoch: state.log.epoch, number: state.log.next() - 1 };
        self.0.wake(state);
        Ok(id)
    }

    /// Ends the channel: nothing is published any more. Subscribers read to the end, and end.
    ///
    /// What is retained can still be read as long as there is a handle. A client that connects with the ID of the
    /// last event is told to stop: [`Resume::Finished`](super::Resume::Finished). Does nothing if the channel has
    /// ended already.
    pub fn finish(&self) {
        self.end(Ended::Finished);
    }

    /// Publishes a last event, or several, and [finishes](Channel::finish) the channel with it.
    ///
    /// # Errors
    /// If the channel is finished or closed.
    pub fn finish_with(&self, events: impl Events) -> Result<Id, PublishError> {
        self.append(|| events, Some(Ended::Finished))
    }

    /// Ends the streams of all subscribers, those that come later too: each gets what it has not read, then this
    /// farewell, and ends. Nothing is published any more.
    ///
    /// Unlike after [`finish`](Channel::finish), clients connect again; a `retry` in the farewell says when. An
    /// empty [`Event`](crate::Event) is no farewell.
    pub fn close(&self, farewell: impl Encoded) {
        self.close_encoded(encode(farewell));
    }

    pub(super) fn close_encoded(&self, farewell: Bytes) {
        self.end(Ended::Closed(farewell));
    }

    fn end(&self, ended: Ended) {
        let mut state = self.0.lock();
        let is_new = match (&state.ended, &ended) {
            (None, _) | (Some(Ended::Finished), Ended::Closed(_)) => true,
            (Some(_), _) => false,
        };
        if is_new {
            state.ended = Some(ended);
            self.0.wake(state);
        }
    }

    /// Subscribes to what is published from now on.
    pub fn subscribe(&self) -> Subscriber {
        let state = self.0.lock();
        let next = state.log.next();
        Subscriber::new(&self.0, state, next)
    }

    /// Subscribes to all that is retained, and what is published from now on.
    pub fn subscribe_from_oldest(&self) -> Subscriber {
        let mut state = self.0.lock();
        state.log.evict_expired();
        let first = state.log.first();
        Subscriber::new(&self.0, state, first)
    }

    /// Subscribes to what is published from now on, and sends this snapshot first: no event is missing or doubled
    /// between the two.
    ///
    /// The snapshot holds for the place that is passed to the function. The client gets that place as its last
    /// event ID, so that it resumes from the snapshot.
    ///
    /// State that is changed in [`publish_with`](Channel::publish_with) cannot change during the call. The function
    /// runs under the channel's lock, so it must be quick, and must not use the channel, which would wait for
    /// itself. State that has a lock of its own, which is held while it is changed and published, needs neither:
    /// subscribe with that lock.
    ///
    /// ```
    /// use sse_wire::{Event, channel::Channel};
    /// use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    ///
    /// let (channel, total) = (Channel::new(), AtomicU64::new(0));
    /// channel.publish_with(|| {
    ///     total.fetch_add(5, Relaxed);
    ///     Event::new().event("add").data(5)
    /// })?;
    /// let subscriber = channel.subscribe_with(|_| Event::new().event("total").data(total.load(Relaxed)));
    /// # Ok::<(), sse_wire::channel::PublishError>(())
    /// ```
    pub fn subscribe_with<E: Encoded>(&self, snapshot: impl FnOnce(Id) -> E) -> Subscriber {
        let mut state = self.0.lock();
        let next = state.log.next();
        let mut first = Vec::new();
        snapshot(Id { epoch: state.log.epoch, number: next - 1 }).write(&mut first);
        first.extend_from_slice(&state.log.id_block(next - 1));
        let mut subscriber = Subscriber::new(&self.0, state, next);
        subscriber.send_first(first.into());
        subscriber
    }

    /// Evicts what is older than the [age](Builder::age) that is retained.
    pub fn evict_expired(&self) {
        self.0.lock().log.evict_expired();
    }

    /// How many events are retained.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.lock().log.len()
    }

    /// Whether no event is retained.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many subscribers there are.
    #[must_use]
    pub fn subscriber_count(&self) -> usize {
        self.0.lock().subscribers
    }

    /// Whether it is finished or closed.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.0.lock().ended.is_some()
    }

    /// What the channel has counted.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        let state = self.0.lock();
        Metrics {
            published: state.log.next() - 1,
            delivered: state.delivered,
            missed: state.missed,
            filtered: state.filtered,
            subscribers: state.subscribers,
            retained_events: state.log.len(),
            retained_bytes: state.log.bytes(),
        }
    }
}

/// The bytes of what is not in the log.
pub(super) fn encode(events: impl Encoded) -> Bytes {
    let mut bytes = Vec::with_capacity(events.encoded_len());
    events.write(&mut bytes);
    bytes.into()
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // The state is whole at every moment, so that a panic elsewhere does not matter.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What changes whenever those who wait are woken.
    pub(super) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Wakes all who wait, after the lock is released.
    fn wake(&self, mut state: MutexGuard<'_, State>) {
        if state.waiting.is_empty() {
            return;
        }
        // Under the lock, so that who sees the old version and does not wait any more has been taken.
        self.version.store(self.version.load(Ordering::Relaxed) + 1, Ordering::Release);
        let mut kept = self.wakers.try_lock().ok();
        let mut own = Vec::new();
        let wakers = kept.as_deref_mut().unwrap_or(&mut own);
        state.waiting.take(wakers);
        drop(state);
        wakers.drain(..).for_each(Waker::wake);
    }
}

/// Why nothing was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublishError {
    /// The channel is [finished](Channel::finish).
    Finished,
    /// The channel is [closed](Channel::close).
    Closed,
}

impl From<&Ended> for PublishError {
    fn from(ended: &Ended) -> PublishError {
        match ended {
            Ended::Finished => PublishError::Finished,
            Ended::Closed(_) => PublishError::Closed,
        }
    }
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PublishError::Finished => "the channel is finished",
            PublishError::Closed => "the channel is closed",
        })
    }
}

impl core::error::Error for PublishError {}

impl Default for Channel {
    fn default() -> Self {
        Channel::new()
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Channel").field(&self.metrics()).finish()
    }
}
