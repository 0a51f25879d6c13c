//! Configures a channel.

use super::{
    Channel,
    hooks::Hook,
    log::Bounds,
    policy::{Gap, GapEvent, OnLag, OnMissed, Policy, Start},
};
use crate::encode::Event;
use alloc::sync::Arc;
use core::time::Duration;

/// Configures a [`Channel`]: see [`Channel::builder`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it builds"]
pub struct Builder {
    pub(super) bounds: Bounds,
    pub(super) policy: Policy,
    pub(super) on_first: Hook,
    pub(super) on_last: Hook,
}

impl Builder {
    pub(super) fn new() -> Builder {
        Builder {
            bounds: Bounds { events: 10_000, bytes: 1024 * 1024, age: None },
            policy: Policy::default(),
            on_first: Hook::default(),
            on_last: Hook::default(),
        }
    }

    /// Sets how many events are retained at most: 10,000 by default, and at least 1. `None` means no limit.
    ///
    /// Retained events are replayed to clients that join late or reconnect. They are also how far a subscriber may
    /// fall behind before it misses events.
    pub fn events(mut self, events: impl Into<Option<usize>>) -> Self {
        self.bounds.events = events.into().unwrap_or(usize::MAX);
        self
    }

    /// Sets how many bytes of encoded events are retained at most: 1 MiB by default. `None` means no limit.
    ///
    /// The latest publication is retained even if it is larger. In addition to these bytes, the channel needs about 70
    /// bytes for each event.
    pub fn bytes(mut self, bytes: impl Into<Option<usize>>) -> Self {
        self.bounds.bytes = bytes.into().unwrap_or(usize::MAX);
        self
    }

    /// Sets how long events are retained at most: without limit by default.
    ///
    /// The channel has no timer: events that are too old are evicted when something is published, when somebody
    /// subscribes, or by [`evict_expired`](Channel::evict_expired).
    pub fn age(mut self, age: impl Into<Option<Duration>>) -> Self {
        self.bounds.age = age.into();
        self
    }

    /// Sets where clients without a last event ID begin: [live](Start::Live) by default.
    pub fn start(mut self, start: Start) -> Self {
        self.policy.start = start;
        self
    }

    /// Sets what happens to a subscriber that is too slow: by default it gets a [gap event](OnLag::Gap).
    pub fn on_lag(mut self, on_lag: OnLag) -> Self {
        self.policy.on_lag = on_lag;
        self
    }

    /// Sets what [`connect`](Channel::connect) sends to a client that missed events while it was away: by default a gap
    /// event, and then [everything that is retained](OnMissed::Replay).
    pub fn on_missed(mut self, on_missed: OnMissed) -> Self {
        self.policy.on_missed = on_missed;
        self
    }

    /// Sets the function that makes the event for a [`Gap`].
    ///
    /// ```
    /// use sse_wire::{Event, channel::Channel};
    ///
    /// let channel = Channel::builder().gap_event(|_| Event::new().event("reload")).build();
    /// ```
    pub fn gap_event(mut self, event: impl Fn(Gap) -> Event + Send + Sync + 'static) -> Self {
        self.policy.gap_event = GapEvent(Arc::new(event));
        self
    }

    /// Sets whether each subscriber first gets a block that contains only the ID of the place where it begins, so that
    /// a client that is cut off before its first event resumes there. Off by default.
    pub fn initial_id(mut self, initial_id: bool) -> Self {
        self.policy.initial_id = initial_id;
        self
    }

    /// Sets a function that is called when the first subscriber arrives: the time to open whatever feeds the channel.
    ///
    /// The calls of this function and of [`on_last_subscriber`](Builder::on_last_subscriber) alternate, and never
    /// overlap. They are made on the thread that subscribes or drops a subscriber, without holding a lock.
    pub fn on_first_subscriber(mut self, hook: impl Fn() + Send + Sync + 'static) -> Self {
        self.on_first = Hook(Some(Arc::new(hook)));
        self
    }

    /// Sets a function that is called when the last subscriber has left.
    pub fn on_last_subscriber(mut self, hook: impl Fn() + Send + Sync + 'static) -> Self {
        self.on_last = Hook(Some(Arc::new(hook)));
        self
    }

    /// Builds the channel.
    #[must_use]
    pub fn build(self) -> Channel {
        Channel::with(self)
    }
}
