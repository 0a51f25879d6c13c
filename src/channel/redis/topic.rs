//! A topic, as seen by the servers that clients connect to.

use super::{
    EntryId, Error,
    feed::{Feed, Position, id_block},
    history::{self, History},
    node::Shared,
};
use crate::channel::{Metrics, Missed, MissedReason, Resume, Start, Subscriber};
use alloc::sync::Arc;
use core::fmt;

/// How many entries are read to find out whether a client can resume.
const LOOK: usize = 32;

/// A topic on a [`Node`](super::Node). While a handle exists, the node keeps reading the topic.
pub struct Topic {
    shared: Arc<Shared>,
    feed: Arc<Feed>,
}

/// What there is for a client that missed events.
pub(in crate::channel) struct Retained {
    topic: Topic,
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
        Ok(match (last_event_id, policy.start) {
            (Some(id), _) => self.resume(id).await?.go_on(policy.on_missed),
            (None, Start::Oldest) => self.oldest().await?,
            (None, Start::Live) => {
                let end = self.feed.end();
                if self.feed.has_all(end.next) { None } else { Some(self.join(end)) }
            }
        })
    }

    async fn oldest(&self) -> Result<Option<Subscriber>, Error> {
        let generation = self.feed.generation();
        let (page, _) = history::page(&self.shared, &self.feed, EntryId::START, LOOK).await?;
        if page.is_end() {
            return Ok(None);
        }
        Ok(Some(self.read(self.history(EntryId::START, generation).with_page(page), Some(EntryId::START))))
    }

    /// Looks up what follows a client's last event ID, on this node and then in Redis.
    ///
    /// Nothing has been sent yet, so the server can still respond with something else. An ID from before Redis lost its
    /// data, or from another channel, is [unknown](MissedReason::Unknown).
    ///
    /// # Errors
    /// If Redis has to be asked and does not reply.
    pub async fn resume(&self, last_event_id: &str) -> Result<Resume, Error> {
        let feed = &self.feed;
        let generation = feed.generation();
        let missed = |reason, missed, from| {
            let retained = Retained { topic: self.clone(), missed, generation, from };
            Ok(Resume::Missed(Missed::in_redis(reason, retained)))
        };
        let Some(id) = EntryId::parse(last_event_id.as_bytes()) else {
            return missed(MissedReason::Unknown, None, EntryId::START);
        };
        // A client that has the end of a topic has all of it, even if Redis has dropped the topic since.
        if id == EntryId::END {
            return Ok(Resume::Finished);
        }
        if let Some(after) = feed.find(id) {
            return Ok(match feed.has_all(after.next) {
                true => Resume::Finished,
                false => Resume::Complete(self.join(after)),
            });
        }

        let (page, info) = history::page(&self.shared, feed, id, LOOK).await?;
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
        Ok(Resume::Complete(self.read(self.history(id, generation).with_page(page), Some(id))))
    }

    fn history(&self, from: EntryId, generation: u64) -> History {
        History::new(self.shared.clone(), self.feed.clone(), from, generation)
    }

    /// Subscribes a client that reads the log from here on.
    fn join(&self, at: Position) -> Subscriber {
        let history = History::at(self.shared.clone(), self.feed.clone(), at);
        self.subscribe(at.next, history, false, Some(at.id))
    }

    /// Subscribes a client that first reads what Redis has.
    fn read(&self, history: History, place: Option<EntryId>) -> Subscriber {
        self.subscribe(self.feed.end().next, history, true, place)
    }

    /// Sends the ID of its place first, if it has one and the policy says so.
    fn subscribe(&self, next: u64, history: History, is_behind: bool, place: Option<EntryId>) -> Subscriber {
        let channel = &self.feed.channel.0.shared;
        let mut subscriber = Subscriber::without_initial_id(channel, channel.lock(), next);
        if let (true, Some(place)) = (channel.policy.initial_id, place) {
            subscriber.send_first(id_block(place));
        }
        subscriber.read_archive(history, is_behind);
        subscriber
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

impl Retained {
    pub(in crate::channel) fn missed(&self) -> Option<u64> {
        self.missed
    }

    pub(in crate::channel) fn replay(self) -> Subscriber {
        let history = self.topic.history(self.from, self.generation);
        self.topic.read(history.after_gap(self.missed), None)
    }

    pub(in crate::channel) fn live(self) -> Subscriber {
        let end = self.topic.feed.end();
        let mut subscriber = self.topic.join(end);
        subscriber.send_first(self.topic.feed.gap_block(None, Some(end.next)));
        subscriber
    }
}

impl Clone for Topic {
    fn clone(&self) -> Self {
        Topic::new(self.shared.clone(), self.feed.with_user())
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

impl fmt::Debug for Retained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retained")
            .field("missed", &self.missed)
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}
