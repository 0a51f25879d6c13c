//! What every server must do, as seen by a real HTTP client.
//!
//! The tests of examples/servers use this file too.
#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(unreachable_pub, reason = "this is a module of test binaries")]

use sse_wire::{Event, Sse};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};
use ureq::http;

/// The page at `/` of the examples.
const PAGE: &str = include_str!("../../examples/page.html");

/// How long a test waits before it fails. Nothing takes that long unless something is broken.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The headers of an event stream.
pub const HEADERS: [(&str, &str); 3] = [
    ("Content-Type", "text/event-stream"),
    ("Cache-Control", "no-cache, no-transform"),
    ("X-Accel-Buffering", "no"),
];

// --- the client ---

fn client() -> ureq::Agent {
    ureq::Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .http_status_as_error(false)
        // So that a response that is dropped closes its connection.
        .max_idle_connections(0)
        .build()
        .into()
}

/// A response to `GET`, whose body is read as it arrives.
pub struct Stream {
    pub head: http::response::Parts,
    body: BufReader<ureq::BodyReader<'static>>,
}

impl Stream {
    pub fn get(url: &str) -> Self {
        Self::resume(url, None)
    }

    pub fn resume(url: &str, last_event_id: Option<&str>) -> Self {
        let mut request = client().get(url);
        if let Some(id) = last_event_id {
            request = request.header("Last-Event-ID", id);
        }
        let (head, body) = request.call().expect("a response").into_parts();
        Stream { head, body: BufReader::new(body.into_reader()) }
    }

    /// Reads as many bytes as `expected` has. Only what the server has sent can be read, so if this returns, nothing
    /// held the bytes back.
    pub fn expect(&mut self, expected: &str) {
        let mut bytes = vec![0; expected.len()];
        self.body.read_exact(&mut bytes).expect("as many bytes as expected");
        assert_eq!(String::from_utf8_lossy(&bytes), expected);
    }

    /// Reads up to the end of `end`.
    pub fn read_until(&mut self, end: &str) -> String {
        read_until(&mut self.body, end)
    }

    /// Reads everything up to the end.
    pub fn read_to_end(&mut self) -> String {
        let mut text = String::new();
        self.body.read_to_string(&mut text).expect("the body's end");
        text
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.head.headers, name)
    }

    /// Checks that this is the head of an event stream.
    pub fn expect_event_stream(&self) {
        assert_eq!(self.head.status, 200);
        expect_headers(&self.head.headers);
    }
}

fn header<'h>(headers: &'h http::HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).map(|value| value.to_str().expect("text"))
}

pub fn expect_headers(headers: &http::HeaderMap) {
    for (name, value) in HEADERS {
        assert_eq!(header(headers, name), Some(value), "{name}");
        assert_eq!(headers.get_all(name).iter().count(), 1, "{name}");
    }
    // Where the response ends with its connection, or after a HEAD.
    assert!([None, Some("close")].contains(&header(headers, "Connection")));
}

fn read_until(reader: &mut impl Read, end: &str) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(end.as_bytes()) {
        let mut byte = [0];
        reader.read_exact(&mut byte).expect("more bytes");
        bytes.extend(byte);
    }
    String::from_utf8(bytes).expect("UTF-8")
}

// --- a handler that waits for what the test gives it ---

/// Reads from a handler that sends `retry: 2000`, and then each event that it gets through `push`.
/// It ends when `push` is dropped.
///
/// Each event is read before the next one exists, so nothing on the way may hold it back.
pub fn expect_each_event_at_once(url: &str, mut push: impl FnMut(Event)) {
    let mut stream = Stream::get(url);
    stream.expect_event_stream();
    stream.expect("retry: 2000\n\n");
    for event in events() {
        push(event.clone());
        stream.expect(&event.to_string());
    }
    drop(push);
    assert_eq!(stream.read_to_end(), "");
}

/// Small and large events, with one and with many lines and bytes.
pub fn events() -> Vec<Event> {
    vec![
        Event::new().event("tick").id(1).data("1"),
        Event::new().data(""),
        Event::new().comment("still here"),
        Event::new().event("note").id("é 2").data("two\r\n  lines\r"),
        Event::new().id(3).data("…😀\n".repeat(30_000)),
        Event::new().event("tick").id(4).data("4"),
    ]
}

/// The response to all these events.
pub fn whole() -> (Sse, String) {
    let mut sse = Sse::new();
    sse.extend(events());
    let text = sse.to_string();
    (sse, text)
}

/// Leaves such a handler after the first event, and then pushes until `push` reports that nobody is there.
pub fn expect_the_handler_to_end_when_the_client_leaves(url: &str, mut push: impl FnMut(Event) -> bool) {
    let event = Event::new().event("tick").data("1");
    let mut stream = Stream::get(url);
    stream.expect("retry: 2000\n\n");
    assert!(push(event.clone()));
    stream.expect(&event.to_string());
    drop(stream);
    while push(event.clone()) {}
}

// --- the example programs ---

/// A running example. It is killed when this is dropped.
pub struct Example {
    child: Child,
    url: String,
}

impl Example {
    /// Starts it on a free port and reads the URL that it prints.
    pub fn start(program: &Path) -> Self {
        let mut child = Command::new(program)
            .arg("127.0.0.1:0")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", program.display()));
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut example = Example { child, url: String::new() };
        let curl_line = stdout.lines().map(|line| line.expect("text")).find(|line| line.starts_with("curl"));
        let events =
            curl_line.as_deref().and_then(|line| line.strip_prefix("curl -N ")).expect("a curl line");
        example.url = events.strip_suffix("/events").expect("the URL of the events").to_owned();
        assert!(!example.url.ends_with(":0"), "it prints the real port");
        example
    }

    pub fn address(&self) -> &str {
        self.url.strip_prefix("http://").expect("http")
    }

    pub fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for its end.
    pub fn wait(mut self) -> ExitStatus {
        self.child.wait().expect("it ends")
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Checks everything that the examples promise.
pub fn expect_an_example_server(program: &Path) {
    let example = Example::start(program);
    page(&example);
    stream(&example);
    resumed(&example);
    without_a_body(&example);
    http_1_0(&example);
    address_in_use(program, &example);
}

fn page(example: &Example) {
    let mut page = Stream::get(&example.url("/"));
    assert_eq!(page.head.status, 200);
    assert_eq!(page.header("Content-Type"), Some("text/html; charset=utf-8"));
    assert_eq!(page.read_to_end(), PAGE);
}

pub const FIRST_SECOND: &str = "retry: 2000\n\n\
    event: reading\ndata: {\"n\":1,\"celsius\":21.68}\n\n\
    id: 1\nevent: tick\ndata: 1\n\n";

fn stream(example: &Example) {
    let mut stream = Stream::get(&example.url("/events"));
    stream.expect_event_stream();
    stream.expect(FIRST_SECOND);
    let second = stream.read_until("event: tick\ndata: 2\n\n");
    assert!(second.starts_with("event: reading\ndata: {\"n\":2,"), "{second:?}");
    assert!(second.ends_with("\n\nid: 2\nevent: tick\ndata: 2\n\n"), "{second:?}");
}

fn resumed(example: &Example) {
    for (last_event_id, next) in [
        ("4", "5"),
        ("", "1"),
        ("none of ours", "1"),
        ("4294967295", "4294967296"),
        ("18446744073709551615", "1"),
    ] {
        let mut stream = Stream::resume(&example.url("/events"), Some(last_event_id));
        let first = stream.read_until("event: tick\n");
        assert!(first.ends_with(&format!("\n\nid: {next}\nevent: tick\n")), "{last_event_id:?}: {first:?}");
        stream.expect(&format!("data: {next}\n\n"));
        if next == "5" {
            let note = "\n\nevent: note\ndata: Second 5.\n\
                data:   A note has several lines\ndata:   and keeps its spaces.\n\n";
            assert!(first.contains(note), "{first:?}");
        }
    }
}

fn without_a_body(example: &Example) {
    let head = client().head(example.url("/events")).call().expect("a response");
    assert_eq!(head.status(), 200);
    expect_headers(head.headers());
    assert_eq!(head.into_body().read_to_string().expect("no body"), "");

    assert_eq!(client().head(example.url("/")).call().expect("a response").status(), 200);
    assert_eq!(client().post(example.url("/events")).send_empty().expect("a response").status(), 405);
    assert_eq!(client().get(example.url("/event")).call().expect("a response").status(), 404);
}

/// An HTTP/1.0 client does not understand chunked encoding: the body must be sent unchanged.
fn http_1_0(example: &Example) {
    let mut socket = TcpStream::connect(example.address()).expect("a connection");
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    socket.write_all(b"GET /events HTTP/1.0\r\n\r\n").expect("a request");
    let head = read_until(&mut socket, "\r\n\r\n").to_ascii_lowercase();
    assert!(head.starts_with("http/1.") && head.contains(" 200 "), "{head}");
    assert!(head.contains("\r\ncontent-type: text/event-stream\r\n"), "{head}");
    assert!(!head.contains("transfer-encoding"), "{head}");
    assert_eq!(read_until(&mut socket, "data: 1\n\n"), FIRST_SECOND);
}

fn address_in_use(program: &Path, example: &Example) {
    let address = example.address();
    let output = Command::new(program).arg(address).output().expect("it starts");
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(message.starts_with(&format!("Cannot listen on {address}: ")), "{message}");
}
