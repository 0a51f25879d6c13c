//! Several nodes on one Redis: every one serves every client.

use sse_wire::{
    Event, Sse,
    channel::{
        MissedReason, Resume,
        redis::{PublishError, Retention},
    },
};
use sse_wire_redis_tests::{Client, RedisServer, eventually, numbers, publish, small_node};
use std::{
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, TcpStream},
    time::Duration,
};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_arrives_on_every_node_with_the_id_of_its_entry() {
    let Some(server) = RedisServer::start() else { return };
    let redis = server.redis();
    let nodes = [small_node(&redis, 10).await, small_node(&redis, 10).await];
    let mut clients = Vec::new();
    for node in &nodes {
        clients.push(Client::new(node.connect("a", None).await.unwrap().unwrap()));
        // Topics do not mix.
        clients.push(Client::new(node.connect("b", None).await.unwrap().unwrap()));
    }
    let publisher = redis.publisher();
    let id = publisher.publish("a", Event::new().event("tick").data("1\n2")).await.unwrap();
    let blocking = redis.blocking_publisher();
    let batch = Sse::from_iter([Event::new().data("x"), Event::new().data("y")]);
    let last = tokio::task::spawn_blocking(move || blocking.publish("b", batch).unwrap()).await.unwrap();
    for client in clients.chunks_mut(2) {
        let message = client[0].message().await.unwrap();
        assert_eq!((message.event(), message.data()), ("tick", "1\n2"));
        assert_eq!(message.last_event_id(), id.to_string());
        assert_eq!(client[1].data(2).await, ["x", "y"]);
        assert_eq!(client[1].last_event_id(), last.to_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_hops_between_nodes_gets_everything_once_while_logs_evict() {
    const EVENTS: u32 = 3_000;
    let Some(server) = RedisServer::start() else { return };
    let redis = server.redis();
    let nodes = [small_node(&redis, 7).await, small_node(&redis, 50).await];
    // Both have the topic open, so that they evict while the client is with the other one.
    let _topics = [nodes[0].topic("a").await.unwrap(), nodes[1].topic("a").await.unwrap()];
    let publisher = redis.publisher();
    let publishing = tokio::spawn(async move {
        publish(&publisher, 0..EVENTS).await;
        publisher.finish("a").await.unwrap();
    });

    let (mut got, mut id, mut hop) = (Vec::new(), None, 0);
    while let Some(subscriber) = nodes[hop % 2].connect("a", id.as_deref()).await.unwrap() {
        let mut client = Client::new(subscriber);
        for _ in 0..1 + hop * 7 % 40 {
            match client.message().await {
                Some(message) => got.push(message.into_data()),
                None => break,
            }
        }
        if !client.last_event_id().is_empty() {
            id = Some(client.last_event_id().to_owned());
        }
        hop += 1;
    }
    publishing.await.unwrap();
    let wrong = got.iter().zip(0..).find(|(got, expected)| **got != expected.to_string());
    assert_eq!((wrong, got.len()), (None, EVENTS as usize));
    assert!(hop > 20, "{hop}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_older_than_the_log_comes_from_redis_page_by_page() {
    let Some(server) = RedisServer::start() else { return };
    let redis = server.redis();
    let ids = publish(&redis.publisher(), 0..500).await;
    let node = small_node(&redis, 10).await;
    let topic = node.topic("a").await.unwrap();
    let mut clients = Vec::new();
    for id in [None, Some(ids[0]), Some(ids[250]), Some(ids[499])] {
        let id = id.map(|id| id.to_string());
        clients.push(Client::new(topic.connect(id.as_deref()).await.unwrap().unwrap()));
    }
    publish(&redis.publisher(), 500..510).await;
    for (client, from) in clients.iter_mut().zip([0, 1, 251, 500]) {
        assert_eq!(client.data(510 - from as usize).await, numbers(from..510));
    }
    // With a filter too.
    let even = |event: &sse_wire::channel::Published| {
        let data = std::str::from_utf8(event.block()).unwrap().trim_end();
        data.ends_with(['0', '2', '4', '6', '8'])
    };
    let mut client = Client::new(topic.connect(None).await.unwrap().unwrap().filter(even));
    let expected: Vec<_> = (0..510).step_by(2).map(|number| number.to_string()).collect();
    assert_eq!(client.data(expected.len()).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_topic_ends_on_every_node() {
    let Some(server) = RedisServer::start() else { return };
    let redis = server.redis();
    let node = small_node(&redis, 10).await;
    let mut client = Client::new(node.connect("a", None).await.unwrap().unwrap());
    let publisher = redis.publisher();
    let ids = publish(&publisher, 0..3).await;
    let last = publisher.finish_with("a", Event::new().data("end")).await.unwrap();
    assert_eq!(client.rest().await, ["0", "1", "2", "end"]);

    // Redis refuses what comes too late, no matter who sends it.
    let refused = PublishError::Finished;
    assert_eq!(publisher.publish("a", Event::new().data("late")).await, Err(refused.clone()));
    assert_eq!(publisher.finish("a").await, Err(refused.clone()));
    let blocking = redis.blocking_publisher();
    let late = tokio::task::spawn_blocking(move || blocking.publish("a", Event::new().data("late")));
    assert_eq!(late.await.unwrap(), Err(refused));

    // A node that is started later, and the one that was there.
    for node in [small_node(&redis, 10).await, node] {
        let topic = node.topic("a").await.unwrap();
        assert!(topic.connect(Some(&last.to_string())).await.unwrap().is_none());
        assert!(matches!(topic.resume(&last.to_string()).await.unwrap(), Resume::Finished));
        let from = ids[1].to_string();
        let mut client = Client::new(topic.connect(Some(&from)).await.unwrap().unwrap());
        assert_eq!(client.rest().await, ["2", "end"]);
        let mut client = Client::new(topic.connect(None).await.unwrap().unwrap());
        assert_eq!(client.rest().await, ["0", "1", "2", "end"]);
        // A client with an ID that nobody gave gets a gap event, then what there is, and then is told to stop.
        let mut client = Client::new(topic.connect(Some("1-1")).await.unwrap().unwrap());
        assert_eq!(client.rest().await, [r#"{"missed":null}"#, "0", "1", "2", "end"]);
        assert!(topic.connect(Some(client.last_event_id())).await.unwrap().is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_nobody_gave_is_unknown_and_one_that_was_trimmed_too_old() {
    let Some(server) = RedisServer::start() else { return };
    let redis = server.redis().retention(Retention::All);
    let ids = publish(&redis.publisher(), 0..20).await;
    server.command(&["XTRIM", "sse:a", "MAXLEN", "10"]);
    let node = small_node(&redis, 5).await;
    let topic = node.topic("a").await.unwrap();
    let later = format!("{}-0", ids[19].millis() + 1_000_000);
    let between = format!("{}-{}", ids[15].millis(), ids[15].sequence() + 1_000);
    let cases = [
        ("", MissedReason::Unknown, None, 10),
        ("k3v9x2ma-17", MissedReason::Unknown, None, 10),
        (&later, MissedReason::Unknown, None, 10),
        (&between, MissedReason::Unknown, None, 10),
        (&ids[3].to_string(), MissedReason::TooOld, None, 10),
        ("0-0", MissedReason::TooOld, Some(10), 10),
    ];
    for (id, reason, missed, from) in cases {
        let Resume::Missed(client) = topic.resume(id).await.unwrap() else { panic!("{id}") };
        assert_eq!((client.reason(), client.missed()), (reason, missed), "{id}");
        let mut client = Client::new(client.replay());
        let gap = client.message().await.unwrap();
        let missed = missed.map_or("null".to_owned(), |missed| missed.to_string());
        assert_eq!((gap.event(), gap.data()), ("gap", &*format!("{{\"missed\":{missed}}}")), "{id}");
        assert_eq!(client.data(10).await, numbers(from..20), "{id}");
    }
    let Resume::Missed(client) = topic.resume("1-1").await.unwrap() else { panic!() };
    let mut client = Client::new(client.live());
    assert_eq!(client.data(1).await, [r#"{"missed":null}"#]);
    // Then it has its own place.
    let id = client.last_event_id().to_owned();
    assert_eq!(id, ids[19].to_string());
    publish(&redis.publisher(), 20..21).await;
    assert_eq!(client.data(1).await, ["20"]);
    assert!(matches!(topic.resume(&id).await.unwrap(), Resume::Complete(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_can_be_ahead_of_the_node() {
    let Some(server) = RedisServer::start() else { return };
    let redis = server.redis();
    let node = small_node(&redis, 5).await;
    let topic = node.topic("a").await.unwrap();
    for round in 0..50 {
        let ids = publish(&redis.publisher(), round..round + 1).await;
        // Another node may already have sent it, when this one has not read it yet.
        let mut client = Client::new(topic.connect(Some(&ids[0].to_string())).await.unwrap().unwrap());
        publish(&redis.publisher(), 1_000..1_001).await;
        assert_eq!(client.data(1).await, ["1000"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_write_is_skipped_and_counted() {
    let Some(server) = RedisServer::start() else { return };
    let redis = server.redis();
    let node = small_node(&redis, 10).await;
    let mut client = Client::new(node.connect("a", None).await.unwrap().unwrap());
    for (name, value) in [
        ("message", "hello"),
        ("e1", ""),
        ("e1", "data: 1"),
        ("e1", "data: 1\n\ndata: 2\n\n"),
        ("e1", "id: 5\ndata: 1\n\n"),
        ("e2", "data: 1\n\n"),
        ("e1", "data: right\r\n\r\n"),
    ] {
        server.command(&["XADD", "sse:a", "*", name, value]);
    }
    assert_eq!(client.data(1).await, ["right"]);
    assert_eq!(node.metrics().unknown, 6);
    let mut client = Client::new(node.connect("a", Some("0-0")).await.unwrap().unwrap());
    assert_eq!(client.data(1).await, ["right"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_not_a_stream_harms_no_other_topic() {
    let Some(server) = RedisServer::start() else { return };
    let redis = server.redis();
    let node = small_node(&redis, 10).await;
    let mut client = Client::new(node.connect("a", None).await.unwrap().unwrap());
    server.command(&["SET", "sse:b", "1"]);
    assert!(node.connect("b", None).await.unwrap_err().to_string().contains("WRONGTYPE"));
    // It may also become one later.
    let mut later = Client::new(node.connect("c", None).await.unwrap().unwrap());
    server.command(&["XADD", "sse:c", "*", "e1", "data: 1\n\n"]);
    assert_eq!(later.data(1).await, ["1"]);
    server.command(&["SET", "sse:c", "1"]);
    assert_eq!(later.rest().await, [""; 0]);
    assert!(node.connect("c", None).await.is_err());
    publish(&redis.publisher(), 0..1).await;
    assert_eq!(client.data(1).await, ["0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_has_two_connections_and_topics_come_and_go() {
    let Some(server) = RedisServer::start() else { return };
    let redis = server.redis();
    let node = redis.node().topics(50).start().unwrap();
    eventually(|| node.metrics().is_connected).await;
    let mut clients = Vec::new();
    for topic in 0..50 {
        clients.push(Client::new(node.connect(&topic.to_string(), None).await.unwrap().unwrap()));
    }
    let error = node.connect("one too many", None).await.unwrap_err();
    assert_eq!(error.to_string(), "all topics are in use");
    let publisher = redis.publisher();
    for (topic, client) in clients.iter_mut().enumerate() {
        publisher.publish(&topic.to_string(), Event::new().data(topic)).await.unwrap();
        assert_eq!(client.data(1).await, [topic.to_string()]);
    }
    // Two, plus the publisher's.
    assert_eq!(server.clients(), 3);

    // A client that leaves makes room.
    clients.pop();
    let mut client = Client::new(node.connect("one too many", None).await.unwrap().unwrap());
    publisher.publish("one too many", Event::new().data("")).await.unwrap();
    assert_eq!(client.data(1).await, [""]);
    assert_eq!(node.topics().len(), 50);
    let of_client = node.topics().into_iter().find(|(name, _)| name == "one too many").unwrap().1;
    assert_eq!(of_client.metrics().delivered, 1);
    drop((clients, client, of_client, node));
    let node = redis.node().idle(Duration::ZERO).start().unwrap();
    drop(node.connect("a", None).await.unwrap());
    eventually(|| node.metrics().topics == 0).await;
    // Nothing is left of a dropped node.
    drop((node, publisher));
    eventually(|| server.clients() == 0).await;
}

/// So that a connection that died unnoticed is replaced soon.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_asks_redis_to_wait_no_longer_than_its_timeout() {
    let Some(server) = RedisServer::start() else { return };
    let mut monitor = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port())).unwrap();
    monitor.write_all(b"MONITOR\r\n").unwrap();
    let mut seen = BufReader::new(monitor).lines().map(Result::unwrap);
    assert_eq!(seen.next().unwrap(), "+OK");
    for (topic, timeout, wait) in [("a", 1500, 1500), ("b", 20_000, 5000)] {
        let redis = server.redis().timeout(Duration::from_millis(timeout));
        let node = redis.node().start().unwrap();
        // The machine may be busy.
        while node.topic(topic).await.is_err() {}
        let (name, key) = ("\"XREAD\"", format!("\"sse:{topic}\""));
        let command = seen.find(|line| line.contains(name) && line.contains(&key)).unwrap();
        assert!(command.contains(&format!("\"BLOCK\" \"{wait}\"")), "{command}");
    }
}

/// The wait for events is added to it.
#[tokio::test(flavor = "multi_thread")]
async fn an_operation_may_take_as_long_as_it_likes() {
    let Some(server) = RedisServer::start() else { return };
    let redis = server.redis().timeout(Duration::MAX);
    let node = small_node(&redis, 10).await;
    let mut client = Client::new(node.connect("a", None).await.unwrap().unwrap());
    publish(&redis.publisher(), 0..3).await;
    assert_eq!(client.data(3).await, ["0", "1", "2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_node_says_farewell() {
    let Some(server) = RedisServer::start() else { return };
    let node = small_node(&server.redis(), 10).await;
    let topic = node.topic("a").await.unwrap();
    let mut client = Client::new(topic.connect(None).await.unwrap().unwrap());
    node.close(Event::new().data("bye"));
    assert_eq!(client.rest().await, ["bye"]);
    assert!(node.topic("a").await.is_err());
}
