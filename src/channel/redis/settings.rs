//! Where Redis is, and how it is used.

use super::{BlockingPublisher, Error, NodeBuilder, Publisher};
use alloc::{string::String, sync::Arc, vec::Vec};
use core::{fmt, time::Duration};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where Redis is, and what nodes and publishers must agree on.
///
/// ```no_run
/// use sse_wire::channel::redis::{Redis, Retention};
/// use std::time::Duration;
///
/// let redis = Redis::new("redis://user:secret@localhost/")?
///     .prefix("feed:")
///     .retention(Retention::Age(Duration::from_secs(3600)))
///     .timeout(Duration::from_secs(2));
/// # Ok::<(), sse_wire::channel::redis::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "this connects to nothing"]
pub struct Redis {
    pub(super) client: redis::Client,
    prefix: Arc<str>,
    retention: Retention,
    pub(super) keep_finished: Option<Duration>,
    pub(super) timeout: Duration,
}

/// What Redis keeps of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Retention {
    /// So many events, and up to a few hundred more: Redis drops them in whole nodes of its tree. At least 100.
    Events(u64),
    /// What is not older than this, by the clock of the publisher, and some more.
    Age(Duration),
    /// Everything, until somebody else trims the stream. The memory of Redis bounds it.
    All,
}

impl Redis {
    /// A server's address: `redis://[user:password@]host[:port][/database]`, or `unix:` and the path of a socket.
    ///
    /// For `rediss://` (TLS) depend on the crate `redis` too, with its feature `tokio-rustls-comp`, or
    /// `tls-rustls` for the blocking publisher.
    ///
    /// # Errors
    /// If the URL is none of Redis. Nothing connects yet.
    pub fn new(url: &str) -> Result<Redis, Error> {
        Ok(Redis {
            client: redis::Client::open(url).map_err(|_| Error::Url)?,
            prefix: "sse:".into(),
            retention: Retention::Events(10_000),
            keep_finished: Some(Duration::from_secs(24 * 60 * 60)),
            timeout: Duration::from_secs(5),
        })
    }

    /// What the keys of all topics begin with: `sse:` by default. The name of the topic follows.
    pub fn prefix(mut self, prefix: &str) -> Redis {
        self.prefix = prefix.into();
        self
    }

    /// What Redis keeps of a topic: 10,000 events by default. Publishers see to it.
    pub fn retention(mut self, retention: Retention) -> Redis {
        self.retention = retention;
        self
    }

    /// How long Redis keeps a topic after it was [finished](Publisher::finish): a day by default. `None` is for ever.
    pub fn keep_finished(mut self, time: impl Into<Option<Duration>>) -> Redis {
        self.keep_finished = time.into();
        self
    }

    /// How long one operation waits for Redis at most, connecting included: 5 s by default.
    pub fn timeout(mut self, timeout: Duration) -> Redis {
        self.timeout = timeout;
        self
    }

    /// Publishes, for async code in tokio. Connects when it is used.
    #[must_use]
    pub fn publisher(&self) -> Publisher {
        Publisher::new(self.clone())
    }

    /// Publishes, for code without async. Connects when it is used.
    #[must_use]
    pub fn blocking_publisher(&self) -> BlockingPublisher {
        BlockingPublisher::new(self.clone())
    }

    /// Sets up a [`Node`](super::Node), which serves what is published.
    pub fn node(&self) -> NodeBuilder {
        NodeBuilder::new(self.clone())
    }

    pub(super) fn key(&self, topic: &str) -> Vec<u8> {
        [self.prefix.as_bytes(), topic.as_bytes()].concat()
    }

    /// The arguments of `XADD` that trim the stream.
    pub(super) fn trim(&self) -> Option<(&'static str, u64)> {
        match self.retention {
            // What was trimmed while a node was reading is noticed from this number on.
            Retention::Events(events) => Some(("MAXLEN", events.max(super::reader::NOTICED))),
            Retention::Age(age) => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                let oldest = now.saturating_sub(age).as_millis();
                Some(("MINID", u64::try_from(oldest).unwrap_or(u64::MAX)))
            }
            Retention::All => None,
        }
    }
}

/// Without the address, which may hold a password.
impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis")
            .field("prefix", &String::from(&*self.prefix))
            .field("retention", &self.retention)
            .field("keep_finished", &self.keep_finished)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
