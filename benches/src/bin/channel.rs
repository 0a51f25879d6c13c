//! What it costs to give one event to a thousand subscribers in one process: the channel, beside
//! `tokio::sync::broadcast` of encoded `Bytes`, which has no replay, no IDs and no frames.
//!
//! Every subscriber is a task of its own on one thread, as it is under an async server. A pass publishes and
//! then lets the tasks run until each has everything.

use bytes::Bytes;
use futures_util::StreamExt;
use sse_wire::{Event, channel::Channel};
use sse_wire_bench::{Bench, Kind, Pass, Row, Target};
use std::{cell::Cell, env, hint::black_box, rc::Rc, time::Instant};
use tokio::{
    runtime::{Builder, Runtime},
    sync::broadcast,
    task::{LocalSet, yield_now},
};

const SUBSCRIBERS: usize = 1000;

fn event() -> Event {
    Event::new().event("tick").data("0123456789abcdef0123456789abcdef")
}

/// How many events are published before the tasks run.
const WORKLOADS: [(&str, usize); 2] = [("one event", 1), ("a burst of 1,000", 1000)];

/// Tasks that read, and the bytes that they got together.
struct Readers {
    runtime: Runtime,
    tasks: LocalSet,
    bytes: Rc<Cell<usize>>,
}

impl Readers {
    fn new<F: Future<Output = ()> + 'static>(read: impl Fn(Rc<Cell<usize>>) -> F) -> Readers {
        let bytes = Rc::default();
        let tasks = LocalSet::new();
        for _ in 0..SUBSCRIBERS {
            tasks.spawn_local(read(Rc::clone(&bytes)));
        }
        Readers { runtime: Builder::new_current_thread().build().unwrap(), tasks, bytes }
    }

    /// Publishes so many times, and waits until all subscribers together have the bytes that this says.
    fn pass(self, events: usize, publish: impl Fn() -> usize + 'static) -> Pass {
        Box::new(move |times| {
            self.tasks.block_on(&self.runtime, async {
                // All wait then.
                yield_now().await;
                let start = Instant::now();
                for _ in 0..times {
                    self.bytes.set(0);
                    let bytes: usize = (0..events).map(|_| publish()).sum();
                    while self.bytes.get() < SUBSCRIBERS * bytes {
                        yield_now().await;
                    }
                }
                start.elapsed()
            })
        })
    }
}

fn ours(events: usize) -> Pass {
    let channel = Channel::builder().bytes(4 * 1024 * 1024).build();
    let readers = Readers::new(|bytes| {
        let mut subscriber = channel.subscribe();
        async move {
            while let Some(frame) = subscriber.next().await {
                bytes.set(bytes.get() + black_box(frame).len());
            }
        }
    });
    let first = channel.publish(event()).unwrap();
    let len = first.to_string().len() - 1 + "id: \n".len() + event().to_string().len();
    readers.pass(events, move || {
        let id = channel.publish(event()).unwrap();
        len + id.number().ilog10() as usize + 1
    })
}

/// Every subscriber gets the block that was encoded once.
fn broadcast(events: usize) -> Pass {
    let (sender, _) = broadcast::channel(4096);
    let readers = Readers::new(|bytes| {
        let mut receiver = sender.subscribe();
        async move {
            while let Ok(block) = receiver.recv().await {
                let block: Bytes = block;
                bytes.set(bytes.get() + black_box(block).len());
            }
        }
    });
    let number = Cell::new(0_u64);
    readers.pass(events, move || {
        number.set(number.get() + 1);
        let block = Bytes::from(Vec::from(event().id(number.get())));
        let len = block.len();
        sender.send(block).unwrap();
        len
    })
}

fn main() {
    let rounds = env::args().nth(1).map_or(31, |rounds| rounds.parse().expect("a number of rounds"));
    let row = |kind, name, pass: fn(usize) -> Pass| {
        Row::new(kind, name, WORKLOADS.map(|(_, events)| Some(pass(events))))
    };
    let table = Bench {
        workloads: WORKLOADS.map(|(name, events)| (name, (events * SUBSCRIBERS) as u64)).into(),
        rows: vec![
            row(Kind::Ours, "sse-wire `Channel`", ours),
            row(Kind::Peer, "tokio `broadcast` of `Bytes`", broadcast),
        ],
    }
    .run(rounds);
    println!("\nA delivery to one of {SUBSCRIBERS} subscribers:\n\n{table}");
    let ratio = |column| table.get("sse-wire `Channel`", column).ns / table.best_peer(column).1.ns;
    println!("one event, times broadcast: {}", Target { must: 0.7, aim: 0.5 }.verdict(ratio(0)));
    let burst = table.get("sse-wire `Channel`", 1).ns;
    println!("a burst, ns: {}", Target { must: 2.0, aim: 2.0 }.verdict(burst));
}
