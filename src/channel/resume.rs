//! Clients that reconnect.

#[cfg(feature = "redis")]
use super::redis;
use super::{
    Channel,
    id::Epoch,
    policy::{OnMissed, Start},
    shared::{Ended, State},
    subscriber::Subscriber,
};
use core::fmt;

/// What a channel has for a client that connects with a last event ID: see [`Channel::resume`], and `resume` of a
/// topic in Redis.
#[derive(Debug)]
#[must_use = "the client is not subscribed yet"]
pub enum Resume {
    /// Everything after the ID is retained, by the channel or in Redis: the subscriber gets that, and then what is
    /// published from now on, without gaps or repetitions.
    Complete(Subscriber),
    /// Some of what followed the ID is no longer retained, or it is not known what followed it.
    Missed(Missed),
    /// The channel is finished, and the client has all of it. Respond with status 204, after which an `EventSource`
    /// does not reconnect.
    Finished,
}

/// A client that missed events while it was away.
///
/// The server may send it everything that is retained ([`replay`](Missed::replay)), only what is published from now on
/// ([`live`](Missed::live)), a snapshot ([`Channel::subscribe_with`]), or a different response altogether.
#[derive(Debug)]
#[must_use = "the client is not subscribed yet"]
pub struct Missed {
    reason: MissedReason,
    retained: Retained,
}

/// What is available to such a client.
#[derive(Debug)]
enum Retained {
    /// Holds the number of the first event that the client does not have, if it is known.
    Log(Channel, Option<u64>),
    #[cfg(feature = "redis")]
    Redis(redis::Retained),
}

/// Why a client cannot resume where it left off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MissedReason {
    /// The ID is one of this channel, but events after it are no longer retained.
    TooOld,
    /// The ID belongs to another channel, or to this one before the server was restarted.
    OtherChannel,
    /// The ID was never one of this channel's, or the event that was published with it is no longer retained.
    Unknown,
}

impl Channel {
    /// Subscribes a client. With a last event ID, it [resumes](Channel::resume) there; without one, it begins where
    /// [`start`](super::Builder::start) says. If it missed events, it is told so, and gets what
    /// [`on_missed`](super::Builder::on_missed) says.
    ///
    /// `None` means that the channel is finished and has nothing more for this client: respond with status 204, after
    /// which an `EventSource` does not reconnect.
    pub fn connect(&self, last_event_id: Option<&str>) -> Option<Subscriber> {
        match last_event_id {
            Some(id) => self.resume(id).go_on(self.0.policy.on_missed),
            None => self.begin(),
        }
    }

    fn begin(&self) -> Option<Subscriber> {
        let mut state = self.0.lock();
        state.log.evict_expired();
        let next = match self.0.policy.start {
            Start::Live => state.log.next(),
            Start::Oldest => state.log.first(),
        };
        if state.has_all(next) { None } else { Some(Subscriber::new(&self.0.shared, state, next)) }
    }

    /// Looks up what follows a client's last event ID.
    ///
    /// Nothing has been sent yet, so the server can still respond with something else.
    ///
    /// ```
    /// use sse_wire::{Event, channel::{Channel, Resume}};
    ///
    /// let channel = Channel::new();
    /// let first = channel.publish(Event::new().data("1"))?;
    /// channel.publish(Event::new().data("2"))?;
    /// let Resume::Complete(subscriber) = channel.resume(&first.to_string()) else { panic!() };
    /// assert!(subscriber.into_blocking().next().unwrap().ends_with(b"data: 2\n\n"));
    /// # Ok::<(), sse_wire::channel::PublishError>(())
    /// ```
    pub fn resume(&self, last_event_id: &str) -> Resume {
        let mut state = self.0.lock();
        state.log.evict_expired();
        let (next, reason) = match state.log.find(last_event_id).or(state.log.epoch.parse(last_event_id)) {
            // An ID of this epoch that was never given out.
            Some(number) if number >= state.log.next() => (None, MissedReason::Unknown),
            Some(number) => (Some(number + 1), MissedReason::TooOld),
            None if Epoch::is_similar(last_event_id) => (None, MissedReason::OtherChannel),
            None => (None, MissedReason::Unknown),
        };
        match next {
            Some(next) if state.has_all(next) => Resume::Finished,
            Some(next) if next >= state.log.first() => {
                Resume::Complete(Subscriber::new(&self.0.shared, state, next))
            }
            _ => Resume::Missed(Missed { reason, retained: Retained::Log(self.clone(), next) }),
        }
    }
}

impl State {
    /// Whether there is nothing from this place on, and never will be.
    fn has_all(&self, next: u64) -> bool {
        matches!(self.ended, Some(Ended::Finished)) && next == self.log.next()
    }
}

impl Resume {
    /// Creates the subscriber of a client that takes what is available.
    pub(super) fn go_on(self, on_missed: OnMissed) -> Option<Subscriber> {
        match self {
            Resume::Complete(subscriber) => Some(subscriber),
            Resume::Missed(missed) => Some(match on_missed {
                OnMissed::Replay => missed.replay(),
                OnMissed::Live => missed.live(),
            }),
            Resume::Finished => None,
        }
    }
}

impl Missed {
    #[cfg(feature = "redis")]
    pub(super) fn in_redis(reason: MissedReason, retained: redis::Retained) -> Missed {
        Missed { reason, retained: Retained::Redis(retained) }
    }

    /// Why the client cannot resume where it left off.
    #[must_use]
    pub fn reason(&self) -> MissedReason {
        self.reason
    }

    /// The number of events that the client missed and that are no longer retained, if it is known.
    #[must_use]
    pub fn missed(&self) -> Option<u64> {
        match &self.retained {
            Retained::Log(channel, next) => {
                let first = channel.0.lock().log.first();
                next.map(|next| first.saturating_sub(next))
            }
            #[cfg(feature = "redis")]
            Retained::Redis(retained) => retained.missed(),
        }
    }

    /// Subscribes the client, which gets a [gap event](super::Gap), then everything that is retained, and then what is
    /// published from now on.
    pub fn replay(self) -> Subscriber {
        match self.retained {
            Retained::Log(channel, next) => {
                let state = channel.0.lock();
                let from = next.unwrap_or(state.log.first());
                let mut subscriber = Subscriber::without_initial_id(&channel.0.shared, state, from);
                subscriber.tell_gap(next.map(|_| 0));
                subscriber
            }
            #[cfg(feature = "redis")]
            Retained::Redis(retained) => retained.replay(),
        }
    }

    /// Subscribes the client, which gets a [gap event](super::Gap), and then what is published from now on.
    pub fn live(self) -> Subscriber {
        match self.retained {
            Retained::Log(channel, next) => {
                let state = channel.0.lock();
                let end = state.log.next();
                let mut subscriber = Subscriber::without_initial_id(&channel.0.shared, state, end);
                subscriber.tell_gap(next.map(|next| end - next));
                subscriber
            }
            #[cfg(feature = "redis")]
            Retained::Redis(retained) => retained.live(),
        }
    }
}

impl fmt::Display for MissedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            MissedReason::TooOld => "events after the last event ID are no longer retained",
            MissedReason::OtherChannel => {
                "the last event ID is from another channel, or from before a restart"
            }
            MissedReason::Unknown => "the last event ID is not known",
        })
    }
}
