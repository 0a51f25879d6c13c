//! Graceful shutdown of hyper and axum with a thousand open streams, over HTTP/1.1 and HTTP/2.

use crate::{
    live::{Client, in_time, tick},
    node::allow_open_files,
    support,
};
use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, future, stream};
use http_body_util::{BodyExt, Empty};
use hyper::{Request, body::Incoming, client::conn::http2, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::{conn::auto, graceful::GracefulShutdown},
};
use sse_wire::{
    Event,
    response::{Body, End, Shutdown},
};
use std::{
    collections::HashSet,
    convert::Infallible,
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinHandle,
};

const STREAMS: usize = 1000;

/// When all streams, and the server with them, must have ended.
const DEADLINE: Duration = Duration::from_secs(20);

/// The retry times that clients are given.
const RETRY: std::ops::RangeInclusive<u64> = 1000..=61_000;

/// What the test and the handlers share.
#[derive(Clone)]
struct State {
    shutdown: Shutdown,
    ends: mpsc::UnboundedSender<End>,
}

/// Every second source ends in its own way when the shutdown begins; the others never end.
fn body(state: State, n: usize) -> Body<impl futures_util::Stream<Item = Event> + Send + 'static> {
    let begun = if n.is_multiple_of(2) { state.shutdown.begun().boxed() } else { future::pending().boxed() };
    let last = stream::once(begun).map(|()| Event::new().event("last"));
    let ends = state.ends.clone();
    Body::new(stream::iter([tick(1)]).chain(last)).shutdown(&state.shutdown).on_end(move |end| {
        let _ = ends.send(end);
    })
}

/// A server that stops accepting when the shutdown begins, and ends with its last connection.
async fn hyper(state: State) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let address = listener.local_addr().expect("an address");
    let server = tokio::spawn(async move {
        let connections = GracefulShutdown::new();
        let (server, mut n) = (auto::Builder::new(TokioExecutor::new()), 0);
        let mut begun = state.shutdown.begun();
        loop {
            let (socket, _) = tokio::select! {
                accepted = listener.accept() => accepted.expect("a connection"),
                () = &mut begun => break,
            };
            n += 1;
            let state = state.clone();
            let answer = service_fn(move |request: Request<Incoming>| {
                let n = request.uri().query().map_or(n, |n| n.parse().expect("a number"));
                future::ready(Ok::<_, Infallible>(body(state.clone(), n).into_http()))
            });
            let connection = server.serve_connection(TokioIo::new(socket), answer).into_owned();
            tokio::spawn(connections.watch(connection));
        }
        connections.shutdown().await;
    });
    (address, server)
}

async fn axum(state: State) -> (SocketAddr, JoinHandle<()>) {
    use axum::{Router, extract, routing::get};
    use std::sync::{Arc, atomic::AtomicUsize, atomic::Ordering::Relaxed};

    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let address = listener.local_addr().expect("an address");
    let begun = state.shutdown.begun();
    let count = Arc::new(AtomicUsize::new(0));
    let events = |extract::State(state): extract::State<State>| async move {
        body(state, count.fetch_add(1, Relaxed)).into_http()
    };
    let app = Router::new().route("/", get(events)).with_state(state);
    let server = axum::serve(listener, app).with_graceful_shutdown(begun);
    (address, tokio::spawn(async { server.await.expect("no error") }))
}

/// Opens the streams and returns what reads each to its end.
async fn open_http1(address: SocketAddr) -> Vec<JoinHandle<String>> {
    allow_open_files(2 * STREAMS as u64 + 200);
    let mut clients = Vec::new();
    for _ in 0..STREAMS {
        let mut client = Client::get(address).await;
        client.head().await;
        assert_eq!(client.next().await, tick(1).to_string());
        clients.push(tokio::spawn(async move { client.rest().await }));
    }
    clients
}

async fn open_http2(address: SocketAddr) -> Vec<JoinHandle<String>> {
    let mut clients = Vec::new();
    for connection in 0..STREAMS / 100 {
        let socket = TcpStream::connect(address).await.expect("a connection");
        let (mut client, driver) =
            http2::handshake::<_, _, Empty<Bytes>>(TokioExecutor::new(), TokioIo::new(socket))
                .await
                .expect("HTTP/2");
        tokio::spawn(driver);
        for stream in 0..100 {
            let uri = format!("http://x/?{}", 100 * connection + stream);
            let request = Request::get(uri).body(Empty::new()).expect("a request");
            let mut body = in_time(client.send_request(request)).await.expect("a response").into_body();
            let first = in_time(body.frame()).await.expect("a frame").expect("no error");
            assert_eq!(first.into_data().expect("data"), tick(1).to_string());
            clients.push(tokio::spawn(async move {
                let rest = body.collect().await.expect("an orderly end").to_bytes();
                String::from_utf8(rest.into()).expect("text")
            }));
        }
    }
    clients
}

async fn check<S, C>(
    start: impl FnOnce(State) -> S,
    open: impl FnOnce(SocketAddr) -> C,
    begin: impl FnOnce(&Shutdown),
) where
    S: Future<Output = (SocketAddr, JoinHandle<()>)>,
    C: Future<Output = Vec<JoinHandle<String>>>,
{
    let (told, mut ends) = mpsc::unbounded_channel();
    let shutdown = Shutdown::builder().farewell(Event::new().event("bye")).retry(RETRY).build();
    let (address, server) = start(State { shutdown: shutdown.clone(), ends: told }).await;
    let clients = open(address).await;
    assert_eq!(shutdown.streams(), STREAMS);

    let beginning = Instant::now();
    begin(&shutdown);
    in_time(shutdown.finished()).await;
    in_time(server).await.expect("no panic");
    let duration = beginning.elapsed();
    assert!(duration < DEADLINE, "{duration:?}");
    println!("{STREAMS} streams ended in {duration:?}");

    let mut retries = HashSet::new();
    let mut own = 0;
    for client in clients {
        let rest = in_time(client).await.expect("no panic");
        own += usize::from(rest.contains("event: last\n"));
        let (_, retry) = rest.split_once("event: bye\ndata: \n\nretry: ").expect("the farewell");
        let retry = retry.strip_suffix("\n\n").expect("a whole block").parse().expect("a number");
        assert!(RETRY.contains(&retry));
        retries.insert(retry);
    }
    assert!(retries.len() > STREAMS * 9 / 10, "only {} different retries", retries.len());
    assert_eq!(own, STREAMS / 2, "sources end in their own way");
    for _ in 0..STREAMS {
        assert_eq!(ends.recv().await, Some(End::ShutDown));
    }
    assert!(ends.recv().await.is_none(), "each is told once");
}

/// Sources that do not end by themselves are cut off soon; the server ends long before its deadline.
fn soon(shutdown: &Shutdown) {
    shutdown.begin_within(Duration::from_millis(500));
}

/// All sources are cut off at once.
fn now(shutdown: &Shutdown) {
    shutdown.begin();
}

#[tokio::test]
async fn hyper_over_http1() {
    check(hyper, open_http1, soon).await;
}

#[tokio::test]
async fn hyper_over_http2() {
    check(hyper, open_http2, soon).await;
}

#[tokio::test]
async fn axum_over_http1() {
    check(axum, open_http1, now).await;
}

#[tokio::test]
async fn axum_over_http2() {
    check(axum, open_http2, now).await;
}

#[test]
fn the_examples_end_their_streams_when_they_are_told_to_stop() {
    use rustix::process::{Pid, Signal, kill_process};
    let programs = [env!("CARGO_BIN_EXE_hyper"), env!("CARGO_BIN_EXE_axum"), env!("CARGO_BIN_EXE_actix")];
    let signals = [Signal::INT, Signal::TERM, Signal::INT];
    for (program, signal) in programs.into_iter().zip(signals) {
        let example = support::Example::start(program.as_ref());
        let mut stream = support::Stream::get(&format!("http://{}/events", example.address()));
        stream.expect(support::FIRST_SECOND);
        let process = Pid::from_raw(example.process_id() as i32).expect("a process");
        kill_process(process, signal).expect("it runs");
        let rest = stream.read_to_end();
        let (_, retry) = rest.rsplit_once("retry: ").expect("a last retry");
        let retry: u64 = retry.trim_end().parse().expect("a number");
        assert!((1000..=5000).contains(&retry), "{rest:?}");
        assert!(example.wait().success());
    }
}
