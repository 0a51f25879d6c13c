//! Reads an event stream in an event loop, over a bare non-blocking socket: the client without its drivers.
//!
//!     cargo run --features client --example event_loop -- http://127.0.0.1:8080/events
//!
//! Look at `main`: `Connection` says what to do next, and never does any I/O. The program sleeps where a real loop
//! would wait for `mio` or `poll` to say that the socket is ready.

use http::{Request, Response};
use sse_wire::{
    Input,
    client::{BoxError, ClientEvent, Connection, RequestBody, Step},
};
use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant, UNIX_EPOCH};
use std::{env, net::TcpStream, process, thread};

const TICK: Duration = Duration::from_millis(5);

/// HTTP/1.0 lets a stream last as long as its connection. This is small enough to be sent at once.
fn send(request: &Request<RequestBody>) -> Result<TcpStream, BoxError> {
    let uri = request.uri();
    let host = uri.host().ok_or("there is no host")?;
    let mut socket = TcpStream::connect((host, uri.port_u16().unwrap_or(80)))?;
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    write!(socket, "{} {target} HTTP/1.0\r\nHost: {host}\r\n", request.method())?;
    for (name, value) in request.headers() {
        socket.write_all(&[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat())?;
    }
    socket.write_all(b"\r\n")?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// The head of a response, and where it ends in these bytes.
fn parse(bytes: &[u8]) -> Result<Option<(http::response::Parts, usize)>, BoxError> {
    let length = match bytes.windows(4).position(|end| end == b"\r\n\r\n") {
        Some(length) => length,
        None if bytes.len() < 64 * 1024 => return Ok(None),
        None => return Err("the head of the response is too large".into()),
    };
    let text = String::from_utf8_lossy(&bytes[..length]);
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).ok_or("this is not HTTP")?;
    let answer = Response::builder().status(status);
    let headers = lines.filter_map(|line| line.split_once(':'));
    let answer = headers.fold(answer, |answer, (name, value)| answer.header(name, value.trim()));
    Ok(Some((answer.body(())?.into_parts().0, length + 4)))
}

fn main() -> Result<(), BoxError> {
    let url = env::args().nth(1).ok_or("usage: event_loop URL")?;
    let mut connection = Connection::builder(url).build(UNIX_EPOCH.elapsed()?.as_nanos() as u64)?;
    let mut socket = None;
    let (mut head, mut buffer) = (Vec::new(), [0; 16 * 1024]);
    loop {
        let step = connection.next_step(Instant::now());
        match step {
            Step::Event(event) => print(event),
            Step::Wait(_) => {
                socket = None;
                thread::sleep(TICK);
            }
            Step::Send => {
                head.clear();
                let request = connection.request(Instant::now());
                match request.map(|request| send(&request)).transpose() {
                    Ok(sent) => socket = sent,
                    Err(error) => connection.error(error, Instant::now()),
                }
            }
            Step::Response(_) | Step::Read(_) => {
                let read = socket.as_mut().map_or(Ok(0), |socket| socket.read(&mut buffer));
                match (read, step) {
                    (Err(error), _) if error.kind() == ErrorKind::WouldBlock => thread::sleep(TICK),
                    (Err(error), _) => connection.error(error, Instant::now()),
                    (Ok(0), _) => connection.end(Instant::now()),
                    (Ok(length), Step::Read(_)) => read_all(&mut connection, &buffer[..length]),
                    (Ok(length), _) => {
                        head.extend_from_slice(&buffer[..length]);
                        match parse(&head) {
                            Ok(None) => {}
                            Ok(Some((answer, end))) => {
                                connection.response(answer, Instant::now());
                                read_all(&mut connection, &head[end..]);
                            }
                            Err(error) => connection.error(error, Instant::now()),
                        }
                    }
                }
            }
            _ => return Ok(()),
        }
    }
}

fn read_all(connection: &mut Connection, bytes: &[u8]) {
    let mut input = Input::new(bytes);
    while let Some(event) = connection.read(&mut input) {
        print(event);
    }
}

fn print(event: ClientEvent) {
    let printed = match event {
        ClientEvent::Message(message) => writeln!(io::stdout(), "{}: {}", message.event(), message.data()),
        ClientEvent::Error(error) => writeln!(io::stderr(), "{error}"),
        _ => Ok(()),
    };
    if printed.is_err() {
        process::exit(0); // nobody reads it any more
    }
}
