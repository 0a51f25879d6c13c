//! A topic on this node: a channel that is fed from a Redis stream.

use super::{
    EntryId, Error,
    entry::{Content, Entries, Entry},
    index::{After, Found, Index, finishes},
    link::Link,
    reply::{self, Info},
};
use crate::{
    channel::{
        Channel, Gap,
        policy::GapEvent,
        shared::{Ended, State},
    },
    sync::{Mutex, MutexGuard, lock},
};
use alloc::{string::ToString, sync::Arc, vec::Vec};
use bytes::{Bytes, BytesMut};
use core::sync::atomic::{AtomicUsize, Ordering};
use redis::{Pipeline, RedisResult, Value};
use std::time::Instant;
use tokio::sync::{Notify, OnceCell};

pub(super) struct Feed {
    pub(super) key: Vec<u8>,
    pub(super) channel: Channel,
    /// Locked only while the channel's lock is held.
    index: Mutex<Index>,
    opened: OnceCell<()>,
    /// Notified when more of the stream has been read.
    progress: Notify,
    /// How many [`Topic`](super::Topic) handles exist. The first one is added, and each one is removed, under the lock
    /// of the node's topics.
    users: AtomicUsize,
    /// When the node first saw that nobody uses it. Changed under the same lock.
    pub(super) idle_since: Mutex<Option<Instant>>,
}

impl Feed {
    pub(super) fn new(key: Vec<u8>, channel: Channel) -> Feed {
        Feed {
            key,
            channel,
            index: Mutex::new(Index::new(None)),
            opened: OnceCell::new(),
            progress: Notify::new(),
            users: AtomicUsize::new(0),
            idle_since: Mutex::new(None),
        }
    }

    /// Finds the end of the stream, where the log begins. Returns whether this call was the first to do so.
    pub(super) async fn open(&self, link: &Link) -> Result<bool, Error> {
        let mut is_new = false;
        let open = async {
            let mut commands = redis::pipe();
            commands.ignore_errors().cmd("XINFO").arg("STREAM").arg(&self.key);
            let info = reply::info(one(link.read(&commands).await?)?)?;
            self.with(|_, index| *index = Index::new(info));
            if self.with(|_, index| index.is_finished()) {
                self.channel.finish();
            }
            is_new = true;
            Ok(())
        };
        self.opened.get_or_try_init(|| open).await?;
        Ok(is_new)
    }

    /// Whether the end of the stream was found.
    pub(super) fn is_open(&self) -> bool {
        self.opened.initialized()
    }

    /// Whether the reader should read it.
    pub(super) fn is_live(&self) -> bool {
        self.is_open() && !self.channel.is_ended()
    }

    /// The same feed with one more user, for a [`Topic`](super::Topic). The caller holds the lock of the node's topics,
    /// or a topic.
    pub(super) fn with_user(self: &Arc<Feed>) -> Arc<Feed> {
        self.users.fetch_add(1, Ordering::Relaxed);
        self.clone()
    }

    /// Ends a topic that cannot be read because its key now holds something else. Clients that reconnect get the error.
    pub(super) fn give_up(&self) {
        self.channel.close_encoded(Bytes::new());
        self.progressed();
    }

    /// Whether it was [given up](Feed::give_up), or the node is closed.
    pub(super) fn is_closed(&self) -> bool {
        matches!(self.channel.0.lock().ended, Some(Ended::Closed(_)))
    }

    /// The opposite of [`with_user`](Feed::with_user). The caller holds that lock.
    pub(super) fn remove_user(&self) {
        self.users.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn is_used(&self) -> bool {
        self.users.load(Ordering::Relaxed) > 0 || self.channel.subscriber_count() > 0
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        lock(&self.index)
    }

    /// Looks at the log and the index under their locks, after bringing the index in step with the log.
    fn with<T>(&self, look: impl FnOnce(&mut State, &mut Index) -> T) -> T {
        let mut state = self.channel.0.lock();
        let mut index = self.index();
        index.evict(state.log.first());
        look(&mut state, &mut index)
    }

    /// The last entry that was read.
    pub(super) fn seen(&self) -> EntryId {
        self.with(|_, index| index.seen())
    }

    pub(super) fn generation(&self) -> u64 {
        self.with(|_, index| index.generation())
    }

    pub(super) fn after(&self, id: EntryId, generation: u64) -> After {
        self.with(|_, index| index.after(id, generation))
    }

    /// The place after the event with this ID, if the log knows that ID.
    pub(super) fn find(&self, id: EntryId) -> Option<Position> {
        self.with(|_, index| index.find(id).map(|next| Position { next, id, generation: index.generation() }))
    }

    /// The place after everything that was read.
    pub(super) fn end(&self) -> Position {
        self.with(|state, index| Position {
            next: state.log.next(),
            id: index.seen(),
            generation: index.generation(),
        })
    }

    /// The entry before this event of the log, and its generation. The caller holds the channel's lock.
    pub(super) fn passed(&self, next: u64) -> Option<(EntryId, u64)> {
        let index = self.index();
        index.passed(next).map(|id| (id, index.generation()))
    }

    /// The number of the first event, from this one on, that does not tell of a gap.
    pub(super) fn after_gap(&self, number: u64) -> u64 {
        self.with(|_, index| index.after_gap(number))
    }

    pub(super) fn oldest(&self) -> u64 {
        self.with(|_, index| index.oldest())
    }

    /// Whether the topic is finished, and there is nothing from this event on.
    pub(super) fn has_all(&self, next: u64) -> bool {
        self.with(|state, _| matches!(state.ended, Some(Ended::Finished)) && next == state.log.next())
    }

    /// The event that tells of a gap. If it is the last event for now, it carries the ID of its place; otherwise the
    /// next event brings an ID.
    pub(super) fn gap_block(&self, missed: Option<u64>, next: Option<u64>) -> Bytes {
        let event = (self.gap_event().0)(Gap { missed });
        let place = self.with(|state, index| (next == Some(state.log.next())).then(|| index.seen()));
        let event = match place {
            Some(place) => event.id(place.to_string()),
            None => event,
        };
        event.to_block().into()
    }

    fn gap_event(&self) -> &GapEvent {
        &self.channel.0.policy.gap_event
    }

    /// Publishes those of the entries that are new. Returns how many entries this node does not understand.
    pub(super) fn append(&self, entries: &[Entry]) -> usize {
        let seen = self.seen();
        let start = entries.partition_point(|entry| entry.id <= seen);
        let entries = &entries[start..];
        // Publishing fails only once the channel has ended because the node was closed. Then nobody reads this.
        let _ = self.channel.publish_with(|| {
            self.index().extend(entries);
            Entries(entries)
        });
        if finishes(entries) {
            self.channel.finish();
        }
        self.progressed();
        entries.iter().filter(|entry| matches!(entry.content, Content::Unknown)).count()
    }

    /// Compares what was read with the stream, reports gaps, and publishes what is new. `from_seen` holds the stream's
    /// entries from the last one that was read on; `all` says whether these are all of them. Returns how many entries
    /// this node does not understand, and whether there is more to read.
    pub(super) fn catch_up(&self, info: Option<Info>, from_seen: &[Entry], all: bool) -> (usize, bool) {
        let found = self.with(|_, index| index.compare(info, from_seen, all));
        // The user's function makes the event, so this must be called outside the lock.
        let event = |missed: Option<u64>, id: EntryId| {
            let event = (self.gap_event().0)(Gap { missed });
            event.id(id.to_string())
        };
        match found {
            Found::All => {}
            Found::Missed(missed) => {
                let event = event(missed, self.seen());
                let _ = self.channel.publish_with(|| {
                    self.index().gap(missed);
                    event
                });
            }
            Found::Gone(from) => {
                let added =
                    info.map_or(Some(0), |info| if from == info.last { info.added } else { info.removed() });
                let event = event(None, from);
                let _ = self.channel.publish_with(|| {
                    self.index().restart(from, added);
                    event
                });
                self.progressed();
                return (0, info.is_some_and(|info| info.len > 0 && from != info.last));
            }
        }
        (self.append(from_seen), !all)
    }

    pub(super) fn progressed(&self) {
        self.progress.notify_waiters();
    }

    /// Waits until this entry has been read, or the stream has been replaced.
    pub(super) async fn read_up_to(&self, id: EntryId, generation: u64) {
        loop {
            let mut progress = core::pin::pin!(self.progress.notified());
            progress.as_mut().enable();
            if self.after(id, generation) != After::Newer || self.channel.is_ended() {
                return;
            }
            progress.await;
        }
    }
}

/// A place between two events of the log.
#[derive(Clone, Copy)]
pub(super) struct Position {
    /// The number of the event after it.
    pub(super) next: u64,
    /// The entry before it, and the generation in which that entry has this ID.
    pub(super) id: EntryId,
    pub(super) generation: u64,
}

/// A block with only an ID.
pub(super) fn id_block(id: EntryId) -> Bytes {
    let mut block = BytesMut::new();
    id.write_field(&mut block);
    block.extend_from_slice(b"\n");
    block.freeze()
}

/// The commands whose replies [`read_range`] reads.
pub(super) fn range(key: &[u8], from: EntryId, count: usize) -> Pipeline {
    let mut commands = redis::pipe();
    // Atomic, so that both describe the same moment.
    commands.atomic().ignore_errors();
    commands.cmd("XRANGE").arg(key).arg(from.to_string()).arg("+").arg("COUNT").arg(count);
    commands.cmd("XINFO").arg("STREAM").arg(key);
    commands
}

/// The entries from an ID on, and what Redis says about the stream.
pub(super) fn read_range(answers: Vec<RedisResult<Value>>) -> Result<(Vec<Entry>, Option<Info>), Error> {
    let [entries, info]: [_; 2] = answers.try_into().map_err(|_| Error::UnexpectedReply)?;
    let entries = reply::entries(entries.map_err(|error| Error::new(&error))?)?;
    Ok((entries, reply::info(info)?))
}

/// The only reply.
pub(super) fn one(answers: Vec<RedisResult<Value>>) -> Result<RedisResult<Value>, Error> {
    answers.into_iter().next().ok_or(Error::UnexpectedReply)
}

pub(super) type Feeds = Vec<Arc<Feed>>;
