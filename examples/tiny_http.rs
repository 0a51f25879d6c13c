//! An event stream from tiny_http, which has a thread for each connection.
//!
//!     cargo run --example tiny_http [ADDRESS]
//!
//! Open the address that it prints in two browsers: each has its own stream. Stop the server and start it again: the
//! page reconnects, and resumes after the last tick that it received.

mod demo;

use sse_wire::{
    Sse,
    response::{self, Framing, SendError, Sender, last_event_id},
};
use std::{error::Error, io, thread};
use tiny_http::{HTTPVersion, Header, Method, Request, Response, Server};

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let server = Server::from_listener(demo::listen(), None)?;
    for request in server.incoming_requests() {
        // A stream keeps its thread for as long as the client stays.
        thread::spawn(|| {
            // An error means that the client left, which is how a stream normally ends.
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
    let field = |name: &'static str| {
        let header = request.headers().iter().find(|header| header.field.equiv(name));
        header.map(|header| header.value.as_str())
    };
    let id = field("Last-Event-ID").unwrap_or_default();
    let first = demo::resume_after(last_event_id::from_bytes(id.as_bytes()).unwrap_or_default());

    let HTTPVersion(major, minor) = *request.http_version();
    let framing = Framing::of(request.method().as_str(), (major, minor), field("Connection"));
    let (sender, driver) = response::writer(framing);
    thread::spawn(move || tick(&sender, first));
    driver.run(request.into_writer())?;
    Ok(())
}

/// Continues until the client leaves, when sending fails.
fn tick(sender: &Sender, first: u64) -> Result<(), SendError> {
    let mut sse = Sse::new();
    for n in first.. {
        demo::add_happenings(&mut sse, n);
        sse.set_event_id(n).add_message("tick", n);
        sender.send(&mut sse)?;
        thread::sleep(demo::SECOND);
    }
    Ok(())
}
