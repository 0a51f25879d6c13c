//! A thousand clients of `broadcast`: some never read, some are cut off and reconnect, and all others get everything
//! once, in order, while memory use does not grow.

mod node;

use node::{Feed, Node, PATIENCE, Progress, Publisher, Seen, ask, scale};
use std::sync::Arc;
use tokio::{net::TcpStream, task::JoinSet, time::timeout};

const CLIENTS: usize = 1000;
const STALLED: usize = 100;

/// Clients that leave after some events and reconnect with their last ID.
const CUT: usize = 100;

/// How many events are published at a time. A client is never more than four times as many events behind, so it misses
/// nothing that is retained.
const BURST: u64 = 200;
const RETAINED: &str = "1000";

/// How much memory may grow in the second half of the events, in KiB.
const GROWTH: u64 = 2 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_clients_get_everything_once_and_in_order() {
    let events = scale("SSE_WIRE_EVENTS", 4_000);
    let node = Node::start(&["--events", RETAINED]);
    let mut stalled = Vec::new();
    for _ in 0..STALLED {
        let mut socket = TcpStream::connect(node.address).await.expect("a connection");
        ask(&mut socket, "").await.expect("the server reads");
        stalled.push(socket);
    }
    let readers = CLIENTS - STALLED;
    let progress = Progress::new(readers);
    let mut clients = JoinSet::new();
    for client in 0..readers {
        let feed = Feed::connect(node.address, "").await.expect("a stream");
        let leaves_after = (client < CUT).then_some(1 + client as u64 * 37);
        clients.spawn(read(client, feed, node.address, events, leaves_after, progress.clone()));
    }
    assert_eq!(node.metric("subscribers"), CLIENTS as u64);

    let mut publisher = Publisher::connect(node.address).await.expect("a connection");
    let mut resident = None;
    for first in (1..=events).step_by(BURST as usize) {
        let last = events.min(first + BURST - 1);
        publisher.send((first..=last).map(|n| n.to_string())).await.expect("the server reads");
        publisher.settle().await.expect("all are published");
        progress.reaches(last.saturating_sub(3 * BURST)).await;
        if last >= events / 2 && resident.is_none() {
            progress.reaches(last).await;
            resident = Some(node.resident());
        }
    }
    while let Some(client) = clients.join_next().await {
        client.expect("a client that gets everything");
    }

    assert_eq!(node.metric("published_total"), events);
    let (before, after) = (resident.expect("there are events"), node.resident());
    eprintln!("{events} events: {before} KiB after half of them, {after} KiB at the end");
    assert!(after <= before + GROWTH, "from {before} to {after} KiB");

    // They have left, each in its own way, and the server has noticed.
    drop(stalled);
    timeout(PATIENCE, async {
        while node.metric("subscribers") > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("in time");
}

async fn read(
    client: usize,
    mut feed: Feed,
    address: std::net::SocketAddr,
    events: u64,
    leaves_after: Option<u64>,
    progress: Arc<Progress>,
) {
    let (mut seen, mut next_leave) = (Seen::default(), leaves_after.unwrap_or(u64::MAX));
    while seen.last < events {
        feed.read(|message| seen.message(message.event(), message.data())).await.expect("the stream goes on");
        progress.set(client, seen.last);
        if seen.last >= next_leave {
            let id = feed.last_event_id().to_owned();
            drop(feed);
            feed = Feed::connect(address, &id).await.expect("a stream");
            next_leave = seen.last + events / 10;
        }
    }
    assert_eq!(seen.missed, 0);
}
