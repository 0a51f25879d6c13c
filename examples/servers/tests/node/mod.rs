//! `broadcast` as a separate process, a publisher, and clients on bare sockets.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use rustix::process::{Pid, Resource, Signal, getrlimit, kill_process, setrlimit};
use sse_wire::{Decoder, IncomingRef, Input, MessageRef};
use std::{
    env, fs,
    io::{self, BufRead, BufReader, Read, Write},
    net::SocketAddr,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
    time::timeout,
};

/// How long a test waits before it fails. Nothing takes that long unless something is broken.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// More open files than the connections of any test.
const MOST_FILES: u64 = 4096;

/// A number from the environment, for a test that can be scaled up.
pub fn scale(variable: &str, default: u64) -> u64 {
    env::var(variable).map_or(default, |value| value.parse().expect("a number"))
}

/// Allows this many open files, here and in the processes that are started from now on. Each connection is one on
/// either side, and the usual limit is 1,024.
pub fn allow_open_files(files: u64) {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < files) {
        limit.current = Some(files);
        setrlimit(Resource::Nofile, limit).expect("as many open files as there are connections");
    }
}

/// A running server. It is killed when this is dropped.
pub struct Node {
    process: Child,
    pub address: SocketAddr,
}

impl Node {
    /// Starts it on a free port.
    pub fn start(options: &[&str]) -> Node {
        Node::start_at("127.0.0.1:0", options)
    }

    pub fn start_at(address: &str, options: &[&str]) -> Node {
        allow_open_files(MOST_FILES);
        let mut process = Command::new(env!("CARGO_BIN_EXE_broadcast"))
            .args(["--addr", address])
            .args(options)
            .stdout(Stdio::piped())
            .spawn()
            .expect("broadcast starts");
        let mut stdout = BufReader::new(process.stdout.take().expect("a pipe"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("text");
        let address = line.split(['/', ' ']).find_map(|word| word.parse().ok());
        Node { process, address: address.unwrap_or_else(|| panic!("no address in {line:?}")) }
    }

    /// The memory that the process uses, in KiB.
    pub fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).expect("Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a figure");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// How many file descriptors it has open.
    pub fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.process.id())).expect("Linux").count()
    }

    pub fn metrics(&self) -> String {
        request(self.address, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").1
    }

    /// A metric of the channel that is used for a request without a name.
    pub fn metric(&self, name: &str) -> u64 {
        let text = self.metrics();
        let prefix = format!("broadcast_{name}{{channel=\"main\"}} ");
        let value = text.lines().find_map(|line| line.strip_prefix(&prefix));
        value.unwrap_or_else(|| panic!("no {name} in {text}")).parse().expect("a number")
    }

    /// How many connections it serves, and what else runs in it.
    pub fn tasks(&self) -> u64 {
        let text = self.metrics();
        let value = text.lines().find_map(|line| line.strip_prefix("broadcast_tasks "));
        value.unwrap_or_else(|| panic!("no tasks in {text}")).parse().expect("a number")
    }

    /// Asks the server to end.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).expect("it runs");
    }

    pub fn wait(mut self) -> ExitStatus {
        self.process.wait().expect("it ends")
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Sends a request that asks to close the connection, and reads the status and the body of the response.
pub fn request(address: SocketAddr, request: impl AsRef<[u8]>) -> (u16, String) {
    let mut socket = std::net::TcpStream::connect(address).expect("a connection");
    socket.set_read_timeout(Some(PATIENCE)).expect("an option");
    // A server that refuses a large request may close the connection before all of it is written.
    let _ = socket.write_all(request.as_ref());
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer);
    let answer = String::from_utf8(answer).expect("text");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("a head: {answer:?}"));
    (head[9..12].parse().expect("a status"), body.to_owned())
}

/// Publishes over a connection that is kept open.
pub struct Publisher {
    socket: TcpStream,
    buffer: Vec<u8>,
    /// Requests that have not been answered yet.
    waiting: usize,
}

impl Publisher {
    pub async fn connect(address: SocketAddr) -> io::Result<Publisher> {
        let socket = TcpStream::connect(address).await?;
        socket.set_nodelay(true)?;
        Ok(Publisher { socket, buffer: Vec::new(), waiting: 0 })
    }

    /// Publishes this, and returns the ID.
    pub async fn publish(&mut self, data: &str) -> io::Result<String> {
        self.send([data]).await?;
        self.answer().await
    }

    /// Sends requests without waiting for the responses.
    pub async fn send<D: AsRef<str>>(&mut self, events: impl IntoIterator<Item = D>) -> io::Result<()> {
        let mut requests = String::new();
        for data in events {
            let data = data.as_ref();
            requests +=
                &format!("POST /publish HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{data}", data.len());
            self.waiting += 1;
        }
        self.socket.write_all(requests.as_bytes()).await
    }

    /// Waits for all responses.
    pub async fn settle(&mut self) -> io::Result<()> {
        while self.waiting > 0 {
            self.answer().await?;
        }
        Ok(())
    }

    async fn answer(&mut self) -> io::Result<String> {
        loop {
            if let Some((len, id)) = whole_answer(&self.buffer) {
                self.buffer.drain(..len);
                self.waiting -= 1;
                return Ok(id);
            }
            if timeout(PATIENCE, self.socket.read_buf(&mut self.buffer)).await?? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

/// The length of the response at the start of the buffer, if it is complete, and its body.
fn whole_answer(buffer: &[u8]) -> Option<(usize, String)> {
    let head_len = buffer.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
    let head = str::from_utf8(&buffer[..head_len]).expect("text").to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 200 "), "{head}");
    let len = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
    let len = head_len + len.parse::<usize>().expect("a number");
    let body = buffer.get(head_len..len)?;
    Some((len, str::from_utf8(body).expect("text").to_owned()))
}

/// A stream of events over a bare socket, with the crate's decoder.
pub struct Feed {
    patience: Duration,
    socket: TcpStream,
    buffer: Vec<u8>,
    chunks: Chunks,
    decoder: Decoder,
}

impl Feed {
    /// Connects, and waits for the head of the response, which must be an event stream.
    pub async fn connect(address: SocketAddr, last_event_id: &str) -> io::Result<Feed> {
        Feed::connect_within(PATIENCE, address, last_event_id).await
    }

    /// The same for a channel with another name.
    pub async fn connect_to(address: SocketAddr, channel: &str) -> io::Result<Feed> {
        let mut socket = TcpStream::connect(address).await?;
        let request = format!("GET /events?channel={channel} HTTP/1.1\r\nHost: x\r\n\r\n");
        socket.write_all(request.as_bytes()).await?;
        Feed::begin(PATIENCE, socket, "").await
    }

    /// Also fails if nothing is read for this long.
    pub async fn connect_within(
        patience: Duration,
        address: SocketAddr,
        last_event_id: &str,
    ) -> io::Result<Feed> {
        let mut socket = TcpStream::connect(address).await?;
        ask(&mut socket, last_event_id).await?;
        Feed::begin(patience, socket, last_event_id).await
    }

    async fn begin(patience: Duration, mut socket: TcpStream, last_event_id: &str) -> io::Result<Feed> {
        let mut buffer = Vec::with_capacity(16 * 1024);
        let head_len = loop {
            if timeout(patience, socket.read_buf(&mut buffer)).await?? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(at) = buffer.windows(4).position(|end| end == b"\r\n\r\n") {
                break at + 4;
            }
        };
        let head = String::from_utf8_lossy(&buffer[..head_len]).to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 200 ") && head.contains("text/event-stream"), "{head}");
        buffer.drain(..head_len);
        let decoder = Decoder::new().with_last_event_id(last_event_id);
        Ok(Feed { patience, socket, buffer, chunks: Chunks::default(), decoder })
    }

    /// Waits for bytes and passes on the messages in them. Returns whether the stream continues.
    pub async fn read(&mut self, mut each: impl FnMut(MessageRef<'_>)) -> io::Result<bool> {
        if self.buffer.is_empty()
            && timeout(self.patience, self.socket.read_buf(&mut self.buffer)).await?? == 0
        {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let Feed { buffer, chunks, decoder, .. } = self;
        let goes_on = chunks.read(buffer, |bytes| {
            let mut input = Input::new(bytes);
            while let Some(found) = decoder.next(&mut input) {
                if let IncomingRef::Message(message) = found.expect("not too large") {
                    each(message);
                }
            }
        });
        buffer.clear();
        Ok(goes_on)
    }

    pub fn last_event_id(&self) -> &str {
        self.decoder.last_event_id()
    }

    pub fn reconnection_time(&self) -> Option<Duration> {
        self.decoder.reconnection_time()
    }
}

/// Sends the request for an event stream.
pub async fn ask(socket: &mut TcpStream, last_event_id: &str) -> io::Result<()> {
    let id = match last_event_id {
        "" => String::new(),
        id => format!("Last-Event-ID: {id}\r\n"),
    };
    socket.write_all(format!("GET /events HTTP/1.1\r\nHost: x\r\n{id}\r\n").as_bytes()).await
}

/// Decodes the transfer coding "chunked".
#[derive(Default)]
struct Chunks {
    place: Place,
    /// The part of the chunk's size that has been read, or the number of its bytes that are left.
    size: usize,
}

#[derive(Default)]
enum Place {
    #[default]
    Size,
    Bytes,
    LineEnd,
}

impl Chunks {
    /// Returns whether there are more chunks.
    fn read(&mut self, mut bytes: &[u8], mut each: impl FnMut(&[u8])) -> bool {
        while let [byte, rest @ ..] = bytes {
            match self.place {
                Place::Size => {
                    bytes = rest;
                    match byte {
                        b'\r' => {}
                        b'\n' if self.size == 0 => return false,
                        b'\n' => self.place = Place::Bytes,
                        digit => {
                            let digit = (*digit as char).to_digit(16).expect("a size");
                            self.size = 16 * self.size + digit as usize;
                        }
                    }
                }
                Place::Bytes => {
                    let (now, rest) = bytes.split_at(self.size.min(bytes.len()));
                    each(now);
                    self.size -= now.len();
                    bytes = rest;
                    if self.size == 0 {
                        self.place = Place::LineEnd;
                    }
                }
                Place::LineEnd => {
                    bytes = rest;
                    if *byte == b'\n' {
                        self.place = Place::Size;
                    }
                }
            }
        }
        true
    }
}

/// What a client has seen of events whose data counts from 1: each once, in order, or a gap that counts the missing
/// ones.
#[derive(Debug, Default)]
pub struct Seen {
    pub last: u64,
    /// How many events are missing before the next one. A gap that is reported again, because the connection was cut
    /// after it, counts once; a gap that is reported after another one adds to it.
    gaps: Vec<u64>,
    pub missed: u64,
}

impl Seen {
    /// What a client has seen that has received everything up to this event.
    pub fn after(last: u64) -> Seen {
        Seen { last, ..Seen::default() }
    }

    pub fn message(&mut self, event_type: &str, data: &str) {
        if event_type == "gap" {
            let missed = data.strip_prefix("{\"missed\":").and_then(|rest| rest.strip_suffix('}'));
            let missed: u64 =
                missed.and_then(|missed| missed.parse().ok()).unwrap_or_else(|| panic!("{data}"));
            let longer: Vec<_> = self.gaps.iter().map(|gap| gap + missed).collect();
            self.gaps.extend(longer);
            self.gaps.push(missed);
            return;
        }
        let number: u64 =
            data.split_whitespace().next().and_then(|word| word.parse().ok()).expect("a number");
        let missing =
            number.checked_sub(self.last + 1).unwrap_or_else(|| panic!("{number} after {}", self.last));
        if self.gaps.is_empty() {
            assert_eq!(missing, 0, "{number} after {}", self.last);
        } else {
            assert!(self.gaps.contains(&missing), "{missing} are missing, and {:?} were told", self.gaps);
        }
        self.missed += missing;
        self.gaps.clear();
        self.last = number;
    }
}

/// How far each of many clients has got.
pub struct Progress {
    seen: Vec<AtomicU64>,
    changed: watch::Sender<()>,
}

impl Progress {
    pub fn new(clients: usize) -> Arc<Progress> {
        let seen = (0..clients).map(|_| AtomicU64::new(0)).collect();
        Arc::new(Progress { seen, changed: watch::channel(()).0 })
    }

    pub fn set(&self, client: usize, seen: u64) {
        self.seen[client].store(seen, Relaxed);
        self.changed.send_replace(());
    }

    /// Waits until all clients have this event.
    pub async fn reaches(&self, event: u64) {
        let slowest = || self.seen.iter().map(|seen| seen.load(Relaxed)).min().unwrap_or(event);
        let mut changed = self.changed.subscribe();
        let reached = timeout(5 * PATIENCE, changed.wait_for(|()| slowest() >= event)).await;
        assert!(reached.is_ok(), "the slowest client is at {} of {event}", slowest());
    }
}
