//! The blocking driver, in memory, where every write is seen, over bare TCP, and in tiny_http.

mod client;
mod keep_alive;
mod shutdown;
#[cfg(feature = "stream")]
mod stream;
mod tcp;
mod tiny_http;
mod written;

use sse_wire::{
    Event,
    response::{self, Driver, End, Framing, KeepAlive, SendError, Sender, Source},
};
use std::{
    io::{self, Write},
    sync::mpsc,
    thread,
};

/// A connection on which a test sees each write, and lets it happen.
struct Connection {
    written: mpsc::Sender<Vec<u8>>,
    results: mpsc::Receiver<io::Result<()>>,
    flushed: bool,
}

struct Client {
    written: mpsc::Receiver<Vec<u8>>,
    results: mpsc::Sender<io::Result<()>>,
}

fn connection() -> (Connection, Client) {
    let (written, seen) = mpsc::channel();
    let (allow, results) = mpsc::channel();
    (Connection { written, results, flushed: true }, Client { written: seen, results: allow })
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        assert!(self.flushed, "one write a flush");
        self.flushed = false;
        let _ = self.written.send(bytes.to_vec());
        self.results.recv().unwrap_or(Err(io::ErrorKind::BrokenPipe.into())).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flushed = true;
        Ok(())
    }
}

impl Client {
    /// The next write, which has not returned yet.
    fn see(&self) -> String {
        String::from_utf8(self.written.recv().unwrap()).unwrap()
    }

    fn allow(&self) {
        self.results.send(Ok(())).unwrap();
    }

    fn next(&self) -> String {
        let write = self.see();
        self.allow();
        write
    }
}

/// A driver that runs on a separate thread.
fn run<S: Source + Send + 'static>(driver: Driver<S>) -> (Client, thread::JoinHandle<io::Result<End>>) {
    let (connection, client) = connection();
    (client, thread::spawn(move || driver.run(connection)))
}

fn silent(framing: Framing) -> (Sender, Driver) {
    let (sender, driver) = response::writer(framing);
    (sender, driver.keep_alive(KeepAlive::off()))
}

fn tick(n: u32) -> Event {
    Event::new().id(n).data(n)
}

/// Sends until that fails, without a pause.
fn send_until_it_fails(sender: &Sender) -> SendError {
    (0..).find_map(|n| sender.send(tick(n)).err()).unwrap()
}
