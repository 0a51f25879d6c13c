//! Clients that are too slow for their node's log: they continue reading from Redis.

use futures_util::StreamExt;
use sse_wire::{
    Event,
    channel::{
        Channel, OnLag, Published, Start,
        redis::{Node, Redis, Retention},
    },
};
use sse_wire_redis_tests::{Client, RedisServer, eventually, numbers, publish, small_node};

/// Waits until the node has read this many events of the topic `a`.
async fn has_read(node: &Node, events: u64) {
    let topic = node.topic("a").await.unwrap();
    eventually(|| topic.metrics().published == events).await;
}

fn is_even(event: &Published<'_>) -> bool {
    std::str::from_utf8(event.block()).unwrap().trim_end().ends_with(['0', '2', '4', '6', '8'])
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_log_evicted_comes_from_redis_with_no_gap_and_no_repetition() {
    let Some(server) = RedisServer::start() else { return };
    let redis = server.redis();
    let node = small_node(&redis, 5).await;
    let publisher = redis.publisher();
    let mut client = Client::new(node.connect("a", None).await.unwrap().unwrap());
    let mut even = Client::new(node.connect("a", None).await.unwrap().unwrap().filter(is_even));
    // They stall again and again, for longer than the log reaches back and for less.
    let mut next = 0;
    for len in [3, 300, 1, 5, 6, 700, 4, 40] {
        publish(&publisher, next..next + len).await;
        has_read(&node, u64::from(next + len)).await;
        assert_eq!(client.data(len as usize).await, numbers(next..next + len));
        let passing: Vec<_> = (next..next + len).filter(|n| n % 2 == 0).map(|n| n.to_string()).collect();
        assert_eq!(even.data(passing.len()).await, passing);
        next += len;
    }
    publisher.finish("a").await.unwrap();
    assert_eq!((client.rest().await, even.rest().await), (vec![], vec![]));
    // Both are told to stop.
    for client in [client, even] {
        assert!(node.connect("a", Some(client.last_event_id())).await.unwrap().is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_and_fast_clients_get_everything_once_while_the_log_evicts() {
    const EVENTS: u32 = 3_000;
    let Some(server) = RedisServer::start() else { return };
    let redis = server.redis();
    let node = small_node(&redis, 3).await;
    let mut clients = Vec::new();
    for client in 0..8_usize {
        let mut client_of_node = Client::new(node.connect("a", None).await.unwrap().unwrap());
        clients.push(tokio::spawn(async move {
            let mut got = Vec::new();
            while let Some(message) = client_of_node.message().await {
                got.push(message.into_data());
                // Each client lets the others go first, and later ones do so more often.
                for _ in 0..client * client {
                    tokio::task::yield_now().await;
                }
            }
            got
        }));
    }
    let publisher = redis.publisher();
    publish(&publisher, 0..EVENTS).await;
    publisher.finish("a").await.unwrap();
    for client in clients {
        assert_eq!(client.await.unwrap(), numbers(0..EVENTS));
    }
}

/// The client has event 0, and 1,000 more are published, of which Redis keeps the last few hundred.
async fn stall_for_longer_than_redis_keeps(redis: &Redis, on_lag: OnLag) -> (Node, Client) {
    let channel = Channel::builder().events(5).start(Start::Oldest).on_lag(on_lag);
    let node = redis.node().channel(channel).start().unwrap();
    let mut client = Client::new(node.connect("a", None).await.unwrap().unwrap());
    let publisher = redis.publisher();
    publish(&publisher, 0..1).await;
    assert_eq!(client.data(1).await, ["0"]);
    publish(&publisher, 1..1_001).await;
    has_read(&node, 1_001).await;
    (node, client)
}

/// The data of the messages up to the last event: an unbroken run.
async fn run_to_the_end(client: &mut Client) {
    let first: u32 = client.data(1).await[0].parse().unwrap();
    assert!((400..=901).contains(&first), "{first}");
    assert_eq!(client.data(1_000 - first as usize).await, numbers(first + 1..1_001));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_redis_dropped_too_is_reported() {
    let Some(server) = RedisServer::start() else { return };
    let redis = server.redis().retention(Retention::Events(100));
    let (_node, mut client) = stall_for_longer_than_redis_keeps(&redis, OnLag::Gap).await;
    let gap = client.message().await.unwrap();
    assert_eq!((gap.event(), gap.data()), ("gap", r#"{"missed":null}"#));
    run_to_the_end(&mut client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_redis_dropped_too_ends_the_stream_if_that_is_the_policy() {
    let Some(server) = RedisServer::start() else { return };
    let redis = server.redis().retention(Retention::Events(100));
    let (node, mut client) = stall_for_longer_than_redis_keeps(&redis, OnLag::Close).await;
    assert!(client.message().await.is_none());
    let id = client.last_event_id().to_owned();
    let mut client = Client::new(node.connect("a", Some(&id)).await.unwrap().unwrap());
    assert_eq!(client.data(1).await, [r#"{"missed":null}"#]);
    run_to_the_end(&mut client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_were_behind_are_told_that_redis_lost_its_data() {
    let Some(mut server) = RedisServer::start() else { return };
    let redis = server.redis();
    let node = small_node(&redis, 5).await;
    let mut client = Client::new(node.connect("a", None).await.unwrap().unwrap());
    publish(&redis.publisher(), 0..1).await;
    assert_eq!(client.data(1).await, ["0"]);
    publish(&redis.publisher(), 1..20).await;
    has_read(&node, 20).await;
    server.kill();
    server.lose_data();
    server.restart();
    // The event that reports the loss is in the log, too.
    has_read(&node, 21).await;
    publish(&redis.publisher(), 20..40).await;
    has_read(&node, 41).await;
    assert_eq!(client.data(1).await, [r#"{"missed":null}"#]);
    assert_eq!(client.data(20).await, numbers(20..40));
}

/// The IDs that a client gets are those of entries, even if the node's log is empty.
#[tokio::test(flavor = "multi_thread")]
async fn a_filter_sends_ids_that_any_node_knows() {
    let Some(server) = RedisServer::start() else { return };
    let redis = server.redis();
    let ids = publish(&redis.publisher(), 0..200).await;
    let node = small_node(&redis, 5).await;
    let mut nothing = node.connect("a", None).await.unwrap().unwrap().filter(|_| false);
    let mut last = String::new();
    while last != format!("id: {}\n\n", ids[199]) {
        let block = nothing.next().await.unwrap();
        last = String::from_utf8(block.to_vec()).unwrap();
        assert!(ids.iter().any(|id| last == format!("id: {id}\n\n")), "{last:?}");
    }
}

/// A client that was reading old entries when its node was closed has the ID of the last one, and resumes elsewhere.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_closed_cuts_history_where_it_is() {
    let Some(server) = RedisServer::start() else { return };
    let redis = server.redis();
    publish(&redis.publisher(), 0..500).await;
    let (node, other) = (small_node(&redis, 5).await, small_node(&redis, 5).await);
    let last = |event: &Published<'_>| event.block().ends_with(b"data: 499\n\n");
    let mut client = Client::new(node.connect("a", None).await.unwrap().unwrap().filter(last));
    node.close(Event::new().data("bye"));
    assert_eq!(client.rest().await, ["bye"]);
    let id = Some(client.last_event_id()).filter(|id| !id.is_empty());
    let mut client = Client::new(other.connect("a", id).await.unwrap().unwrap().filter(last));
    assert_eq!(client.data(1).await, ["499"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_initial_id_is_that_of_the_place() {
    let Some(server) = RedisServer::start() else { return };
    let redis = server.redis();
    let ids = publish(&redis.publisher(), 0..20).await;
    let channel = Channel::builder().events(5).initial_id(true);
    let node = redis.node().channel(channel).start().unwrap();
    for (id, place) in [(None, ids[19]), (Some(ids[3]), ids[3]), (Some(ids[19]), ids[19])] {
        let id = id.map(|id| id.to_string());
        let mut subscriber = node.connect("a", id.as_deref()).await.unwrap().unwrap();
        assert_eq!(subscriber.next().await.unwrap(), format!("id: {place}\n\n"));
    }
}
