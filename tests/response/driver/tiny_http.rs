//! A driver in tiny_http.

use super::{send_until_it_fails, silent, tick};
use sse_wire::{
    Event,
    response::{Driver, Framing, KeepAlive, SendError, Sender, Shutdown},
};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown as Direction, TcpStream},
    sync::mpsc,
    thread,
    time::Duration,
};

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
