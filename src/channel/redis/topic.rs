//! A topic, as the servers see it that clients connect to.

use super::{
    EntryId, Error,
    feed::Feed,
    history::{self, History},
    node::Shared,
};
use crate::channel::{Metrics, MissedReason, OnMissed, Start, Subscriber};
use alloc::sync::Arc;
use core::fmt;

/// How many entries are read to find out whether a client can go on.
const LOOK: usize = 32;

/// A topic on a [`Node`](super::Node). While there is a handle, the node goes on with it.
pub struct Topic {
    shared: Arc<Shared>,
    feed: Arc<Feed>,
}

/// What a topic has for a client that connects with a last event ID: see [`Topic::resume`].
#[derive(Debug)]
#[must_use = "the client is not subscribed yet"]
pub enum Resume {
    /// The node or Redis has everything after the ID: the subscriber gets that, and then what is published, with no
    /// gap and no repetition.
    Complete(Subscriber),
    /// Not everything after the ID is left, or it is not known what came after it.
    Missed(Missed),
    /// The topic is finished, and the client has all of it. Answer with status 204, after which an `EventSource` does
    /// not connect again.
    Finished,
}

/// A client that missed events while it was away.
#[must_use = "the client is not subscribed yet"]
pub struct Missed {
    shared: Arc<Shared>,
    feed: Arc<Feed>,
    reason: MissedReason,
    missed: Option<u64>,
    generation: u64,
    /// What is left follows this entry.
    from: EntryId,
}

impl Topic {
    /// `feed` has been counted for it.
    pub(super) fn new(shared: Arc<Shared>, feed: Arc<Feed>) -> Topic {
        Topic { shared, feed }
    }

    pub(super) async fn open(&self) -> Result<(), Error> {
        if self.feed.open(&self.shared.link).await? {
            self.shared.change();
        }
        Ok(())
    }

    /// Subscribes a client, as [`Channel::connect`](crate::channel::Channel::connect) does: after its last event ID, which any node may have given it,
    /// or where the policy says if it has none.
    ///
    /// `None` means that the topic is finished, and that there is nothing for this client any more: answer with status
    /// 204, after which an `EventSource` does not connect again.
    ///
    /// # Errors
    /// If Redis has to be asked and does not answer. That is so for an ID that this node does not have.
    pub async fn connect(&self, last_event_id: Option<&str>) -> Result<Option<Subscriber>, Error> {
        let policy = &self.feed.channel.0.policy;
        let Some(id) = last_event_id else {
            return match policy.start {
                Start::Live => Ok(self.live()),
                Start::Oldest => self.oldest().await,
            };
        };
        Ok(match self.resume(id).await? {
            Resume::Complete(subscriber) => Some(subscriber),
            Resume::Missed(missed) => Some(match policy.on_missed {
                OnMissed::Replay => missed.replay(),
                OnMissed::Live => missed.live(),
            }),
            Resume::Finished => None,
        })
    }

    fn live(&self) -> Option<Subscriber> {
        let next = self.feed.next();
        if self.feed.has_all(next) { None } else { Some(self.feed.subscribe(next)) }
    }

    async fn oldest(&self) -> Result<Option<Subscriber>, Error> {
        let generation = self.feed.generation();
        let (page, _) = history::page(&self.shared, &self.feed, EntryId::START, LOOK).await?;
        if page.is_end() {
            return Ok(None);
        }
        let history = History::new(self.shared.clone(), self.feed.clone(), EntryId::START, generation);
        Ok(Some(subscribe(&self.feed, history.with_page(page))))
    }

    /// Looks up what there is after the last event ID of a client, on this node and then in Redis.
    ///
    /// Nothing has been sent yet, so the server can still answer with something else.
    ///
    /// # Errors
    /// If Redis has to be asked and does not answer.
    pub async fn resume(&self, last_event_id: &str) -> Result<Resume, Error> {
        let (shared, feed) = (&self.shared, &self.feed);
        let generation = feed.generation();
        let missed = |reason, missed, from| {
            let (shared, feed) = (shared.clone(), feed.clone());
            Ok(Resume::Missed(Missed { shared, feed, reason, missed, generation, from }))
        };
        let Some(id) = EntryId::parse(last_event_id.as_bytes()) else {
            return missed(MissedReason::Unknown, None, EntryId::START);
        };
        // Whoever has the end of a topic has all of it, also when Redis has dropped it since.
        if id == EntryId::END {
            return Ok(Resume::Finished);
        }
        if let Some(next) = feed.find(id) {
            return Ok(match feed.has_all(next) {
                true => Resume::Finished,
                false => Resume::Complete(feed.subscribe(next)),
            });
        }

        let (page, info) = history::page(shared, feed, id, LOOK).await?;
        if !page.is_there {
            // Entries are dropped oldest first.
            let is_too_old = info.is_some_and(|info| {
                id <= info.last && info.removed() != Some(0) && info.first.is_none_or(|first| id < first)
            });
            return match (is_too_old, id) {
                (true, EntryId::START) => {
                    missed(MissedReason::TooOld, info.and_then(|info| info.removed()), id)
                }
                (true, _) => missed(MissedReason::TooOld, None, id),
                (false, _) => missed(MissedReason::Unknown, None, EntryId::START),
            };
        }
        if page.is_end() {
            return Ok(Resume::Finished);
        }
        let history = History::new(shared.clone(), feed.clone(), id, generation).with_page(page);
        Ok(Resume::Complete(subscribe(feed, history)))
    }

    /// How many subscribers it has on this node.
    #[must_use]
    pub fn subscriber_count(&self) -> usize {
        self.feed.channel.subscriber_count()
    }

    /// What this node has counted of it.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.feed.channel.metrics()
    }

    /// Whether it is finished, or the node is closed.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.feed.channel.is_ended()
    }
}

fn subscribe(feed: &Feed, history: History) -> Subscriber {
    let mut subscriber = feed.subscribe(feed.next());
    subscriber.read_first(history);
    subscriber
}

impl Missed {
    /// Why the client cannot go on where it was.
    #[must_use]
    pub fn reason(&self) -> MissedReason {
        self.reason
    }

    /// How many events it missed that nobody has any more, if that is known.
    #[must_use]
    pub fn missed(&self) -> Option<u64> {
        self.missed
    }

    /// Subscribes the client to a [gap event](crate::channel::Gap), then all that Redis has and the client may not, and
    /// what is published from now on.
    pub fn replay(self) -> Subscriber {
        let history = History::new(self.shared, self.feed.clone(), self.from, self.generation);
        subscribe(&self.feed, history.after_gap(self.missed))
    }

    /// Subscribes the client to a [gap event](crate::channel::Gap), and what is published from now on.
    pub fn live(self) -> Subscriber {
        let next = self.feed.next();
        let mut subscriber = self.feed.subscribe(next);
        subscriber.send_first(self.feed.told(None, Some(next)));
        subscriber
    }
}

impl Clone for Topic {
    fn clone(&self) -> Self {
        self.feed.users.fetch_add(1, core::sync::atomic::Ordering::Relaxed);
        Topic { shared: self.shared.clone(), feed: self.feed.clone() }
    }
}

impl Drop for Topic {
    fn drop(&mut self) {
        self.shared.leave(&self.feed);
    }
}

impl fmt::Debug for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Topic").field(&self.metrics()).finish()
    }
}

impl fmt::Debug for Missed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Missed")
            .field("reason", &self.reason)
            .field("missed", &self.missed)
            .finish_non_exhaustive()
    }
}
