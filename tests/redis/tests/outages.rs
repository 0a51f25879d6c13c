//! Redis stops and starts again, with or without its data.

use sse_wire::{
    Event,
    channel::{
        Channel, Start,
        redis::{Node, PublishError, Publisher, Redis, Retention},
    },
};
use sse_wire_redis_tests::{Client, RedisServer, eventually};

async fn node(redis: &Redis, events: usize) -> Node {
    let channel = Channel::builder().events(events).start(Start::Oldest);
    let node = redis.node().channel(channel).start().unwrap();
    eventually(|| node.metrics().is_connected).await;
    node
}

/// Publishes to a running Redis, over a connection that may not know that it was restarted.
async fn publish(publisher: &Publisher, data: &str) -> String {
    while let Err(PublishError::Ambiguous(_)) = publisher.publish("probe", Event::new().data("")).await {}
    publisher.publish("a", Event::new().data(data)).await.unwrap().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_redis_costs_nothing_that_it_kept() {
    let Some(mut server) = RedisServer::start() else { return };
    let redis = server.redis();
    let nodes = [node(&redis, 10).await, node(&redis, 100).await];
    let mut clients = Vec::new();
    for node in &nodes {
        clients.push(Client::new(node.connect("a", None).await.unwrap().unwrap()));
    }
    let publisher = redis.publisher();
    let mut expected = Vec::new();
    for round in 0..3 {
        for number in 0..5 {
            expected.push(format!("{round} {number}"));
            publish(&publisher, expected.last().unwrap()).await;
        }
        for client in &mut clients {
            assert_eq!(client.data(5).await, expected[expected.len() - 5..]);
        }
        server.kill();
        for node in &nodes {
            eventually(|| !node.metrics().is_connected).await;
        }
        // Nothing is ambiguous: the connection is known to be dead, or is refused.
        let error = loop {
            match publisher.publish("a", Event::new().data("lost")).await.unwrap_err() {
                PublishError::Ambiguous(_) => {}
                error => break error,
            }
        };
        assert!(matches!(error, PublishError::NotPublished(_)), "{error:?}");
        server.restart();
        // Published before the nodes, which are backing off, have reconnected.
        expected.push(format!("{round} while away"));
        publish(&publisher, expected.last().unwrap()).await;
        for client in &mut clients {
            assert_eq!(client.data(1).await, expected[expected.len() - 1..]);
        }
    }
    eventually(|| nodes[0].metrics().connections == 4).await;
    let mut client = Client::new(nodes[0].connect("a", None).await.unwrap().unwrap());
    assert_eq!(client.data(expected.len()).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_trimmed_while_a_node_was_away_is_counted() {
    let Some(mut server) = RedisServer::start() else { return };
    let redis = server.redis().retention(Retention::All);
    let node = node(&redis, 100).await;
    let mut client = Client::new(node.connect("a", None).await.unwrap().unwrap());
    let publisher = redis.publisher();
    let first = publish(&publisher, "0").await;
    assert_eq!(client.data(1).await, ["0"]);
    server.kill();
    server.elsewhere(|server| {
        for number in 1..=20 {
            server.command(&["XADD", "sse:a", "*", "e1", &format!("data: {number}\n\n")]);
        }
        server.command(&["XTRIM", "sse:a", "MAXLEN", "3"]);
    });
    server.restart();
    assert_eq!(client.data(4).await, [r#"{"missed":17}"#, "18", "19", "20"]);
    // The log also tells clients that were there before.
    let mut again = Client::new(node.connect("a", Some(&first)).await.unwrap().unwrap());
    assert_eq!(again.data(4).await, [r#"{"missed":17}"#, "18", "19", "20"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_without_its_data_is_reported_as_a_gap() {
    let Some(mut server) = RedisServer::start() else { return };
    let redis = server.redis();
    let nodes = [node(&redis, 100).await, node(&redis, 100).await];
    let mut clients = Vec::new();
    for node in &nodes {
        clients.push(Client::new(node.connect("a", None).await.unwrap().unwrap()));
    }
    let publisher = redis.publisher();
    let old = [publish(&publisher, "old 1").await, publish(&publisher, "old 2").await];
    for client in &mut clients {
        assert_eq!(client.data(2).await, ["old 1", "old 2"]);
    }
    server.kill();
    server.lose_data();
    server.restart();
    for client in &mut clients {
        assert_eq!(client.data(1).await, [r#"{"missed":null}"#]);
    }
    // Newer than anything that Redis has now, and still not taken for a place.
    let mut late = Client::new(nodes[0].connect("a", Some(&old[0])).await.unwrap().unwrap());
    assert_eq!(late.data(1).await, [r#"{"missed":null}"#]);
    publish(&publisher, "new 1").await;
    let id = publish(&publisher, "new 2").await;
    for client in clients.iter_mut().chain([&mut late]) {
        assert_eq!(client.data(2).await, ["new 1", "new 2"]);
        assert_eq!(client.last_event_id(), id);
    }
    for node in &nodes {
        let mut client = Client::new(node.connect("a", Some(&old[1])).await.unwrap().unwrap());
        assert_eq!(client.data(3).await, [r#"{"missed":null}"#, "new 1", "new 2"]);
        let mut client = Client::new(node.connect("a", None).await.unwrap().unwrap());
        assert_eq!(client.data(2).await, ["new 1", "new 2"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flushed_redis_is_noticed_even_if_its_ids_are_lower_then() {
    let Some(server) = RedisServer::start() else { return };
    let redis = server.redis();
    let node = node(&redis, 100).await;
    let mut client = Client::new(node.connect("a", None).await.unwrap().unwrap());
    let old = publish(&redis.publisher(), "old").await;
    assert_eq!(client.data(1).await, ["old"]);
    server.command(&["FLUSHALL"]);
    // Lower than what the node has read, so that nothing of it would ever be read.
    server.command(&["XADD", "sse:a", "5-0", "e1", "data: new\n\n"]);
    assert_eq!(client.data(2).await, [r#"{"missed":null}"#, "new"]);
    assert_eq!(client.last_event_id(), "5-0");
    let mut late = Client::new(node.connect("a", Some(&old)).await.unwrap().unwrap());
    assert_eq!(late.data(2).await, [r#"{"missed":null}"#, "new"]);
    let mut late = Client::new(node.connect("a", Some("5-0")).await.unwrap().unwrap());
    server.command(&["XADD", "sse:a", "6-0", "e1", "data: newer\n\n"]);
    assert_eq!(late.data(1).await, ["newer"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn history_waits_for_redis() {
    let Some(mut server) = RedisServer::start() else { return };
    let redis = server.redis();
    let publisher = redis.publisher();
    let mut expected = Vec::new();
    for number in 0..400 {
        expected.push(number.to_string());
        publish(&publisher, &number.to_string()).await;
    }
    let node = node(&redis, 5).await;
    let mut client = Client::new(node.connect("a", None).await.unwrap().unwrap());
    assert_eq!(client.data(10).await, expected[..10]);
    server.kill();
    let error = node.connect("b", None).await.unwrap_err();
    assert!(!format!("{error:?} {error}").contains("127.0.0.1"), "{error:?}");
    server.restart();
    assert_eq!(client.data(390).await, expected[10..]);
}
