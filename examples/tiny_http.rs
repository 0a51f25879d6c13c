//! An event stream from tiny_http: `cargo run --example tiny_http [ADDRESS]`

mod demo;

use sse_wire::Sse;
use std::{
    error::Error,
    io::{self, Write},
    thread,
};
use tiny_http::{HTTPVersion, Header, Method, Request, Response, Server};

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let server = Server::from_listener(demo::listen(), None)?;
    for request in server.incoming_requests() {
        // A stream keeps its thread for as long as the client stays.
        thread::spawn(|| {
            // An error means that the client left, which is how a stream ends.
            let _ = answer(request);
        });
    }
    Ok(())
}

fn answer(request: Request) -> io::Result<()> {
    let path = request.url().split('?').next().unwrap_or_default();
    match (path, request.method()) {
        ("/", Method::Get | Method::Head) => {
            let page = Response::from_string(demo::PAGE)
                .with_header(header("Content-Type: text/html; charset=utf-8"));
            request.respond(page)
        }
        ("/events", Method::Get | Method::Head) => events(request),
        ("/" | "/events", _) => request.respond(Response::empty(405).with_header(header("Allow: GET, HEAD"))),
        _ => request.respond(Response::from_string("Not found\n").with_status_code(404)),
    }
}

fn header(line: &str) -> Header {
    line.parse().expect("a valid header")
}

fn events(request: Request) -> io::Result<()> {
    let last_event_id = request.headers().iter().find(|header| header.field.equiv("Last-Event-ID"));
    let first = demo::resume_after(last_event_id.map(|header| header.value.as_str()));
    let Some(mut stream) = EventStream::begin(request)? else { return Ok(()) };

    let mut sse = Sse::new();
    for n in first.. {
        demo::add_happenings(&mut sse, n);
        sse.set_event_id(n).add_message("tick", n);
        stream.send(&mut sse)?;
        thread::sleep(demo::SECOND);
    }
    Ok(())
}

/// The response. A `Response` of tiny_http would read its body through a buffer that must be full
/// before anything is sent; a writer sends each event at once.
struct EventStream {
    writer: Box<dyn Write + Send>,
    chunked: bool,
}

impl EventStream {
    /// Sends the response's head. A `HEAD` request gets no more than that, and no stream.
    fn begin(request: Request) -> io::Result<Option<Self>> {
        let has_body = *request.method() != Method::Head;
        // A client of HTTP/1.0 knows no chunks. Its body ends with the connection.
        let chunked = *request.http_version() >= HTTPVersion(1, 1);

        let mut writer = request.into_writer();
        write!(writer, "HTTP/1.1 200 OK\r\n")?;
        for (name, value) in demo::HEADERS {
            write!(writer, "{name}: {value}\r\n")?;
        }
        if chunked {
            write!(writer, "Transfer-Encoding: chunked\r\n")?;
        }
        write!(writer, "\r\n")?;
        writer.flush()?;
        Ok(has_body.then_some(EventStream { writer, chunked }))
    }

    /// Sends all that is buffered, as one chunk (RFC 9112, section 7.1).
    fn send(&mut self, sse: &mut Sse) -> io::Result<()> {
        // An empty chunk would end the body.
        if self.chunked && !sse.is_empty() {
            write!(self.writer, "{:x}\r\n", sse.as_bytes().len())?;
            sse.write_to(&mut self.writer)?;
            write!(self.writer, "\r\n")?;
        } else {
            sse.write_to(&mut self.writer)?;
        }
        self.writer.flush()
    }
}
