//! How a channel is set up.

use super::{
    Channel,
    channel::Policy,
    hooks::Hook,
    log::Bounds,
    policy::{Gap, GapEvent, OnLag, OnMissed, Start},
};
use crate::encode::Event;
use alloc::sync::Arc;
use core::time::Duration;

/// How a [`Channel`] is set up: see [`Channel::builder`].
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

    /// How many events are retained at most: 10,000 by default, and at least 1. `None` is any number.
    ///
    /// What is retained serves clients that come late or again, and it is also how far a subscriber may be late
    /// before it misses events.
    pub fn events(mut self, events: impl Into<Option<usize>>) -> Self {
        self.bounds.events = events.into().unwrap_or(usize::MAX);
        self
    }

    /// How many bytes of encoded events are retained at most: 1 MiB by default. `None` is any number.
    ///
    /// What was published last is retained even if it is larger. Beside the bytes, the channel needs about 70 for
    /// each event.
    pub fn bytes(mut self, bytes: impl Into<Option<usize>>) -> Self {
        self.bounds.bytes = bytes.into().unwrap_or(usize::MAX);
        self
    }

    /// How long events are retained at most: for ever by default.
    ///
    /// The channel has no timer: what is too old goes when something is published or somebody subscribes, or at
    /// [`evict_expired`](Channel::evict_expired).
    pub fn age(mut self, age: impl Into<Option<Duration>>) -> Self {
        self.bounds.age = age.into();
        self
    }

    /// Where clients without a last event ID begin: [live](Start::Live) by default.
    pub fn start(mut self, start: Start) -> Self {
        self.policy.start = start;
        self
    }

    /// What happens to a subscriber that is too slow: a [gap event](OnLag::Gap) by default.
    pub fn on_lag(mut self, on_lag: OnLag) -> Self {
        self.policy.on_lag = on_lag;
        self
    }

    /// What [`connect`](Channel::connect) does for a client that missed events while it was away:
    /// [all that is retained](OnMissed::Replay) by default, after a gap event.
    pub fn on_missed(mut self, on_missed: OnMissed) -> Self {
        self.policy.on_missed = on_missed;
        self
    }

    /// Makes the event that tells a client of a [`Gap`], instead of the default one.
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

    /// Whether each subscriber first gets a block with nothing but the ID of the place where it begins. Then a
    /// client that is cut off before the first event resumes at that place too. By default it does not.
    pub fn prime(mut self, prime: bool) -> Self {
        self.policy.prime = prime;
        self
    }

    /// Calls this when there is a subscriber after there was none: the time to open what feeds the channel.
    ///
    /// The calls of this and of [`on_last_subscriber`](Builder::on_last_subscriber) alternate, and never overlap.
    /// They come from the thread that subscribes or drops a subscriber, which holds no lock then.
    pub fn on_first_subscriber(mut self, hook: impl Fn() + Send + Sync + 'static) -> Self {
        self.on_first = Hook(Some(Arc::new(hook)));
        self
    }

    /// Calls this when there is no subscriber any more.
    pub fn on_last_subscriber(mut self, hook: impl Fn() + Send + Sync + 'static) -> Self {
        self.on_last = Hook(Some(Arc::new(hook)));
        self
    }

    /// The channel.
    #[must_use]
    pub fn build(self) -> Channel {
        Channel::with(self)
    }
}
