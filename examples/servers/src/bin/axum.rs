//! An event stream from axum: `cargo run -p sse-wire-servers --bin axum [ADDRESS]`

use axum::{
    Router,
    body::Body,
    http::HeaderMap,
    response::{Html, IntoResponse},
    routing::get,
    serve::ListenerExt,
};
use bytes::Bytes;
use futures_util::stream::{self, Stream};
use sse_wire::Sse;
use sse_wire_servers::demo;
use std::{convert::Infallible, io};
use tokio::{net::TcpListener, time::sleep};

#[tokio::main]
async fn main() -> io::Result<()> {
    let listener = demo::listen();
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?.tap_io(|socket| {
        // Without this the kernel holds a small event back while an earlier one is on its way.
        let _ = socket.set_nodelay(true);
    });

    let app = Router::new().route("/", get(Html(demo::PAGE))).route("/events", get(events));
    axum::serve(listener, app).await
}

/// For a `HEAD` request, axum takes the response and drops its body.
async fn events(request: HeaderMap) -> impl IntoResponse {
    let last_event_id = request.get("Last-Event-ID").and_then(|id| id.to_str().ok());
    (demo::HEADERS, Body::from_stream(ticks(demo::resume_after(last_event_id))))
}

/// Each item is all that happens in one second. When the client leaves, axum drops the stream, and
/// nothing of it stays.
fn ticks(first: u64) -> impl Stream<Item = Result<Bytes, Infallible>> {
    stream::unfold((Sse::new(), first), move |(mut sse, n)| async move {
        if n > first {
            sleep(demo::SECOND).await;
        }
        demo::add_happenings(&mut sse, n);
        sse.set_event_id(n).add_message("tick", n);
        // The buffer becomes the frame, without a copy. The next one begins empty.
        Some((Ok(sse.into()), (Sse::without_retry(), n + 1)))
    })
}
