//! Bodies that a test observes completely, and an HTTP/1 client that does as it likes.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use futures_util::stream::{self, Stream};
use socket2::SockRef;
use sse_wire::{
    Event,
    response::{Body, End, KeepAlive},
};
use std::{
    future::Future,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    sync::mpsc,
    time::timeout,
};

/// How long a test waits before it fails. Nothing takes that long unless something is broken.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A test must not wait forever.
pub async fn in_time<T>(test: impl Future<Output = T>) -> T {
    timeout(PATIENCE, test).await.expect("no longer than that")
}

pub fn tick(n: u32) -> Event {
    Event::new().event("tick").id(n).data(n)
}

/// The test's side of a body.
pub struct Probe {
    /// Sends events into the body. At most one event waits.
    pub events: mpsc::Sender<Event>,
    ends: mpsc::UnboundedReceiver<End>,
    polls: Arc<AtomicUsize>,
}

impl Probe {
    /// Sends events and returns when the body has taken them.
    pub async fn send(&self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            self.events.send(event).await.expect("the body is there");
        }
        let _all_taken = self.events.reserve().await.expect("the body is there");
    }

    /// Reports how the body ended.
    pub async fn end(&mut self) -> End {
        let end = in_time(self.ends.recv()).await.expect("the callback runs");
        assert_eq!(self.ends.recv().await, None, "it runs once");
        end
    }

    pub fn has_ended(&self) -> bool {
        !self.ends.is_empty()
    }

    /// How often the event source was polled.
    pub fn polls(&self) -> usize {
        self.polls.load(Ordering::Relaxed)
    }
}

/// A body that a test feeds, without keep-alive.
pub fn body() -> (Probe, Body<impl Stream<Item = Event> + Send + Sync + Unpin + 'static>) {
    let (events, mut source) = mpsc::channel(1);
    let (told, ends) = mpsc::unbounded_channel();
    let polls = Arc::new(AtomicUsize::new(0));
    let probe = Probe { events, ends, polls: polls.clone() };
    let source = stream::poll_fn(move |cx| {
        polls.fetch_add(1, Ordering::Relaxed);
        source.poll_recv(cx)
    });
    let body = Body::new(source).keep_alive(KeepAlive::off()).on_end(move |end| {
        let _ = told.send(end);
    });
    (probe, body)
}

/// Sends to a client that never reads, until nothing has moved for this long.
///
/// The kernel's buffers take a few megabytes, the server's a few hundred kilobytes.
pub async fn send_until_stalled(probe: &Probe, timeout: Duration) {
    let large = Event::new().data("x".repeat(64 * 1024));
    let mut sent = 0;
    while probe.events.send_timeout(large.clone(), timeout).await.is_ok() {
        sent += 1;
        assert!(sent < 10_000, "memory is bounded");
    }
}

/// A connection over HTTP/1.1.
pub struct Client(BufReader<TcpStream>);

impl Client {
    pub async fn connect(address: SocketAddr) -> Self {
        Client(BufReader::new(TcpStream::connect(address).await.expect("a connection")))
    }

    pub async fn get(address: SocketAddr) -> Self {
        let mut client = Self::connect(address).await;
        client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
        client
    }

    pub async fn write(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.expect("the server takes it");
    }

    /// Reads the head of a response, in lower case.
    pub async fn head(&mut self) -> String {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(in_time(self.0.read_line(&mut head)).await.expect("text"), 0, "{head}");
        }
        head.to_ascii_lowercase()
    }

    /// Reads a chunk. `None` is the last one, and an error means that the connection was cut.
    pub async fn chunk(&mut self) -> std::io::Result<Option<String>> {
        Ok(self.bytes().await?.map(|chunk| String::from_utf8(chunk).expect("text")))
    }

    /// The same, whatever is in it.
    pub async fn bytes(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        let mut size = String::new();
        in_time(self.0.read_line(&mut size)).await?;
        let size = usize::from_str_radix(size.trim_end(), 16)
            .map_err(|_| std::io::Error::from(std::io::ErrorKind::UnexpectedEof))?;
        let mut chunk = vec![0; size + 2];
        in_time(self.0.read_exact(&mut chunk)).await?;
        chunk.truncate(size);
        Ok((size > 0).then_some(chunk))
    }

    /// Reads a chunk that must not be the last.
    pub async fn next(&mut self) -> String {
        self.chunk().await.expect("no error").expect("not the end")
    }

    /// Reads all chunks up to the last.
    pub async fn rest(&mut self) -> String {
        let mut text = String::new();
        while let Some(chunk) = self.chunk().await.expect("an orderly end") {
            text += &chunk;
        }
        text
    }

    /// Closes the connection: the server gets a FIN.
    pub fn close(self) {}

    /// Resets the connection: the server gets an RST.
    pub fn reset(self) {
        SockRef::from(self.0.get_ref()).set_linger(Some(Duration::ZERO)).expect("an option of TCP");
    }
}
