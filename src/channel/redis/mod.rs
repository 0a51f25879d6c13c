//! Channels across machines: topics in Redis, and any number of nodes that serve them.
//!
//! A topic is a [Redis stream](https://redis.io/docs/latest/develop/data-types/streams/), and the IDs of its entries
//! are the event IDs. So any node can serve any client: one that connects to another node with its last event ID
//! gets what it missed, from that node's log or from Redis. This needs Redis 7 and, except for the
//! [`BlockingPublisher`], a tokio runtime.
//!
//! ```no_run
//! use sse_wire::{Event, channel::redis::{Error, Node, Redis}, response::Body};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let redis = Redis::new("redis://localhost/")?;
//!
//! // Wherever events are published: in this server, in another one, in a job.
//! let publisher = redis.publisher();
//! let id = publisher.publish("news", Event::new().event("headline").data("hello")).await?;
//!
//! // On each server that clients connect to.
//! let node = redis.node().start()?;
//! let last_event_id = Some("1763665741000-0");
//! match node.connect("news", last_event_id).await {
//!     Ok(Some(subscriber)) => { /* the body of the response: Body::new(subscriber) */ }
//!     Ok(None) => { /* status 204: the topic is finished, and the client has all of it */ }
//!     Err(error) => eprintln!("status 503: {error}"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What is guaranteed
//!
//! | | |
//! |---|---|
//! | order | The same for all clients of a topic, on every node: the order of the Redis stream. There is no order between topics. |
//! | a client that reconnects to any node | It gets each event after its last event ID once, or is told of a [gap](super::Gap). |
//! | publishing | At least once. After [`Ambiguous`](PublishError::Ambiguous), Redis may or may not have the event, so publishing it again may publish it twice. After every other error, Redis does not have it. |
//! | several events at once | Redis gets all or none. |
//! | Redis is unavailable | Publishing fails within the [timeout](Redis::timeout). Subscribers stay connected, and each node resumes where it was once Redis is available again. |
//! | Redis dropped entries | Clients that did not get them are told of a gap. The number of events is known if the node had read what preceded them. |
//! | Redis lost its data | All clients of the node are told of a gap of unknown size. From then on older IDs are unknown, even if they are higher than those that Redis now gives. |
//! | finished topics | They end on every node. A client that has all of one is told to stop, even by a node that was started later. |
//!
//! The size of a gap is computed from the numbers of entries that Redis says it has added and dropped. If somebody
//! deletes a stream while a node is disconnected, and then adds more entries than it ever had, the number may be wrong,
//! but the gap is still reported. If somebody trims a stream to fewer than 100 entries while a node reads it, the gap
//! may be reported after the entries that follow it.
//!
//! A subscriber that cannot keep up with its node's log continues reading from Redis, without gaps or repetitions, and
//! returns to the log once it has caught up. It misses only what Redis itself has dropped. In that case it gets a gap
//! event without a number, or its stream ends, depending on [`OnLag`](super::OnLag).
//!
//! # Operation
//!
//! * Redis keeps 10,000 events of each topic by default ([`Retention`]), and a finished topic for a day. Topics that
//!   are not finished remain until somebody deletes their keys.
//! * A node has two connections to Redis, however many topics and subscribers there are. One waits for events in all
//!   topics, with one command that names them all, so each wake-up costs Redis and the node some work for every open
//!   topic. The other reads what is older than the log, 64 KiB at a time for each client that is late or slow. A client
//!   that is not reading at all costs Redis nothing.
//! * A node's memory is that of its logs: the number of topics in use, times the bounds of the
//!   [channel](NodeBuilder::channel).
//! * A Redis user needs permission for `XADD`, `PEXPIRE`, `MULTI` and `EXEC` to publish, and for `XREAD`, `XRANGE`,
//!   `XINFO`, `MULTI`, `EXEC`, `PING` and `CLIENT` to run a node. Without `CLIENT UNBLOCK`, the first new topic may
//!   wait up to the [timeout](Redis::timeout), at most 5 s, and later ones up to 0.1 s.
//! * An entry has one field: `e1` with the block of an event, or `f1` for the end of a topic. Others are skipped and
//!   [counted](NodeMetrics::unknown). The last entry of a finished topic has the highest possible ID, so Redis refuses
//!   to add more.
//! * Use a trusted network or TLS: see [`Redis::new`]. Credentials never appear in errors or `Debug` output.

mod backoff;
mod blocking;
mod command;
mod entry;
mod entry_id;
mod error;
mod feed;
mod history;
mod index;
mod link;
mod node;
mod publisher;
mod reader;
mod reply;
mod settings;
mod topic;

pub use blocking::BlockingPublisher;
pub use entry_id::EntryId;
pub use error::{Error, PublishError};
pub use node::{Node, NodeBuilder, NodeMetrics};
pub use publisher::Publisher;
pub use settings::{Redis, Retention};
pub(super) use topic::Retained;
pub use topic::Topic;
