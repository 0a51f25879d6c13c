//! `broadcast` with 2,000 connections that come, go, and stall, for any length of time: memory, descriptors, and tasks
//! stay flat. Ignored by default; it writes a table and a plot of its measurements.
//!
//! ```text
//! SSE_WIRE_SOAK_SECONDS=1800 cargo test --release -p sse-wire-servers --test soak -- --ignored --nocapture
//! ```

mod node;
#[path = "../../../tests/random/mod.rs"]
mod random;

use node::{Feed, Node, PATIENCE, Publisher, Seen, ask, scale};
use random::Random;
use std::{fmt::Write, fs, net::SocketAddr, path::Path, time::Duration};
use tokio::{
    net::TcpStream,
    sync::watch,
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, sleep, timeout},
};

const CLIENTS: usize = 2_000;

/// Every tenth client stalls instead of reading.
const STALLS: u64 = 10;

/// The longest time that a client stays connected or disconnected, in milliseconds.
const STAY: u64 = 20_000;
const AWAY: u64 = 2_000;

/// How many events are published each second, and how long they are at most.
const RATE: u64 = 50;
const LARGEST: u64 = 1_024;

/// How many events the server retains: what is published in 20 s, so that the log is full soon, and clients that stall
/// fall behind.
const RETAINED: &str = "1000";

/// How much memory may grow from the first half to the second, in KiB: an allocator needs this to settle.
const GROWTH: f64 = 4.0 * 1024.0;

/// How many more descriptors and tasks there may be in the second half. How many clients are connected is left to
/// chance, and differs by about 40 from second to second; what is not closed would add up to far more.
const LEAK: f64 = 100.0;

/// One second.
#[derive(Clone, Copy)]
struct Sample {
    seconds: f64,
    resident: f64,
    descriptors: f64,
    tasks: f64,
    subscribers: f64,
}

/// What is plotted: its name, and its position in a sample.
type Series = (&'static str, fn(&Sample) -> f64);

const SERIES: [Series; 4] = [
    ("resident memory, MiB", |s| s.resident / 1024.0),
    ("file descriptors", |s| s.descriptors),
    ("tasks", |s| s.tasks),
    ("subscribers", |s| s.subscribers),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it takes as long as one likes"]
async fn memory_descriptors_and_tasks_stay_flat() {
    let time = Duration::from_secs(scale("SSE_WIRE_SOAK_SECONDS", 60));
    let node = Node::start(&["--events", RETAINED]);
    let idle = node.descriptors();
    let (stop, stopped) = watch::channel(false);
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS as u64 {
        clients.spawn(come_and_go(node.address, Random(client), stopped.clone()));
    }
    let publishing = tokio::spawn(publish(node.address, stopped));

    let (start, mut samples) = (Instant::now(), Vec::new());
    let mut seconds = interval(Duration::from_secs(1));
    seconds.set_missed_tick_behavior(MissedTickBehavior::Skip);
    while start.elapsed() < time {
        seconds.tick().await;
        samples.push(Sample {
            seconds: start.elapsed().as_secs_f64(),
            resident: node.resident() as f64,
            descriptors: node.descriptors() as f64,
            tasks: node.tasks() as f64,
            subscribers: node.metric("subscribers") as f64,
        });
        write(&samples);
    }
    stop.send_replace(true);
    publishing.await.expect("no panic");
    let (mut connections, mut missed) = (0, 0);
    while let Some(client) = clients.join_next().await {
        let (of_client, missed_by_client) = client.expect("a client that gets everything, or is told");
        connections += of_client;
        missed += missed_by_client;
    }
    eprintln!(
        "{connections} connections, {} events published, {} delivered, {missed} told as missed to those who read",
        node.metric("published_total"),
        node.metric("delivered_total"),
    );

    // The first tenth is for clients to connect, and for the log to fill up.
    let (first, second) = samples[samples.len() / 10..].split_at(samples.len() * 9 / 20);
    for (name, value) in SERIES {
        eprintln!(
            "{name}: median {:.1} in the first half, {:.1} in the second",
            median(first, value),
            median(second, value)
        );
    }
    let grows = |value| median(second, value) - median(first, value);
    assert!(grows(|s| s.resident) <= GROWTH);
    assert!(grows(|s| s.descriptors) <= LEAK && grows(|s| s.tasks) <= LEAK);
    // Nothing is left of the clients that have gone.
    let all_gone = async {
        while node.metric("subscribers") > 0 || node.descriptors() > idle + 1 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, all_gone).await.expect("in time");
}

/// A client that connects again and again. Returns how often it did, and how many events it was told it had missed.
async fn come_and_go(
    address: SocketAddr,
    mut random: Random,
    mut stopped: watch::Receiver<bool>,
) -> (u64, u64) {
    let (mut id, mut seen, mut connections, mut total_missed) = (String::new(), Seen::default(), 0, 0);
    while !*stopped.borrow() {
        connections += 1;
        let stay = sleep(Duration::from_millis(random.below(STAY)));
        if random.below(STALLS) == 0 {
            let mut socket = TcpStream::connect(address).await.expect("a connection");
            ask(&mut socket, "").await.expect("the server reads");
            tokio::select! { () = stay => (), _ = stopped.changed() => () }
        } else {
            let mut feed = Feed::connect(address, &id).await.expect("a stream");
            let mut is_first = id.is_empty();
            let reading = async {
                loop {
                    let each = |message: sse_wire::MessageRef<'_>| {
                        if is_first && message.event() == "gap" {
                            // It is late before it has anything. What it missed ends with the next event.
                            return;
                        }
                        if is_first {
                            // Without an ID, it begins with what is published next.
                            let number: u64 = message
                                .data()
                                .split(' ')
                                .next()
                                .and_then(|n| n.parse().ok())
                                .expect("a number");
                            seen = Seen::after(number - 1);
                            is_first = false;
                        }
                        seen.message(message.event(), message.data());
                    };
                    assert!(feed.read(each).await.expect("no error"), "the stream goes on");
                }
            };
            tokio::select! { () = reading => (), () = stay => (), _ = stopped.changed() => () }
            id = feed.last_event_id().to_owned();
            total_missed += std::mem::take(&mut seen.missed);
        }
        let away = sleep(Duration::from_millis(random.below(AWAY)));
        tokio::select! { () = away => (), _ = stopped.changed() => () }
    }
    (connections, total_missed)
}

async fn publish(address: SocketAddr, stopped: watch::Receiver<bool>) {
    let mut publisher = Publisher::connect(address).await.expect("a connection");
    let (mut ticks, mut random) = (interval(Duration::from_secs(1) / RATE as u32), Random(0));
    let mut number = 0;
    while !*stopped.borrow() {
        ticks.tick().await;
        number += 1;
        let data = format!("{number} {}", "x".repeat(random.below(LARGEST) as usize));
        publisher.publish(&data).await.expect("it is published");
    }
}

fn median(samples: &[Sample], value: fn(&Sample) -> f64) -> f64 {
    let mut values: Vec<f64> = samples.iter().map(value).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The table, and the plot.
fn write(samples: &[Sample]) {
    let mut table = "seconds,resident KiB,descriptors,tasks,subscribers\n".to_owned();
    for Sample { seconds, resident, descriptors, tasks, subscribers } in samples {
        let _ = writeln!(table, "{seconds:.0},{resident},{descriptors},{tasks},{subscribers}");
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    fs::write(folder.join("soak.csv"), table).expect("it can be written");
    fs::write(folder.join("soak.svg"), plot(samples)).expect("it can be written");
}

/// A curve for each series, from 0 up to its largest value.
fn plot(samples: &[Sample]) -> String {
    const WIDTH: f64 = 640.0;
    const HEIGHT: f64 = 90.0;
    const TOP: f64 = 104.0;
    let (width, height) = (760, SERIES.len() * 130 + 104);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"system-ui, 'Segoe UI', Helvetica, Arial, 'DejaVu Sans', sans-serif\" font-size=\"11.5\">\n\
         <style>\n\
         .page {{ fill: #fff }} text {{ fill: #24292f }} .bold {{ font-weight: 600 }} .note {{ fill: #57606a }}\n\
         .grid {{ stroke: #e5e7eb }} .ours {{ fill: none; stroke: #c2410c; stroke-width: 1.5 }}\n\
         @media (prefers-color-scheme: dark) {{\n\
         .page {{ fill: #0d1117 }} text {{ fill: #e6edf3 }} .note {{ fill: #9198a1 }}\n\
         .grid {{ stroke: #30363d }} .ours {{ stroke: #f97316 }}\n}}\n</style>\n\
         <rect class=\"page\" width=\"100%\" height=\"100%\"/>\n\
         <text x=\"20\" y=\"34\" font-size=\"19\" class=\"bold\">Connections that come, go and stall</text>\n\
         <text x=\"20\" y=\"55\" class=\"note\">The process of broadcast, once a second: {CLIENTS} clients, each of which \
         stays for {} s at most; one in {STALLS} does not read.</text>\n",
        STAY / 1_000,
    );
    let end = samples.last().map_or(1.0, |last| last.seconds.max(1.0));
    for (index, (name, value)) in SERIES.into_iter().enumerate() {
        let (top, most) = (TOP + 130.0 * index as f64, samples.iter().map(value).fold(1.0, f64::max));
        let points = samples.iter().fold(String::new(), |mut points, sample| {
            let x = 20.0 + WIDTH * sample.seconds / end;
            let _ = write!(points, "{x:.1},{:.1} ", top + HEIGHT * (1.0 - value(sample) / most));
            points
        });
        let bottom = top + HEIGHT;
        let _ = write!(
            svg,
            "<text x=\"20\" y=\"{:.0}\" class=\"bold\">{name}</text>\n\
             <path class=\"grid\" d=\"M20 {bottom}h{WIDTH}M20 {top}h{WIDTH}\"/>\n\
             <text x=\"668\" y=\"{:.0}\" class=\"note\">{most:.0}</text><text x=\"668\" y=\"{bottom:.0}\" class=\"note\">0</text>\n\
             <polyline class=\"ours\" points=\"{points}\"/>\n",
            top - 8.0,
            top + 8.0,
        );
    }
    let _ = write!(
        svg,
        "<text x=\"660\" y=\"{}\" class=\"note\" text-anchor=\"end\">{:.0} minutes</text>\n</svg>\n",
        height - 18,
        end / 60.0
    );
    svg
}
