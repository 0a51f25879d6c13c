//! Reading event streams: this crate, its peers, and only the search for line ends, with four sizes of chunks; and the
//! cost of a byte by the size of the chunks, for a short and for a long stream.

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, task::noop_waker};
use sse_wire::{Decoder, IncomingRef, Input, MessageEvent, MessageReader, MessageStream};
use sse_wire_bench::{Bench, Chart, Figures, Kind, Row, Table, Target, timed, verdict_at_most};
use std::{
    convert::Infallible,
    env,
    error::Error,
    hint::black_box,
    io::{self, Read},
    num::NonZeroUsize,
    pin::{Pin, pin},
    slice,
    task::{Context, Poll},
};

struct Workload {
    name: &'static str,
    event: String,
    /// How many are in the stream.
    events: usize,
}

fn text(len: usize) -> String {
    "x".repeat(len)
}

fn workloads() -> [Workload; 5] {
    [
        Workload { name: "6 B data only", event: "data: 123456\n\n".into(), events: 10_000 },
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

/// More for what is read as owned messages.
fn more_workloads() -> [Workload; 5] {
    let token = r#"{"delta":"a token of a text"}"#;
    let json = r#"{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1763665741,"model":"a-model","choices":[{"index":0,"delta":{"content":" token"},"logprobs":null,"finish_reason":null}]}"#;
    [
        Workload { name: "20 B", event: format!("data: {}\n\n", text(20)), events: 10_000 },
        Workload {
            name: "a token of 28 B",
            event: format!("event: token\nid: 1234567\ndata: {}\n\n", &token[..28]),
            events: 10_000,
        },
        Workload { name: "170 B of JSON", event: format!("data: {}\n\n", &json[..170]), events: 5_000 },
        Workload {
            name: "400 lines of 40 B",
            event: format!("data: {}\n", text(40)).repeat(400) + "\n",
            events: 50,
        },
        Workload { name: "300 KB line", event: format!("data: {}\n\n", text(300_000)), events: 16 },
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
            Cut::Every(bytes) => format!("{bytes} B"),
            Cut::EachEvent => "one event".into(),
        }
    }

    /// A stream in chunks, which is never freed.
    fn chunks(self, workload: &Workload) -> &'static [Bytes] {
        let stream: &'static [u8] = workload.event.repeat(workload.events).into_bytes().leak();
        let size = match self {
            Cut::Every(bytes) => bytes,
            Cut::EachEvent => workload.event.len(),
        };
        stream.chunks(size).map(Bytes::from_static).collect::<Vec<_>>().leak()
    }
}

/// A stream of chunks that are all ready.
struct Ready(slice::Iter<'static, Bytes>);

impl Stream for Ready {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.next().map(|chunk| Ok(chunk.clone())))
    }
}

/// A source that returns one chunk in each call, or as much of it as there is room for.
struct Source(slice::Iter<'static, Bytes>, &'static [u8]);

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.1.is_empty() {
            self.1 = self.0.next().map_or(&[], |chunk| chunk);
        }
        // In pieces, because glibc copies larger ones several times more slowly if the addresses happen to be similar.
        let mut read = 0;
        for piece in buffer.chunks_mut(1024) {
            read += self.1.read(piece)?;
            if self.1.is_empty() {
                break;
            }
        }
        Ok(read)
    }
}

/// How many messages there were, and the total length of their texts.
#[derive(Default)]
struct Seen {
    messages: usize,
    bytes: usize,
}

impl Seen {
    fn add<T>(&mut self, message: T, len: impl FnOnce(&T) -> usize) {
        self.messages += 1;
        self.bytes += len(&message);
        black_box(message);
    }
}

/// Polls a stream to its end.
fn drain<S: Stream>(stream: S, len: impl Fn(&S::Item) -> usize) -> Seen {
    let mut stream = pin!(stream);
    let waker = noop_waker();
    let mut context = Context::from_waker(&waker);
    let mut seen = Seen::default();
    while let Poll::Ready(Some(item)) = stream.as_mut().poll_next(&mut context) {
        seen.add(item, &len);
    }
    seen
}

/// Reads a stream.
type Engine = Box<dyn FnMut(&'static [Bytes]) -> Seen>;

const LIMIT: usize = 16 << 20;

fn borrowed() -> Engine {
    let mut decoder = Decoder::new();
    Box::new(move |chunks| {
        let mut seen = Seen::default();
        for chunk in chunks {
            let mut input = Input::new(chunk);
            while let Some(incoming) = decoder.next(&mut input) {
                if let Ok(IncomingRef::Message(message)) = incoming {
                    seen.add(message, |it| it.event().len() + it.data().len() + it.last_event_id().len());
                }
            }
        }
        seen
    })
}

fn owned_len(message: &MessageEvent) -> usize {
    message.event().len() + message.data().len() + message.last_event_id().len()
}

fn stream() -> Engine {
    Box::new(|chunks| drain(MessageStream::new(Ready(chunks.iter())), |it| owned_len(it.as_ref().unwrap())))
}

fn read() -> Engine {
    Box::new(|chunks| {
        let mut seen = Seen::default();
        for message in MessageReader::new(Source(chunks.iter(), &[])) {
            seen.add(message, |it| owned_len(it.as_ref().unwrap()));
        }
        seen
    })
}

fn sse_core_len(message: &sse_core::MessageEvent) -> usize {
    message.event.len() + message.data.len() + message.last_event_id.as_ref().map_or(0, |id| id.len())
}

fn sse_core_decoder() -> sse_core::SseDecoder {
    sse_core::SseDecoder::with_limit(NonZeroUsize::new(LIMIT).unwrap())
}

fn sse_core() -> Engine {
    Box::new(|chunks| {
        let mut decoder = sse_core_decoder();
        let mut seen = Seen::default();
        for chunk in chunks {
            let mut input = &chunk[..];
            while let Some(event) = decoder.next(&mut input) {
                if let sse_core::SseEvent::Message(message) = event.unwrap() {
                    seen.add(message, sse_core_len);
                }
            }
        }
        seen
    })
}

/// The same from a source that has to be read, as by `MessageReader`.
fn sse_core_read() -> Engine {
    let mut buffer = vec![0; 16 << 10];
    Box::new(move |chunks| {
        let mut decoder = sse_core_decoder();
        let mut seen = Seen::default();
        let mut source = Source(chunks.iter(), &[]);
        loop {
            let len = source.read(&mut buffer).unwrap();
            if len == 0 {
                return seen;
            }
            let mut input = &buffer[..len];
            while let Some(event) = decoder.next(&mut input) {
                if let sse_core::SseEvent::Message(message) = event.unwrap() {
                    seen.add(message, sse_core_len);
                }
            }
        }
    })
}

fn sse_core_stream() -> Engine {
    Box::new(|chunks| {
        let mut stream = sse_core::SseStream::with_decoder(sse_core_decoder());
        stream.attach(Ready(chunks.iter()));
        drain(stream, |event| match event {
            Ok(sse_core::SseEvent::Message(message)) => sse_core_len(message),
            _ => unreachable!(),
        })
    })
}

fn sse_stream() -> Engine {
    Box::new(|chunks| {
        drain(sse_stream::SseByteStream::new(Ready(chunks.iter())), |event| {
            let event = event.as_ref().unwrap();
            [&event.event, &event.data, &event.id].into_iter().flatten().map(String::len).sum()
        })
    })
}

fn sseer() -> Engine {
    Box::new(|chunks| {
        drain(sseer::event_stream::EventStream::new(Ready(chunks.iter())), |event| {
            let event = event.as_ref().unwrap();
            event.event.len() + event.data.len() + event.id.len()
        })
    })
}

fn eventsource_stream() -> Engine {
    Box::new(|chunks| {
        drain(eventsource_stream::EventStream::new(Ready(chunks.iter())), |event| {
            let event = event.as_ref().unwrap();
            event.event.len() + event.data.len() + event.id.len()
        })
    })
}

fn russe() -> Engine {
    use tokio_util::codec::Decoder as _;
    Box::new(|chunks| {
        let mut decoder = russe::Decoder::default();
        let mut buffer = BytesMut::new();
        let mut seen = Seen::default();
        for chunk in chunks {
            buffer.extend_from_slice(chunk);
            while let Some(event) = decoder.decode(&mut buffer).unwrap() {
                if let russe::Event::Message(message) = event {
                    seen.add(message, |it| {
                        let fields = [it.event.as_ref(), it.id.as_ref()];
                        it.data.len() + fields.into_iter().flatten().map(|field| field.len()).sum::<usize>()
                    });
                }
            }
        }
        seen
    })
}

fn search() -> Engine {
    Box::new(|chunks| {
        let ends = chunks.iter().map(|chunk| memchr::memchr2_iter(b'\n', b'\r', chunk).count());
        Seen { messages: 0, bytes: ends.sum() }
    })
}

const BORROWED: &str = "sse-wire, borrowed";
const STREAM: &str = "sse-wire, owned, `Stream`";
const READ: &str = "sse-wire, owned, `Read`";
const SSE_CORE_READ: &str = "sse-core 0.2.3, `Read`";

/// What a row is, its name, and how its engine is made.
type Contender = (Kind, &'static str, fn() -> Engine);

const ENGINES: [Contender; 11] = [
    (Kind::Limit, "memchr2 over the bytes", search),
    (Kind::Ours, BORROWED, borrowed),
    (Kind::Ours, STREAM, stream),
    (Kind::Ours, READ, read),
    (Kind::Peer, "sse-core 0.2.3", sse_core),
    (Kind::Peer, "sse-core 0.2.3, `Stream`", sse_core_stream),
    (Kind::Peer, SSE_CORE_READ, sse_core_read),
    (Kind::Peer, "sse-stream 0.3.0", sse_stream),
    (Kind::Peer, "sseer 0.3.1", sseer),
    (Kind::Peer, "eventsource-stream 0.2.3", eventsource_stream),
    (Kind::Peer, "russe 0.3.1", russe),
];

/// Contenders whose cost grows with the square of a line's length are skipped.
fn is_too_slow(name: &str, workload: &Workload, cut: Cut) -> bool {
    let is_long = workload.event.len() > 100_000 && cut != Cut::EachEvent;
    is_long && (name.starts_with("eventsource-stream") || name.starts_with("russe") && cut == Cut::Every(64))
}

/// The best of the peers whose messages are owned.
const OWNED: [Contender; 6] = [ENGINES[2], ENGINES[3], ENGINES[4], ENGINES[5], ENGINES[6], ENGINES[7]];

/// Whether a peer's messages are owned. Those of sseer lie in the chunk, which they keep.
fn is_owned(peer: &str) -> bool {
    OWNED.iter().any(|(_, name, _)| *name == peer)
}

fn bench(cut: Cut, works: &[Workload], engines: &[Contender]) -> Bench {
    let streams = works.iter().map(|work| (work, cut.chunks(work))).collect::<Vec<_>>();
    let rows = engines.iter().map(|(kind, name, engine)| {
        let passes = streams.iter().map(|(work, chunks)| {
            let (mut engine, chunks, events) = (engine(), *chunks, work.events);
            // Checks before anything is timed that all see the same number of messages.
            let can = !is_too_slow(name, work, cut);
            let expected = if *kind == Kind::Limit { 0 } else { events };
            assert!(!can || engine(chunks).messages == expected, "{name}, {}", work.name);
            can.then(|| {
                timed(move || {
                    black_box(engine(chunks).bytes);
                })
            })
        });
        Row::new(*kind, *name, passes)
    });
    let rows = rows.collect();
    Bench { workloads: works.iter().map(|work| (work.name, work.events as u64)).collect(), rows }
}

/// The targets for borrowed messages, and the size of the chunks.
const BORROWED_TARGETS: [(Target, Cut); 5] = [
    (Target { must: 0.50, aim: 0.35 }, Cut::Every(1460)),
    (Target { must: 0.45, aim: 0.35 }, Cut::Every(1460)),
    (Target { must: 0.70, aim: 0.55 }, Cut::Every(1460)),
    (Target { must: 0.65, aim: 0.50 }, Cut::Every(1460)),
    (Target { must: 0.60, aim: 0.45 }, Cut::Every(64)),
];

/// The targets for owned messages from the `Stream` and from the `Read`, and how many allocations they may take: by
/// default as many as the peer.
const OWNED_TARGETS: [(Target, Option<f64>); 5] = [
    (Target { must: 0.65, aim: 0.45 }, Some(0.0)),
    (Target { must: 0.55, aim: 0.40 }, Some(0.0)),
    (Target { must: 0.80, aim: 0.65 }, Some(1.0)),
    (Target { must: 0.75, aim: 0.55 }, None),
    (Target { must: 0.85, aim: 0.65 }, None),
];

/// With each of these sizes of chunks.
const OWNED_CUTS: [Cut; 3] = [Cut::Every(1460), Cut::Every(16 << 10), Cut::EachEvent];

/// Prints the results of the table, and whether they meet the targets.
fn verdicts(table: &Table, cut: Cut, works: &[Workload]) {
    let print = |i: usize, ours: &str, target: Target, allowed: Option<f64>| {
        let (peer, ratio) = table.ratio(ours, i, |peer| ours == BORROWED || is_owned(peer));
        println!("- {}, {ours}, of {peer}: {}", works[i].name, target.verdict(ratio));
        if ours == READ {
            let (peer, ratio) = table.ratio(ours, i, |peer| peer == SSE_CORE_READ);
            println!("  - of {peer}: {ratio:.2}");
        }
        let [ours, theirs] = [ours, peer].map(|row| table.get(row, i).allocations.unwrap_or_default());
        println!("  - allocations, {}", verdict_at_most(allowed.unwrap_or(theirs), ours));
    };
    for i in 0..works.len() {
        let (target, of_cut) = BORROWED_TARGETS[i];
        if of_cut == cut {
            print(i, BORROWED, target, Some(0.0));
        }
        if OWNED_CUTS.contains(&cut) {
            let (target, allowed) = OWNED_TARGETS[i];
            [STREAM, READ].into_iter().for_each(|ours| print(i, ours, target, allowed));
        }
    }
}

/// The least that an event of one line costs if it arrives in chunks: it is put together and checked.
fn join(buffer: &mut Vec<u8>, chunk: &[u8], has_ended: bool) {
    buffer.extend_from_slice(chunk);
    if has_ended {
        black_box(str::from_utf8(buffer).unwrap());
        buffer.clear();
    }
}

/// The cost of a byte by the size of the chunks, for a short and a long stream. Returns the drawing.
fn curve(rounds: usize) -> Figures {
    const LENGTHS: [(usize, &str); 2] = [(100_000, "100 KB"), (10_000_000, "10 MB")];
    const JOINED: &str = "memcpy and UTF-8 alone";
    let sizes: Vec<usize> = (0..=16).map(|i| 1 << i).collect();
    let kinds = [
        ("many events", "", format!("event: tick\nid: 1234567\ndata: {}\n\n", "x".repeat(32))),
        ("one event of many lines", "", format!("data: {}\n", "x".repeat(80))),
        ("one line", "data: ", "x".repeat(100)),
        (JOINED, "data: ", "x".repeat(100)),
    ];
    let rows = kinds.iter().flat_map(|(kind, start, piece)| {
        LENGTHS.map(|(len, name)| {
            let stream = start.to_string() + &piece.repeat(len / piece.len()) + "\n\n";
            let stream: &'static [u8] = stream.into_bytes().leak();
            let passes = sizes.iter().map(|size| {
                let (size, mut decoder) = (*size, Decoder::new());
                // The same number of bytes in each run.
                let times = LENGTHS[1].0 / len;
                if *kind == JOINED {
                    let mut buffer = Vec::new();
                    return Some(timed(move || {
                        for at in (0..times).flat_map(|_| (0..stream.len()).step_by(size)) {
                            let end = stream.len().min(at + size);
                            join(&mut buffer, black_box(&stream[at..end]), end == stream.len());
                        }
                    }));
                }
                Some(timed(move || {
                    for chunk in (0..times).flat_map(|_| stream.chunks(size)) {
                        let mut input = Input::new(chunk);
                        while let Some(incoming) = decoder.next(&mut input) {
                            let _ = black_box(incoming);
                        }
                    }
                }))
            });
            Row::new(
                if *kind == JOINED { Kind::Limit } else { Kind::Ours },
                format!("{kind}, {name}"),
                passes.collect::<Vec<_>>(),
            )
        })
    });
    let rows: Vec<_> = rows.collect();
    let names: Vec<String> = sizes.iter().map(|size| Cut::Every(*size).name()).collect();
    let workloads = names.iter().map(|name| (&*name.clone().leak(), LENGTHS[1].0 as u64)).collect();
    let table = Bench { workloads, rows }.run(rounds);

    println!("| ns a byte | {} |\n|---|{}", names.join(" | "), "--:|".repeat(names.len()));
    for name in kinds.iter().flat_map(|(kind, ..)| LENGTHS.map(|(_, len)| format!("{kind}, {len}"))) {
        let figures: Vec<String> =
            (0..sizes.len()).map(|i| format!("{:.2}", table.get(&name, i).ns)).collect();
        println!("| {name} | {} |", figures.join(" | "));
    }
    Figures {
        note: "Nanoseconds a byte over the size of the chunks; 100 KB dashed, 10 MB solid".into(),
        chart: Chart::Curves,
        ..Figures::measured("What a byte costs", &command(), &[("", &table)])
    }
}

fn command() -> String {
    let features = if cfg!(feature = "simdutf8") { " --features simdutf8" } else { "" };
    format!("cargo run --release --manifest-path benches/Cargo.toml{features} --bin decode")
}

fn main() -> Result<(), Box<dyn Error>> {
    let rounds = env::args().nth(1).map_or(Ok(31), |n| n.parse())?;
    let part = env::args().nth(2);
    let is_asked = |name: &str| part.as_deref().is_none_or(|part| part == name);

    println!("UTF-8 is checked and the limit on the size of an event is on.");
    if is_asked("all") {
        let cuts = [Cut::Every(1460), Cut::Every(64), Cut::Every(16 << 10), Cut::EachEvent];
        let mut tables = Vec::new();
        for cut in cuts {
            println!("\n### Chunks of {}\n", cut.name());
            let table = bench(cut, &workloads(), &ENGINES).run(rounds);
            println!("{table}");
            verdicts(&table, cut, &workloads());
            tables.push((format!("Chunks of {}: ", cut.name()), table));
        }
        let tables: Vec<_> = tables.iter().map(|(heading, table)| (heading.as_str(), table)).collect();
        Figures::measured("Reading an event stream", &command(), &tables).save("decode")?;
    }
    if is_asked("owned") {
        for cut in OWNED_CUTS {
            println!("\n### Owned messages, chunks of {}\n", cut.name());
            let works = more_workloads();
            let table = bench(cut, &works, &OWNED).run(rounds);
            println!("{table}");
            for (i, work) in works.iter().enumerate() {
                let [(peer, stream), (_, read)] = [STREAM, READ].map(|ours| table.ratio(ours, i, |_| true));
                println!("- {}, of {peer}: `Stream` {stream:.2}, `Read` {read:.2}", work.name);
            }
        }
    }
    if is_asked("curve") {
        println!("\n### What a byte costs over the size of the chunks\n");
        curve(rounds.min(7)).save("decode-curve")?;
    }
    Ok(())
}
