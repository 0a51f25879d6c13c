//! A server that serves topics from Redis.

use super::{
    Error, Redis, Topic,
    feed::{Feed, Feeds},
    link::Link,
    reader,
};
use crate::{
    channel::{Builder, Channel, Subscriber},
    response::{Encoded, whole_blocks},
    sync::{Mutex, MutexGuard, lock},
};
use alloc::{borrow::ToOwned, string::String, sync::Arc, vec::Vec};
use core::{
    fmt,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};
use std::{collections::HashMap, time::Instant};
use tokio::{runtime::Handle, sync::Notify, task::JoinHandle};

/// Configures a [`Node`]: see [`Redis::node`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it starts a node"]
pub struct NodeBuilder {
    redis: Redis,
    channel: Builder,
    topics: usize,
    idle: Duration,
}

impl NodeBuilder {
    pub(super) fn new(redis: Redis) -> NodeBuilder {
        NodeBuilder { redis, channel: Channel::builder(), topics: 10_000, idle: Duration::from_secs(60) }
    }

    /// Sets the bounds and policies of each topic's channel.
    ///
    /// The bounds limit this node's memory; what the topic itself retains is [set in Redis](Redis::retention). A limit
    /// on age has no effect here. A subscriber that is too slow for the node's log continues reading from Redis;
    /// [`on_lag`](Builder::on_lag) applies only to what Redis has dropped too.
    pub fn channel(mut self, builder: Builder) -> Self {
        self.channel = builder.age(None);
        self
    }

    /// Sets how many topics there can be on this node at once: 10,000 by default.
    ///
    /// Topics that nobody uses make room for new ones.
    pub fn topics(mut self, topics: usize) -> Self {
        self.topics = topics;
        self
    }

    /// Sets how long the node keeps reading a topic that has no subscriber and no [`Topic`] handle: a minute by
    /// default.
    pub fn idle(mut self, idle: Duration) -> Self {
        self.idle = idle;
        self
    }

    /// Starts a task that reads from Redis, and reconnects whenever the connection is lost. It does not wait for the
    /// first connection.
    ///
    /// # Errors
    /// If the caller is not in a tokio runtime.
    pub fn start(self) -> Result<Node, Error> {
        let runtime = Handle::try_current().map_err(|_| Error::NoRuntime)?;
        let shared = Arc::new(Shared {
            link: Link::new(self.redis.clone()),
            settings: self,
            runtime: runtime.clone(),
            feeds: Mutex::default(),
            version: AtomicU64::new(0),
            changed: Notify::new(),
            is_connected: AtomicBool::new(false),
            is_closed: AtomicBool::new(false),
            connections: AtomicU64::new(0),
            unknown: AtomicU64::new(0),
        });
        let reader = runtime.spawn(reader::run(shared.clone()));
        Ok(Node(Arc::new(Running { shared, reader })))
    }
}

/// One of several servers that serve the same topics from Redis. Clones are handles to the same node.
///
/// However many topics and subscribers there are, it has two connections to Redis: one that waits for what is
/// published, and one for everything else. When the last handle is dropped, both are closed, and all subscribers end.
#[derive(Clone)]
pub struct Node(Arc<Running>);

struct Running {
    shared: Arc<Shared>,
    reader: JoinHandle<()>,
}

pub(super) struct Shared {
    pub(super) settings: NodeBuilder,
    pub(super) link: Link,
    pub(super) runtime: Handle,
    feeds: Mutex<HashMap<String, Arc<Feed>>>,
    /// Counts the changes to the set of topics to read.
    pub(super) version: AtomicU64,
    pub(super) changed: Notify,
    pub(super) is_connected: AtomicBool,
    pub(super) is_closed: AtomicBool,
    pub(super) connections: AtomicU64,
    pub(super) unknown: AtomicU64,
}

/// What a [`Node`] has counted since it was started, and its current state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeMetrics {
    /// The current number of topics.
    pub topics: usize,
    /// Whether the node is connected, so that what is published arrives.
    pub is_connected: bool,
    /// How often the node has connected to read.
    pub connections: u64,
    /// Entries that were skipped because they are not in a form that this crate's publishers write.
    pub unknown: u64,
}

impl Node {
    /// Subscribes a client to a topic: see [`Topic::connect`].
    ///
    /// # Errors
    /// If Redis has to be asked and does not reply, or there are too many topics. Respond with status 503.
    pub async fn connect(
        &self,
        topic: &str,
        last_event_id: Option<&str>,
    ) -> Result<Option<Subscriber>, Error> {
        self.topic(topic).await?.connect(last_event_id).await
    }

    /// Returns a topic, which stays on this node for as long as it has a handle or a subscriber.
    ///
    /// It need not exist in Redis yet. What is published from now on arrives, and what was published before is
    /// available to clients that resume.
    ///
    /// # Errors
    /// If Redis has to be asked and does not reply, or there are too many topics.
    pub async fn topic(&self, name: &str) -> Result<Topic, Error> {
        let shared = &self.0.shared;
        let topic = Topic::new(shared.clone(), shared.feed(name)?);
        topic.open().await?;
        Ok(topic)
    }

    /// Returns all topics on this node with their names, for example for metrics. A topic stays on the node as long as
    /// its handle exists.
    #[must_use]
    pub fn topics(&self) -> Vec<(String, Topic)> {
        let shared = &self.0.shared;
        let feeds = shared.feeds();
        let opened = feeds.iter().filter(|(_, feed)| feed.is_open());
        opened.map(|(name, feed)| (name.clone(), Topic::new(shared.clone(), feed.with_user()))).collect()
    }

    /// Ends the streams of all subscribers with this farewell, as [`Channel::close`] does, and stops reading.
    pub fn close(&self, farewell: impl Encoded) {
        self.0.close(whole_blocks(farewell).into());
    }

    /// Returns the node's counters.
    #[must_use]
    pub fn metrics(&self) -> NodeMetrics {
        let shared = &self.0.shared;
        NodeMetrics {
            topics: shared.feeds().len(),
            is_connected: shared.is_connected.load(Ordering::Relaxed),
            connections: shared.connections.load(Ordering::Relaxed),
            unknown: shared.unknown.load(Ordering::Relaxed),
        }
    }
}

impl Running {
    fn close(&self, farewell: bytes::Bytes) {
        self.reader.abort();
        let shared = &self.shared;
        shared.is_closed.store(true, Ordering::Relaxed);
        shared.is_connected.store(false, Ordering::Relaxed);
        let feeds: Feeds = shared.feeds().drain().map(|(_, feed)| feed).collect();
        for feed in feeds {
            feed.channel.close_encoded(farewell.clone());
            feed.progressed();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.close(bytes::Bytes::new());
    }
}

impl Shared {
    fn feeds(&self) -> MutexGuard<'_, HashMap<String, Arc<Feed>>> {
        lock(&self.feeds)
    }

    /// Returns a topic, counted as having one more user.
    fn feed(&self, name: &str) -> Result<Arc<Feed>, Error> {
        let mut feeds = self.feeds();
        if self.is_closed.load(Ordering::Relaxed) {
            return Err(Error::Closed);
        }
        if let Some(feed) = feeds.get(name).filter(|feed| !feed.is_closed()) {
            return Ok(feed.with_user());
        }
        feeds.remove(name);
        if feeds.len() >= self.settings.topics {
            self.retain(&mut feeds, Feed::is_used);
        }
        if feeds.len() >= self.settings.topics {
            return Err(Error::TooManyTopics);
        }
        let channel = self.settings.channel.clone().build();
        let feed = Arc::new(Feed::new(self.settings.redis.key(name), channel));
        feeds.insert(name.to_owned(), feed.clone());
        Ok(feed.with_user())
    }

    /// Drops the topics that are not to be kept. The reader leaves them out when it next looks.
    fn retain(&self, feeds: &mut HashMap<String, Arc<Feed>>, keep: impl Fn(&Feed) -> bool) {
        let before = feeds.len();
        feeds.retain(|_, feed| keep(feed));
        if feeds.len() < before {
            self.version.fetch_add(1, Ordering::Release);
        }
    }

    /// The opposite of [`feed`](Shared::feed).
    pub(super) fn leave(&self, feed: &Feed) {
        let _feeds = self.feeds();
        feed.remove_user();
    }

    /// Tells the reader that there is another topic to read.
    pub(super) fn change(&self) {
        self.version.fetch_add(1, Ordering::Release);
        self.changed.notify_one();
    }

    /// The topics that the reader should read.
    pub(super) fn live(&self) -> Feeds {
        self.feeds().values().filter(|feed| feed.is_live()).cloned().collect()
    }

    /// Drops the topics that have been unused for long enough.
    pub(super) fn drop_idle(&self) {
        let now = Instant::now();
        self.retain(&mut self.feeds(), |feed| {
            let mut since = lock(&feed.idle_since);
            if feed.is_used() {
                *since = None;
                return true;
            }
            now.saturating_duration_since(*since.get_or_insert(now)) < self.settings.idle
        });
    }

    pub(super) fn redis(&self) -> &Redis {
        &self.settings.redis
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Node").field(&self.metrics()).finish()
    }
}
