//! One feed, many clients: nothing is lost silently, nothing is sent twice, and slow readers cost no memory.
//!
//! A [`Channel`] is a bounded log of encoded events, and a [`Subscriber`] is a place in it. Publishing appends to the
//! log, encodes each event once however many subscribers read it, and never waits. Broadcast, replay after a
//! [last event ID](crate::response::last_event_id), late joiners, batching, and slow readers are one mechanism: each
//! subscriber reads on from its place, takes everything that is ready at once, and is told of what is no longer there.
//!
//! ```
//! use sse_wire::{Event, channel::Channel};
//!
//! let channel = Channel::new();
//! let mut subscriber = channel.subscribe().into_blocking();
//! let id = channel.publish(Event::new().data("to all"))?;
//! assert_eq!(subscriber.next().unwrap(), format!("id: {id}\ndata: to all\n\n"));
//! # Ok::<(), sse_wire::channel::PublishError>(())
//! ```
//!
// The guide is compiled by the package in examples/servers, which has axum.
#![cfg_attr(not(doctest), doc = include_str!("guide.md"))]
#![cfg_attr(not(feature = "http"), allow(rustdoc::broken_intra_doc_links))]

#[cfg(feature = "redis")]
mod archive;
mod blocking;
mod builder;
#[allow(clippy::module_inception)]
mod channel;
mod cursor;
mod filter;
mod hooks;
mod id;
mod log;
mod metrics;
#[cfg(all(test, loom))]
mod models;
mod policy;
mod publishable;
#[cfg(feature = "redis")]
pub mod redis;
mod resume;
mod shared;
mod subscriber;
mod topics;

pub use blocking::{BlockingSubscriber, RecvError};
pub use builder::Builder;
pub use channel::{Channel, PublishError};
pub use filter::Published;
pub use id::Id;
pub use metrics::Metrics;
pub use policy::{Gap, OnLag, OnMissed, Start};
pub use publishable::Publishable;
pub use resume::{Missed, MissedReason, Resume};
pub use subscriber::Subscriber;
pub use topics::{TooManyTopics, Topics};
