//! What a channel does where clients miss events, and what it begins with.

use crate::encode::Event;
use alloc::sync::Arc;
use core::fmt;

/// Where the events of a client begin that has no last event ID.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// With the next one that is published.
    #[default]
    Live,
    /// With the oldest that is retained.
    Oldest,
}

/// What happens to a subscriber that is so slow that events are no longer retained when it wants them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnLag {
    /// It gets a [gap event](Gap), and then goes on with the oldest event that is retained.
    #[default]
    Gap,
    /// Its stream ends. The client connects again with its last event ID, and is then one that
    /// [missed](super::Resume::Missed) events.
    Close,
}

/// What a client gets first when it connects with a last event ID after which not everything is retained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnMissed {
    /// A [gap event](Gap), and then all that is retained.
    #[default]
    Replay,
    /// A [gap event](Gap), and then what is published from now on.
    Live,
}

/// Events that a client missed, which it is told in an event of its own.
///
/// By default that is `event: gap` with the data `{"missed":17}`, or `{"missed":null}` where the number is not
/// known. Its ID is that of the last event that is missing, so that a client which is cut off right after it is
/// not told again. (Where that event was published with an ID of its own, which is forgotten with it, there is
/// none.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gap {
    /// How many events there were between the last that the client got and the next that it gets, if that is
    /// known. It is not after an ID of another channel, or of this one before it was restarted.
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

/// Makes the event of a gap.
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
