//! Publishing to Redis from async code.

use super::{EntryId, PublishError, Redis, command, entry, link::Link};
use crate::response::Encoded;
use alloc::{sync::Arc, vec::Vec};
use core::fmt;

/// Publishes to topics in Redis from async code on tokio: see [`Redis::publisher`]. Clones share one connection.
///
/// ```no_run
/// use sse_wire::{Event, channel::redis::{PublishError, Redis}};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let publisher = Redis::new("redis://localhost/")?.publisher();
/// match publisher.publish("news", Event::new().data("hello")).await {
///     Ok(id) => println!("published as {id}"),
///     // Publishing it again may publish it twice.
///     Err(PublishError::Ambiguous(reason)) => eprintln!("perhaps published: {reason}"),
///     Err(error) => return Err(error.into()),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Publisher(Arc<Link>);

impl Publisher {
    pub(super) fn new(redis: Redis) -> Publisher {
        Publisher(Arc::new(Link::new(redis)))
    }

    /// Publishes an [`Event`](crate::Event), or everything that an [`Sse`](crate::Sse) holds at once, and returns the
    /// ID of the last event.
    ///
    /// It takes no longer than the [timeout](Redis::timeout). If the future is dropped before it is ready, the event
    /// may or may not be published.
    ///
    /// # Errors
    /// If the event was not published, or if that is not known ([`PublishError::Ambiguous`]).
    pub async fn publish(&self, topic: &str, events: impl Encoded) -> Result<EntryId, PublishError> {
        self.send(topic, entry::encode(events)?, false).await
    }

    /// Publishes the last event, or several, and [finishes](Publisher::finish) the topic, all at once.
    ///
    /// # Errors
    /// The same as for [`publish`](Publisher::publish).
    pub async fn finish_with(&self, topic: &str, events: impl Encoded) -> Result<EntryId, PublishError> {
        self.send(topic, entry::encode(events)?, true).await
    }

    /// Ends a topic: nothing more can be published to it. On every node, subscribers read everything that remains and
    /// then end, and clients that connect with the ID of the last event are told to stop.
    ///
    /// Redis [keeps](Redis::keep_finished) what it has of the topic for a while. To use the name again, delete the key.
    ///
    /// # Errors
    /// The same as for [`publish`](Publisher::publish).
    pub async fn finish(&self, topic: &str) -> Result<(), PublishError> {
        self.send(topic, Vec::new(), true).await.map(|_| ())
    }

    async fn send(&self, topic: &str, blocks: Vec<Vec<u8>>, is_last: bool) -> Result<EntryId, PublishError> {
        let commands = command::publish(&self.0.redis, topic, &blocks, is_last);
        match self.0.ask(&commands).await {
            Ok(answers) => command::published(answers, blocks.len().max(1)),
            Err(failure) => Err(PublishError::new(failure.error, failure.was_sent)),
        }
    }
}

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Publisher").field(&self.0.redis).finish()
    }
}
