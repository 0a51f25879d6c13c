//! A channel past one machine: topics in Redis, and any number of nodes that serve them.
//!
//! A topic is a [Redis stream](https://redis.io/docs/latest/develop/data-types/streams/), and the IDs of its entries
//! are the event IDs. So any node can serve any client: one that connects to another node with its last event ID
//! gets what it missed, from that node's log or from Redis. It needs Redis 7, and tokio, but for the
//! [`BlockingPublisher`], which needs no runtime.
//!
//! ```no_run
//! use sse_wire::{Event, channel::redis::{Error, Node, Redis}, response::Body};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let redis = Redis::new("redis://localhost/")?;
//!
//! // Where events are published: this server, another one, a job.
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
//! | order | The same for all clients of a topic, on every node: that of Redis. There is none between topics. |
//! | a client that reconnects to any node | Gets each event after its last event ID once, or is told of a [gap](super::Gap). |
//! | published | At least once. After [`Ambiguous`](PublishError::Ambiguous) Redis may have the event or not, and who publishes it again may publish it twice. After every other error Redis does not have it. |
//! | several events at once | Redis gets all or none. |
//! | Redis is away | Publishing fails within the [timeout](Redis::timeout). Subscribers stay, and each node goes on by itself where it was when Redis is there again. |
//! | Redis dropped entries | The clients that have not got them are told of a gap. It counts them if the node had read what was ahead of them. |
//! | Redis lost its data | All clients of the node are told of a gap of unknown number. IDs from before are unknown from then on, also if they are higher than those that Redis gives now. |
//! | finished topics | End on every node. A client that has all of one is told to stop, also by a node that comes later. |
//!
//! A gap is counted by what Redis says it has added and dropped; if somebody deletes a stream and fills it beyond what
//! it ever had while a node is away, the number may be wrong, but the gap is told. If somebody trims a stream to fewer
//! than 100 entries while a node reads it, the gap may be told after the entries that follow it.
//!
//! A subscriber that is slower than its node's log is [closed](super::OnLag::Close) by default, since it finds in Redis
//! what it needs when it connects again.
//!
//! # Operation
//!
//! * Redis keeps 10,000 events of each topic by default ([`Retention`]), and a finished topic for a day. Topics that are
//!   not finished stay until somebody deletes their keys.
//! * A node has two connections to Redis, however many topics and subscribers there are. One waits for what is
//!   published to all topics, with one command that names them all: at each wake-up Redis and the node do some work
//!   for every topic that is open. The other reads what is older than the log, 64 KiB at a time for each client that
//!   reads it.
//! * A node's memory is that of its logs: as many topics as are in use, times the bounds of the
//!   [channel](NodeBuilder::channel).
//! * A user of Redis needs `XADD`, `PEXPIRE`, `MULTI` and `EXEC` to publish, and `XREAD`, `XRANGE`, `XINFO`, `MULTI`,
//!   `EXEC`, `PING` and `CLIENT` to be a node. Without `CLIENT UNBLOCK` a new topic waits for up to 5 s once, and 0.1 s
//!   later.
//! * An entry has one field: `e1` with the block of an event, or `f1` for the end of a topic. Others are skipped and
//!   [counted](NodeMetrics::unknown). A finished topic ends with the highest ID that there is, so that Redis refuses to
//!   add to it.
//! * Trust the network or use TLS: see [`Redis::new`]. Credentials are in no error and no `Debug` output.

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
pub use topic::{Missed, Resume, Topic};
