//! What a channel counts.

/// What a [`Channel`](super::Channel) has counted since it was made, and what it holds now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metrics {
    /// Events that were published.
    pub published: u64,
    /// Events that were given to subscribers, each counted once for each subscriber that got it.
    pub delivered: u64,
    /// Events that subscribers missed because they were too slow or came too late, counted as the delivered
    /// ones. Those of unknown number are not among them.
    pub missed: u64,
    /// Events that the filters of subscribers kept back, counted as the delivered ones.
    pub filtered: u64,
    /// Subscribers that there are now.
    pub subscribers: usize,
    /// Events that are retained now.
    pub retained_events: usize,
    /// The bytes of these events. The channel needs about 70 more for each event.
    pub retained_bytes: usize,
}
