//! hyper: a body that is fed event by event, a body of buffered events, both over HTTP/1.1 and HTTP/2, and
//! the example.

use crate::{
    feed::{Once, feed},
    support::{self, Stream},
};
use bytes::Bytes;
use futures_util::StreamExt;
use http_body_util::{BodyExt, StreamBody};
use hyper::{
    Request, Response, Version,
    body::{Body, Frame, Incoming},
    client::conn::http2,
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use sse_wire::Sse;
use std::{error::Error, net::Ipv4Addr, path::Path};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Runtime,
    time::timeout,
};

/// A server that answers one request, for as long as the runtime lives. Returns its address.
fn serve<B>(runtime: &Runtime, body: B) -> String
where
    B: Body<Data = Bytes, Error: Error + Send + Sync> + Send + 'static,
{
    let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).expect("a listener");
    let address = listener.local_addr().expect("an address").to_string();
    let body = Once::new(body);
    let answer = service_fn(move |_| {
        let head =
            support::HEADERS.into_iter().fold(Response::builder(), |r, (name, value)| r.header(name, value));
        let response = head.body(body.take());
        async { response }
    });
    runtime.spawn(async move {
        let (socket, _) = listener.accept().await.expect("a connection");
        let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(socket), answer).await;
    });
    address
}

fn runtime() -> Runtime {
    Runtime::new().expect("a runtime")
}

#[test]
fn each_event_is_sent_at_once() {
    let runtime = runtime();
    let (sender, events) = feed();
    let address = serve(&runtime, StreamBody::new(events.map(|bytes| bytes.map(Frame::data))));
    support::expect_each_event_at_once(&format!("http://{address}/"), move |event| {
        sender.blocking_send(event).expect("the handler waits");
    });
}

#[test]
fn the_body_is_dropped_when_the_client_leaves() {
    let runtime = runtime();
    let (sender, events) = feed();
    let address = serve(&runtime, StreamBody::new(events.map(|bytes| bytes.map(Frame::data))));
    support::expect_the_handler_to_end_when_the_client_leaves(&format!("http://{address}/"), move |event| {
        sender.blocking_send(event).is_ok()
    });
}

#[test]
fn what_is_buffered_is_a_body() {
    let runtime = runtime();
    let (sse, text) = support::whole();
    let address = serve(&runtime, sse.into_body());
    let mut stream = Stream::get(&format!("http://{address}/"));
    stream.expect_event_stream();
    assert_eq!(stream.header("Content-Length"), Some(text.len().to_string().as_str()));
    assert_eq!(stream.read_to_end(), text);
}

#[test]
fn nothing_buffered_is_an_empty_body() {
    let runtime = runtime();
    let address = serve(&runtime, Sse::without_retry().into_body());
    let mut stream = Stream::get(&format!("http://{address}/"));
    assert_eq!(stream.header("Content-Length"), Some("0"));
    assert_eq!(stream.read_to_end(), "");
}

/// A test must not wait forever.
async fn in_time<T>(test: impl Future<Output = T>) -> T {
    timeout(support::PATIENCE, test).await.expect("no longer than that")
}

/// Makes requests over HTTP/2 only.
async fn get_http2(address: &str, path: &str) -> Response<Incoming> {
    let socket = TcpStream::connect(address).await.expect("a connection");
    let (mut client, connection) =
        http2::handshake::<_, _, http_body_util::Empty<Bytes>>(TokioExecutor::new(), TokioIo::new(socket))
            .await
            .expect("HTTP/2");
    tokio::spawn(connection);
    let request =
        Request::get(format!("http://{address}{path}")).body(Default::default()).expect("a request");
    let response = client.send_request(request).await.expect("a response");
    assert_eq!(response.version(), Version::HTTP_2);
    assert_eq!(response.status(), 200);
    support::expect_headers(response.headers());
    response
}

/// Reads frames until they contain as many bytes as `expected`.
async fn expect(body: &mut Incoming, expected: &str) {
    let mut bytes = Vec::new();
    while bytes.len() < expected.len() {
        let frame = body.frame().await.expect("more frames").expect("no error");
        bytes.extend(frame.into_data().expect("data"));
    }
    assert_eq!(String::from_utf8_lossy(&bytes), expected);
}

#[test]
fn http2_sends_each_event_at_once() {
    let runtime = runtime();
    let (sender, events) = feed();
    let address = serve(&runtime, StreamBody::new(events.map(|bytes| bytes.map(Frame::data))));
    runtime.block_on(in_time(async {
        let mut body = get_http2(&address, "/").await.into_body();
        expect(&mut body, "retry: 2000\n\n").await;
        for event in support::events() {
            sender.send(event.clone()).await.expect("the handler waits");
            expect(&mut body, &event.to_string()).await;
        }
        drop(sender);
        assert_eq!(body.collect().await.expect("no error").to_bytes(), "");
    }));
}

#[test]
fn http2_drops_the_body_when_the_client_leaves() {
    let runtime = runtime();
    let (sender, events) = feed();
    let address = serve(&runtime, StreamBody::new(events.map(|bytes| bytes.map(Frame::data))));
    runtime.block_on(in_time(async {
        let mut body = get_http2(&address, "/").await.into_body();
        expect(&mut body, "retry: 2000\n\n").await;
        drop(body);
        // The handler finds out without sending an event.
        sender.closed().await;
    }));
}

#[test]
fn what_is_buffered_is_a_body_of_http2() {
    let runtime = runtime();
    let (sse, text) = support::whole();
    let address = serve(&runtime, sse.into_body());
    runtime.block_on(in_time(async {
        let body = get_http2(&address, "/").await.into_body();
        let bytes = body.collect().await.expect("no error").to_bytes();
        assert_eq!(String::from_utf8_lossy(&bytes), text);
    }));
}

#[test]
fn the_example() {
    let program = Path::new(env!("CARGO_BIN_EXE_hyper"));
    support::expect_an_example_server(program);
}

#[test]
fn the_example_over_http2() {
    let example = support::Example::start(Path::new(env!("CARGO_BIN_EXE_hyper")));
    runtime().block_on(in_time(async {
        let mut body = get_http2(example.address(), "/events").await.into_body();
        expect(&mut body, support::FIRST_SECOND).await;
    }));
}
