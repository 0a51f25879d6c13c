//! Publishing to Redis from blocking code.

use super::{EntryId, Error, PublishError, Redis, command, entry, link::TRUSTED};
use crate::{
    response::Encoded,
    sync::{Mutex, MutexGuard, lock},
};
use alloc::{sync::Arc, vec::Vec};
use core::fmt;
use redis::{Connection, Pipeline, RedisResult, Value};
use std::time::Instant;

/// How many unused connections are kept.
const KEPT: usize = 8;

/// Publishes to topics in Redis from blocking code: see [`Redis::blocking_publisher`].
///
/// Threads that publish at the same time each use a connection, so that none waits for another. Clones share the
/// connections.
///
/// ```no_run
/// use sse_wire::{Event, channel::redis::Redis};
///
/// let publisher = Redis::new("redis://localhost/")?.blocking_publisher();
/// let id = publisher.publish("news", Event::new().data("hello"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct BlockingPublisher(Arc<Shared>);

struct Shared {
    redis: Redis,
    kept: Mutex<Vec<Kept>>,
}

struct Kept {
    connection: Connection,
    used: Instant,
}

impl BlockingPublisher {
    pub(super) fn new(redis: Redis) -> BlockingPublisher {
        BlockingPublisher(Arc::new(Shared { redis, kept: Mutex::default() }))
    }

    /// Publishes an event, or several at once: see [`Publisher::publish`](super::Publisher::publish).
    ///
    /// It takes no longer than the [timeout](Redis::timeout) and the look-up of the server's name.
    ///
    /// # Errors
    /// If the event was not published, or if that is not known ([`PublishError::Ambiguous`]).
    pub fn publish(&self, topic: &str, events: impl Encoded) -> Result<EntryId, PublishError> {
        self.send(topic, entry::encode(events)?, false)
    }

    /// Publishes the last event and finishes the topic: see [`Publisher::finish_with`](super::Publisher::finish_with).
    ///
    /// # Errors
    /// The same as for [`publish`](BlockingPublisher::publish).
    pub fn finish_with(&self, topic: &str, events: impl Encoded) -> Result<EntryId, PublishError> {
        self.send(topic, entry::encode(events)?, true)
    }

    /// Finishes the topic: see [`Publisher::finish`](super::Publisher::finish).
    ///
    /// # Errors
    /// The same as for [`publish`](BlockingPublisher::publish).
    pub fn finish(&self, topic: &str) -> Result<(), PublishError> {
        self.send(topic, Vec::new(), true).map(|_| ())
    }

    fn send(&self, topic: &str, blocks: Vec<Vec<u8>>, is_last: bool) -> Result<EntryId, PublishError> {
        let (shared, start) = (&*self.0, Instant::now());
        let mut connection = shared.connect(start).map_err(PublishError::NotPublished)?;
        let commands = command::publish(&shared.redis, topic, &blocks, is_last);
        let answers = shared
            .ask(&mut connection, &commands, start)
            .map_err(|(error, was_sent)| PublishError::new(error, was_sent))?;
        let mut kept = shared.kept();
        if kept.len() < KEPT {
            kept.push(Kept { connection, used: Instant::now() });
        }
        drop(kept);
        command::published(answers, blocks.len().max(1))
    }
}

impl Shared {
    fn kept(&self) -> MutexGuard<'_, Vec<Kept>> {
        lock(&self.kept)
    }

    fn connect(&self, start: Instant) -> Result<Connection, Error> {
        let kept = self.kept().pop();
        if let Some(Kept { mut connection, used }) = kept {
            let ping = redis::pipe().cmd("PING").clone();
            if used.elapsed() < TRUSTED || self.ask(&mut connection, &ping, start).is_ok() {
                return Ok(connection);
            }
            // If one of the kept connections has died, they all have.
            self.kept().clear();
        }
        let left = self.redis.timeout.saturating_sub(start.elapsed());
        if left.is_zero() {
            return Err(Error::TimedOut);
        }
        self.redis.client.get_connection_with_timeout(left).map_err(|error| Error::new(&error))
    }

    /// Returns the replies, or why there are none and whether Redis may have received the commands.
    fn ask(
        &self,
        connection: &mut Connection,
        commands: &Pipeline,
        start: Instant,
    ) -> Result<Vec<RedisResult<Value>>, (Error, bool)> {
        let left = self.redis.timeout.saturating_sub(start.elapsed());
        if left.is_zero() {
            return Err((Error::TimedOut, false));
        }
        let limits = connection.set_read_timeout(Some(left)).and(connection.set_write_timeout(Some(left)));
        limits.map_err(|error| (Error::new(&error), false))?;
        commands.query(connection).map_err(|error| (Error::new(&error), true))
    }
}

impl fmt::Debug for BlockingPublisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BlockingPublisher").field(&self.0.redis).finish()
    }
}
