//! What a response body over events that are ready costs, compared with axum's over the same stream; and what it costs
//! to cut bytes at blank lines, compared with a search for line ends in the same bytes.

use axum::response::{IntoResponse, sse};
use bytes::Bytes;
use futures_util::{Stream, stream};
use sse_wire::{
    Event,
    response::{Blocks, Body},
};
use sse_wire_bench::{Bench, Kind, Pass, Row, Target, pin, timed};
use std::{
    convert::Infallible,
    env,
    error::Error,
    hint::black_box,
    pin::Pin,
    task::{Context, Poll, Waker},
};

const AXUM: &str = "axum 0.8.9, `Sse`";
const OURS: &str = "sse-wire, `Body`";

/// How many events are ready at once, and how long the data of each is, in bytes.
const FRAMES: [(&str, usize, usize); 4] = [
    ("32 B, one a frame", 1, 32),
    ("32 B, ten a frame", 10, 32),
    ("1 KiB, one a frame", 1, 1024),
    ("1 KiB, ten a frame", 10, 1024),
];

const BODY: Target = Target { must: 0.50, aim: 0.35 };
const BLOCKS: Target = Target { must: 3.0, aim: 2.0 };

/// This many events, then a wait, and so on.
struct Ready<F> {
    make: F,
    burst: usize,
    left: usize,
}

impl<T, F: FnMut() -> T + Unpin> Stream for Ready<F> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<T>> {
        if self.left == 0 {
            self.left = self.burst;
            return Poll::Pending;
        }
        self.left -= 1;
        Poll::Ready(Some((self.make)()))
    }
}

/// Takes the frames of one burst of events.
fn frames(
    mut body: impl http_body::Body<Data = Bytes, Error: std::fmt::Debug> + Unpin + 'static,
    frames: usize,
) -> Pass {
    timed(move || {
        let (mut cx, mut taken) = (Context::from_waker(Waker::noop()), 0);
        while taken < frames {
            if let Poll::Ready(Some(frame)) = Pin::new(&mut body).poll_frame(&mut cx) {
                black_box(frame.expect("no error").into_data().expect("data"));
                taken += 1;
            }
        }
    })
}

fn bodies() -> Bench {
    let data = |len: usize| &*"a line of text, as a model writes it; ".repeat(30)[..len].to_owned().leak();
    let ours = FRAMES.map(|(_, burst, len)| {
        let data = data(len);
        let make = move || Event::new().event("tick").id(1_000_000).data(black_box(data));
        // What is ready at once is one frame.
        Some(frames(Box::pin(Body::without_timer(Ready { make, burst, left: burst })), 1))
    });
    let axum = FRAMES.map(|(_, burst, len)| {
        let data = data(len);
        let make = move || {
            let id = black_box(1_000_000).to_string();
            Ok::<_, Infallible>(sse::Event::default().event("tick").id(id).data(black_box(data)))
        };
        Some(frames(sse::Sse::new(Ready { make, burst, left: burst }).into_response().into_body(), burst))
    });
    Bench {
        workloads: FRAMES.map(|(name, burst, _)| (name, burst as u64)).into(),
        rows: vec![Row::new(Kind::Ours, OURS, ours), Row::new(Kind::Peer, AXUM, axum)],
    }
}

const CHUNKS: [(&str, usize); 2] = [("chunks of 1,460 B", 1460), ("chunks of 16 KiB", 16 * 1024)];
const MEMCHR: &str = "memchr2 over the bytes";
const CUT: &str = "sse-wire, `Blocks`";

/// Responses of a language model: 170 B of JSON in each event.
fn chunks(len: usize) -> &'static [Bytes] {
    let json = format!(r#"{{"type":"delta","text":"{}"}}"#, "word ".repeat(28));
    let events = (0..6000).map(|n| Event::new().event("delta").id(n).data(&*json).to_string());
    let bytes = Bytes::from(events.collect::<String>());
    let starts = (0..bytes.len()).step_by(len);
    starts.map(|start| bytes.slice(start..bytes.len().min(start + len))).collect::<Vec<_>>().leak()
}

fn blocks() -> Bench {
    let search = CHUNKS.map(|(_, len)| {
        let chunks = chunks(len);
        Some(timed(move || {
            for chunk in chunks {
                black_box(memchr::memchr2_iter(b'\n', b'\r', black_box(chunk)).count());
            }
        }))
    });
    let cut = CHUNKS.map(|(_, len)| {
        let chunks = chunks(len);
        Some(timed(move || {
            let mut blocks = Blocks::new(stream::iter(black_box(chunks).iter().cloned()));
            let mut cx = Context::from_waker(Waker::noop());
            while let Poll::Ready(Some(block)) = Pin::new(&mut blocks).poll_next(&mut cx) {
                _ = black_box(block);
            }
        }))
    });
    let bytes = |len| chunks(len).iter().map(|chunk| chunk.len() as u64).sum();
    Bench {
        workloads: CHUNKS.map(|(name, len)| (name, bytes(len))).into(),
        rows: vec![Row::new(Kind::Ours, CUT, cut), Row::new(Kind::Peer, MEMCHR, search)],
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let rounds = env::args().nth(1).map_or(Ok(101), |rounds| rounds.parse())?;
    pin(0);
    let table = bodies().run(rounds);
    println!("{table}");
    for (column, (name, ..)) in FRAMES.into_iter().enumerate() {
        let ratio = table.get(OURS, column).ns / table.get(AXUM, column).ns;
        println!("* {name}, times axum: {}", BODY.verdict(ratio));
    }
    let table = blocks().run(rounds);
    println!("\n| GB/s | {} |\n|---|--:|--:|", CHUNKS.map(|(name, _)| name).join(" | "));
    for row in [CUT, MEMCHR] {
        let [small, large] = [0, 1].map(|column| 1.0 / table.get(row, column).ns);
        println!("| {row} | {small:.1} | {large:.1} |");
    }
    for (column, (name, _)) in CHUNKS.into_iter().enumerate() {
        let ratio = table.get(CUT, column).ns / table.get(MEMCHR, column).ns;
        println!("* {name}, times memchr2: {}", BLOCKS.verdict(ratio));
    }
    Ok(())
}
