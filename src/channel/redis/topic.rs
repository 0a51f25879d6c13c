//! A topic, as seen by the servers that clients connect to.

use super::{
    EntryId, Error,
    feed::Feed,
    history::{self, History},
    node::Shared,
};
use crate::channel::{Metrics, MissedReason, OnMissed, Start, Subscriber};
use alloc::sync::Arc;
use core::fmt;

/// How many entries are read to find out whether a client can resume.
const LOOK: usize = 32;

/// A topic on a [`Node`](super::Node). While a handle exists, the node keeps reading the topic.
pub struct Topic {
    shared: Arc<Shared>,
    feed: Arc<Feed>,
}

/// What a topic has for a client that connects with a last event ID: see [`Topic::resume`].
#[derive(Debug)]
#[must_use = "the client is not subscribed yet"]
pub enum Resume {
    /// The node or Redis has everything after the ID: the subscriber gets that, and then what is published from now on,
    /// without gaps or repetitions.
    Complete(Subscriber),
    /// Some of what followed the ID is no longer retained, or it is not known what followed it.
    Missed(Missed),
    /// The topic is finished, and the client has all of it. Respond with status 204, after which an `EventSource` does
    /// not reconnect.
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
    /// What is still retained follows this entry.
    from: EntryId,
}

impl Topic {
    /// The new topic must already be counted in `feed`.
    pub(super) fn new(shared: Arc<Shared>, feed: Arc<Feed>) -> Topic {
        Topic { shared, feed }
    }

    pub(super) async fn open(&self) -> Result<(), Error> {
        if self.feed.open(&self.shared.link).await? {
            self.shared.change();
        }
        Ok(())
    }

    /// Subscribes a client, as [`Channel::connect`](crate::channel::Channel::connect) does: with a last event ID from
    /// any node it resumes there; without one, it begins where the policy says.
    ///
    /// `None` means that the topic is finished and has nothing more for this client: respond with status 204, after
    /// which an `EventSource` does not reconnect.
    ///
    /// # Errors
    /// If Redis has to be asked and does not reply. It is asked about IDs that this node does not have.
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

    /// Looks up what follows a client's last event ID, on this node and then in Redis.
    ///
    /// Nothing has been sent yet, so the server can still respond with something else.
    ///
    /// # Errors
    /// If Redis has to be asked and does not reply.
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
        // A client that has the end of a topic has all of it, even if Redis has dropped the topic since.
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

    /// The number of subscribers on this node.
    #[must_use]
    pub fn subscriber_count(&self) -> usize {
        self.feed.channel.subscriber_count()
    }

    /// What this node has counted for this topic.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.feed.channel.metrics()
    }

    /// Whether the topic is finished or the node is closed.
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
    /// Why the client cannot resume where it left off.
    #[must_use]
    pub fn reason(&self) -> MissedReason {
        self.reason
    }

    /// The number of events that the client missed and that are no longer retained, if it is known.
    #[must_use]
    pub fn missed(&self) -> Option<u64> {
        self.missed
    }

    /// Subscribes the client, which gets a [gap event](crate::channel::Gap), then everything in Redis that it may not
    /// have yet, and then what is published from now on.
    pub fn replay(self) -> Subscriber {
        let history = History::new(self.shared, self.feed.clone(), self.from, self.generation);
        subscribe(&self.feed, history.after_gap(self.missed))
    }

    /// Subscribes the client, which gets a [gap event](crate::channel::Gap), and then what is published from now on.
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
