//! How `broadcast` responds, and how it ends.

use crate::{
    node::{Feed, Node, PATIENCE, Publisher, request},
    skip::skip,
};
use rustix::process::Signal;
use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
};
use tokio::time::timeout;

/// A request for a separate connection.
fn send(node: &Node, method: &str, target: &str, headers: &str, body: impl AsRef<[u8]>) -> (u16, String) {
    let body = body.as_ref();
    let head = format!(
        "{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n",
        body.len()
    );
    request(node.address, [head.as_bytes(), body].concat())
}

fn publish(node: &Node, query: &str, body: impl AsRef<[u8]>) -> (u16, String) {
    send(node, "POST", &format!("/publish{query}"), "", body)
}

/// The next messages of a stream: last event ID, type and data.
async fn messages(feed: &mut Feed, count: usize) -> Vec<[String; 3]> {
    let mut messages = Vec::new();
    while messages.len() < count {
        feed.read(|message| {
            messages.push([message.last_event_id(), message.event(), message.data()].map(str::to_owned));
        })
        .await
        .expect("the stream goes on");
    }
    messages
}

#[tokio::test]
async fn what_is_published_is_received_and_replayed() {
    let node = Node::start(&[]);
    let mut live = Feed::connect(node.address, "").await.expect("a stream");
    let (status, first) = publish(&node, "", "one\ntwo");
    assert_eq!(status, 200);
    assert_eq!(publish(&node, "?id=my+7%C3%A9&event=tick", ""), (200, "my 7é".to_owned()));
    let (_, third) = publish(&node, "?channel=main&event=tick", "{}");
    let expected =
        [[first.as_str(), "message", "one\ntwo"], ["my 7é", "tick", ""], [third.as_str(), "tick", "{}"]];
    assert_eq!(messages(&mut live, 3).await, expected);
    // After an ID of the channel's, and one of the publisher's.
    let mut after_first = Feed::connect(node.address, &first).await.expect("a stream");
    assert_eq!(messages(&mut after_first, 2).await, expected[1..]);
    let mut after_second = Feed::connect(node.address, "my 7é").await.expect("a stream");
    assert_eq!(messages(&mut after_second, 1).await, expected[2..]);
    // Another channel has none of this.
    publish(&node, "?channel=other", "elsewhere");
    let text = node.metrics();
    for line in [
        "broadcast_published_total{channel=\"main\"} 3",
        "broadcast_published_total{channel=\"other\"} 1",
        "broadcast_subscribers{channel=\"main\"} 3",
        "broadcast_retained_events{channel=\"main\"} 3",
        "# TYPE broadcast_published_total counter",
    ] {
        assert!(text.lines().any(|of_text| of_text == line), "{line} in {text}");
    }
}

#[tokio::test]
async fn a_client_that_missed_events_is_told() {
    let node = Node::start(&["--events", "2"]);
    let mut publisher = Publisher::connect(node.address).await.expect("a connection");
    let mut ids = Vec::new();
    for n in 1..=5 {
        ids.push(publisher.publish(&n.to_string()).await.expect("it is published"));
    }
    let mut late = Feed::connect(node.address, &ids[0]).await.expect("a stream");
    let seen = messages(&mut late, 3).await;
    assert_eq!(seen[0][1..], ["gap", r#"{"missed":2}"#]);
    assert_eq!([&*seen[1][2], &*seen[2][2]], ["4", "5"]);
    let mut other = Feed::connect(node.address, "aaaaaaaa-1").await.expect("a stream");
    assert_eq!(messages(&mut other, 1).await[0][1..], ["gap", r#"{"missed":null}"#]);
}

#[test]
fn what_cannot_be_answered_is_refused_with_a_reason() {
    let node = Node::start(&[]);
    let long = "x".repeat(1024 * 1024 + 1);
    for (answer, status, reason) in [
        (send(&node, "GET", "/nothing", "", ""), 404, "there is nothing here"),
        (send(&node, "GET", "/publish", "", ""), 405, "only POST"),
        (send(&node, "POST", "/events", "", ""), 405, "only GET, HEAD"),
        (publish(&node, "", &long), 413, "more than 1048576 bytes"),
        (publish(&node, "?event=a%0Ab", "x"), 400, "the event type contains U+000A"),
        (publish(&node, "?event=%FF", "x"), 400, "the parameter event is not UTF-8"),
        (publish(&node, "?id=a%00", "x"), 400, "the event ID contains U+0000"),
        (publish(&node, "?channel=", "x"), 400, "the name of a channel"),
        (publish(&node, "?channel=a%0A", "x"), 400, "no control characters"),
        (publish(&node, "", b"a\xff"), 400, "the body is not UTF-8 after byte 1"),
        (send(&node, "GET", "/events?from=7", "", ""), 400, "oldest"),
        (send(&node, "GET", "/events?lastEventId=%FF", "", ""), 400, "the last event ID is not UTF-8"),
        (
            send(&node, "GET", "/events", &format!("Last-Event-ID: {}\r\n", "7".repeat(5000)), ""),
            400,
            "5000 bytes",
        ),
    ] {
        assert_eq!(answer.0, status, "{answer:?}");
        assert!(answer.1.contains(reason), "{answer:?} has no {reason:?}");
    }
    // A body without a length in its head is cut off as well.
    let chunked = format!("100001\r\n{long}\r\n0\r\n\r\n");
    let head = "POST /publish HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(request(node.address, format!("{head}{chunked}")).0, 413);
    assert_eq!(node.metric("published_total"), 0);
}

#[tokio::test]
async fn channels_are_bounded() {
    let node = Node::start(&[]);
    // One of them is there from the start, and stays. A channel that nobody reads makes room for another.
    for n in 1..=1000 {
        assert_eq!(publish(&node, &format!("?channel={n}"), "x").0, 200);
    }
    let text = node.metrics();
    let channels = text.lines().filter(|line| line.starts_with("broadcast_published_total{")).count();
    assert_eq!(channels, 1000);
    assert!(text.contains("{channel=\"main\"}") && !text.contains("{channel=\"1\"}"));

    let mut readers = Vec::new();
    for n in 1..1000 {
        readers.push(Feed::connect_to(node.address, &n.to_string()).await.expect("a stream"));
    }
    let (status, reason) = publish(&node, "?channel=one+more", "x");
    assert_eq!((status, &*reason), (429, "there are 1000 topics already, and all are in use\n"));
    assert_eq!(publish(&node, "?channel=999", "x").0, 200);
}

#[test]
fn the_page_and_head_requests() {
    let node = Node::start(&[]);
    let (status, page) = send(&node, "GET", "/", "", "");
    assert!(status == 200 && page.contains("new EventSource("));
    for target in ["/", "/events", "/metrics"] {
        assert_eq!(send(&node, "HEAD", target, "", ""), (200, String::new()), "{target}");
    }
}

#[tokio::test]
async fn it_says_goodbye_when_it_is_told_to_stop() {
    for signal in [Signal::TERM, Signal::INT] {
        let node = Node::start(&[]);
        let mut feed = Feed::connect(node.address, "").await.expect("a stream");
        let (_, id) = publish(&node, "", "1");
        node.signal(signal);
        let mut seen = Vec::new();
        while feed.read(|message| seen.push(message.data().to_owned())).await.expect("an orderly end") {}
        assert_eq!(seen, ["1"]);
        assert_eq!(feed.last_event_id(), id);
        let retry = feed.reconnection_time().expect("a time to connect again").as_secs_f32();
        assert!((1.0..=5.0).contains(&retry), "{retry}");
        assert!(node.wait().success());
    }
}

#[test]
fn it_says_why_it_does_not_start() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = listener.local_addr().expect("an address").to_string();
    for (options, status, reason) in [
        (&["--addr", &*taken][..], 1, "cannot listen on 127.0.0.1:"),
        (&["--addr", "nowhere"], 1, "cannot listen on nowhere"),
        (&["--events", "0"], 2, "--events needs a number from 1 on"),
        (&["--bytes"], 2, "--bytes needs a value"),
        (&["--what"], 2, "there is no option --what"),
        (&["--redis", "http://user:secret@host/"], 1, "not the URL of a Redis server"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_broadcast")).args(options).output().expect("it starts");
        let said = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(status), "{said}");
        assert!(said.contains(reason) && !said.contains("secret"), "{said}");
    }
}

#[test]
fn nobody_needs_to_read_what_it_says() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut help = Command::new(env!("CARGO_BIN_EXE_broadcast"));
    assert!(help.arg("--help").stdout(writer).status().expect("it starts").success());
}

/// Kills a process when it is dropped.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn two_servers_share_a_redis() {
    let port =
        TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    let redis = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .stdout(Stdio::null())
        .spawn();
    let _redis = match redis {
        Ok(redis) => Killed(redis),
        Err(error) => {
            return skip(&format!("redis-server does not start ({error}): --redis is not tested"));
        }
    };
    let url = format!("redis://127.0.0.1:{port}/");
    let (one, other) = (Node::start(&["--redis", &url]), Node::start(&["--redis", &url]));
    // Redis may still be starting, in which case the status is 503.
    let first = timeout(PATIENCE, async {
        loop {
            match publish(&one, "?event=tick", "1") {
                (200, id) => break id,
                (status, reason) => assert_eq!(status, 503, "{reason}"),
            }
            tokio::task::yield_now().await;
        }
    });
    let first = first.await.expect("in time");
    let mut live = Feed::connect(other.address, &first).await.expect("a stream");
    let (_, second) = publish(&one, "", "2");
    let (_, third) = publish(&other, "", "3");
    let expected = [[&*second, "message", "2"], [&*third, "message", "3"]];
    assert_eq!(messages(&mut live, 2).await, expected);
    drop(live);
    // It resumes at the other server.
    let mut resumed = Feed::connect(one.address, &second).await.expect("a stream");
    assert_eq!(messages(&mut resumed, 1).await, expected[1..]);
    let (status, reason) = publish(&one, "?id=mine", "4");
    assert!(status == 400 && reason.contains("ID of its own"), "{status} {reason}");
}
