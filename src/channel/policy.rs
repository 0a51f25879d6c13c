//! Where a client begins, and what happens when it misses events.

use crate::encode::Event;
use alloc::sync::Arc;
use core::fmt;

/// Where a client without a last event ID begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// With the next event that is published.
    #[default]
    Live,
    /// With the oldest event that is retained.
    Oldest,
}

/// What happens to a subscriber that is so slow that events were evicted before it read them. For a topic in
/// Redis, that means evicted by Redis as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnLag {
    /// It gets a [gap event](Gap), and continues with the oldest event that is retained.
    #[default]
    Gap,
    /// Its stream ends. The client reconnects with its last event ID, and is then treated as one that
    /// [missed](super::Resume::Missed) events.
    Close,
}

/// What a client gets if it connects with a last event ID after which some events are no longer retained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnMissed {
    /// A [gap event](Gap), and then everything that is retained.
    #[default]
    Replay,
    /// A [gap event](Gap), and then what is published from now on.
    Live,
}

/// What is configured for the clients of a channel.
#[derive(Clone, Debug, Default)]
pub(super) struct Policy {
    pub(super) start: Start,
    pub(super) on_lag: OnLag,
    pub(super) on_missed: OnMissed,
    pub(super) gap_event: GapEvent,
    pub(super) initial_id: bool,
}

/// Events that a client missed. It is told of them by a separate event.
///
/// By default that is `event: gap` with the data `{"missed":17}`, or `{"missed":null}` if the number is not known.
/// Its ID is that of the last missing event, so that a client that is cut off right after the gap event is not told
/// again. (It has no ID if that event was published with one, because that ID is evicted with its event.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gap {
    /// The number of events between the last that the client got and the next that it gets, if it is known. It is
    /// unknown if the client's ID belongs to another channel, or to this one before a restart.
    pub missed: Option<u64>,
}

impl Gap {
    fn event(self) -> Event {
        let event = Event::new().event("gap");
        match self.missed {
            Some(missed) => event.data(format_args!("{{\"missed\":{missed}}}")),
            None => event.data(r#"{"missed":null}"#),
        }
    }
}

/// The function that makes the event for a gap.
#[derive(Clone)]
pub(super) struct GapEvent(pub(super) Arc<dyn Fn(Gap) -> Event + Send + Sync>);

impl Default for GapEvent {
    fn default() -> Self {
        GapEvent(Arc::new(Gap::event))
    }
}

impl fmt::Debug for GapEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fn(Gap) -> Event")
    }
}
