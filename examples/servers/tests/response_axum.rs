//! A response body in axum: when it notices that a client has left, `HEAD`, keep-alive, and a compression layer.

use crate::{
    feed::Once,
    live::{Client, Probe, body, send_until_stalled, tick},
};
use axum::{Router, extract::State, http::Method, response::IntoResponse, routing::get};
use futures_util::stream;
use sse_wire::{
    Event,
    response::{Body, End, KeepAlive, last_event_id},
};
use std::{net::SocketAddr, time::Duration};
use tokio::{net::TcpListener, time::Instant};
use tower_http::compression::{
    CompressionLayer,
    predicate::{NotForContentType, Predicate, SizeAbove},
};

async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async { axum::serve(listener, app).await });
    address
}

/// Answers one request, of any method, with a body that the test feeds.
fn probe() -> (Probe, Router) {
    let (probe, body) = body();
    let body = Once::new(body);
    let answer = async move |method: Method| body.take().method(method).into_http();
    (probe, Router::new().route("/", axum::routing::any(answer)))
}

#[tokio::test]
async fn the_body_is_dropped_at_once_when_the_connection_is_closed_or_reset() {
    for leave in [Client::close, Client::reset] {
        let (mut probe, app) = probe();
        let mut client = Client::get(serve(app).await).await;
        client.head().await;
        probe.send([tick(1)]).await;
        assert_eq!(client.next().await, tick(1).to_string());
        assert!(!probe.has_ended());
        leave(client);
        assert_eq!(probe.end().await, End::Dropped);
    }
}

#[tokio::test]
async fn a_client_that_never_reads_is_seen_by_the_sender_and_not_by_the_body() {
    let (mut probe, app) = probe();
    let mut client = Client::get(serve(app).await).await;
    client.head().await;
    send_until_stalled(&probe, Duration::from_millis(100)).await;
    assert!(!probe.has_ended());
    client.reset();
    assert_eq!(probe.end().await, End::Dropped);
}

#[tokio::test]
async fn head_has_the_headers_and_no_stream() {
    let (mut probe, app) = probe();
    let mut client = Client::connect(serve(app).await).await;
    client.write("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let head = client.head().await;
    assert!(head.starts_with("http/1.1 200 ok\r\n"), "{head}");
    assert!(head.contains("\r\ncontent-type: text/event-stream\r\n"), "{head}");
    assert!(!head.contains("\r\ncontent-length:"), "{head}");
    assert_eq!(probe.end().await, End::Finished);
    assert_eq!(probe.polls(), 0);
}

#[tokio::test(start_paused = true)]
async fn silence_is_interrupted() {
    let ping = KeepAlive::every(Duration::from_secs(5)).comment("ping");
    let answer = async |State(ping): State<KeepAlive>| {
        Body::new(stream::pending::<Event>()).keep_alive(ping).into_http()
    };
    let mut client = Client::get(serve(Router::new().route("/", get(answer)).with_state(ping)).await).await;
    client.head().await;
    let start = Instant::now();
    assert_eq!(client.next().await, ": ping\n\n");
    assert_eq!(start.elapsed().as_secs(), 5);
}

#[tokio::test]
async fn a_client_goes_on_after_its_last_event_or_is_told_what_is_wrong() {
    let answer = async |headers: axum::http::HeaderMap| match last_event_id::from_headers(&headers) {
        Ok(id) => {
            let event = Event::new().data(format_args!("after {id:?}"));
            Body::new(stream::iter([event])).into_http().into_response()
        }
        Err(error) => (axum::http::StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    };
    let address = serve(Router::new().route("/", get(answer))).await;
    let long = "x".repeat(5000);
    for (id, expected) in [
        ("7", "data: after Some(\"7\")\n\n"),
        ("é", "data: after Some(\"é\")\n\n"),
        ("", "data: after None\n\n"),
        (&*long, "the last event ID is 5000 bytes long; at most 4096 are accepted"),
    ] {
        let mut client = Client::connect(address).await;
        client.write(&format!("GET / HTTP/1.1\r\nHost: x\r\nLast-Event-ID: {id}\r\n\r\n")).await;
        let head = client.head().await;
        if id == long {
            assert!(head.starts_with("http/1.1 400 "), "{head}");
            assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", expected.len())), "{head}");
        } else {
            assert_eq!(client.rest().await, expected);
        }
    }
}

/// As the docs say: by default the layer leaves event streams alone.
#[tokio::test]
async fn a_compressing_layer_lets_every_event_through_at_once() {
    let all_but_streams = SizeAbove::new(0).and(NotForContentType::const_new("text/event-stream"));
    for by_default in [true, false] {
        let (probe, app) = probe();
        let app = app.route("/page", get("x".repeat(1000)));
        let app = if by_default {
            app.layer(CompressionLayer::new())
        } else {
            app.layer(CompressionLayer::new().compress_when(all_but_streams.clone()))
        };
        let address = serve(app).await;
        let mut page = Client::connect(address).await;
        page.write("GET /page HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n").await;
        assert!(page.head().await.contains("\r\ncontent-encoding: gzip\r\n"), "the layer works");

        let mut client = Client::connect(address).await;
        client.write("GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n").await;
        let head = client.head().await;
        assert!(!head.contains("\r\ncontent-encoding:"), "{head}");
        for n in 0..10 {
            // Each is read before the next is sent.
            probe.send([tick(n)]).await;
            assert_eq!(client.next().await, tick(n).to_string());
        }
    }
}

#[tokio::test]
async fn a_handler_returns_the_body_itself() {
    async fn handler() -> Body<stream::Iter<std::array::IntoIter<Event, 1>>> {
        Body::new(stream::iter([tick(1)]))
    }
    let mut client = Client::get(serve(Router::new().route("/", get(handler))).await).await;
    let head = client.head().await;
    assert!(head.contains("\r\ncontent-type: text/event-stream\r\n"), "{head}");
    assert_eq!(client.rest().await, tick(1).to_string());
}
