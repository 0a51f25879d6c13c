//! What publishers say when Redis does not do what they ask.

use sse_wire::{
    Event,
    channel::redis::{Error, PublishError, Redis, Retention},
};
use sse_wire_redis_tests::RedisServer;
use std::{
    net::TcpListener,
    time::{Duration, Instant},
};
use tokio::task::spawn_blocking;

const SHORT: Duration = Duration::from_millis(200);

/// Both publishers' results for one event.
async fn publish(redis: &Redis) -> [PublishError; 2] {
    let (publisher, blocking) = (redis.publisher(), redis.blocking_publisher());
    [
        publisher.publish("a", Event::new().data("1")).await.unwrap_err(),
        spawn_blocking(move || blocking.publish("a", Event::new().data("1")).unwrap_err()).await.unwrap(),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://user:secret@{}/", listener.local_addr().unwrap());
    drop(listener);
    for error in publish(&Redis::new(&url).unwrap()).await {
        assert_eq!(error, PublishError::NotPublished(Error::ConnectionRefused));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_says_nothing_has_not_got_the_event() {
    // The kernel accepts the connection, but nobody reads.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let redis = Redis::new(&format!("redis://{}/", listener.local_addr().unwrap())).unwrap().timeout(SHORT);
    let start = Instant::now();
    for error in publish(&redis).await {
        assert_eq!(error, PublishError::NotPublished(Error::TimedOut));
    }
    assert!(start.elapsed() >= 2 * SHORT);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_in_the_middle_leaves_it_in_doubt() {
    let Some(server) = RedisServer::start() else { return };
    let redis = server.redis().timeout(SHORT);
    let (publisher, blocking) = (redis.publisher(), redis.blocking_publisher());
    // The connections are established, and have just been used.
    let blocking = loop {
        let first = publisher.publish("a", Event::new().data("1")).await;
        let again = blocking.clone();
        let second = spawn_blocking(move || again.publish("a", Event::new().data("1"))).await.unwrap();
        if first.is_ok() && second.is_ok() {
            break blocking;
        }
    };
    server.command(&["CLIENT", "PAUSE", "1000000", "ALL"]);
    let error = publisher.publish("a", Event::new().data("2")).await.unwrap_err();
    assert_eq!(error, PublishError::Ambiguous(Error::TimedOut));
    let error =
        spawn_blocking(move || blocking.publish("a", Event::new().data("2"))).await.unwrap().unwrap_err();
    assert_eq!(error, PublishError::Ambiguous(Error::TimedOut));
    let shown = format!("{error}: {}", std::error::Error::source(&error).unwrap());
    assert_eq!(shown, "it is not known whether the event was published: Redis did not reply in time");
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_stay_out_of_everything_that_is_shown() {
    let Some(server) = RedisServer::start_with(Some("right-secret")) else { return };
    let wrong = format!("redis://wrong-user:wrong-secret@127.0.0.1:{}/", server.port());
    let redis = Redis::new(&wrong).unwrap();
    let node = redis.node().start().unwrap();
    let mut shown = format!("{redis:?} {node:?} {:?} {:?}", redis.publisher(), redis.blocking_publisher());
    shown += &format!("{:?} {:?}", redis.node(), node.connect("a", None).await.unwrap_err());
    for error in publish(&redis).await {
        assert_eq!(error, PublishError::NotPublished(Error::Denied));
        shown += &format!("{error:?} {error}");
    }
    for url in ["", "http://wrong-user:wrong-secret@host/", "redis://wrong-user:wrong-secret@host:port/"] {
        let error = Redis::new(url).unwrap_err();
        assert_eq!(error, Error::Url);
        shown += &format!("{error:?} {error}");
    }
    assert!(!shown.contains("wrong") && !shown.contains("secret"), "{shown}");

    // Somebody who may connect, but not publish.
    let redis = server.redis();
    server.command(&["ACL", "SETUSER", "reader", "on", ">reader-secret", "+@all", "-xadd", "~*"]);
    let reader = Redis::new(&format!("redis://reader:reader-secret@127.0.0.1:{}/", server.port())).unwrap();
    for error in publish(&reader).await {
        assert_eq!(error, PublishError::NotPublished(Error::Denied));
    }
    redis.publisher().publish("a", Event::new().data("1")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_redis_keeps_is_bounded() {
    let Some(server) = RedisServer::start() else { return };
    let len = |key| match server.command(&["XLEN", key]) {
        redis::Value::Int(len) => len,
        other => panic!("{other:?}"),
    };
    let publisher = server.redis().retention(Retention::Events(100)).publisher();
    for _ in 0..1_000 {
        publisher.publish("a", Event::new().data("1")).await.unwrap();
    }
    assert!((100..400).contains(&len("sse:a")), "{}", len("sse:a"));

    let publisher = server.redis().retention(Retention::Age(Duration::from_secs(60))).publisher();
    // As old as possible.
    for id in 1..=1_000 {
        server.command(&["XADD", "sse:b", &format!("{id}-0"), "e1", "data: 1\n\n"]);
    }
    publisher.publish("b", Event::new().data("1")).await.unwrap();
    assert!(len("sse:b") < 200, "{}", len("sse:b"));

    publisher.finish("b").await.unwrap();
    let redis::Value::Int(left) = server.command(&["PTTL", "sse:b"]) else { panic!() };
    assert!(left > 86_000_000, "{left}");
    let forever = server.redis().keep_finished(None).publisher();
    forever.finish("c").await.unwrap();
    assert_eq!(server.command(&["PTTL", "sse:c"]), redis::Value::Int(-1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_an_entry_is_not_sent() {
    let redis = Redis::new("redis://127.0.0.1:1/").unwrap();
    let publisher = redis.publisher();
    let error = publisher.publish("a", Event::new().id("7").data("1")).await.unwrap_err();
    assert_eq!(error.to_string(), "the event has an ID of its own");
    let error = publisher.publish("a", Event::new()).await.unwrap_err();
    assert_eq!(error.to_string(), "there is no event to publish");
}

#[test]
fn a_node_needs_a_runtime() {
    let error = Redis::new("redis://127.0.0.1/").unwrap().node().start().unwrap_err();
    assert_eq!(error.to_string(), "there is no tokio runtime on this thread");
}
