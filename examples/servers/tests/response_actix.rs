//! A response body in actix-web: when it notices that a client has left, `HEAD`, keep-alive, and shutdown.

use crate::{
    feed::Once,
    live::{Client, body, in_time, send_until_stalled, tick},
};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, dev::ServerHandle, rt::System, web};
use bytes::Bytes;
use futures_util::stream::{self, Stream};
use sse_wire::{
    Event,
    response::{self, Body, End, KeepAlive, Shutdown},
};
use std::{
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    thread,
    time::Duration,
};

/// A server that answers the first request with this body. It ends with the test's process, or when it is told to.
fn serve<B>(
    half_closed: bool,
    body: impl FnOnce(&HttpRequest) -> B + Send + 'static,
) -> (SocketAddr, ServerHandle)
where
    B: Stream<Item = Result<Bytes, Infallible>> + 'static,
{
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a listener");
    let address = listener.local_addr().expect("an address");
    let body = Once::new(body);
    let app = move || {
        let body = body.clone();
        let answer = move |request: HttpRequest| {
            let mut response = HttpResponse::Ok();
            response::headers().for_each(|header| _ = response.insert_header(header));
            let response = response.streaming(body.take()(&request));
            async { response }
        };
        App::new().default_service(web::to(answer))
    };
    let (sender, handle) = std::sync::mpsc::channel();
    thread::spawn(move || {
        System::new().block_on(async {
            let server = HttpServer::new(app).workers(1).disable_signals().h1_allow_half_closed(half_closed);
            let server = server.listen(listener).expect("a server").run();
            sender.send(server.handle()).expect("the test waits");
            server.await.expect("no error");
        });
    });
    (address, handle.recv().expect("the server starts"))
}

#[tokio::test]
async fn a_client_that_closes_is_seen_in_silence_only_if_half_closed_connections_are_not_allowed() {
    for half_closed in [false, true] {
        let (mut probe, body) = body();
        let (address, _) = serve(half_closed, |_| body);
        let mut client = Client::get(address).await;
        client.head().await;
        probe.send([tick(1)]).await;
        assert_eq!(client.next().await, tick(1).to_string());
        assert!(!probe.has_ended());
        client.close();
        if half_closed {
            // The body is still asked for more. Only the second write shows that nobody is there.
            probe.send([tick(2)]).await;
            assert!(!probe.has_ended());
            while probe.events.send(tick(3)).await.is_ok() {}
        }
        assert_eq!(probe.end().await, End::Dropped);
    }
}

#[tokio::test]
async fn a_client_that_resets_is_seen_in_silence() {
    for half_closed in [false, true] {
        let (mut probe, body) = body();
        let (address, _) = serve(half_closed, |_| body);
        let mut client = Client::get(address).await;
        client.head().await;
        client.reset();
        assert_eq!(probe.end().await, End::Dropped);
    }
}

#[tokio::test]
async fn a_client_that_never_reads_is_seen_by_the_sender_and_not_by_the_body() {
    let (mut probe, body) = body();
    let (address, _) = serve(false, |_| body);
    let mut client = Client::get(address).await;
    client.head().await;
    send_until_stalled(&probe, Duration::from_millis(100)).await;
    assert!(!probe.has_ended());
    client.reset();
    assert_eq!(probe.end().await, End::Dropped);
}

#[tokio::test]
async fn head_has_the_headers_and_no_stream() {
    for tells_method in [true, false] {
        let (mut probe, body) = body();
        let answer = move |request: &HttpRequest| {
            if tells_method { body.method(request.method()) } else { body }
        };
        let (address, _) = serve(false, answer);
        let mut client = Client::connect(address).await;
        client.write("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n").await;
        let head = client.head().await;
        assert!(head.starts_with("http/1.1 200 ok\r\n"), "{head}");
        assert!(head.contains("\r\ncontent-type: text/event-stream\r\n"), "{head}");
        if tells_method {
            assert_eq!(probe.end().await, End::Finished);
            assert_eq!(probe.polls(), 0);
        } else {
            // actix itself reads the body, and discards what it reads.
            probe.send([tick(1)]).await;
            assert!(probe.polls() > 0);
        }
    }
}

#[tokio::test]
async fn silence_is_interrupted() {
    let ping = KeepAlive::every(Duration::from_millis(1)).comment("ping");
    let (address, _) = serve(false, |_| Body::new(stream::pending::<Event>()).keep_alive(ping));
    let mut client = Client::get(address).await;
    client.head().await;
    for _ in 0..3 {
        // Comments in quick succession are one chunk.
        assert!(client.next().await.starts_with(": ping\n\n"));
    }
}

#[tokio::test]
async fn a_shutdown_ends_the_stream_and_lets_the_server_stop() {
    let shutdown = Shutdown::builder().farewell(Event::new().event("bye")).retry(7..=7).build();
    let (mut probe, body) = body();
    let body = body.shutdown(&shutdown);
    let (address, server) = serve(false, |_| body);
    let mut client = Client::get(address).await;
    client.head().await;
    probe.send([tick(1)]).await;
    shutdown.begin();
    in_time(server.stop(true)).await;
    assert_eq!(client.rest().await, tick(1).to_string() + "event: bye\ndata: \n\nretry: 7\n\n");
    assert_eq!(probe.end().await, End::ShutDown);
}
