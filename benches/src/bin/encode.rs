//! What it costs to turn a message into bytes and pass them to a writer, one event at a time.
//!
//! All contenders get the same: data as a borrowed string, an event type that is a static string, and an integer as the
//! event ID. Each does the best that its API allows, reuses what can be reused, and passes the bytes to the same
//! [`Sink`].

use actix_web::body::MessageBody;
use bytes::{Bytes, BytesMut};
use bytestring::ByteString;
use futures_util::stream;
use http_body::Body;
use sse_wire_bench::{
    Bench, Figures, Kind, Pass, Python, Row, Target, pin, thread_time, timed, verdict_at_most,
};
use std::{
    convert::Infallible,
    env,
    error::Error,
    hint::black_box,
    io,
    path::Path,
    pin::pin,
    sync::mpsc,
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};
use tokio_util::codec::Encoder as _;

/// One message, sent over and over, with a new ID each time if it has one.
struct Workload {
    name: &'static str,
    event: Option<&'static str>,
    has_id: bool,
    data: String,
    /// How this crate writes it, for the limits.
    wire: Vec<u8>,
}

/// Long enough that IDs keep their number of digits.
const FIRST_ID: u64 = 1_000_000;

fn workloads() -> &'static [Workload] {
    let line = |length| {
        "a line of text, as a language model writes it; ".repeat(length / 40 + 1)[..length].to_owned()
    };
    let lines = |length| format!("{}\n", line(79)).repeat(length / 80 + 1)[..length].to_owned();
    let workload = |name, event, has_id, data| {
        let (w, mut sse) =
            (Workload { name, event, has_id, data, wire: Vec::new() }, sse_wire::Sse::without_retry());
        if has_id {
            sse.set_event_id(FIRST_ID);
        }
        sse.add_message(event.unwrap_or_default(), &w.data);
        Workload { wire: sse.into(), ..w }
    };
    vec![
        workload("6 B data only", None, false, line(6)),
        workload("`tick`, id, 32 B", Some("tick"), true, line(32)),
        workload("id, event, 1 KiB line", Some("message-delta"), true, line(1 << 10)),
        workload("64 KiB in 80 B lines", None, false, lines(64 << 10)),
        workload("1 MiB line", None, false, line(1 << 20)),
    ]
    .leak()
}

/// The targets for the cost of each event, as a fraction of what the best peer needs.
const TARGETS: [Target; 5] = [
    Target { must: 0.40, aim: 0.25 },
    Target { must: 0.35, aim: 0.25 },
    Target { must: 0.55, aim: 0.45 },
    Target { must: 0.90, aim: 0.60 },
    Target { must: 1.10, aim: 0.90 },
];

/// Where the bytes go: a buffer of the size of a TLS record, which stays in the cache, so that the sink costs little
/// and still reads every byte.
struct Sink {
    buffer: Box<[u8; 16 << 10]>,
    /// Everything that was written, while contenders are compared with each other.
    copy: Option<Vec<u8>>,
}

impl Sink {
    // Opaque to the optimiser, as a writer behind a socket would be.
    #[inline(never)]
    fn take(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(self.buffer.len()) {
            self.buffer[..part.len()].copy_from_slice(part);
            black_box(&mut self.buffer);
        }
        if let Some(copy) = &mut self.copy {
            copy.extend_from_slice(bytes);
        }
    }
}

impl io::Write for Sink {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.take(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Sends one event of a workload at each call.
trait Contender: FnMut(&mut Sink) + 'static {}
impl<F: FnMut(&mut Sink) + 'static> Contender for F {}

// --- the limits ---

fn copy(work: &'static Workload) -> impl Contender {
    let mut out = Vec::new();
    move |sink| {
        out.clear();
        out.extend_from_slice(&black_box(work).wire);
        sink.take(&out);
    }
}

fn search_and_copy(work: &'static Workload) -> impl Contender {
    let mut copy = copy(work);
    move |sink| {
        for line_end in memchr::memchr2_iter(b'\n', b'\r', black_box(work).data.as_bytes()) {
            black_box(line_end);
        }
        copy(sink);
    }
}

// --- this crate ---

fn add(sse: &mut sse_wire::Sse, work: &Workload, id: u64) {
    if work.has_id {
        sse.set_event_id(id);
    }
    match work.event {
        Some(event) => sse.add_message(event, &work.data),
        None => sse.add_data(&work.data),
    };
}

fn sse_wire(work: &'static Workload) -> impl Contender {
    let (mut sse, mut ids) = (sse_wire::Sse::without_retry(), FIRST_ID..);
    move |sink| {
        add(&mut sse, black_box(work), ids.next().unwrap_or_default());
        sse.write_to(sink).expect("the sink takes everything");
    }
}

fn sse_wire_chunks(work: &'static Workload) -> impl Contender {
    let (mut sse, mut ids) = (sse_wire::Sse::without_retry(), FIRST_ID..);
    move |sink| {
        add(&mut sse, black_box(work), ids.next().unwrap_or_default());
        for chunk in &mut sse {
            sink.take(&chunk);
        }
    }
}

fn sse_wire_event(work: &'static Workload) -> impl Contender {
    let (mut sse, mut ids) = (sse_wire::Sse::without_retry(), FIRST_ID..);
    move |sink| {
        let (work, id) = (black_box(work), ids.next().unwrap_or_default());
        let mut event = sse_wire::Event::new();
        if work.has_id {
            event = event.id(id);
        }
        if let Some(event_type) = work.event {
            event = event.event(event_type);
        }
        sse.push(&event.data(&work.data));
        sse.write_to(sink).expect("the sink takes everything");
    }
}

// --- the peers ---

fn russe(work: &'static Workload) -> impl Contender {
    let (mut encoder, mut out, mut ids) = (russe::Encoder::default(), BytesMut::new(), FIRST_ID..);
    move |sink| {
        let (work, id) = (black_box(work), ids.next().unwrap_or_default());
        let message = russe::Message {
            data: work.data.as_str().into(),
            event: work.event.map(ByteString::from_static),
            id: work.has_id.then(|| id.to_string().into()),
            retry: None,
        };
        out.clear();
        encoder.encode(russe::Event::Message(message), &mut out).expect("a good event");
        sink.take(&out);
    }
}

fn sse_stream(work: &'static Workload) -> impl Contender {
    let mut ids = FIRST_ID..;
    move |sink| {
        let (work, id) = (black_box(work), ids.next().unwrap_or_default());
        let event = sse_stream::Sse {
            event: work.event.map(str::to_owned),
            data: Some(work.data.clone()),
            id: work.has_id.then(|| id.to_string()),
            retry: None,
        };
        sink.take(&event.encode().expect("a good event"));
    }
}

fn actix_web_lab(work: &'static Workload) -> impl Contender {
    use actix_web_lab::sse::{Data, Event, Sse};
    let mut ids = FIRST_ID..;
    let events = stream::repeat_with(move || {
        let (work, id) = (black_box(work), ids.next().unwrap_or_default());
        let mut data = Data::new(work.data.as_str());
        if work.has_id {
            data.set_id(id.to_string());
        }
        if let Some(event) = work.event {
            data.set_event(ByteString::from_static(event));
        }
        Event::Data(data)
    });
    let mut body = Box::pin(Sse::from_infallible_stream(events));
    from_polls(move |context| body.as_mut().poll_next(context).map(|item| item?.ok()))
}

fn axum(work: &'static Workload) -> impl Contender {
    use axum::response::{
        IntoResponse,
        sse::{Event, Sse},
    };
    let mut ids = FIRST_ID..;
    let events = stream::repeat_with(move || {
        let (work, id) = (black_box(work), ids.next().unwrap_or_default());
        let mut event = Event::default();
        if work.has_id {
            event = event.id(id.to_string());
        }
        if let Some(event_type) = work.event {
            event = event.event(event_type);
        }
        Ok::<_, Infallible>(event.data(&work.data))
    });
    from_body(Sse::new(events).into_response().into_body())
}

fn warp(work: &'static Workload) -> impl Contender {
    use warp::{Reply, sse::Event};
    let mut ids = FIRST_ID..;
    let events = stream::repeat_with(move || {
        let (work, id) = (black_box(work), ids.next().unwrap_or_default());
        let mut event = Event::default().data(work.data.as_str());
        if work.has_id {
            event = event.id(id.to_string());
        }
        if let Some(event_type) = work.event {
            event = event.event(event_type);
        }
        Ok::<_, Infallible>(event)
    });
    from_body(warp::sse::reply(events).into_response().into_body())
}

fn from_body(mut body: impl Body<Data = Bytes> + Unpin + 'static) -> impl Contender {
    from_polls(move |context| {
        let frame = pin!(&mut body).poll_frame(context);
        frame.map(|frame| frame?.ok()?.into_data().ok())
    })
}

/// Takes one frame of a response body in each call, as an HTTP server does when there always is one.
fn from_polls(mut poll: impl FnMut(&mut Context) -> Poll<Option<Bytes>> + 'static) -> impl Contender {
    move |sink| match poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Some(block)) => sink.take(&block),
        _ => panic!("a body without events"),
    }
}

// --- the rows ---

/// The contender in Rust, after checking what it sends.
fn row<C: Contender>(
    kind: Kind,
    name: &str,
    works: &'static [Workload],
    make: fn(&'static Workload) -> C,
) -> Row {
    Row::new(
        kind,
        name,
        works.iter().map(|work| {
            let (mut send, mut sink) =
                (make(work), Sink { buffer: Box::new([0; _]), copy: Some(Vec::new()) });
            send(&mut sink);
            check(name, work, &sink.copy.take().unwrap_or_default());
            Some(timed(move || send(&mut sink)))
        }),
    )
}

/// The contenders in Python that can be imported.
fn python_rows(works: &'static [Workload]) -> io::Result<Vec<Row>> {
    let python = Python::start(&Path::new(env!("CARGO_MANIFEST_DIR")).join("encode.py"))?;
    for work in works {
        let event = work.event.unwrap_or("-");
        let id = if work.has_id { FIRST_ID.to_string() } else { "-".to_owned() };
        python.ask(&format!("workload {event} {id} {}", work.data.len()), work.data.as_bytes())?;
    }
    let mut rows = Vec::new();
    for name in ["sse", "sse-starlette"] {
        let version = python.ask(&format!("import {name}"), b"")?;
        if version.is_empty() {
            println!("Python `{name}` cannot be imported and is left out (`pip install {name}`).\n");
            continue;
        }
        let mut passes: Vec<Option<Pass>> = Vec::new();
        for (i, work) in works.iter().enumerate() {
            let len = python.ask(&format!("show {name} {i}"), b"")?;
            check(name, work, &python.read(len.parse().map_err(io::Error::other)?)?);
            let python = python.clone();
            passes.push(Some(Box::new(move |times| {
                let ns = python.ask(&format!("time {name} {i} {times}"), b"");
                Duration::from_nanos(ns.expect("an answer").parse().expect("a time"))
            })));
        }
        rows.push(Row::new(Kind::Peer, format!("Python {name} {version}"), passes).uncounted());
    }
    Ok(rows)
}

/// Checks that all contenders do the same work: a plain reader that follows WHATWG HTML 9.2.6 must get the same single
/// message from each of them.
fn check(name: &str, work: &Workload, stream: &[u8]) {
    let stream = str::from_utf8(stream).expect("UTF-8");
    let (mut id, mut event, mut data) = ("", "", String::new());
    let mut messages = Vec::new();
    for line in stream.lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" if line.is_empty() => {
                if data.pop().is_some() {
                    let event = if event.is_empty() { "message" } else { event };
                    messages.push((id, event, std::mem::take(&mut data)));
                }
                event = "";
            }
            "id" => id = value,
            "event" => event = value,
            "data" => data = data + value + "\n",
            _ => {}
        }
    }
    let id = if work.has_id { FIRST_ID.to_string() } else { String::new() };
    let expected = (id.as_str(), work.event.unwrap_or("message"), work.data.clone());
    assert!(messages == [expected], "{name} sends something else for {}", work.name);
}

// --- blocks for another thread ---

/// Builds blocks on one thread and drops them on another, which runs on another core.
///
/// They are sent in batches of a thousand, whose vectors are returned to be filled again. Each thread measures the CPU
/// time that it needs for a batch: the sum is what a block costs both of them together, without the channel, the
/// waiting, and the memory of the batches.
fn across_threads<T: Send>(
    work: &'static Workload,
    drain: fn(&mut sse_wire::Sse, &mut Vec<T>),
) -> impl FnMut(u64) -> Duration {
    move |times| {
        let (full, to_drop) = mpsc::channel::<Vec<T>>();
        let (empty, to_fill) = mpsc::channel();
        for _ in 0..4 {
            empty.send(Vec::with_capacity(BATCH)).expect("the receiver is here");
        }
        thread::scope(|scope| {
            let dropper = scope.spawn(move || {
                pin(1);
                let mut busy = Duration::ZERO;
                for mut batch in to_drop {
                    let start = thread_time();
                    batch.clear();
                    busy += thread_time() - start;
                    // At the end, nobody fills it again.
                    let _ = empty.send(batch);
                }
                busy
            });
            let builder = scope.spawn(move || {
                pin(0);
                let (mut sse, mut ids) = (sse_wire::Sse::without_retry(), FIRST_ID..);
                let mut busy = Duration::ZERO;
                for mut batch in to_fill.into_iter().take(times as usize) {
                    let start = thread_time();
                    while batch.len() < BATCH {
                        add(&mut sse, black_box(work), ids.next().unwrap_or_default());
                        drain(&mut sse, &mut batch);
                    }
                    busy += thread_time() - start;
                    full.send(batch).expect("the other thread takes batches");
                }
                busy
            });
            [builder, dropper].into_iter().map(|thread| thread.join().expect("no panic")).sum()
        })
    }
}

const BATCH: usize = 1000;

const CHUNKS: &str = "`Chunk`s of a drained `Sse`";

fn threads_bench(works: &'static [Workload]) -> Bench {
    fn row<T: Send + 'static>(
        kind: Kind,
        name: &str,
        works: &'static [Workload],
        drain: fn(&mut sse_wire::Sse, &mut Vec<T>),
    ) -> Row {
        let pass = |work| -> Option<Pass> { Some(Box::new(across_threads(work, drain))) };
        Row::new(kind, name, works.iter().map(pass)).uncounted()
    }
    let works = &works[..2];
    Bench {
        workloads: works.iter().map(|work| (work.name, BATCH as u64)).collect(),
        rows: vec![
            row(Kind::Ours, CHUNKS, works, |sse, batch| batch.extend(sse)),
            row(Kind::Peer, "the same bytes as `Vec<u8>`", works, |sse, batch| {
                batch.push(Vec::from(sse.as_bytes()));
                sse.clear();
            }),
        ],
    }
}

const LIMIT: &str = "memcpy of the wire bytes";
const OURS: &str = "sse-wire";

fn main() -> Result<(), Box<dyn Error>> {
    let rounds = env::args().nth(1).map_or(Ok(31), |n| n.parse())?;
    let works = workloads();
    let mut rows = vec![
        row(Kind::Limit, LIMIT, works, copy),
        row(Kind::Limit, "memchr2, then memcpy", works, search_and_copy),
        row(Kind::Ours, OURS, works, sse_wire),
        row(Kind::Ours, "sse-wire, drained as chunks", works, sse_wire_chunks),
        row(Kind::Ours, "sse-wire, `Event` pushed", works, sse_wire_event),
        row(Kind::Peer, "russe 0.3.1", works, russe),
        row(Kind::Peer, "sse-stream 0.3.0", works, sse_stream),
        row(Kind::Peer, "actix-web-lab 0.29.5", works, actix_web_lab),
        row(Kind::Peer, "axum 0.8.9", works, axum),
        row(Kind::Peer, "warp 0.4.3", works, warp),
    ];
    match python_rows(works) {
        Ok(python) => rows.extend(python),
        Err(error) => println!("Python is left out: {error}.\n"),
    }
    let workloads = works.iter().map(|work| (work.name, 1)).collect();
    let table = Bench { workloads, rows }.run(rounds);
    println!("{table}");

    for (i, (work, target)) in works.iter().zip(TARGETS).enumerate() {
        let (ours, (name, peer)) = (table.get(OURS, i), table.best_peer(i));
        println!("- {}, of {name}: {}", work.name, target.verdict(ours.ns / peer.ns));
        let allocations = ours.allocations.unwrap_or_default();
        println!("  - allocations, {}", verdict_at_most(0.0, allocations));
        if i == works.len() - 1 {
            let ratio = ours.ns / table.get(LIMIT, i).ns;
            println!("  - of memcpy, {}", verdict_at_most(1.5, ratio));
        }
    }

    if thread::available_parallelism()?.get() < 2 {
        println!("\nThere is only one core, so that the following says little.");
    }
    println!("\nBlocks built on one thread and dropped on another:\n");
    let threads = threads_bench(works).run(rounds);
    println!("{threads}");
    for (i, work) in works[..2].iter().enumerate() {
        let ratio = threads.get(CHUNKS, i).ns / threads.best_peer(i).1.ns;
        println!("- {}, of `Vec<u8>`: {}", work.name, verdict_at_most(0.6, ratio));
    }

    let tables = [("", &table), ("Built here, dropped on another thread: ", &threads)];
    let command = "cargo run --release --manifest-path benches/Cargo.toml --bin encode";
    Figures::measured("Encoding an event and writing it", command, &tables).save("encode")
}
