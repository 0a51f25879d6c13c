//! Real servers on real sockets: tiny_http and a bare `TcpListener`.

use crate::support::{self, HEADERS, Stream};
use sse_wire::{Event, Sse};
use std::{
    env, fs,
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::{self, JoinHandle},
    time::SystemTime,
};

/// Answers the first request to a server on a free port. Returns the URL and what the handler returns.
fn tiny_http<T: Send + 'static>(
    handler: impl FnOnce(tiny_http::Request) -> T + Send + 'static,
) -> (String, JoinHandle<T>) {
    let server = tiny_http::Server::http((Ipv4Addr::LOCALHOST, 0)).expect("a server");
    let url = format!("http://{}/", server.server_addr());
    (url, thread::spawn(move || handler(server.recv().expect("a request"))))
}

fn tcp<T: Send + 'static>(handler: impl FnOnce(TcpStream) -> T + Send + 'static) -> (String, JoinHandle<T>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a listener");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let handler = move || {
        let (socket, _) = listener.accept().expect("a connection");
        let mut request = BufReader::new(&socket);
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            request.read_line(&mut line).expect("a request");
        }
        handler(socket)
    };
    (url, thread::spawn(handler))
}

/// What a test pushes is handed over only when the handler takes it.
fn queue() -> (SyncSender<Event>, Receiver<Event>) {
    sync_channel(0)
}

fn write_head(writer: &mut impl Write, framing: &str) -> io::Result<()> {
    write!(writer, "HTTP/1.1 200 OK\r\n")?;
    for (name, value) in HEADERS {
        write!(writer, "{name}: {value}\r\n")?;
    }
    write!(writer, "{framing}\r\n")
}

/// Chunked, through the writer that tiny_http provides.
fn stream_from_tiny_http(request: tiny_http::Request, events: Receiver<Event>) -> io::Result<()> {
    let mut writer = request.into_writer();
    write_head(&mut writer, "Transfer-Encoding: chunked\r\n")?;
    let mut sse = Sse::new();
    loop {
        write!(writer, "{:x}\r\n", sse.as_bytes().len())?;
        sse.write_to(&mut writer)?;
        write!(writer, "\r\n")?;
        writer.flush()?;
        match events.recv() {
            Ok(event) => sse.push(&event),
            Err(_) => break,
        };
    }
    write!(writer, "0\r\n\r\n")?;
    writer.flush()
}

/// A body that ends with the connection.
fn stream_from_tcp(mut socket: TcpStream, events: Receiver<Event>) -> io::Result<()> {
    write_head(&mut socket, "")?;
    let mut sse = Sse::new();
    sse.write_to(&mut socket)?;
    for event in events {
        sse.push(&event).write_to(&mut socket)?;
    }
    Ok(())
}

#[test]
fn tiny_http_sends_each_event_at_once() {
    let (sender, events) = queue();
    let (url, handler) = tiny_http(|request| stream_from_tiny_http(request, events));
    support::expect_each_event_at_once(&url, move |event| sender.send(event).expect("the handler waits"));
    handler.join().expect("no panic").expect("no error");
}

#[test]
fn tcp_sends_each_event_at_once() {
    let (sender, events) = queue();
    let (url, handler) = tcp(|socket| stream_from_tcp(socket, events));
    support::expect_each_event_at_once(&url, move |event| sender.send(event).expect("the handler waits"));
    handler.join().expect("no panic").expect("no error");
}

#[test]
fn tiny_http_sees_the_client_leave() {
    let (sender, events) = queue();
    let (url, handler) = tiny_http(|request| stream_from_tiny_http(request, events));
    support::expect_the_handler_to_end_when_the_client_leaves(&url, move |event| sender.send(event).is_ok());
    expect_disconnection(handler.join().expect("no panic").expect_err("the client left"));
}

#[test]
fn tcp_sees_the_client_leave() {
    let (sender, events) = queue();
    let (url, handler) = tcp(|socket| stream_from_tcp(socket, events));
    support::expect_the_handler_to_end_when_the_client_leaves(&url, move |event| sender.send(event).is_ok());
    expect_disconnection(handler.join().expect("no panic").expect_err("the client left"));
}

fn expect_disconnection(error: io::Error) {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    assert!(matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset), "{error}");
}

#[test]
fn tiny_http_responds_with_what_is_buffered() {
    let as_reader = |sse: Sse| {
        let len = sse.as_bytes().len();
        tiny_http::Response::new(200.into(), vec![], sse.into_reader(), Some(len), None).boxed()
    };
    let as_bytes = |sse: Sse| tiny_http::Response::from_data(sse).boxed();
    let as_text = |sse: Sse| tiny_http::Response::from_string(sse).boxed();
    for respond in [as_reader, as_bytes, as_text] {
        let (sse, text) = support::whole();
        let (url, handler) = tiny_http(move |request| {
            let type_ = "Content-Type: text/event-stream".parse::<tiny_http::Header>().expect("a header");
            let mut response = respond(sse);
            response.add_header(type_);
            request.respond(response)
        });
        let mut stream = Stream::get(&url);
        assert_eq!(stream.header("Content-Type"), Some("text/event-stream"));
        assert_eq!(stream.read_to_end(), text);
        handler.join().expect("no panic").expect("no error");
    }
}

/// A client sends an ID back in a request header. The replacement for a character that it could not send back is ASCII,
/// because this server closes the connection otherwise.
#[test]
fn tiny_http_reads_every_id_that_is_ascii_in_the_request_header() {
    let server = tiny_http::Server::http((Ipv4Addr::LOCALHOST, 0)).expect("a server");
    let address = server.server_addr().to_ip().expect("an address");
    let (ids, seen) = sync_channel(1);
    let serving = thread::spawn(move || {
        while let Ok(request) = server.recv() {
            let is_end = request.url() == "/end";
            let id = request.headers().iter().find(|header| header.field.equiv("Last-Event-ID"));
            ids.send(id.map(|id| id.value.to_string())).expect("a test");
            request.respond(tiny_http::Response::empty(204)).expect("a client");
            if is_end {
                break;
            }
        }
    });
    let answer = |path: &str, id: &str| {
        let mut socket = TcpStream::connect(address).expect("a connection");
        write!(
            socket,
            "GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nLast-Event-ID: {id}\r\n\r\n"
        )
        .expect("a server");
        let mut answer = String::new();
        // A connection that was closed may also be reset.
        let _ = socket.read_to_string(&mut answer);
        answer
    };
    for text in ["7", " lead\0", "a b\tc", "\t\r\n\u{7f}~ "] {
        let wire = Event::new().id(text).to_string();
        let id = wire.strip_prefix("id: ").and_then(|id| id.strip_suffix("\n\n")).expect("an ID alone");
        assert!(answer("/", id).starts_with("HTTP/1.1 204"), "{text:?}");
        assert_eq!(seen.recv().expect("a request").as_deref(), Some(id), "{text:?}");
    }
    assert_eq!(answer("/", "\u{fffd}lead"), "");
    answer("/end", "7");
    serving.join().expect("an end");
}

#[test]
fn tcp_takes_what_is_buffered_in_every_form() {
    type Send = fn(Sse, &mut TcpStream) -> io::Result<()>;
    let shown: Send = |sse, socket| write!(socket, "{sse}");
    let drained: Send = |mut sse, socket| sse.try_for_each(|block| socket.write_all(&block));
    let written: Send = |mut sse, socket| sse.write_to(socket);
    let read: Send = |sse, socket| io::copy(&mut sse.into_reader(), socket).map(drop);
    let bytes: Send = |sse, socket| socket.write_all(&Vec::from(sse));
    for send in [shown, drained, written, read, bytes] {
        let (sse, text) = support::whole();
        let (url, handler) = tcp(move |mut socket| {
            write_head(&mut socket, "")?;
            send(sse, &mut socket)
        });
        let mut stream = Stream::get(&url);
        stream.expect_event_stream();
        assert_eq!(stream.read_to_end(), text);
        handler.join().expect("no panic").expect("no error");
    }
}

#[test]
fn the_tiny_http_example() {
    support::expect_an_example_server(&built_example("tiny_http"));
}

/// The program, which `cargo test` builds together with this one. If only this one is built, it is missing or outdated.
fn built_example(name: &str) -> PathBuf {
    let mut directory = env::current_exe().expect("the path of this program");
    directory.pop();
    directory.pop();
    let program = directory.join("examples").join(name).with_extension(env::consts::EXE_EXTENSION);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = ["src", "examples", "examples/demo"].iter().map(|folder| newest(&root.join(folder))).max();
    if modified(&program) > source.flatten() { program } else { build_example(name) }
}

fn newest(folder: &Path) -> Option<SystemTime> {
    let entries = fs::read_dir(folder).expect("a folder");
    let files = entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file());
    files.filter_map(|file| modified(&file)).max()
}

fn modified(file: &Path) -> Option<SystemTime> {
    file.metadata().and_then(|metadata| metadata.modified()).ok()
}

fn build_example(name: &str) -> PathBuf {
    let output = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()))
        .args(["build", "--example", name, "--message-format=json-render-diagnostics"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let program = output.stdout.lines().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(&line.ok()?).ok()?;
        message["executable"].as_str().map(PathBuf::from)
    });
    program.expect("cargo says where the program is")
}
