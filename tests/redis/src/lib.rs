//! What the tests share: a real Redis server that can be killed, and a client that reads a subscriber.

mod client;
mod node;
mod server;
#[path = "../../skip/mod.rs"]
mod skip;

pub use client::{Client, eventually};
pub use node::{numbers, publish, small_node};
pub use server::RedisServer;
