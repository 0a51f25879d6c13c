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
    /// This many events, but at least 100. There may be a few hundred more, because Redis drops whole nodes of its
    /// tree.
    Events(u64),
    /// Events that are not older than this by the publisher's clock, and some more.
    Age(Duration),
    /// Everything, until somebody else trims the stream. Only the memory of Redis limits it.
    All,
}

impl Redis {
    /// Creates the settings for a server with this address: `redis://[user:password@]host[:port][/database]`, or
    /// `unix:` and the path of a socket. Nothing connects yet.
    ///
    /// For `rediss://` (TLS), also depend on the crate `redis`, with its feature `tokio-rustls-comp` or, for the
    /// blocking publisher, `tls-rustls`.
    ///
    /// # Errors
    /// If the URL is not that of a Redis server.
    pub fn new(url: &str) -> Result<Redis, Error> {
        Ok(Redis {
            client: redis::Client::open(url).map_err(|_| Error::Url)?,
            prefix: "sse:".into(),
            retention: Retention::Events(10_000),
            keep_finished: Some(Duration::from_secs(24 * 60 * 60)),
            timeout: Duration::from_secs(5),
        })
    }

    /// Sets the prefix of all keys: `sse:` by default. The name of the topic follows it.
    pub fn prefix(mut self, prefix: &str) -> Redis {
        self.prefix = prefix.into();
        self
    }

    /// Sets what Redis keeps of a topic: 10,000 events by default. Publishers trim the stream accordingly.
    pub fn retention(mut self, retention: Retention) -> Redis {
        self.retention = retention;
        self
    }

    /// Sets how long Redis keeps a topic after it was [finished](Publisher::finish): a day by default. `None` means
    /// forever.
    pub fn keep_finished(mut self, time: impl Into<Option<Duration>>) -> Redis {
        self.keep_finished = time.into();
        self
    }

    /// Sets how long one operation waits for Redis at most, connecting included: 5 s by default. A node that waits for
    /// events notices within twice this time that its connection is dead, even if neither side closed it, and does not
    /// wait longer than this, or 50 ms, before it connects again.
    pub fn timeout(mut self, timeout: Duration) -> Redis {
        self.timeout = timeout;
        self
    }

    /// Returns a publisher for async code on tokio. It connects when it is first used.
    #[must_use]
    pub fn publisher(&self) -> Publisher {
        Publisher::new(self.clone())
    }

    /// Returns a publisher for blocking code. It connects when it is first used.
    #[must_use]
    pub fn blocking_publisher(&self) -> BlockingPublisher {
        BlockingPublisher::new(self.clone())
    }

    /// Returns a builder to configure a [`Node`](super::Node), which serves what is published.
    pub fn node(&self) -> NodeBuilder {
        NodeBuilder::new(self.clone())
    }

    pub(super) fn key(&self, topic: &str) -> Vec<u8> {
        [self.prefix.as_bytes(), topic.as_bytes()].concat()
    }

    /// The arguments of `XADD` that trim the stream.
    pub(super) fn trim(&self) -> Option<(&'static str, u64)> {
        match self.retention {
            // A node that is reading notices what is trimmed only if at least this many entries remain.
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

/// Leaves out the address, which may contain a password.
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
