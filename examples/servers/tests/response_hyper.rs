//! A response body in hyper, over HTTP/1.1 and HTTP/2: when it notices that a client has left, `HEAD`, errors,
//! batches, keep-alive, and a client that never reads.

use crate::{
    feed::Once,
    live::{Client, Probe, body, in_time, send_until_stalled, tick},
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body_util::{BodyExt, Empty};
use hyper::{
    Method, Request, Response, Version,
    body::{Body as HttpBody, Incoming},
    client::conn::http2::{self, SendRequest},
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use sse_wire::{
    Event,
    response::{Body, End, KeepAlive, Shutdown},
};
use std::{convert::Infallible, error::Error, net::SocketAddr, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::{Instant, timeout},
};

/// A server for one connection, which sends the response that `answer` makes for the request's method.
async fn serve<B>(
    answer: impl Fn(&Method) -> Response<B> + Send + Sync + 'static,
) -> (SocketAddr, JoinHandle<()>)
where
    B: HttpBody<Data = Bytes, Error: Error + Send + Sync> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let address = listener.local_addr().expect("an address");
    let connection = tokio::spawn(async move {
        let (socket, _) = listener.accept().await.expect("a connection");
        // Without this, the kernel holds back a small event while an earlier one is in flight.
        socket.set_nodelay(true).expect("an option of TCP");
        let answer = service_fn(|request: Request<Incoming>| {
            let response = answer(request.method());
            async { Ok::<_, Infallible>(response) }
        });
        let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(socket), answer).await;
    });
    (address, connection)
}

/// A server that answers one request with a body that the test feeds.
async fn serve_probe() -> (Probe, SocketAddr, JoinHandle<()>) {
    let (probe, body) = body();
    let body = Once::new(body);
    let (address, connection) = serve(move |method| body.take().method(method).into_http()).await;
    (probe, address, connection)
}

async fn http2(address: SocketAddr) -> SendRequest<Empty<Bytes>> {
    let socket = TcpStream::connect(address).await.expect("a connection");
    let (client, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(socket)).await.expect("HTTP/2");
    tokio::spawn(connection);
    client
}

async fn request(client: &mut SendRequest<Empty<Bytes>>, method: Method) -> Response<Incoming> {
    let request = Request::builder().method(method).uri("http://x/").body(Empty::new()).expect("a request");
    let response = in_time(client.send_request(request)).await.expect("a response");
    assert_eq!(response.version(), Version::HTTP_2);
    response
}

/// The next frame of a body over HTTP/2.
async fn next(body: &mut Incoming) -> Bytes {
    in_time(body.frame()).await.expect("a frame").expect("no error").into_data().expect("data")
}

// --- a client that leaves ---

#[tokio::test]
async fn http1_drops_the_body_at_once_when_the_connection_is_closed_or_reset() {
    for leave in [Client::close, Client::reset] {
        let (mut probe, address, _) = serve_probe().await;
        let mut client = Client::get(address).await;
        client.head().await;
        probe.send([tick(1)]).await;
        assert_eq!(client.next().await, tick(1).to_string());
        assert!(!probe.has_ended());
        leave(client);
        // Nothing is sent.
        assert_eq!(probe.end().await, End::Dropped);
    }
}

#[tokio::test]
async fn http1_sees_no_fin_behind_pipelined_bytes() {
    let (mut probe, address, _) = serve_probe().await;
    let mut client = Client::get(address).await;
    client.head().await;
    client.write("GET /next HTTP/1.1\r\n").await;
    probe.send([tick(1)]).await;
    assert_eq!(client.next().await, tick(1).to_string());
    client.close();
    // The body is still asked for more. Only the second write shows that nobody is there.
    probe.send([tick(2)]).await;
    assert!(!probe.has_ended());
    while probe.events.send(tick(3)).await.is_ok() {}
    assert_eq!(probe.end().await, End::Dropped);
}

#[tokio::test]
async fn http2_drops_the_body_at_once_when_the_stream_or_the_connection_is_closed() {
    for close_connection in [false, true] {
        let (mut probe, address, _) = serve_probe().await;
        let mut client = http2(address).await;
        let mut body = request(&mut client, Method::GET).await.into_body();
        probe.send([tick(1)]).await;
        assert_eq!(next(&mut body).await, tick(1).to_string());
        assert!(!probe.has_ended());
        if close_connection {
            drop(client);
        }
        drop(body);
        assert_eq!(probe.end().await, End::Dropped);
    }
}

#[tokio::test]
async fn a_body_is_dropped_before_its_first_poll_if_the_response_is() {
    let (mut probe, body) = body();
    drop(body.into_http());
    assert_eq!(probe.end().await, End::Dropped);
    assert_eq!(probe.polls(), 0);
}

#[tokio::test]
async fn a_stream_that_ends_is_finished() {
    let (mut probe, address, _) = serve_probe().await;
    let mut client = Client::get(address).await;
    client.head().await;
    probe.send([tick(1)]).await;
    drop(probe.events.clone());
    let (events, _) = tokio::sync::mpsc::channel(1);
    drop(std::mem::replace(&mut probe.events, events));
    assert_eq!(client.rest().await, tick(1).to_string());
    assert_eq!(probe.end().await, End::Finished);
}

// --- HEAD ---

#[tokio::test]
async fn head_has_the_headers_and_no_stream() {
    let probes = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let answer = {
        let probes = probes.clone();
        move |method: &Method| {
            let (probe, body) = body();
            probes.lock().unwrap().push(probe);
            body.method(method).into_http()
        }
    };
    let (address, _) = serve(answer.clone()).await;
    let mut client = Client::connect(address).await;
    for _ in 0..2 {
        client.write("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n").await;
        let head = client.head().await;
        assert!(head.starts_with("http/1.1 200 ok\r\n"), "{head}");
        assert!(head.contains("\r\ncontent-type: text/event-stream\r\n"), "{head}");
        assert!(!head.contains("\r\ncontent-length:") && !head.contains("\r\nconnection:"), "{head}");
    }
    let (address, _) = serve(answer).await;
    let mut client = http2(address).await;
    let response = request(&mut client, Method::HEAD).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(response.into_body().collect().await.expect("no error").to_bytes(), "");

    let probes = std::mem::take(&mut *probes.lock().unwrap());
    assert_eq!(probes.len(), 3);
    for mut probe in probes {
        assert_eq!(probe.end().await, End::Finished);
        assert_eq!(probe.polls(), 0);
    }
}

// --- errors ---

#[tokio::test]
async fn an_error_cuts_the_connection_or_ends_the_body_as_the_hook_says() {
    for is_clean in [true, false] {
        let (told, mut errors) = tokio::sync::mpsc::unbounded_channel();
        let answer = move |_: &Method| {
            let told = told.clone();
            let events = stream::iter([Ok(tick(1)), Err(std::io::Error::other("the database is gone"))]);
            let body = Body::new(events).on_error(move |error| {
                told.send(error.to_string()).expect("the test waits");
                if is_clean { Ok(()) } else { Err(error) }
            });
            body.into_http()
        };
        let (address, _) = serve(answer).await;
        let mut client = Client::get(address).await;
        client.head().await;
        assert_eq!(errors.recv().await.as_deref(), Some("the database is gone"));
        if is_clean {
            assert_eq!(client.rest().await, tick(1).to_string());
        } else {
            // What was ready before the error arrives, but not the chunk that would end the body.
            assert_eq!(client.next().await, tick(1).to_string());
            client.chunk().await.expect_err("no orderly end");
        }
    }
}

// --- batches ---

#[tokio::test]
async fn a_burst_is_a_few_chunks() {
    let all: String = (0..1000).map(|n| tick(n).to_string()).collect();
    let (address, _) =
        serve(|_| Body::new(stream::iter((0..1000).map(tick)).chain(stream::pending())).into_http()).await;
    let mut client = Client::get(address).await;
    client.head().await;
    let (mut text, mut chunks) = (String::new(), 0);
    while text.len() < all.len() {
        text += &client.next().await;
        chunks += 1;
    }
    assert_eq!(text, all);
    assert_eq!(chunks, all.len().div_ceil(16 * 1024), "{} bytes", all.len());
}

// --- time ---

#[tokio::test(start_paused = true)]
async fn silence_is_interrupted_every_15_seconds_and_after_traffic() {
    let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
    let events = Once::new(stream::poll_fn(move |cx| receiver.poll_recv(cx)));
    let (address, _) = serve(move |_| Body::new(events.take()).into_http()).await;
    let mut client = Client::get(address).await;
    client.head().await;
    let start = Instant::now();
    assert_eq!(client.next().await, ":\n\n");
    assert_eq!(start.elapsed().as_secs(), 15);
    // An event, 10 seconds into the next 15.
    tokio::time::sleep(Duration::from_secs(10)).await;
    sender.send(tick(1)).await.expect("the body is there");
    assert_eq!(client.next().await, tick(1).to_string());
    assert_eq!(start.elapsed().as_secs(), 25);
    assert_eq!(client.next().await, ":\n\n");
    assert_eq!(start.elapsed().as_secs(), 40);
}

#[tokio::test(start_paused = true)]
async fn silence_is_interrupted_over_http2() {
    let answer = |_: &Method| {
        let ping = KeepAlive::every(Duration::from_secs(5)).event(Event::new().event("ping"));
        Body::new(stream::pending::<Event>()).keep_alive(ping).into_http()
    };
    let (address, _) = serve(answer).await;
    let mut client = http2(address).await;
    let mut body = request(&mut client, Method::GET).await.into_body();
    let start = Instant::now();
    for n in 1..4 {
        assert_eq!(next(&mut body).await, "event: ping\ndata: \n\n");
        assert_eq!(start.elapsed().as_secs(), 5 * n);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_reads_is_seen_by_the_sender_and_not_by_the_body() {
    let shutdown = Shutdown::new();
    let (mut probe, body) = body();
    let body = Once::new(body.shutdown(&shutdown));
    let (address, connection) = serve(move |_| body.take().into_http()).await;
    let mut client = Client::get(address).await;
    client.head().await;
    send_until_stalled(&probe, Duration::from_secs(30)).await;
    // Neither the end of the events, nor a shutdown, nor the time reaches the body, because hyper does not poll it.
    let polls = probe.polls();
    let (events, _) = tokio::sync::mpsc::channel(1);
    drop(std::mem::replace(&mut probe.events, events));
    shutdown.begin();
    timeout(Duration::from_secs(3600), shutdown.finished()).await.expect_err("a timeout around it helps");
    assert!(!probe.has_ended());
    assert_eq!(probe.polls(), polls);
    // Only the end of the connection ends it.
    connection.abort();
    assert_eq!(probe.end().await, End::Dropped);
    shutdown.finished().await;
    drop(client);
}
