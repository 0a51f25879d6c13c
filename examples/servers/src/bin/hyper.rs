//! An event stream from hyper: `cargo run -p sse-wire-servers --bin hyper [ADDRESS]`

use bytes::Bytes;
use http_body_util::{
    BodyExt, Empty, Full,
    channel::{Channel, SendError, Sender},
    combinators::BoxBody,
};
use hyper::{HeaderMap, Method, Request, Response, StatusCode, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use sse_wire::Sse;
use sse_wire_servers::demo;
use std::{convert::Infallible, io};
use tokio::{net::TcpListener, time::sleep};

type Body = BoxBody<Bytes, Infallible>;

#[tokio::main]
async fn main() -> io::Result<()> {
    let listener = demo::listen();
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    loop {
        let (socket, _) = listener.accept().await?;
        // Without this the kernel holds a small event back while an earlier one is on its way.
        socket.set_nodelay(true)?;
        tokio::spawn(async {
            // HTTP/1.1 and HTTP/2, whichever the client begins with.
            let server = auto::Builder::new(TokioExecutor::new());
            // An error here means that the client left, or that it does not speak HTTP.
            let _ = server.serve_connection(TokioIo::new(socket), service_fn(answer)).await;
        });
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Body>, hyper::http::Error> {
    let response = Response::builder();
    match (request.uri().path(), request.method()) {
        ("/", &Method::GET | &Method::HEAD) => {
            response.header("Content-Type", "text/html; charset=utf-8").body(Full::from(demo::PAGE).boxed())
        }
        ("/events", &Method::GET | &Method::HEAD) => {
            let response = demo::HEADERS.into_iter().fold(response, |r, (name, value)| r.header(name, value));
            response.body(if request.method() == Method::GET { events(request.headers()) } else { empty() })
        }
        ("/" | "/events", _) => {
            response.status(StatusCode::METHOD_NOT_ALLOWED).header("Allow", "GET, HEAD").body(empty())
        }
        _ => response.status(StatusCode::NOT_FOUND).body(Full::from("Not found\n").boxed()),
    }
}

fn empty() -> Body {
    Empty::new().boxed()
}

/// A body that a task of its own fills.
fn events(request: &HeaderMap) -> Body {
    let last_event_id = request.get("Last-Event-ID").and_then(|id| id.to_str().ok());
    // A few blocks at most wait for a slow client. Then the task waits.
    let (sender, body) = Channel::new(8);
    tokio::spawn(tick(sender, demo::resume_after(last_event_id)));
    body.boxed()
}

/// Goes on until the client leaves: then hyper drops the body, and sending fails.
async fn tick(mut body: Sender<Bytes>, first: u64) -> Result<(), SendError> {
    let mut sse = Sse::new();
    for n in first.. {
        demo::add_happenings(&mut sse, n);
        sse.set_event_id(n).add_message("tick", n);
        for block in &mut sse {
            body.send_data(block.into()).await?;
        }
        sleep(demo::SECOND).await;
    }
    Ok(())
}
