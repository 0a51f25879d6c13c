//! The blocking writer: in memory, where every write is seen, over bare TCP, and in tiny_http.

use sse_wire::{
    Event, Sse,
    response::{self, BlockReader, Driver, End, Framing, KeepAlive, SendError, Sender, Shutdown, Source},
};
use std::{
    error::Error as _,
    io::{self, BufRead, BufReader, Read, Write},
    net::{Shutdown as Direction, TcpListener, TcpStream},
    sync::mpsc,
    thread,
    time::Duration,
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

#[test]
fn silence_is_interrupted() {
    let (sender, driver) = response::writer(Framing::Chunked);
    let (client, driver) = run(driver.keep_alive(KeepAlive::every(Duration::from_millis(1)).comment("ping")));
    client.next();
    for _ in 0..3 {
        assert_eq!(client.next(), "8\r\n: ping\n\n\r\n");
    }
    drop(sender);
    while client.next() != "0\r\n\r\n" {}
    assert_eq!(driver.join().unwrap().unwrap(), End::Finished);
}

#[test]
fn a_computed_keep_alive_may_send_and_may_be_empty() {
    let (sender, driver) = response::writer(Framing::UntilClose);
    let slot = std::sync::Mutex::new(Some(sender));
    let message = move || {
        // The first time it ends the stream.
        if let Some(sender) = slot.lock().unwrap().take() {
            sender.try_send(tick(1)).unwrap();
        }
        Event::new()
    };
    let (client, driver) =
        run(driver.keep_alive(KeepAlive::every(Duration::from_millis(1)).computed(message)));
    client.next();
    assert_eq!(client.next(), tick(1).to_string());
    assert_eq!(driver.join().unwrap().unwrap(), End::Finished);
}

#[test]
fn a_long_silence_may_be_allowed() {
    let (sender, driver) = response::writer(Framing::UntilClose);
    let (client, _driver) = run(driver.keep_alive(KeepAlive::every(Duration::MAX)));
    client.next();
    sender.send(tick(1)).unwrap();
    assert_eq!(client.next(), tick(1).to_string());
}

// --- the client ---

#[test]
fn sending_to_a_client_that_left_says_so() {
    let (sender, driver) = silent(Framing::Chunked);
    let (client, driver) = run(driver);
    client.next();
    sender.send(tick(1)).unwrap();
    client.see();
    client.results.send(Err(io::Error::from(io::ErrorKind::ConnectionReset))).unwrap();
    assert_eq!(driver.join().unwrap().unwrap_err().kind(), io::ErrorKind::ConnectionReset);

    let mut sse = Sse::without_retry();
    sse.add_data("kept");
    for _ in 0..2 {
        let error = sender.send(&mut sse).unwrap_err();
        assert_eq!(error.to_string(), "the client left");
        let source = error.source().unwrap().downcast_ref::<io::Error>().unwrap();
        assert_eq!(source.kind(), io::ErrorKind::ConnectionReset);
    }
    assert_eq!(sse.to_string(), "data: kept\n\n");
    assert!(matches!(sender.try_send(tick(1)), Err(SendError::ClientLeft { .. })));
}

#[test]
fn a_full_queue_makes_a_sender_wait() {
    let (sender, driver) = silent(Framing::UntilClose);
    let (client, _driver) = run(driver.capacity(tick(1).to_string().len()));
    client.see();
    sender.send(tick(1)).unwrap();
    assert!(matches!(sender.try_send(tick(2)), Err(SendError::Full)));
    let waiting = thread::spawn(move || sender.send(tick(3)).map(|()| sender));
    client.allow();
    assert_eq!(client.next(), tick(1).to_string());
    let sender = waiting.join().unwrap().unwrap();
    assert_eq!(client.next(), tick(3).to_string());
    // What is larger than the queue is sent alone.
    let large = Event::new().data("x".repeat(1000));
    sender.send(&large).unwrap();
    assert_eq!(client.next(), large.to_string());
}

#[test]
fn a_client_that_never_reads_is_given_up() {
    for waits in [true, false] {
        let (sender, driver) = silent(Framing::Chunked);
        let (client, driver) = run(driver.capacity(1).send_timeout(Duration::from_millis(1)));
        client.see();
        sender.send(tick(1)).unwrap();
        let error = if waits {
            sender.send(tick(2)).unwrap_err()
        } else {
            loop {
                match sender.try_send(tick(2)) {
                    Err(SendError::Full) => thread::yield_now(),
                    other => break other.unwrap_err(),
                }
            }
        };
        assert!(matches!(error, SendError::TimedOut));
        assert_eq!(error.to_string(), "the client read nothing before the timeout");
        assert!(matches!(sender.send(tick(3)), Err(SendError::TimedOut)));
        // If it does read in the end, the stream is intact, and has ended.
        client.allow();
        assert_eq!(client.next(), "f\r\nid: 1\ndata: 1\n\n\r\n0\r\n\r\n");
        assert_eq!(driver.join().unwrap().unwrap(), End::TimedOut);
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

#[test]
fn a_driver_that_is_gone_leaves_nobody_waiting() {
    let (sender, driver) = silent(Framing::Chunked);
    drop(driver);
    assert_eq!(
        sender.send(tick(1)).unwrap_err().to_string(),
        "the driver that writes the stream was dropped"
    );

    let (sender, driver) = silent(Framing::HeadersOnly);
    let (client, driver) = run(driver);
    client.next();
    assert_eq!(driver.join().unwrap().unwrap(), End::Finished);
    assert_eq!(sender.send(tick(1)).unwrap_err().to_string(), "the response to a HEAD request has no stream");
}

// --- shutdown ---

#[test]
fn shutdown_wakes_a_driver_and_ends_it() {
    let shutdown = Shutdown::builder().farewell(Event::new().comment("bye")).build();
    let (sender, driver) = silent(Framing::Chunked);
    let (client, driver) = run(driver.shutdown(&shutdown));
    client.next();
    assert_eq!(shutdown.streams(), 1);
    shutdown.begin();
    assert_eq!(client.next(), "7\r\n: bye\n\n\r\n0\r\n\r\n");
    assert_eq!(driver.join().unwrap().unwrap(), End::ShutDown);
    assert!(matches!(sender.send(tick(1)), Err(SendError::ShutDown)));
    assert!(shutdown.wait_timeout(Duration::ZERO));
}

#[test]
fn shutdown_sends_what_is_queued_and_frees_a_waiting_sender() {
    let shutdown = Shutdown::new();
    let (sender, driver) = silent(Framing::UntilClose);
    let (client, driver) = run(driver.capacity(1).shutdown(&shutdown));
    client.see();
    sender.send(tick(1)).unwrap();
    let waiting = thread::spawn(move || sender.send(tick(2)));
    shutdown.begin();
    client.allow();
    assert_eq!(client.next(), tick(1).to_string());
    assert_eq!(driver.join().unwrap().unwrap(), End::ShutDown);
    assert!(matches!(waiting.join().unwrap(), Err(SendError::ShutDown)));
}

#[test]
fn senders_may_end_in_their_own_way_until_the_deadline() {
    let shutdown = Shutdown::builder().farewell(Event::new().comment("bye")).build();
    let start = || {
        let (sender, driver) = silent(Framing::UntilClose);
        let (client, driver) = run(driver.shutdown(&shutdown));
        client.see();
        (sender, client, driver)
    };
    let (sender, client, driver) = start();
    let (_late, late_client, late_driver) = start();
    shutdown.begin_within(Duration::from_secs(3600));
    client.allow();
    late_client.allow();
    sender.send(tick(1)).unwrap();
    assert_eq!(client.next(), tick(1).to_string());
    drop(sender);
    assert_eq!(client.next(), ": bye\n\n");
    assert_eq!(driver.join().unwrap().unwrap(), End::ShutDown);

    shutdown.begin_within(Duration::from_millis(1));
    assert_eq!(late_client.next(), ": bye\n\n", "ends regardless");
    assert_eq!(late_driver.join().unwrap().unwrap(), End::ShutDown);
}

#[test]
fn a_drain_keeps_the_connection_alive_and_notices_that_the_client_left() {
    let shutdown = Shutdown::new();
    let (sender, driver) = response::writer(Framing::UntilClose);
    let (client, driver) =
        run(driver.keep_alive(KeepAlive::every(Duration::from_millis(1))).shutdown(&shutdown));
    client.see();
    shutdown.begin_within(Duration::from_secs(3600));
    client.allow();
    for _ in 0..3 {
        assert_eq!(client.next(), ":\n\n");
    }
    client.see();
    client.results.send(Err(io::Error::from(io::ErrorKind::BrokenPipe))).unwrap();
    assert_eq!(driver.join().unwrap().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    assert!(matches!(sender.send(tick(1)), Err(SendError::ClientLeft { .. })));
}

#[test]
fn a_driver_is_under_several_shutdowns_and_the_first_ends_it() {
    let farewell = |text| Shutdown::builder().farewell(Event::new().comment(text)).build();
    let (server, session) = (farewell("the server stops"), farewell("logged out"));
    let (_sender, driver) = silent(Framing::UntilClose);
    let (client, driver) = run(driver.shutdown(&server).shutdown(&session));
    client.next();
    assert_eq!((server.streams(), session.streams()), (1, 1));
    session.begin();
    assert_eq!(client.next(), ": logged out\n\n");
    assert_eq!(driver.join().unwrap().unwrap(), End::ShutDown);
    assert!(session.wait_timeout(Duration::ZERO));
    assert_eq!((server.streams(), server.has_begun()), (0, false));
}

// --- without senders ---

#[cfg(feature = "http")]
#[test]
fn nothing_goes_between_two_halves_of_an_event() {
    let shutdown = Shutdown::builder().farewell(Event::new().comment("bye")).build();
    let (sender, driver) = response::writer(Framing::UntilClose);
    let driver = driver.keep_alive(KeepAlive::every(Duration::from_millis(1))).shutdown(&shutdown);
    let (client, driver) = run(driver);
    client.next();
    sender.send(bytes::Bytes::from("data: {\"text\":")).unwrap();
    while client.next() == ":\n\n" {}
    // While another stream gets one keep-alive after another, this one gets none.
    let (_sender, other) = response::writer(Framing::UntilClose);
    let (other, _) = run(other.keep_alive(KeepAlive::every(Duration::from_millis(2))));
    (0..10).for_each(|_| drop(other.next()));
    assert!(client.written.try_recv().is_err());
    sender.send(bytes::Bytes::from("1}\n\n")).unwrap();
    assert_eq!(client.next(), "1}\n\n");
    assert_eq!(client.next(), ":\n\n");
    sender.send(bytes::Bytes::from(": torn")).unwrap();
    while client.next() == ":\n\n" {}
    shutdown.begin();
    assert_eq!(driver.join().unwrap().unwrap(), End::ShutDown);
    assert!(client.written.try_recv().is_err(), "no farewell");
}

#[cfg(feature = "stream")]
#[test]
fn a_stream_drives_the_connection() {
    use futures_util::{StreamExt, stream};
    let shutdown = Shutdown::builder().farewell(Event::new().comment("bye")).build();
    let (told, tell) = mpsc::channel();
    let (waker, awake) = mpsc::channel();
    // A source that waits for the test, like one that runs in its own runtime.
    let events = stream::poll_fn(move |cx| match tell.try_recv() {
        Ok(event) => std::task::Poll::Ready(event),
        Err(_) => {
            waker.send(cx.waker().clone()).unwrap();
            std::task::Poll::Pending
        }
    });
    let driver = Driver::over(Framing::UntilClose, stream::iter([tick(1), tick(2)]).chain(events));
    let (client, driver) = run(driver.keep_alive(KeepAlive::off()).shutdown(&shutdown));
    client.next();
    assert_eq!(client.next(), tick(1).to_string() + &tick(2).to_string(), "what is ready is one write");
    for end in [Some(tick(3)), Some(tick(4))] {
        let waker: std::task::Waker = awake.recv().unwrap();
        told.send(end.clone()).unwrap();
        waker.wake();
        assert_eq!(client.next(), end.unwrap().to_string());
    }
    shutdown.begin();
    assert_eq!(client.next(), ": bye\n\n");
    assert_eq!(driver.join().unwrap().unwrap(), End::ShutDown);

    let mut response = Vec::new();
    let driver = Driver::over(Framing::BodyOnly, stream::iter([tick(1)]));
    assert_eq!(driver.run(&mut response).unwrap(), End::Finished);
    assert_eq!(response, tick(1).to_string().into_bytes());
}

#[cfg(feature = "stream")]
#[test]
fn shutdown_ends_a_stream_that_always_has_more() {
    let shutdown = Shutdown::new();
    shutdown.begin();
    let mut response = Vec::new();
    let driver = Driver::over(Framing::BodyOnly, futures_util::stream::repeat_with(|| tick(1)));
    assert_eq!(driver.shutdown(&shutdown).run(&mut response).unwrap(), End::ShutDown);
    assert!((1 << 20..(1 << 20) + 100).contains(&response.len()), "{} bytes", response.len());
}

#[cfg(feature = "stream")]
#[test]
fn a_shutdown_believes_a_stream_that_has_nothing_only_the_second_time() {
    use std::task::Poll;

    let shutdown = Shutdown::new();
    shutdown.begin();
    let mut polls = 0;
    let shy = futures_util::stream::poll_fn(move |cx| {
        polls += 1;
        match polls {
            1000.. => Poll::Pending,
            n if n % 100 == 0 => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            n => Poll::Ready(Some(tick(n))),
        }
    });
    let mut response = Vec::new();
    let driver = Driver::over(Framing::BodyOnly, shy);
    assert_eq!(driver.shutdown(&shutdown).run(&mut response).unwrap(), End::ShutDown);
    let sent: String = (1..1000).filter(|n| n % 100 != 0).map(|n| tick(n).to_string()).collect();
    assert_eq!(String::from_utf8(response).unwrap(), sent);
}

#[cfg(feature = "stream")]
#[test]
fn shutdown_ends_a_stream_that_always_has_nothing() {
    let shutdown = Shutdown::new();
    shutdown.begin();
    let mut response = Vec::new();
    let driver = Driver::over(Framing::BodyOnly, futures_util::stream::repeat_with(Event::new));
    assert_eq!(driver.shutdown(&shutdown).run(&mut response).unwrap(), End::ShutDown);
    assert_eq!(response, b"");
}

#[cfg(feature = "stream")]
#[test]
fn a_stream_that_always_has_nothing_is_kept_alive() {
    let driver = Driver::over(Framing::BodyOnly, futures_util::stream::repeat_with(Event::new));
    let (client, driver) = run(driver.keep_alive(KeepAlive::every(Duration::from_millis(1)).comment("ping")));
    for _ in 0..3 {
        assert_eq!(client.next(), ": ping\n\n");
    }
    drop(client);
    assert_eq!(driver.join().unwrap().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
}

#[test]
fn a_reader_of_blocks_reports_errors_and_continues_after_them() {
    struct Upstream<I>(I);

    impl<I: Iterator<Item = io::Result<&'static str>>> io::Read for Upstream<I> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let bytes = self.0.next().unwrap_or(Ok(""))?.as_bytes();
            buffer[..bytes.len()].copy_from_slice(bytes);
            Ok(bytes.len())
        }
    }

    let reads = [
        Ok("data: 1\n\nda"),
        Err(io::ErrorKind::Interrupted.into()),
        Ok("ta: 2\n\n"),
        Err(io::ErrorKind::WouldBlock.into()),
        Ok("data: 3\n\ndata: cut"),
    ];
    let blocks = BlockReader::new(Upstream(reads.into_iter()));
    let seen: Vec<_> =
        blocks.map(|block| block.map(|block| block.to_string()).map_err(|error| error.kind())).collect();
    let expected = [Ok("data: 1\n\n"), Ok("data: 2\n\n"), Err(io::ErrorKind::WouldBlock), Ok("data: 3\n\n")];
    assert_eq!(seen, expected.map(|block| block.map(str::to_string)));
}

// --- bare TCP ---

fn tcp() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (listener.accept().unwrap().0, client)
}

/// Sends until that fails, without a pause.
fn send_until_it_fails(sender: &Sender) -> SendError {
    (0..).find_map(|n| sender.send(tick(n)).err()).unwrap()
}

#[test]
fn a_client_that_vanishes_is_noticed_by_writing() {
    for reset in [false, true] {
        let (server, mut client) = tcp();
        let (sender, driver) = silent(Framing::Chunked);
        let driver = thread::spawn(move || driver.run(server));
        if reset {
            // Closing a socket with something unread resets the connection.
            client.peek(&mut [0]).unwrap();
        } else {
            // All of the head, so that nothing is unread.
            let mut head = [0; 1];
            let mut seen = Vec::new();
            while !seen.ends_with(b"\r\n\r\n") {
                client.read_exact(&mut head).unwrap();
                seen.extend(head);
            }
        }
        drop(client);
        assert!(matches!(send_until_it_fails(&sender), SendError::ClientLeft { .. }));
        driver.join().unwrap().unwrap_err();
    }
}

#[test]
fn a_socket_with_a_write_timeout_frees_its_thread() {
    let (server, client) = tcp();
    server.set_write_timeout(Some(Duration::from_millis(1))).unwrap();
    let (sender, driver) = silent(Framing::Chunked);
    let driver = thread::spawn(move || driver.run(server));
    // The client never reads: at some point the kernel's buffers are full.
    assert!(matches!(send_until_it_fails(&sender), SendError::TimedOut));
    assert_eq!(driver.join().unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut);
    drop(client);
}

// --- tiny_http ---

/// A server that answers every request with the ticks 1 and 2, and then with what `more` sends.
fn tiny_http(more: impl Fn(&Sender) + Send + Clone + 'static) -> TcpStream {
    tiny_http_with(|driver| driver, more)
}

fn tiny_http_with(
    configure: impl Fn(Driver) -> Driver + Send + 'static,
    more: impl Fn(&Sender) + Send + Clone + 'static,
) -> TcpStream {
    let server = tiny_http::Server::http("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(server.server_addr().to_ip().unwrap()).unwrap();
    thread::spawn(move || {
        for request in server.incoming_requests() {
            let tiny_http::HTTPVersion(major, minor) = *request.http_version();
            let connection = request.headers().iter().find(|header| header.field.equiv("Connection"));
            let framing = Framing::of(
                request.method().as_str(),
                (major, minor),
                connection.map(|header| header.value.as_str()),
            );
            let (sender, driver) = silent(framing);
            let more = more.clone();
            thread::spawn(move || {
                for n in 1..=2 {
                    if sender.send(tick(n)).is_err() {
                        return;
                    }
                }
                more(&sender);
            });
            let driver = configure(driver);
            thread::spawn(|| driver.run(request.into_writer()));
        }
    });
    client
}

/// Reads the head of a response and returns its lines in lower case.
fn head(client: &mut impl BufRead) -> Vec<String> {
    client.lines().map(|line| line.unwrap().to_lowercase()).take_while(|line| !line.is_empty()).collect()
}

fn is_chunked(head: &[String]) -> bool {
    assert_eq!(head[0], "http/1.1 200 ok");
    head.contains(&"transfer-encoding: chunked".into())
}

/// The data of a chunked body, to its end.
fn chunks(client: &mut impl BufRead) -> String {
    let mut body = Vec::new();
    loop {
        let mut size = String::new();
        client.read_line(&mut size).unwrap();
        let size = usize::from_str_radix(size.trim_end(), 16).unwrap();
        let start = body.len();
        body.resize(start + size + 2, 0);
        client.read_exact(&mut body[start..]).unwrap();
        assert!(body.ends_with(b"\r\n"));
        body.truncate(start + size);
        if size == 0 {
            return String::from_utf8(body).unwrap();
        }
    }
}

#[test]
fn tiny_http_answers_each_kind_of_request() {
    let ticks = tick(1).to_string() + &tick(2).to_string();
    // Several on one connection: chunks end each response, and HEAD has none.
    let mut client = BufReader::new(tiny_http(|_| ()));
    let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    for _ in 0..2 {
        client.get_mut().write_all(get.as_bytes()).unwrap();
        assert!(is_chunked(&head(&mut client)));
        assert_eq!(chunks(&mut client), ticks);
        client.get_mut().write_all(get.replace("GET", "HEAD").as_bytes()).unwrap();
        assert!(!is_chunked(&head(&mut client)));
    }
    // These end with the connection.
    for request in ["GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"] {
        let mut client = BufReader::new(tiny_http(|_| ()));
        client.get_mut().write_all(request.as_bytes()).unwrap();
        assert!(!is_chunked(&head(&mut client)));
        let mut body = String::new();
        client.read_to_string(&mut body).unwrap();
        assert_eq!(body, ticks, "{request:?}");
    }
}

/// A known limit: tiny_http keeps such a connection, and offers no way to close it.
#[test]
fn tiny_http_does_not_end_a_response_to_http_1_0_with_keep_alive() {
    let get = b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    let mut client = BufReader::new(tiny_http(|_| ()));
    for _ in 0..2 {
        client.get_mut().write_all(get).unwrap();
        // The second response follows on the same connection, where the client still reads the first.
        assert!(!is_chunked(&head(&mut client)));
        let mut ticks = vec![0; (tick(1).to_string() + &tick(2).to_string()).len()];
        client.read_exact(&mut ticks).unwrap();
        assert_eq!(String::from_utf8(ticks).unwrap(), tick(1).to_string() + &tick(2).to_string());
    }
}

#[test]
fn tiny_http_delivers_at_once_and_sees_a_client_leave() {
    for reset in [false, true] {
        let (told, tell) = mpsc::channel();
        let (go, wait) = mpsc::channel::<()>();
        let wait = std::sync::Arc::new(std::sync::Mutex::new(wait));
        let mut client = BufReader::new(tiny_http(move |sender| {
            wait.lock().unwrap().recv().unwrap();
            told.send(send_until_it_fails(sender)).unwrap();
        }));
        client.get_mut().write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        head(&mut client);
        let mut line = String::new();
        while line != "data: 2\n" {
            // The stream is silent after this, and nothing is held back.
            line.clear();
            client.read_line(&mut line).unwrap();
        }
        if reset {
            go.send(()).unwrap();
            // More than the reader takes at once is on its way.
            client.get_mut().peek(&mut [0]).unwrap();
            drop(client);
        } else {
            client.get_mut().shutdown(Direction::Both).unwrap();
            drop(client);
            go.send(()).unwrap();
        }
        assert!(matches!(tell.recv().unwrap(), SendError::ClientLeft { .. }));
    }
}

#[test]
fn tiny_http_ends_its_streams_at_a_shutdown() {
    let shutdown = Shutdown::builder().farewell(Event::new().event("bye")).retry(7..=7).build();
    let (handle, (keep, kept)) = (shutdown.clone(), mpsc::channel());
    let mut client = BufReader::new(tiny_http_with(
        move |driver| driver.shutdown(&handle),
        move |sender| keep.send(sender.clone()).unwrap(),
    ));
    client.get_mut().write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    head(&mut client);
    let sender: Sender = kept.recv().unwrap();
    shutdown.begin();
    assert_eq!(
        chunks(&mut client),
        tick(1).to_string() + &tick(2).to_string() + "event: bye\ndata: \n\nretry: 7\n\n"
    );
    assert!(matches!(sender.send(tick(3)), Err(SendError::ShutDown)));
    assert!(shutdown.wait_timeout(Duration::MAX));
}

#[test]
fn tiny_http_keeps_a_silent_stream_alive() {
    let ping = KeepAlive::every(Duration::from_millis(1)).comment("ping");
    let (keep, _kept) = mpsc::channel();
    let mut client = BufReader::new(tiny_http_with(
        move |driver| driver.keep_alive(ping.clone()),
        move |sender| keep.send(sender.clone()).unwrap(),
    ));
    client.get_mut().write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let pings = client.lines().map(Result::unwrap).filter(|line| line == ": ping").take(3);
    assert_eq!(pings.count(), 3);
}

#[test]
fn tiny_http_gives_up_a_client_that_never_reads() {
    let (told, tell) = mpsc::channel();
    let mut client = tiny_http_with(
        |driver| driver.send_timeout(Duration::from_millis(100)),
        move |sender| told.send(send_until_it_fails(sender)).unwrap(),
    );
    client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    assert!(matches!(tell.recv().unwrap(), SendError::TimedOut));
}
