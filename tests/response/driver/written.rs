//! What is written, and in how many writes.

use super::{run, silent, tick};
use sse_wire::{
    Event, Sse,
    response::{End, Framing, Sender},
};
use std::{
    io::{self, Write},
    thread,
};

#[test]
fn the_whole_response() {
    let headers = "content-type: text/event-stream\r\n\
        cache-control: no-cache, no-transform\r\n\
        x-accel-buffering: no\r\n";
    for (framing, expected) in [
        (
            Framing::Chunked,
            format!(
                "HTTP/1.1 200 OK\r\n{headers}transfer-encoding: chunked\r\n\r\n\
                 f\r\nid: 1\ndata: 1\n\n\r\n0\r\n\r\n"
            ),
        ),
        (
            Framing::UntilClose,
            format!("HTTP/1.1 200 OK\r\n{headers}connection: close\r\n\r\nid: 1\ndata: 1\n\n"),
        ),
        (Framing::HeadersOnly, format!("HTTP/1.1 200 OK\r\n{headers}connection: close\r\n\r\n")),
        (Framing::BodyOnly, "id: 1\ndata: 1\n\n".to_owned()),
    ] {
        let (sender, driver) = silent(framing);
        sender.send(tick(1)).unwrap();
        drop(sender);
        let mut response = Vec::new();
        assert_eq!(driver.run(&mut response).unwrap(), End::Finished);
        assert_eq!(String::from_utf8(response).unwrap(), expected, "{framing:?}");
    }
}

#[test]
fn headers_can_be_added_and_replaced() {
    let (_, driver) = silent(Framing::UntilClose);
    let driver = driver.header("Cache-Control", "no-store").unwrap();
    let driver = driver.header("Access-Control-Allow-Origin", "*").unwrap();
    let driver = driver.header("Set-Cookie", "a=1").unwrap().header("set-cookie", "b=2").unwrap();
    let mut response = Vec::new();
    driver.run(&mut response).unwrap();
    assert_eq!(
        String::from_utf8(response).unwrap(),
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-accel-buffering: no\r\n\
         Cache-Control: no-store\r\nAccess-Control-Allow-Origin: *\r\n\
         Set-Cookie: a=1\r\nset-cookie: b=2\r\nconnection: close\r\n\r\n"
    );
}

#[test]
fn a_batch_is_one_write() {
    let (sender, driver) = silent(Framing::UntilClose);
    let (client, driver) = run(driver);
    client.see();
    // The driver is writing the head. What is sent meanwhile is written together.
    let all: String = (0..500).map(|n| tick(n).to_string()).collect();
    for n in 0..500 {
        sender.send(tick(n)).unwrap();
    }
    client.allow();
    assert_eq!(client.next(), all);
    sender.send(tick(1)).unwrap();
    assert_eq!(client.next(), tick(1).to_string());
    drop(sender);
    assert_eq!(driver.join().unwrap().unwrap(), End::Finished);
}

#[test]
fn a_buffer_is_sent_and_emptied() {
    let (sender, driver) = silent(Framing::UntilClose);
    let mut sse = Sse::new();
    sse.add_data("1");
    sender.send(&mut sse).unwrap();
    assert!(sse.is_empty());
    sender.send(&mut sse).unwrap();
    sse.add_data("2");
    sender.send(sse.next().unwrap()).unwrap();
    drop(sender);
    let (client, _driver) = run(driver);
    client.next();
    assert_eq!(client.next(), "retry: 2000\n\ndata: 1\n\ndata: 2\n\n");
}

#[test]
fn many_threads_send_whole_events() {
    const EACH: u32 = 200;
    let (sender, driver) = silent(Framing::UntilClose);
    let sender_of = |name: &'static str, sender: Sender| {
        thread::spawn(move || {
            for n in 0..EACH {
                sender.send(Event::new().event(name).data(["two", "lines"]).id(n)).unwrap();
            }
        })
    };
    let threads = [sender_of("a", sender.clone()), sender_of("b", sender.clone()), sender_of("c", sender)];
    // So small that each thread has to wait.
    let mut response = Vec::new();
    assert_eq!(driver.capacity(100).run(&mut response).unwrap(), End::Finished);
    threads.into_iter().for_each(|thread| thread.join().unwrap());

    let response = String::from_utf8(response).unwrap();
    let (_, body) = response.split_once("\r\n\r\n").unwrap();
    let events: Vec<_> = body.split("\n\n").filter(|block| block.starts_with("event")).collect();
    for name in ["a", "b", "c"] {
        let own: Vec<_> = events.iter().filter(|event| event[7..].starts_with(name)).collect();
        let expected: Vec<_> =
            (0..EACH).map(|n| format!("event: {name}\ndata: two\ndata: lines\nid: {n}")).collect();
        assert!(own.into_iter().eq(&expected), "{name}");
    }
}

/// A connection that accepts ten bytes at most, and is interrupted every other time.
#[derive(Default)]
struct Interrupted {
    taken: Vec<u8>,
    is_next: bool,
}

impl Interrupted {
    fn interrupt(&mut self) -> io::Result<()> {
        self.is_next ^= true;
        if self.is_next { Err(io::ErrorKind::Interrupted.into()) } else { Ok(()) }
    }
}

impl Write for Interrupted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.interrupt()?;
        self.taken.write(&bytes[..bytes.len().min(10)])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.interrupt()
    }
}

#[test]
fn an_interruption_is_not_an_error() {
    let (sender, driver) = silent(Framing::UntilClose);
    sender.send(tick(1)).unwrap();
    drop(sender);
    let mut connection = Interrupted::default();
    assert_eq!(driver.run(&mut connection).unwrap(), End::Finished);
    assert!(connection.taken.ends_with(("\r\n\r\n".to_owned() + &tick(1).to_string()).as_bytes()));
}
