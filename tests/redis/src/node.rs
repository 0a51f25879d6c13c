//! A node, and what is published to it.

use crate::eventually;
use sse_wire::{
    Event,
    channel::{
        Channel, Start,
        redis::{EntryId, Node, Publisher, Redis},
    },
};
use std::ops::Range;

/// A node whose log holds so few events that clients that are slow or late read from Redis.
pub async fn small_node(redis: &Redis, events: usize) -> Node {
    let channel = Channel::builder().events(events).start(Start::Oldest);
    let node = redis.node().channel(channel).start().unwrap();
    eventually(|| node.metrics().is_connected).await;
    node
}

/// Publishes these numbers to the topic `a`.
pub async fn publish(publisher: &Publisher, range: Range<u32>) -> Vec<EntryId> {
    let mut ids = Vec::new();
    for number in range {
        ids.push(publisher.publish("a", Event::new().data(number)).await.unwrap());
    }
    ids
}

pub fn numbers(range: Range<u32>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}
