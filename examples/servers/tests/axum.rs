//! axum: a body that is fed event by event, a body of buffered events, and the example.

use crate::{
    feed::{Once, feed},
    support::{self, Stream},
};
use axum::{Router, body::Body, response::IntoResponse, response::Response, routing::get};
use std::{net::Ipv4Addr, path::Path};
use tokio::{net::TcpListener, runtime::Runtime};

/// A server that sends this response to the first request, for as long as the runtime lives. Returns its
/// URL.
fn serve(runtime: &Runtime, response: impl IntoResponse) -> String {
    let response: Once<Response> = Once::new((support::HEADERS, response).into_response());
    let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).expect("a listener");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let app = Router::new().route("/", get(|| async move { response.take() }));
    runtime.spawn(async { axum::serve(listener, app).await });
    url
}

fn runtime() -> Runtime {
    Runtime::new().expect("a runtime")
}

#[test]
fn each_event_is_sent_at_once() {
    let runtime = runtime();
    let (sender, events) = feed();
    let url = serve(&runtime, Body::from_stream(events));
    support::expect_each_event_at_once(&url, move |event| {
        sender.blocking_send(event).expect("the handler waits");
    });
}

#[test]
fn the_stream_is_dropped_when_the_client_leaves() {
    let runtime = runtime();
    let (sender, events) = feed();
    let url = serve(&runtime, Body::from_stream(events));
    support::expect_the_handler_to_end_when_the_client_leaves(&url, move |event| {
        sender.blocking_send(event).is_ok()
    });
}

#[test]
fn what_is_buffered_is_a_body() {
    let runtime = runtime();
    let (sse, text) = support::whole();
    // Both as `http_body::Body` and as a stream, whose length axum does not know.
    for (response, length) in [
        (Body::new(sse.clone().into_body()), Some(text.len().to_string())),
        (Body::from_stream(sse.into_body()), None),
    ] {
        let mut stream = Stream::get(&serve(&runtime, response));
        stream.expect_event_stream();
        assert_eq!(stream.header("Content-Length"), length.as_deref());
        assert_eq!(stream.read_to_end(), text);
    }
}

#[test]
fn the_example() {
    support::expect_an_example_server(Path::new(env!("CARGO_BIN_EXE_axum")));
}
