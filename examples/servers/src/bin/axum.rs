//! An event stream from axum.
//!
//! ```text
//! cargo run -p sse-wire-servers --bin axum [ADDRESS]
//! ```
//!
//! Look at `events`: an axum handler returns the response that a `Body` makes.
//! Press Ctrl-C while a browser shows the page: its stream ends properly, and it reconnects when the server is started
//! again.

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, Method},
    response::{Html, IntoResponse},
    routing::get,
    serve::ListenerExt,
};
use sse_wire::response::{Body, Shutdown, last_event_id};
use sse_wire_servers::{DEADLINE, demo, shutdown, ticks, told_to_stop};
use std::io;
use tokio::{net::TcpListener, time::timeout};

#[tokio::main]
async fn main() -> io::Result<()> {
    let listener = demo::listen();
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?.tap_io(|socket| {
        // Without this, the kernel holds back a small event while an earlier one is in flight.
        let _ = socket.set_nodelay(true);
    });

    let shutdown = shutdown();
    let app = Router::new().route("/", get(Html(demo::PAGE))).route("/events", get(events));
    let server =
        axum::serve(listener, app.with_state(shutdown.clone())).with_graceful_shutdown(shutdown.begun());
    let mut server = tokio::spawn(server.into_future());
    tokio::select! {
        ended = &mut server => return ended?,
        () = told_to_stop()? => shutdown.begin(),
    }
    // A client that does not read cannot be told to leave. It must not delay the server for longer than this.
    let _ = timeout(DEADLINE, server).await;
    Ok(())
}

async fn events(State(shutdown): State<Shutdown>, method: Method, headers: HeaderMap) -> impl IntoResponse {
    let id = last_event_id::from_headers(&headers).unwrap_or_default();
    Body::new(ticks(demo::resume_after(id))).shutdown(&shutdown).method(method).into_http()
}
