//! Reading event streams: this crate, its peers, and the search for line ends alone.
//!
//! `cargo run --release --bin decode` prints all tables, with the targets and whether they are met;
//! `-- curve FILE.svg` draws the cost of a byte over the size of the chunks besides.

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use sse_wire::{Decoder, IncomingRef, Input, MessageReader, MessageStream};
use sse_wire_benches::{Contestant, Result, figure, race};
use std::{
    convert::Infallible,
    fmt::Write as _,
    hint::black_box,
    io::{self, Read},
    num::NonZeroUsize,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

struct Workload {
    name: &'static str,
    event: String,
    /// In one run.
    events: usize,
}

fn workloads() -> [Workload; 5] {
    let text = |len| "x".repeat(len);
    [
        Workload { name: "6 B data only", event: "data: 123456\n\n".into(), events: 20_000 },
        Workload {
            name: "`tick`, id, 32 B",
            event: format!("event: tick\nid: 1234567\ndata: {}\n\n", text(32)),
            events: 10_000,
        },
        Workload { name: "1 KiB line", event: format!("data: {}\n\n", text(1024)), events: 1_000 },
        Workload {
            name: "64 KiB in 80 B lines",
            event: format!("data: {}\n", text(80)).repeat(65_536 / 80) + "\n",
            events: 20,
        },
        Workload { name: "1 MiB line", event: format!("data: {}\n\n", text(1 << 20)), events: 16 },
    ]
}

#[derive(Clone, Copy, PartialEq)]
enum Cut {
    Every(usize),
    EachEvent,
}

impl Cut {
    fn name(self) -> String {
        match self {
            Cut::Every(bytes) if bytes % 1024 == 0 => format!("{} KiB", bytes / 1024),
            Cut::Every(bytes) => format!("{} B", figure(bytes as f64)),
            Cut::EachEvent => "one event".into(),
        }
    }

    fn chunks(self, stream: &'static [u8], event: usize) -> Vec<Bytes> {
        let size = match self {
            Cut::Every(bytes) => bytes,
            Cut::EachEvent => event,
        };
        stream.chunks(size).map(Bytes::from_static).collect()
    }
}

/// A stream of chunks that are all there.
struct Ready<'c>(std::slice::Iter<'c, Bytes>);

impl Stream for Ready<'_> {
    type Item = std::result::Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.next().map(|chunk| Ok(chunk.clone())))
    }
}

/// A source that gives one chunk a call.
struct Chunks<'c>(std::slice::Iter<'c, Bytes>);

impl Read for Chunks<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(chunk) = self.0.next() else { return Ok(0) };
        buffer[..chunk.len()].copy_from_slice(chunk);
        Ok(chunk.len())
    }
}

/// Polls a stream to its end and counts.
fn drain<S: Stream>(stream: S, mut len: impl FnMut(S::Item) -> usize) -> (usize, usize) {
    let mut stream = pin!(stream);
    let mut context = Context::from_waker(Waker::noop());
    let (mut events, mut bytes) = (0, 0);
    while let Poll::Ready(Some(item)) = stream.as_mut().poll_next(&mut context) {
        events += 1;
        bytes += len(item);
    }
    (events, bytes)
}

const LIMIT: usize = 16 << 20;

/// Each reads all events, looks at their data, type and ID, and checks that none is missing. Whose cost is not
/// linear gets one event of those that are long.
fn contestants<'a>(chunks: &'a [Bytes], workload: &'a Workload) -> Vec<Contestant<'a>> {
    let events = workload.events;
    let check = |events| {
        move |(seen, bytes): (usize, usize)| {
            assert_eq!(seen, events);
            black_box(bytes);
        }
    };
    let is_long = workload.event.len() > 100_000;
    let slow_events = if is_long { 1 } else { events };
    let (slow_chunks, slow_check) =
        (&chunks[..chunks.len().div_ceil(events / slow_events)], check(slow_events));
    let check = check(events);
    let mut decoder = Decoder::new();
    let mut all = vec![
        Contestant::new("sse-wire, borrowed", events, move || {
            let (mut events, mut bytes) = (0, 0);
            for chunk in chunks {
                let mut input = Input::new(chunk);
                while let Some(incoming) = decoder.next(&mut input) {
                    if let IncomingRef::Message(message) = incoming {
                        events += 1;
                        bytes += message.event().len() + message.data().len() + message.last_event_id().len();
                        black_box(message);
                    }
                }
            }
            check((events, bytes));
        }),
        Contestant::new("sse-wire, owned, Stream", events, move || {
            check(drain(MessageStream::new(Ready(chunks.iter())), |message| {
                let message = black_box(message.unwrap());
                message.event().len() + message.data().len() + message.last_event_id().len()
            }));
        }),
    ];
    if chunks.iter().all(|chunk| chunk.len() <= 16 << 10) {
        all.push(Contestant::new("sse-wire, owned, Read", events, move || {
            let (mut events, mut bytes) = (0, 0);
            for message in MessageReader::new(Chunks(chunks.iter())) {
                let message = black_box(message.unwrap());
                events += 1;
                bytes += message.event().len() + message.data().len() + message.last_event_id().len();
            }
            check((events, bytes));
        }));
    }
    all.extend([
        Contestant::new("sse-core", events, move || {
            let mut decoder = sse_core::SseDecoder::with_limit(NonZeroUsize::new(LIMIT).unwrap());
            let (mut events, mut bytes) = (0, 0);
            for chunk in chunks {
                let mut input = &chunk[..];
                while let Some(event) = decoder.next(&mut input) {
                    if let sse_core::SseEvent::Message(message) = event.unwrap() {
                        let message = black_box(message);
                        events += 1;
                        let id = message.last_event_id.as_ref().map_or(0, |id| id.len());
                        bytes += message.event.len() + message.data.len() + id;
                    }
                }
            }
            check((events, bytes));
        }),
        Contestant::new("sse-core, Stream", events, move || {
            let decoder = sse_core::SseDecoder::with_limit(NonZeroUsize::new(LIMIT).unwrap());
            let mut stream = sse_core::SseStream::with_decoder(decoder);
            stream.attach(Ready(chunks.iter()));
            check(drain(stream, |event| match black_box(event.unwrap()) {
                sse_core::SseEvent::Message(message) => {
                    let id = message.last_event_id.as_ref().map_or(0, |id| id.len());
                    message.event.len() + message.data.len() + id
                }
                sse_core::SseEvent::Retry(_) => 0,
            }));
        }),
        Contestant::new("sse-stream", events, move || {
            check(drain(sse_stream::SseByteStream::new(Ready(chunks.iter())), |event| {
                let event = black_box(event.unwrap());
                let len = |text: &Option<String>| text.as_ref().map_or(0, String::len);
                len(&event.event) + len(&event.data) + len(&event.id)
            }));
        }),
        Contestant::new("sseer", events, move || {
            check(drain(sseer::event_stream::EventStream::new(Ready(chunks.iter())), |event| {
                let event = black_box(event.unwrap());
                event.event.len() + event.data.len() + event.id.len()
            }));
        }),
        Contestant::new("eventsource-stream", slow_events, move || {
            slow_check(drain(eventsource_stream::EventStream::new(Ready(slow_chunks.iter())), |event| {
                let event = black_box(event.unwrap());
                event.event.len() + event.data.len() + event.id.len()
            }));
        }),
        Contestant::new("russe", slow_events, move || {
            use tokio_util::codec::Decoder as _;
            let mut decoder = russe::Decoder::default();
            let mut buffer = BytesMut::new();
            let (mut events, mut bytes) = (0, 0);
            for chunk in slow_chunks {
                buffer.extend_from_slice(chunk);
                while let Some(event) = decoder.decode(&mut buffer).unwrap() {
                    if let russe::Event::Message(message) = black_box(event) {
                        events += 1;
                        let id = message.id.as_ref().map_or(0, |id| id.len());
                        bytes +=
                            message.event.as_ref().map_or(0, |name| name.len()) + message.data.len() + id;
                    }
                }
            }
            slow_check((events, bytes));
        }),
        Contestant::new(SCAN, events, move || {
            let mut ends = 0;
            for chunk in chunks {
                ends += memchr::memchr2_iter(b'\n', b'\r', chunk).count();
            }
            black_box(ends);
        }),
    ]);
    all
}

const SCAN: &str = "memchr2 over the bytes";

fn is_peer(name: &str) -> bool {
    !name.starts_with("sse-wire") && name != SCAN
}

/// Must, aim, and whether it is met.
fn verdict(result: &Result, workload: usize, cut: Cut, best: &Result) -> String {
    let (must, aim, allowed) = match (result.name, workload, cut) {
        ("sse-wire, borrowed", 0, Cut::Every(1460)) => (0.50, 0.35, 0.0),
        ("sse-wire, borrowed", 1, Cut::Every(1460)) => (0.45, 0.35, 0.0),
        ("sse-wire, borrowed", 2, Cut::Every(1460)) => (0.70, 0.55, 0.0),
        ("sse-wire, borrowed", 3, Cut::Every(1460)) => (0.65, 0.50, 0.0),
        ("sse-wire, borrowed", 4, Cut::Every(64)) => (0.60, 0.45, 0.0),
        ("sse-wire, owned, Stream", 0..=3, Cut::Every(1460))
        | ("sse-wire, owned, Stream", 4, Cut::Every(64)) => (0.92, 0.75, best.allocations),
        _ => return String::new(),
    };
    let met = match result.nanoseconds / best.nanoseconds {
        ratio if ratio <= aim => "aim met",
        ratio if ratio <= must => "must met",
        _ => "**missed**",
    };
    // A tenth of an allocation is what a run itself costs: the stream, and buffers that grow.
    let few = if result.allocations <= allowed + 0.1 { "" } else { ", **too many allocations**" };
    format!("must {must:.2}, aim {aim:.2}: {met}{few}")
}

fn table(cut: Cut) {
    println!("\n### Chunks of {}\n", cut.name());
    println!("| workload | | ns an event | times best peer | allocations an event | target |");
    println!("|---|---|--:|--:|--:|---|");
    for (i, workload) in workloads().iter().enumerate() {
        let stream: &'static [u8] = workload.event.repeat(workload.events).into_bytes().leak();
        let chunks = cut.chunks(stream, workload.event.len());
        let results = race(25, contestants(&chunks, workload));
        let peers = results.iter().filter(|result| is_peer(result.name));
        let best = peers.min_by(|a, b| a.nanoseconds.total_cmp(&b.nanoseconds)).unwrap();
        for result in &results {
            println!(
                "| {} | {} | {} | {:.2} | {:.2} | {} |",
                workload.name,
                result.name,
                figure(result.nanoseconds),
                result.nanoseconds / best.nanoseconds,
                result.allocations,
                verdict(result, i, cut, best),
            );
        }
    }
}

/// The cost of a byte over the size of the chunks, for a short and a long stream.
fn curve(file: Option<&str>) {
    const LENGTHS: [usize; 2] = [100_000, 10_000_000];
    let sizes: Vec<usize> = (0..=16).map(|i| 1 << i).collect();
    let kinds = [
        ("many events", format!("event: tick\nid: 1234567\ndata: {}\n\n", "x".repeat(32))),
        ("one event of many lines", format!("data: {}\n", "x".repeat(80))),
        ("one line", "x".repeat(100)),
    ];
    let mut lines: Vec<(String, Vec<f64>)> = Vec::new();
    for (kind, piece) in &kinds {
        let start = if *kind == "one line" { "data: " } else { "" };
        let streams = LENGTHS.map(|len| {
            let mut stream = start.to_string() + &piece.repeat(len / piece.len());
            stream.push_str("\n\n");
            stream.into_bytes()
        });
        let mut costs = [const { Vec::new() }; 2];
        for size in &sizes {
            let contestants = streams.iter().zip(["100 KB", "10 MB"]).map(|(stream, name)| {
                // As many bytes in each run.
                let runs = LENGTHS[1] / LENGTHS[0];
                let runs = if name == "10 MB" { 1 } else { runs };
                let mut decoder = Decoder::new();
                Contestant::new(name, 1, move || {
                    let mut messages = 0;
                    for _ in 0..runs {
                        for chunk in stream.chunks(*size) {
                            let mut input = Input::new(chunk);
                            while decoder.next(&mut input).is_some() {
                                messages += 1;
                            }
                        }
                    }
                    assert!(messages > 0);
                })
            });
            for (cost, result) in costs.iter_mut().zip(race(5, contestants.collect())) {
                cost.push(result.nanoseconds / LENGTHS[1] as f64);
            }
        }
        for (name, cost) in ["100 KB", "10 MB"].into_iter().zip(costs) {
            lines.push((format!("{kind}, {name}"), cost));
        }
    }

    println!("\n### ns a byte over the size of the chunks\n");
    print!("| chunk |");
    lines.iter().for_each(|(name, _)| print!(" {name} |"));
    println!("\n|--:|{}", "--:|".repeat(lines.len()));
    for (i, size) in sizes.iter().enumerate() {
        print!("| {} |", Cut::Every(*size).name());
        lines.iter().for_each(|(_, cost)| print!(" {:.2} |", cost[i]));
        println!();
    }
    if let Some(file) = file {
        std::fs::write(file, plot(&sizes, &lines)).unwrap();
        println!("\nDrawn in {file}.");
    }
}

/// Both axes logarithmic. Streams of 100 KB are dashed.
fn plot(sizes: &[usize], lines: &[(String, Vec<f64>)]) -> String {
    const COLOURS: [&str; 3] = ["#1f77b4", "#d95f02", "#1b9e77"];
    let x = |i: usize| 60.0 + 34.0 * i as f64;
    let y = |cost: f64| 300.0 - 80.0 * (cost.log10() + 1.5);
    let mut svg = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 640 440\" font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"640\" height=\"440\" fill=\"white\"/>\n\
         <text x=\"60\" y=\"20\" font-size=\"13\">ns a byte over the size of the chunks (100 KB dashed, 10 MB solid)</text>\n",
    );
    for exponent in -1..=2 {
        let (cost, at) = (10f64.powi(exponent), y(10f64.powi(exponent)));
        writeln!(svg, "<path d=\"M60 {at}H604\" stroke=\"#ddd\"/><text x=\"54\" y=\"{at}\" text-anchor=\"end\">{cost}</text>").unwrap();
    }
    for (i, size) in sizes.iter().enumerate().step_by(2) {
        let name = Cut::Every(*size).name();
        writeln!(svg, "<text x=\"{}\" y=\"355\" text-anchor=\"middle\">{name}</text>", x(i)).unwrap();
    }
    for (n, (name, costs)) in lines.iter().enumerate() {
        let points: Vec<String> =
            costs.iter().enumerate().map(|(i, cost)| format!("{:.1},{:.1}", x(i), y(*cost))).collect();
        let (colour, dash) = (COLOURS[n / 2], if n % 2 == 0 { " stroke-dasharray=\"4 4\"" } else { "" });
        writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"{dash}/>",
            points.join(" ")
        )
        .unwrap();
        if n % 2 == 1 {
            let (kind, _) = name.rsplit_once(", ").unwrap();
            writeln!(svg, "<text x=\"{}\" y=\"385\" fill=\"{colour}\">{kind}</text>", 60 + n / 2 * 190)
                .unwrap();
        }
    }
    svg + "</svg>\n"
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next();
    if what.as_deref() != Some("curve") {
        println!("The limit on the size of an event is on, UTF-8 is checked.");
        let cuts = [Cut::Every(1460), Cut::Every(64), Cut::Every(16 << 10), Cut::EachEvent];
        match what.as_deref() {
            Some("quick") => table(cuts[0]),
            _ => cuts.into_iter().for_each(table),
        }
    }
    if what.as_deref() != Some("quick") {
        curve(arguments.next().as_deref());
    }
}
