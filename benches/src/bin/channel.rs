//! What it costs to deliver one event to a thousand subscribers in one process: the channel, compared with
//! `tokio::sync::broadcast` of encoded `Bytes`, which has no replay, no IDs, and no frames.
//!
//! Every subscriber is a separate task on one thread, as in an async server. A pass publishes, and then lets the tasks
//! run until each has everything.

use bytes::Bytes;
use futures_util::StreamExt;
use sse_wire::{
    Event,
    channel::{Channel, Resume},
};
use sse_wire_bench::{Bench, Kind, Pass, Row, Target, timed};
use std::{
    cell::{Cell, RefCell},
    env,
    hint::black_box,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Wake, Waker},
};
use tokio::sync::broadcast;

const SUBSCRIBERS: usize = 1000;

fn event() -> Event {
    Event::new().event("tick").data("0123456789abcdef0123456789abcdef")
}

/// How many events are published before the tasks run.
const WORKLOADS: [(&str, usize); 2] = [("one event", 1), ("a burst of 1,000", 1000)];

thread_local! {
    static WOKEN: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

type Reader = Pin<Box<dyn Future<Output = ()>>>;

/// An executor that does as little as possible, so that the channels are measured and not the runtime.
struct Readers {
    tasks: Vec<(Reader, Waker)>,
    /// What the tasks got in total.
    bytes: Rc<Cell<usize>>,
}

struct Task(usize);

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        WOKEN.with_borrow_mut(|woken| woken.push(self.0));
    }
}

impl Readers {
    fn new<F: Future<Output = ()> + 'static>(read: impl Fn(Rc<Cell<usize>>) -> F) -> Readers {
        let bytes = Rc::default();
        let task = |index| -> (Pin<Box<dyn Future<Output = ()>>>, Waker) {
            (Box::pin(read(Rc::clone(&bytes))), Arc::new(Task(index)).into())
        };
        let tasks = (0..SUBSCRIBERS).map(task).collect();
        WOKEN.with_borrow_mut(|woken| woken.extend(0..SUBSCRIBERS));
        let mut readers = Readers { tasks, bytes };
        readers.run();
        readers
    }

    /// Polls the tasks that were woken.
    fn run(&mut self) {
        let mut woken = WOKEN.take();
        for index in woken.drain(..) {
            let (task, waker) = &mut self.tasks[index];
            assert!(task.as_mut().poll(&mut Context::from_waker(waker)).is_pending());
        }
        WOKEN.set(woken);
    }

    /// Publishes this many events, and lets all subscribers read them. Returns how many bytes they got in total.
    fn pass(mut self, events: usize, publish: impl Fn() -> usize + 'static) -> Pass {
        timed(move || {
            self.bytes.set(0);
            let bytes: usize = (0..events).map(|_| publish()).sum();
            self.run();
            assert_eq!(self.bytes.get(), SUBSCRIBERS * bytes);
        })
    }
}

fn ours(events: usize) -> Pass {
    let channel = Channel::builder().bytes(4 * 1024 * 1024).build();
    let first = channel.publish(event()).unwrap();
    let readers = Readers::new(|bytes| {
        let mut subscriber = channel.subscribe();
        async move {
            while let Some(frame) = subscriber.next().await {
                bytes.set(bytes.get() + black_box(frame).len());
            }
        }
    });
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

/// What must not depend on how much is retained.
const RETAINED: [(&str, usize); 2] = [("1,000 retained", 1_000), ("1,000,000 retained", 1_000_000)];

fn retaining(events: usize, own_ids: bool) -> (Channel, Vec<String>) {
    let channel = Channel::builder().events(events).bytes(None).build();
    let id = |n: usize| if own_ids { format!("order-{n}") } else { String::new() };
    let ids = (0..events).map(|n| {
        let own = id(n);
        let event = if own_ids { event().id(&own) } else { event() };
        let made = channel.publish(event).unwrap();
        if own_ids { own } else { made.to_string() }
    });
    // A thousand of them, from all over the log: few enough to fit into the processor's caches.
    let ids = ids.collect::<Vec<_>>().into_iter().step_by(events / 1_000).collect();
    (channel, ids)
}

fn publish(events: usize) -> Pass {
    let (channel, _) = retaining(events, false);
    timed(move || _ = black_box(channel.publish(event())))
}

/// Subscribes after each of the IDs in turn, and leaves again.
fn resume(events: usize, own_ids: bool) -> Pass {
    let (channel, ids) = retaining(events, own_ids);
    let mut at = 0;
    timed(move || {
        at = (at + 617) % ids.len();
        assert!(matches!(black_box(channel.resume(&ids[at])), Resume::Complete(_)));
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

    let row = |name, pass: &dyn Fn(usize) -> Pass| {
        Row::new(Kind::Ours, name, RETAINED.map(|(_, events)| Some(pass(events))))
    };
    let table = Bench {
        workloads: RETAINED.map(|(name, _)| (name, 1)).into(),
        rows: vec![
            row("publish", &publish),
            row("resume at an ID of the channel's", &|events| resume(events, false)),
            row("resume at an event's own ID", &|events| resume(events, true)),
        ],
    }
    .run(rounds);
    println!("\nWithout other subscribers:\n\n{table}");
}
