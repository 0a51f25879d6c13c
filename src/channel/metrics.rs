//! What a channel counts.

/// What a [`Channel`](super::Channel) has counted since it was made, and what it holds now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metrics {
    /// Events that were published.
    pub published: u64,
    /// Events that subscribers got, counted once for each subscriber.
    pub delivered: u64,
    /// Events that subscribers missed because they were too slow or connected too late, counted once for each
    /// subscriber. Gaps of unknown size are not included.
    pub missed: u64,
    /// Events that filters held back, counted once for each subscriber.
    pub filtered: u64,
    /// Current subscribers.
    pub subscribers: usize,
    /// Events that are currently retained.
    pub retained_events: usize,
    /// The bytes of the retained events. The channel needs about 70 bytes more for each event.
    pub retained_bytes: usize,
}
