//! A network between Redis and those who use it that fails in every way: connections are cut and reset, answers are
//! late, arrive byte by byte, or not at all.
//!
//! `SSE_WIRE_FAULTS=1000` has as many faults in each test.

use crate::{proxy::Proxy, random::Random};
use sse_wire::{
    Event,
    channel::{
        Channel, Start,
        redis::{EntryId, Node, PublishError, Redis, Retention},
    },
};
use sse_wire_redis_tests::{Client, RedisServer, eventually};
use std::{
    collections::HashMap,
    env,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{task::JoinSet, time::timeout};

/// How long an operation waits for Redis. It decides how long a half-open connection is waited for, and nothing else.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Far longer than anything takes.
const LONG: Duration = Duration::from_secs(300);

/// After so many bytes there is a fault on each connection at the latest: now and then a node comes to read a page, and
/// a publisher a hundred replies.
const PAGES: u64 = 1 << 16;
const REPLIES: u64 = 1 << 12;

/// How many events clients may be behind: more than the logs of the nodes have.
const MOST_BEHIND: u32 = 1_000;

/// Redis behind a network with faults, and how many are still to come.
async fn unreliable(server: &RedisServer, longest: u64, seed: u64) -> (Proxy, Redis) {
    let faults = env::var("SSE_WIRE_FAULTS").map_or(60, |faults| faults.parse().expect("a number"));
    let upstream = SocketAddr::from((Ipv4Addr::LOCALHOST, server.port()));
    let (proxy, address) = Proxy::start(upstream, faults, longest, seed).await.unwrap();
    let redis = Redis::new(&format!("redis://{address}/")).unwrap();
    (proxy, redis.timeout(TIMEOUT).retention(Retention::All))
}

/// Connects, however often Redis does not answer.
async fn connect(node: &Node, topic: &str, id: Option<&str>) -> Option<Client> {
    let subscriber = async {
        loop {
            if let Ok(subscriber) = node.connect(topic, id).await {
                return subscriber;
            }
        }
    };
    timeout(LONG, subscriber).await.expect("a subscriber").map(Client::new)
}

/// Two nodes behind the network, and clients that stay, hop, and fall behind: each gets every event once, in order,
/// because Redis has them all.
#[tokio::test(flavor = "multi_thread")]
async fn nodes_lose_and_repeat_nothing() {
    let Some(server) = RedisServer::start() else { return };
    let (proxy, redis) = unreliable(&server, PAGES, 1).await;
    let nodes = [5, 500].map(|events| {
        let channel = Channel::builder().events(events).start(Start::Oldest);
        redis.node().channel(channel).start().unwrap()
    });
    let progress: Arc<[AtomicU32]> = (0..6).map(|_| AtomicU32::new(0)).collect();
    let mut clients = JoinSet::new();
    for n in 0..6 {
        let (nodes, progress) = (nodes.clone(), progress.clone());
        clients.spawn(async move {
            let (mut got, mut id, mut random) = (0, None::<String>, Random(n));
            let topic = ["a", "b"][n as usize % 2];
            let mut hop = n as usize;
            // A topic that is finished has nothing for a client that has all of it.
            while let Some(mut client) = connect(&nodes[hop % 2], topic, id.as_deref()).await {
                // Every third client stays where it is.
                let stay = if n % 3 == 0 { u64::MAX } else { 1 + random.below(100) };
                for _ in 0..stay {
                    let Some(message) = client.message().await else { break };
                    assert_eq!((message.event(), message.data()), ("message", &*got.to_string()), "{topic}");
                    got += 1;
                    progress[n as usize].store(got, Relaxed);
                }
                id = Some(client.last_event_id().to_owned()).filter(|id| !id.is_empty());
                hop += 1;
            }
            got
        });
    }
    let publisher = server.redis().retention(Retention::All).publisher();
    let mut events = 0;
    while !proxy.is_done() {
        for topic in ["a", "b"] {
            publisher.publish(topic, Event::new().data(events)).await.unwrap();
        }
        events += 1;
        // While nothing arrives, there is nothing that a fault could happen to.
        eventually(|| proxy.is_done() || progress.iter().all(|got| got.load(Relaxed) + MOST_BEHIND > events))
            .await;
    }
    for topic in ["a", "b"] {
        publisher.finish(topic).await.unwrap();
    }
    while let Some(client) = clients.join_next().await {
        assert_eq!(client.unwrap(), events);
    }
    eprintln!("{events} events in each topic");
}

/// What a publisher said of each event, by its number.
#[derive(Default)]
struct Said {
    published: HashMap<u64, EntryId>,
    not_published: u64,
    ambiguous: u64,
}

impl Said {
    fn note(&mut self, number: u64, result: Result<EntryId, PublishError>) {
        match result {
            Ok(id) => assert!(self.published.insert(number, id).is_none()),
            Err(PublishError::NotPublished(_)) => self.not_published += 1,
            Err(PublishError::Ambiguous(_)) => self.ambiguous += 1,
            Err(error) => panic!("{error}"),
        }
    }

    /// Compares it with what Redis has: an event that was said to be published is there once, under its ID; no event is
    /// there twice, and none that was said not to be there.
    fn compare(self, server: &RedisServer, total: u64) {
        let redis::Value::Array(entries) = server.command(&["XRANGE", "sse:a", "-", "+"]) else { panic!() };
        let mut there = HashMap::new();
        for entry in entries {
            let redis::Value::Array(entry) = entry else { panic!() };
            let [redis::Value::BulkString(id), redis::Value::Array(fields)] = &entry[..] else { panic!() };
            let redis::Value::BulkString(block) = &fields[1] else { panic!() };
            let data = std::str::from_utf8(block).unwrap().trim_end().strip_prefix("data: ").unwrap();
            let id = std::str::from_utf8(id).unwrap().to_owned();
            assert!(there.insert(data.parse::<u64>().unwrap(), id).is_none(), "{data} is there twice");
        }
        for (number, id) in &self.published {
            assert_eq!(there.get(number), Some(&id.to_string()));
        }
        let published = self.published.len() as u64;
        assert_eq!(published + self.not_published + self.ambiguous, total);
        assert!(there.len() as u64 <= published + self.ambiguous);
        eprintln!(
            "{published} published, {} not, {} in doubt, {} of these there",
            self.not_published,
            self.ambiguous,
            there.len() as u64 - published
        );
        assert!(published > 0 && self.ambiguous > 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publisher_says_what_became_of_each_event_in_bounded_time() {
    let Some(server) = RedisServer::start() else { return };
    let (proxy, redis) = unreliable(&server, REPLIES, 2).await;
    let publisher = redis.publisher();
    let (mut said, mut number) = (Said::default(), 0);
    while !proxy.is_done() {
        let result = timeout(LONG, publisher.publish("a", Event::new().data(number))).await;
        said.note(number, result.expect("an answer"));
        number += 1;
    }
    said.compare(&server, number);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocking_publisher_says_what_became_of_each_event_in_bounded_time() {
    let Some(server) = RedisServer::start() else { return };
    let (proxy, redis) = unreliable(&server, REPLIES, 3).await;
    let publisher = redis.blocking_publisher();
    let (mut said, mut number) = (Said::default(), 0);
    while !proxy.is_done() {
        let publisher = publisher.clone();
        let publishing =
            tokio::task::spawn_blocking(move || publisher.publish("a", Event::new().data(number)));
        said.note(number, timeout(LONG, publishing).await.expect("an answer").unwrap());
        number += 1;
    }
    said.compare(&server, number);
}
