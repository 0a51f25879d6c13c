//! Closing and reconnecting at any moment, and the two views of a client.

use super::{HOUR, builder, is_timeout, ms};
use sse_wire::client::ClientEvent;
use sse_wire_client_tests::{Client, Engine, Server};
use std::{
    io::{Read, Write},
    net::TcpListener,
    sync::mpsc,
    thread,
};

/// Runs a client in a thread, and reports when it has got this far.
fn run(
    mut client: Client,
    steps: &'static [&'static str],
) -> (mpsc::Receiver<()>, thread::JoinHandle<Vec<String>>) {
    let (sender, reached) = mpsc::channel();
    let thread = thread::spawn(move || {
        assert_eq!(client.some(steps.len()), steps);
        sender.send(()).unwrap();
        client.story()
    });
    (reached, thread)
}

#[test]
fn closing_from_another_thread() {
    // Each of these would last for an hour, or forever.
    type Serve = fn(&mut sse_wire_client_tests::Connection);
    let cases: [(&str, &[&str], Serve); 6] = [
        ("no answer", &[], |connection| connection.until_left()),
        ("half a head", &[], |connection| {
            connection.send("HTTP/1.1 200 OK\r\nContent-");
            connection.until_left();
        }),
        ("reading", &["open", "1"], |connection| {
            connection.stream("data: 1\n\ndata: 2");
            connection.until_left();
        }),
        ("reading much", &["open", "1"], |connection| {
            connection.stream("data: 1\n\n");
            while connection.stream.write_all(&[b'x'; 4096]).is_ok() {}
        }),
        ("waiting", &["open", "1", "connecting"], |connection| {
            connection.stream("retry: 3600000\ndata: 1\n\n");
        }),
        ("waiting after a failure", &["connecting"], |_| {}),
    ];
    for (engine, (name, steps, serve)) in
        Engine::ALL.into_iter().flat_map(|engine| cases.map(|case| (engine, case)))
    {
        let server = Server::start(serve);
        let settings = builder(&server.url()).reconnection_time(HOUR).read_timeout(HOUR);
        let client = engine.build(settings);
        let handle = client.handle();
        let (reached, thread) = run(client, steps);
        reached.recv().unwrap();
        while server.received().is_empty() {
            thread::yield_now();
        }
        assert!(!handle.is_closed());
        handle.close();
        handle.reconnect(); // too late
        assert!(handle.is_closed());
        assert_eq!(thread.join().unwrap(), ["closed"], "{engine:?} {name}");
    }
}

#[test]
fn closing_while_it_connects() {
    // Servers that accept connections, but never start TLS.
    let [listener, other] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let [url, silent] =
        [&listener, &other].map(|listener| format!("https://{}/", listener.local_addr().unwrap()));
    for engine in [Engine::Ureq, Engine::Reqwest] {
        let client = engine.build(builder(&url));
        let handle = client.handle();
        let (_reached, thread) = run(client, &[]);
        let (mut socket, _) = listener.accept().unwrap();
        socket.read_exact(&mut [0]).unwrap(); // it has begun to say who it is
        handle.close();
        assert_eq!(thread.join().unwrap(), ["closed"], "{engine:?}");

        let error = engine.build(builder(&silent).connect_timeout(ms(50))).next_error();
        assert!(is_timeout(&error), "{engine:?} {error:?}");
    }
}

#[test]
fn closing_before_and_after() {
    for engine in Engine::ALL {
        let server = Server::start(|connection| connection.stream("data: 1\n\ndata: 2\n\n"));
        let mut client = engine.build(builder(&server.url()));
        client.handle().close();
        assert_eq!(client.story(), ["closed"]);
        assert!(client.next_event().is_none() && client.next().is_none());
        client.handle().reconnect();
        assert!(client.next_event().is_none());
        assert!(server.received().is_empty(), "{engine:?}");

        // What has already arrived is no longer yielded.
        let mut client = engine.build(builder(&server.url()));
        assert_eq!(client.next().unwrap().unwrap().data(), "1");
        client.handle().close();
        assert!(client.next().is_none(), "{engine:?}");
    }
}

#[test]
fn reconnecting_on_demand() {
    for engine in Engine::ALL {
        let server = Server::start(|connection| {
            connection
                .stream(&format!("id: {}\ndata: {}\n\nid: x\nda", connection.number, connection.number));
            connection.until_left();
        });
        let mut client = engine.build(builder(&server.url()).reconnection_time(HOUR));
        assert_eq!(client.some(2), ["open", "0"]);
        client.handle().reconnect();
        assert_eq!(client.some(2), ["open", "1"], "{engine:?}: without an error and without a delay");
        assert_eq!(client.last_event_id(), "1");
        assert_eq!(server.received()[1].header("last-event-id"), ["0"]);
        // From another thread, while it reads.
        let handle = client.handle();
        let thread = thread::spawn(move || client.some(2));
        handle.reconnect();
        assert_eq!(thread.join().unwrap(), ["open", "2"], "{engine:?}");
    }
}

#[test]
fn events_and_messages_are_two_views_of_one_client() {
    let server = Server::start(|connection| connection.stream("retry: 1\n: a\n\ndata: 1\n\n"));
    let mut source = builder(&server.url()).blocking.build().unwrap();
    assert_eq!(source.next().unwrap().unwrap().data(), "1");
    let events: Vec<_> = source.events().take(4).collect();
    let [ClientEvent::Error(_), ClientEvent::Open(_), ClientEvent::Retry(time), ClientEvent::Comment(text)] =
        &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!((*time, &**text), (ms(1), "a"));
    assert_eq!(source.next().unwrap().unwrap().data(), "1");
    assert_eq!(source.reconnection_time(), ms(1));

    let mut client = Engine::Reqwest.build(builder(&server.url()));
    let Client::Async(source, runtime) = &mut client else { panic!() };
    runtime.block_on(async {
        use futures_util::StreamExt;
        assert_eq!(StreamExt::next(source).await.unwrap().unwrap().data(), "1");
        let events: Vec<_> = source.events().take(2).collect().await;
        assert!(matches!(events[..], [ClientEvent::Error(_), ClientEvent::Open(_)]), "{events:?}");
        assert_eq!(source.reconnection_time(), ms(1));
    });
}
