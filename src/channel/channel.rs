//! The channel: what publishers hold.

use super::{
    Builder, Metrics,
    id::Id,
    publishable::Publishable,
    shared::{Ended, Shared},
    subscriber::Subscriber,
};
use crate::response::{Encoded, whole_blocks};
use alloc::sync::Arc;
use bytes::Bytes;
use core::{fmt, ops::Deref};

/// A feed of events with any number of subscribers. Clones are handles to the same channel.
///
/// A channel is a bounded log of encoded blocks. Publishing appends to it, and never waits. A [`Subscriber`] is a
/// place in it: a client that is slow, joins late, or reconnects reads what the log still has, and is told of what it
/// no longer has by a [gap](super::Gap) event. See [the module](super) for the guarantees.
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
pub struct Channel(pub(super) Arc<Handles>);

/// All handles of a channel. Once the last one is dropped, nobody can publish any more, so the channel is finished.
pub(super) struct Handles {
    pub(super) shared: Arc<Shared>,
}

impl Channel {
    /// Creates a channel that retains at most 10,000 events and 1 MiB.
    #[must_use]
    pub fn new() -> Channel {
        Channel::builder().build()
    }

    /// Returns a builder to configure a channel.
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
        Channel(Arc::new(Handles { shared: Arc::new(Shared::new(builder)) }))
    }

    /// Publishes an [`Event`](crate::Event), or several at once (see [`Publishable`]), and returns the ID of the last.
    ///
    /// An event without an ID gets one; an event that has an ID keeps it. Clients can resume with either. IDs that you
    /// choose should be unique: a client that resumes with one that was published twice gets what followed the first.
    ///
    /// It never waits for a subscriber, and can be called from any thread.
    ///
    /// # Errors
    /// If the channel is finished or closed.
    pub fn publish(&self, events: impl Publishable) -> Result<Id, PublishError> {
        self.publish_with(|| events)
    }

    /// Publishes what this function returns, with no other publication and no
    /// [`subscribe_with`](Channel::subscribe_with) between the call and the publication.
    ///
    /// Use it to change some state and publish the change in one step: change the state in the function. The function
    /// runs under the channel's lock, so it must be quick, and must not use the channel, which would deadlock.
    ///
    /// # Errors
    /// If the channel is finished or closed. The function is then not called.
    pub fn publish_with<E: Publishable>(&self, events: impl FnOnce() -> E) -> Result<Id, PublishError> {
        self.append(events, None)
    }

    fn append<E: Publishable>(
        &self,
        events: impl FnOnce() -> E,
        then: Option<Ended>,
    ) -> Result<Id, PublishError> {
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

    /// Ends the channel: nothing more can be published. Subscribers read everything that remains, and then end.
    ///
    /// What is retained can still be read for as long as a handle exists. A client that connects with the ID of the
    /// last event is told to stop: see [`Resume::Finished`](super::Resume::Finished). Does nothing if the channel has
    /// already ended.
    ///
    /// Dropping the last handle finishes the channel too, because nobody can publish any more.
    pub fn finish(&self) {
        self.0.end(Ended::Finished);
    }

    /// Publishes a last event, or several, and [finishes](Channel::finish) the channel with it.
    ///
    /// # Errors
    /// If the channel is finished or closed.
    pub fn finish_with(&self, events: impl Publishable) -> Result<Id, PublishError> {
        self.append(|| events, Some(Ended::Finished))
    }

    /// Ends the streams of all subscribers, including those that subscribe later: each gets what it has not read yet,
    /// then this farewell, and ends. Nothing more can be published.
    ///
    /// Unlike after [`finish`](Channel::finish), clients reconnect; a `retry` in the farewell says when. With an
    /// empty [`Event`](crate::Event), no farewell is sent.
    pub fn close(&self, farewell: impl Encoded) {
        self.close_encoded(whole_blocks(farewell).into());
    }

    pub(super) fn close_encoded(&self, farewell: Bytes) {
        self.0.end(Ended::Closed(farewell));
    }

    /// Subscribes to what is published from now on.
    pub fn subscribe(&self) -> Subscriber {
        let state = self.0.lock();
        let next = state.log.next();
        Subscriber::new(&self.0.shared, state, next)
    }

    /// Subscribes to everything that is retained, and then to what is published from now on.
    pub fn subscribe_from_oldest(&self) -> Subscriber {
        let mut state = self.0.lock();
        state.log.evict_expired();
        let first = state.log.first();
        Subscriber::new(&self.0.shared, state, first)
    }

    /// Subscribes to what is published from now on, and sends this snapshot first. No event is missed or repeated
    /// between the two.
    ///
    /// The function gets the place in the channel to which its snapshot applies. The client gets that place as its
    /// last event ID, so that it resumes from the snapshot.
    ///
    /// State that is changed in [`publish_with`](Channel::publish_with) cannot change during the call. The function
    /// runs under the channel's lock, so it must be quick, and must not use the channel, which would deadlock. State
    /// that has its own lock does not need `publish_with`: hold that lock while you change and publish, and while you
    /// subscribe.
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
        let mut first = whole_blocks(snapshot(Id { epoch: state.log.epoch, number: next - 1 }));
        first.extend_from_slice(&state.log.id_block(next - 1));
        let mut subscriber = Subscriber::without_initial_id(&self.0.shared, state, next);
        subscriber.send_first(first.into());
        subscriber
    }

    /// Evicts the events that are older than the configured [age](Builder::age).
    pub fn evict_expired(&self) {
        self.0.lock().log.evict_expired();
    }

    /// Returns the number of retained events.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.lock().log.len()
    }

    /// Whether no event is retained.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of subscribers.
    #[must_use]
    pub fn subscriber_count(&self) -> usize {
        self.0.lock().subscribers
    }

    /// Whether the channel is finished or closed.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.0.lock().ended.is_some()
    }

    /// Returns the channel's counters.
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

impl Deref for Handles {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

impl Drop for Handles {
    fn drop(&mut self) {
        self.end(Ended::Finished);
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
