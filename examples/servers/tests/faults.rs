//! Real clients of the real `broadcast`, over a network that fails in every way: each event arrives once and in order,
//! or is counted in a gap.

mod node;
#[path = "../../../tests/proxy/mod.rs"]
mod proxy;
#[path = "../../../tests/random/mod.rs"]
mod random;

use node::{Feed, Node, Progress, Publisher, Seen, scale};
use proxy::Proxy;
use random::Random;
use sse_wire::{
    AsyncEventSource, EventSource,
    client::{Builder, Kind, Policy},
};
use std::{net::SocketAddr, time::Duration};
use tokio::{sync::watch, task::JoinSet, time::sleep};

/// How long a client waits for anything before it gives up on a connection. This only determines how long a half-open
/// connection holds up a client.
const IDLE: Duration = Duration::from_millis(500);

/// After so many bytes at most there is a fault on each connection.
const LONGEST: u64 = 1 << 12;

/// How long a client waits before it reconnects.
const AGAIN: Duration = Duration::from_millis(2);

/// Clients of each kind: on bare sockets, async, blocking.
const BARE: usize = 16;
const ASYNC: usize = 6;
const SYNC: usize = 6;
const CLIENTS: usize = BARE + ASYNC + SYNC;

/// Is called for each message with the last event ID, the type, and the data. Returns whether to continue.
type Each = Box<dyn FnMut(&str, &str, &str) -> bool + Send>;

/// Starts clients of all kinds, which first connect with this last event ID.
fn clients(address: SocketAddr, id: &str, mut each: impl FnMut(usize) -> Each) -> JoinSet<()> {
    let (mut clients, url) = (JoinSet::new(), format!("http://{address}/events"));
    for client in 0..CLIENTS {
        let (id, each) = (id.to_owned(), each(client));
        match client {
            0..BARE => {
                clients.spawn(bare(address, id, each));
            }
            _ if client < BARE + ASYNC => {
                let source = settings(AsyncEventSource::builder(&url), id).build().expect("a client");
                clients.spawn(asynchronous(source, each));
            }
            _ => {
                let source = settings(EventSource::builder(&url), id).build().expect("a client");
                clients.spawn(async move {
                    let thread = tokio::task::spawn_blocking(|| synchronous(source, each));
                    thread.await.expect("a client that gets everything");
                });
            }
        }
    }
    clients
}

fn settings<K: Kind>(builder: Builder<K>, id: String) -> Builder<K> {
    let policy = Policy::new().floor(AGAIN).cap(20 * AGAIN).max_rate(1000);
    builder.last_event_id(id).reconnection_time(AGAIN).read_timeout(IDLE).policy(policy)
}

async fn bare(address: SocketAddr, mut id: String, mut each: Each) {
    loop {
        if let Ok(mut feed) = Feed::connect_within(IDLE, address, &id).await {
            let mut goes_on = true;
            while let Ok(true) = feed
                .read(|message| {
                    goes_on = goes_on && each(message.last_event_id(), message.event(), message.data())
                })
                .await
            {
                if !goes_on {
                    return;
                }
            }
            id = feed.last_event_id().to_owned();
        }
        sleep(AGAIN).await;
    }
}

async fn asynchronous(mut source: AsyncEventSource, mut each: Each) {
    while let Some(message) = source.next().await {
        let message = message.expect("no error is final");
        if !each(message.last_event_id(), message.event(), message.data()) {
            return;
        }
    }
    panic!("the server never says that it is over");
}

fn synchronous(source: EventSource, mut each: Each) {
    for message in source {
        let message = message.expect("no error is final");
        if !each(message.last_event_id(), message.event(), message.data()) {
            return;
        }
    }
    panic!("the server never says that it is over");
}

/// Publishes until all faults have happened, but never further ahead of the slowest client than this, and checks what
/// each client sees. Returns how many events they missed in total.
async fn survive(retained: &str, ahead: u64, faults: u64) -> u64 {
    let seed = scale("SSE_WIRE_SEED", 1);
    eprintln!("SSE_WIRE_SEED={seed}");
    let node = Node::start(&["--events", retained]);
    let (proxy, address) = Proxy::start(node.address, faults, LONGEST, seed).await.expect("a listener");
    let mut publisher = Publisher::connect(node.address).await.expect("a connection");
    let id = publisher.publish("1").await.expect("it is published");

    let progress = Progress::new(CLIENTS);
    let (missed, mut all_missed) = watch::channel(0);
    let mut clients = clients(address, &id, |client| {
        let (mut seen, progress, missed) = (Seen::after(1), progress.clone(), missed.clone());
        Box::new(move |_, event_type, data| {
            seen.message(event_type, data);
            progress.set(client, seen.last);
            let goes_on = !data.ends_with("end");
            if !goes_on {
                missed.send_modify(|missed| *missed += seen.missed);
            }
            goes_on
        })
    });
    let (mut last, mut random) = (1, Random(!seed));
    while !proxy.is_done() {
        let burst: Vec<_> =
            (0..1 + random.below(40)).map(|n| format!("{} {}", last + 1 + n, filler(&mut random))).collect();
        last += burst.len() as u64;
        publisher.send(burst).await.expect("the server reads");
        publisher.settle().await.expect("all are published");
        progress.reaches(last.saturating_sub(ahead)).await;
    }
    publisher.publish(&format!("{} end", last + 1)).await.expect("it is published");
    while let Some(client) = clients.join_next().await {
        client.expect("a client that gets everything");
    }
    let missed = *all_missed.borrow_and_update();
    eprintln!("{faults} faults, {} events, {CLIENTS} clients, {missed} told as missed", last + 1);
    missed
}

fn filler(random: &mut Random) -> String {
    "x".repeat(random.below(100) as usize)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_arrives_once_and_in_order() {
    let missed = survive("10000", 5_000, scale("SSE_WIRE_FAULTS", 1_000)).await;
    assert_eq!(missed, 0, "everything was retained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_longer_retained_is_counted() {
    let missed = survive("50", 200, scale("SSE_WIRE_FAULTS", 1_000)).await;
    assert!(missed > 0, "clients were away for longer than what is retained");
}

/// What a client sees when a server is killed and started again.
#[derive(Default)]
struct Epochs {
    epoch: String,
    /// The number of the last event in this epoch.
    number: u64,
    last: u64,
    was_told: bool,
    count: u64,
}

impl Epochs {
    fn message(&mut self, id: &str, event_type: &str, data: &str) {
        if event_type == "gap" {
            assert_eq!(data, r#"{"missed":null}"#, "nothing is missing within an epoch");
            self.was_told = true;
            return;
        }
        let (epoch, number) = id.rsplit_once('-').expect("an ID of the channel");
        let number = number.parse().expect("a number");
        if epoch != self.epoch {
            assert!(self.was_told, "from {} to {id}", self.epoch);
            self.epoch = epoch.to_owned();
            self.count += 1;
            assert_eq!(number, 1, "all of the new epoch");
        } else {
            assert_eq!(number, self.number + 1);
        }
        self.was_told = false;
        self.number = number;
        let data = data.parse().expect("a number");
        assert!(data > self.last, "{data} after {}", self.last);
        self.last = data;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_are_told_when_the_server_was_killed() {
    const KILLS: u64 = 3;
    let mut node = Node::start(&["--events", "1000000", "--bytes", "100000000"]);
    let address = node.address;
    let first =
        Publisher::connect(address).await.expect("a connection").publish("1").await.expect("published");
    let progress = Progress::new(CLIENTS);
    let mut clients = clients(address, &first, |client| {
        let (epoch, number) = first.rsplit_once('-').expect("an ID of the channel");
        let mut epochs = Epochs {
            epoch: epoch.to_owned(),
            number: number.parse().expect("1"),
            last: 1,
            ..Epochs::default()
        };
        let progress = progress.clone();
        Box::new(move |id, event_type, data| {
            epochs.message(id, event_type, data);
            // Far enough in the epoch to be under load.
            progress.set(client, epochs.count * 1_000 + epochs.number.min(999));
            epochs.count < KILLS || epochs.number < 500
        })
    });

    let (stop, stopped) = watch::channel(false);
    let load = tokio::spawn(publish_until(stopped, address));
    for kill in 0..KILLS {
        progress.reaches(kill * 1_000 + 500).await;
        // The old server is gone before the new one starts.
        drop(node);
        node = Node::start_at(&address.to_string(), &["--events", "1000000", "--bytes", "100000000"]);
    }
    while let Some(client) = clients.join_next().await {
        client.expect("a client that is told");
    }
    stop.send_replace(true);
    load.await.expect("no panic");
}

/// Publishes continuously, whatever happens to the server.
async fn publish_until(stopped: watch::Receiver<bool>, address: SocketAddr) {
    let mut number = 2;
    while !*stopped.borrow() {
        if let Ok(mut publisher) = Publisher::connect(address).await {
            while !*stopped.borrow() && publisher.publish(&number.to_string()).await.is_ok() {
                number += 1;
            }
            // Whether this one was published is not known.
            number += 1;
        }
        sleep(AGAIN).await;
    }
}
