//! One feed, many clients: nothing missed, nothing sent twice, no memory for slow readers.
//!
//! A [`Channel`] is a bounded log of encoded events. Publishing appends to it; a [`Subscriber`] is a place in it.

mod blocking;
mod builder;
#[allow(clippy::module_inception)]
mod channel;
mod events;
mod filter;
mod id;
mod log;
mod metrics;
mod policy;
#[cfg(feature = "redis")]
pub mod redis;
mod resume;
mod subscriber;

pub use blocking::{Blocking, RecvError};
pub use builder::Builder;
pub use channel::{Channel, PublishError};
pub use events::Events;
pub use filter::Published;
pub use id::Id;
pub use metrics::Metrics;
pub use policy::{Gap, OnLag, OnMissed, Start};
pub use resume::{Missed, MissedReason, Resume};
pub use subscriber::Subscriber;
