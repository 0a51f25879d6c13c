//! What it costs to read an event stream from a socket: CPU time of the reading thread for one event, including system
//! time. Each contender reads one endless stream from the same server, which runs on another core and is never the
//! slower one; the limits read the same bytes with the same HTTP library, and discard them.

use eventsource_client::{Client as _, SSE};
use futures_util::{Stream, StreamExt, stream::BoxStream};
use launchdarkly_sdk_transport::HyperTransport;
use reqwest_eventsource::Event;
use sse_wire::{AsyncEventSource, EventSource, Sse};
use sse_wire_bench::{Bench, Figures, Kind, Pass, Row, Target, pin, thread_time};
use std::{
    env,
    hint::black_box,
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    thread,
};
use tokio::runtime::{Builder, Runtime};

struct Workload {
    name: &'static str,
    url: String,
    /// The bytes of an event.
    size: usize,
}

fn workloads() -> [Workload; 3] {
    let line = |length| {
        "a line of text, as a language model writes it; ".repeat(length / 40 + 1)[..length].to_owned()
    };
    let workload = |name, event: &Sse, batch| Workload {
        name,
        size: event.as_bytes().len(),
        url: serve(&event.to_string(), batch),
    };
    let event = |length| {
        let mut event = Sse::without_retry();
        event.set_event_id(1_000_000).add_message("tick", line(length));
        event
    };
    let small = event(32);
    let large = event(1024 + 32 - small.as_bytes().len());
    assert_eq!(large.as_bytes().len(), 1024);
    [
        workload("`tick`, id, 32 B", &small, 1),
        workload("`tick`, id, 1 KiB", &large, 1),
        workload("the same, 16 in a chunk", &large, 16),
    ]
}

/// Serves an endless stream of this event, with this many in an HTTP chunk: most servers send each event as a chunk,
/// and those that batch send everything that is ready as one.
fn serve(event: &str, batch: usize) -> String {
    let batch = event.repeat(batch);
    let chunks = format!("{:x}\r\n{batch}\r\n", batch.len()).repeat((64 * 1024 / batch.len()).max(1));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        pin(1);
        for mut socket in listener.incoming().map_while(Result::ok) {
            let chunks = chunks.clone();
            thread::spawn(move || {
                pin(1);
                for line in BufReader::new(&socket).lines() {
                    if line.is_ok_and(|line| line.is_empty()) {
                        break;
                    }
                }
                let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
                let mut sent = socket.write_all(head.as_bytes());
                while sent.is_ok() {
                    sent = socket.write_all(chunks.as_bytes());
                }
            });
        }
    });
    url
}

/// Reads an event.
fn pass(mut read: impl FnMut() + 'static) -> Option<Pass> {
    Some(Box::new(move |times| {
        let start = thread_time();
        for _ in 0..times {
            read();
        }
        thread_time() - start
    }))
}

/// Reads an event of a stream.
fn stream_pass<S: Stream + Unpin + 'static>(make: impl FnOnce() -> S) -> Option<Pass> {
    let runtime = runtime();
    let mut stream = {
        let _guard = runtime.enter();
        make()
    };
    Some(Box::new(move |times| {
        let start = thread_time();
        runtime.block_on(async {
            for _ in 0..times {
                black_box(stream.next().await);
            }
        });
        thread_time() - start
    }))
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn ureq_limit(workload: &Workload) -> Option<Pass> {
    let mut body = ureq::get(&workload.url).call().unwrap().into_body().into_reader();
    let mut buffer = vec![0; 16 * 1024];
    let (mut left, size) = (0, workload.size);
    pass(move || {
        while left < size {
            left += black_box(body.read(&mut buffer).unwrap());
        }
        left -= size;
    })
}

fn reqwest_limit(workload: &Workload) -> Option<Pass> {
    let runtime = runtime();
    let mut response = runtime.block_on(reqwest::get(&workload.url)).unwrap();
    let (mut left, size) = (0, workload.size);
    Some(Box::new(move |times| {
        let start = thread_time();
        runtime.block_on(async {
            for _ in 0..times {
                while left < size {
                    left += black_box(response.chunk().await.unwrap().unwrap()).len();
                }
                left -= size;
            }
        });
        thread_time() - start
    }))
}

fn ours_ureq(workload: &Workload) -> Option<Pass> {
    let mut source = EventSource::new(&workload.url).unwrap();
    pass(move || {
        black_box(source.next().unwrap().unwrap());
    })
}

fn ours_reqwest(workload: &Workload) -> Option<Pass> {
    stream_pass(|| AsyncEventSource::new(&workload.url).unwrap())
}

fn reqwest_eventsource(workload: &Workload) -> Option<Pass> {
    stream_pass(|| {
        let source = reqwest_eventsource::EventSource::get(&workload.url);
        Box::pin(source.filter_map(async |event| match event.unwrap() {
            Event::Open => None,
            Event::Message(message) => Some(message),
        }))
    })
}

fn eventsource_client(workload: &Workload) -> Option<Pass> {
    stream_pass(|| {
        let client = eventsource_client::ClientBuilder::for_url(&workload.url)
            .unwrap()
            .build_with_transport(HyperTransport::builder().build_http().unwrap());
        let stream: BoxStream<'static, _> = client.stream();
        stream.filter_map(|event| {
            std::future::ready(match event.unwrap() {
                SSE::Event(event) => Some(event),
                _ => None,
            })
        })
    })
}

/// How much of a peer's time the crate may take at most.
type Goal = (&'static str, f64);

/// The library alone, this crate over it, and the goals there.
const OURS: [(&str, &str, [Goal; 2]); 2] = [
    ("ureq", "sse-wire over ureq", [(REQWEST_EVENTSOURCE, 0.5), (EVENTSOURCE_CLIENT, 0.35)]),
    ("reqwest", "sse-wire over reqwest", [(REQWEST_EVENTSOURCE, 0.5), (EVENTSOURCE_CLIENT, 0.75)]),
];

const REQWEST_EVENTSOURCE: &str = "reqwest-eventsource 0.6.0";
const EVENTSOURCE_CLIENT: &str = "eventsource-client 0.18.0";

fn main() {
    let rounds = env::args().nth(1).map_or(51, |rounds| rounds.parse().expect("a number of rounds"));
    pin(0);
    let workloads = workloads();
    type Contender = fn(&Workload) -> Option<Pass>;
    let row = |kind, name: &str, make: Contender| Row::new(kind, name, workloads.iter().map(make));
    let bench = Bench {
        workloads: workloads.iter().map(|workload| (workload.name, 1)).collect(),
        rows: vec![
            row(Kind::Limit, OURS[0].0, ureq_limit),
            row(Kind::Limit, OURS[1].0, reqwest_limit),
            row(Kind::Ours, OURS[0].1, ours_ureq),
            row(Kind::Ours, OURS[1].1, ours_reqwest),
            row(Kind::Peer, REQWEST_EVENTSOURCE, reqwest_eventsource),
            row(Kind::Peer, EVENTSOURCE_CLIENT, eventsource_client),
        ],
    };
    let table = bench.run(rounds);
    println!("{table}");
    let command = "cargo run --release --manifest-path benches/Cargo.toml --features client --bin client 201";
    let figures = Figures::measured("Reading events from a socket", command, &[("", &table)]);
    figures.save("client").expect("a file");
    for (library, ours, peers) in OURS {
        for (column, workload) in workloads.iter().enumerate() {
            let ns = |row| table.get(row, column).ns;
            let limit = Target { must: 1.5, aim: 1.2 }.verdict(ns(ours) / ns(library));
            print!("{ours}, {}: times {library} alone: {limit}", workload.name);
            for (peer, must) in peers {
                let (_, ratio) = table.ratio(ours, column, |name| name == peer);
                print!("; times {peer}: {}", Target { must, aim: must }.verdict(ratio));
            }
            println!();
        }
    }
}
