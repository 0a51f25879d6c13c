//! A channel past one machine: topics in Redis, and any number of nodes that serve them.

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
