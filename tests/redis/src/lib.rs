//! What the tests share: a real Redis server that can be killed, and a client that reads a subscriber.

mod client;
mod server;
#[path = "../../skip/mod.rs"]
mod skip;

pub use client::{Client, eventually};
pub use server::RedisServer;
