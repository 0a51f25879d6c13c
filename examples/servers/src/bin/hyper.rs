//! An event stream from hyper.
//!
//! ```text
//! cargo run -p sse-wire-servers --bin hyper [ADDRESS]
//! ```
//!
//! Look at `answer`: a hyper service returns the response that a `Body` makes, over HTTP/1.1 and HTTP/2.
//! Press Ctrl-C while a browser shows the page: its stream ends properly, and it reconnects when the server is started
//! again.

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Full, combinators::BoxBody};
use hyper::{Method, Request, Response, StatusCode, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::{conn::auto, graceful::GracefulShutdown},
};
use sse_wire::response::{self, Shutdown, last_event_id};
use sse_wire_servers::{DEADLINE, demo, shutdown, ticks, told_to_stop};
use std::{convert::Infallible, io, pin::pin};
use tokio::{net::TcpListener, time::timeout};

type Body = BoxBody<Bytes, Infallible>;

#[tokio::main]
async fn main() -> io::Result<()> {
    let listener = demo::listen();
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;

    let shutdown = shutdown();
    let connections = GracefulShutdown::new();
    // HTTP/1.1 or HTTP/2, whichever the client starts with.
    let server = auto::Builder::new(TokioExecutor::new());
    // Created once, outside the loop: one created in each iteration would miss a signal that arrives between two of
    // them.
    let mut stopped = pin!(told_to_stop()?);
    loop {
        let (socket, _) = tokio::select! {
            accepted = listener.accept() => accepted?,
            () = &mut stopped => break,
        };
        // Without this, the kernel holds back a small event while an earlier one is in flight.
        socket.set_nodelay(true)?;
        let shutdown = shutdown.clone();
        let answer = service_fn(move |request| std::future::ready(answer(&request, &shutdown)));
        let connection = server.serve_connection(TokioIo::new(socket), answer).into_owned();
        // An error here means that the client left, or that it does not speak HTTP.
        tokio::spawn(connections.watch(connection));
    }
    shutdown.begin();
    // A client that does not read cannot be told to leave. It must not delay the server for longer than this.
    let _ = timeout(DEADLINE, connections.shutdown()).await;
    Ok(())
}

fn answer(request: &Request<Incoming>, shutdown: &Shutdown) -> Result<Response<Body>, hyper::http::Error> {
    let response = Response::builder();
    match (request.uri().path(), request.method()) {
        ("/", &Method::GET | &Method::HEAD) => {
            response.header("Content-Type", "text/html; charset=utf-8").body(Full::from(demo::PAGE).boxed())
        }
        ("/events", method @ (&Method::GET | &Method::HEAD)) => {
            let id = last_event_id::from_headers(request.headers()).unwrap_or_default();
            let body = response::Body::new(ticks(demo::resume_after(id))).shutdown(shutdown).method(method);
            Ok(body.into_http().map(BodyExt::boxed))
        }
        ("/" | "/events", _) => response
            .status(StatusCode::METHOD_NOT_ALLOWED)
            .header("Allow", "GET, HEAD")
            .body(Empty::new().boxed()),
        _ => response.status(StatusCode::NOT_FOUND).body(Full::from("Not found\n").boxed()),
    }
}
