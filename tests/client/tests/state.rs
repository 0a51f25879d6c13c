//! What a source knows when it has ended.

use sse_wire::{AsyncEventSource, EventSource};
use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    thread::{self, JoinHandle},
    time::Duration,
};

/// A server that sends one event, and the connection, which stays open for as long as this is kept.
fn serve() -> (String, JoinHandle<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(socket.try_clone().unwrap()).lines();
        while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
        socket.write_all(head.as_bytes()).unwrap();
        socket.write_all(b"id: 7\nretry: 1234\ndata: [DONE]\n\n").unwrap();
        socket
    });
    (url, server)
}

#[test]
fn a_source_that_has_ended_knows_where_to_go_on() {
    let (url, server) = serve();
    let mut source = EventSource::builder(&url).until_data("[DONE]").build().unwrap();
    assert!(source.next().is_none());
    assert_eq!(source.last_event_id(), "7");
    assert_eq!(source.reconnection_time(), Duration::from_millis(1234));
    server.join().unwrap();
}

#[tokio::test]
async fn an_async_source_that_has_ended_knows_where_to_go_on() {
    let (url, server) = serve();
    let mut source = AsyncEventSource::builder(&url).until_data("[DONE]").build_async().unwrap();
    assert!(source.next().await.is_none());
    assert_eq!(source.last_event_id(), "7");
    assert_eq!(source.reconnection_time(), Duration::from_millis(1234));
    server.join().unwrap();
}
