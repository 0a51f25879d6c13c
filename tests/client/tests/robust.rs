//! What servers, networks and users do to a client, on real sockets, for each kind of client.

use flate2::{Compression, write::GzEncoder};
use http::StatusCode;
use sse_wire::client::{Cause, ClientError, ClientEvent, Policy};
use sse_wire_client_tests::{Client, Engine, Server, Settings, settings, transports};
use std::{
    error::Error,
    io::{self, Read, Write},
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

const HOUR: Duration = Duration::from_secs(3600);

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A client that reconnects almost at once, and waits forever for everything else.
fn builder(url: &str) -> Settings {
    let policy = Policy::new().floor(ms(1)).cap(ms(1)).max_rate(u16::MAX);
    settings(url)
        .reconnection_time(ms(1))
        .policy(policy)
        .read_timeout(None)
        .connect_timeout(HOUR)
        .comments(true)
}

// Servers.

#[test]
fn a_server_that_closes_at_once_a_thousand_times() {
    for engine in Engine::ALL {
        // Every other time before the head of a response, and otherwise after it.
        let server = Server::start(|connection| {
            if connection.number % 2 == 1 {
                connection.stream("retry: 0\n\n");
            }
        });
        let mut client = engine.build(
            builder(&server.url())
                .policy(Policy::new().floor(ms(1)).cap(ms(1)).max_rate(u16::MAX).max_attempts(1000)),
        );
        let start = Instant::now();
        let mut errors = 0;
        while !client.next_error().is_fatal() {
            errors += 1;
        }
        assert_eq!((errors, server.received().len()), (999, 1000), "{engine:?}");
        assert!(start.elapsed() >= ms(999), "{engine:?}: each time it waits for as long as the floor says");
    }
}

#[test]
fn with_the_defaults_at_most_ten_requests_a_second() {
    for engine in [Engine::Ureq, Engine::Reqwest] {
        let server = Server::start(|connection| match connection.number % 3 {
            0 => connection.answer(302, "Location: /again\r\n", ""),
            _ => connection.stream("retry: 0\ndata: 1\n\n"),
        });
        let mut client = engine.build(settings(server.url()));
        let start = Instant::now();
        while server.received().len() < 12 {
            client.next_event();
        }
        assert!(start.elapsed() >= ms(1000), "{engine:?}");
    }
}

#[test]
fn a_server_that_never_answers() {
    for engine in Engine::ALL {
        let server = Server::start(|connection| connection.until_left());
        for connect_timeout in [Some(ms(30)), None] {
            let settings = builder(&server.url()).read_timeout(ms(30)).connect_timeout(connect_timeout);
            let mut client = engine.build(settings);
            for attempt in 1..=2 {
                let error = client.next_error();
                assert_eq!(error.attempt(), attempt, "{engine:?}");
                assert!(error.retry_in().is_some() && is_timeout(&error), "{engine:?} {error:?}");
            }
        }
    }
}

/// Whether no response arrived in time.
fn is_timeout(error: &ClientError) -> bool {
    let kind = error.source().and_then(|error| error.downcast_ref::<io::Error>()).map(io::Error::kind);
    // On some systems, a bare socket reports it under another name.
    matches!(error.cause(), Cause::Connect(_))
        && matches!(kind, Some(io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock))
}

/// More than the buffers of two sockets can hold.
fn large_body() -> Vec<u8> {
    b"0123456789abcde\n".repeat(2 << 20)
}

#[test]
fn a_server_that_reads_no_body() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    for engine in Engine::ALL {
        let settings = builder(&url).body(large_body()).connect_timeout(ms(500)).read_timeout(ms(50));
        let error = engine.build(settings.policy(Policy::never())).next_error();
        assert!(is_timeout(&error), "{engine:?} {error:?}");
        listener.accept().unwrap(); // it did connect
    }
}

#[test]
fn a_post_without_a_body() {
    for engine in Engine::ALL {
        let server = Server::start(|connection| connection.stream("data: 1\n\n"));
        assert_eq!(engine.build(builder(&server.url()).method("post")).some(2), ["open", "1"], "{engine:?}");
        let received = server.received();
        assert_eq!((&*received[0].method, &*received[0].body), ("POST", ""));
        assert!(received[0].header("transfer-encoding").is_empty(), "{engine:?}");
        assert!(received[0].header("content-length").iter().all(|length| *length == "0"), "{engine:?}");
    }
}

#[test]
fn a_server_that_reads_a_large_body_piece_by_piece() {
    for engine in Engine::ALL {
        let server = Server::start(|connection| connection.stream("data: 1\n\n"));
        let settings = builder(&server.url()).body(large_body()).read_timeout(HOUR);
        assert_eq!(engine.build(settings).some(2), ["open", "1"], "{engine:?}");
        let received = server.received();
        assert!(received[0].body.as_bytes() == large_body(), "{engine:?}");
        assert_eq!(received[0].header("content-length"), [large_body().len().to_string()]);
        assert!(received[0].header("transfer-encoding").is_empty());
    }
}

#[test]
fn a_stream_that_falls_silent() {
    for engine in Engine::ALL {
        let server = Server::start(|connection| {
            connection.stream("id: 1\ndata: 1\n\nid: 2\nda");
            connection.until_left();
        });
        let timeout = ms(50);
        let mut client = engine.build(builder(&server.url()).read_timeout(timeout).connect_timeout(timeout));
        // On a slow machine, some attempts end before there is a message.
        let mut is_heard = false;
        let error = loop {
            match client.next_event() {
                Some(ClientEvent::Message(message)) => is_heard = message.data() == "1",
                Some(ClientEvent::Error(error)) if is_heard => break error,
                Some(ClientEvent::Error(error)) => {
                    let is_silence = matches!(error.cause(), Cause::ReadTimeout(_)) || is_timeout(&error);
                    assert!(is_silence, "{engine:?} {error:?}");
                }
                Some(_) => {}
                None => panic!("{engine:?}"),
            }
        };
        assert!(
            matches!(error.cause(), Cause::ReadTimeout(time) if *time == timeout),
            "{engine:?} {error:?}"
        );
        let text = error.to_string();
        assert!(
            text.starts_with(&format!("nothing arrived from {} for 50ms (attempt ", server.url())),
            "{text}"
        );
        while server.received().iter().all(|request| request.header("last-event-id").is_empty()) {
            client.next_event();
        }
        let requests = server.received();
        let mut ids = requests.iter().flat_map(|request| request.header("last-event-id"));
        assert!(ids.all(|id| id == "1"), "{engine:?} {requests:?}");
    }
}

#[test]
fn streams_in_chunks() {
    const BODY: &str = "id: 1\ndata: h\u{e9}llo\r\n\r\ndata: 2\n\n";
    for size in 1..=BODY.len() {
        for engine in [Engine::Ureq, Engine::Reqwest, Engine::Hyper, Engine::Client, Engine::Service] {
            let server = Server::start(move |connection| match connection.number {
                0 => {
                    connection.send(
                        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
                    );
                    for chunk in BODY.as_bytes().chunks(size) {
                        connection.send(format!("{:x};x=y\r\n", chunk.len()));
                        connection.send(chunk);
                        connection.send("\r\n");
                    }
                    connection.send("0\r\nX-Trailer: 1\r\n\r\n");
                }
                _ => connection.answer(204, "", ""),
            });
            let story = engine.build(builder(&server.url())).story();
            assert_eq!(story, ["open", "h\u{e9}llo", "2", "connecting", "closed"], "{engine:?} {size}");
        }
    }
}

#[test]
fn a_response_that_arrives_byte_by_byte() {
    for engine in Engine::ALL {
        let server = Server::start(|connection| match connection.number {
            0 => {
                connection.stream.set_nodelay(true).unwrap();
                let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
                for byte in
                    [head, "id: 1\rdata: h\u{e9}llo\r\n\r\nretry: 18446744073709551615\n\n"].concat().bytes()
                {
                    connection.send([byte]);
                }
            }
            _ => connection.answer(204, "", ""),
        });
        let mut client = engine.build(builder(&server.url()).last_event_id("0"));
        assert_eq!(client.some(2), ["open", "h\u{e9}llo"], "{engine:?}");
        // More than any timer holds.
        assert_eq!(client.next_error().retry_in(), Some(ms(i32::MAX as u64)), "{engine:?}");
        client.handle().reconnect();
        assert_eq!(client.story(), ["closed"], "{engine:?}");
        assert_eq!(server.received()[1].header("last-event-id"), ["1"], "{engine:?}");
    }
}

/// Whatever is missing of a response whose length is known, it is an error and not the end, and no message is made up.
#[test]
fn a_response_that_is_cut_at_any_byte() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n";
    let responses = [
        "Transfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n5\r\ndata:\r\n4\r\n 2\n\n\r\n0\r\n\r\n",
        "Content-Length: 18\r\n\r\ndata: 1\n\ndata: 2\n\n",
    ]
    .map(|rest| [head, rest].concat());
    // reqwest reads over hyper too, and takes long to make.
    for (engine, response) in [Engine::Ureq, Engine::Hyper]
        .into_iter()
        .flat_map(|engine| responses.iter().map(move |response| (engine, response)))
    {
        let (answer, cut) = (response.clone(), Arc::new(AtomicUsize::new(0)));
        let at = cut.clone();
        let server = Server::start(move |connection| connection.send(&answer[..at.load(Ordering::Relaxed)]));
        for length in 0..=response.len() {
            cut.store(length, Ordering::Relaxed);
            let story = engine.build(builder(&server.url()).policy(Policy::never())).story();
            let story: Vec<_> = story.iter().map(String::as_str).collect();
            let count = story.iter().take_while(|event| ["open", "1", "2"].contains(event)).count();
            let (seen, end) = story.split_at(count);
            assert!(["open", "1", "2"].starts_with(seen), "{engine:?} {length} {story:?}");
            // The chunk of size 0 is the end (RFC 9112, 8), also without the line end behind it.
            let may_be_whole = length == response.len() || response[..length].ends_with("\r\n0\r\n");
            let is_whole = end == ["closed"];
            assert!(may_be_whole || !is_whole, "{engine:?} {:?} {story:?}", &response[..length]);
            assert!(length < response.len() || is_whole, "{engine:?} {story:?}");
        }
    }
}

#[test]
fn streams_that_break() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n";
    for (rest, is_end) in [
        ("Transfer-Encoding: chunked\r\n\r\n8\r\ndata: 1\n\r\n1\r\n\n\r\n", false),
        ("Transfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\nffffffffffffffffffff\r\n", false),
        ("Transfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\nno size\r\n", false),
        ("Transfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n4\r\ndata", false),
        ("Content-Length: 1000\r\n\r\ndata: 1\n\n", false),
        ("Content-Length: 9\r\n\r\ndata: 1\n\ndata: more\n\n", true),
        ("\r\ndata: 1\n\n", true),
    ] {
        let is_broken = rest.contains("ffff") || rest.contains("no size");
        for engine in [Engine::Ureq, Engine::Reqwest, Engine::Hyper, Engine::Client, Engine::Service] {
            let server = Server::start(move |connection| {
                connection.send(head);
                connection.send(rest);
            });
            let mut client = engine.build(builder(&server.url()));
            assert_eq!(client.some(1), ["open"], "{engine:?} {rest:?}");
            // What arrived before is reported, but ureq drops what arrived in the same read as a broken chunk.
            let error = match client.next_event() {
                Some(ClientEvent::Message(message)) => {
                    assert_eq!(message.data(), "1");
                    client.next_error()
                }
                Some(ClientEvent::Error(error)) if engine == Engine::Ureq && is_broken => error,
                event => panic!("{engine:?} {rest:?} {event:?}"),
            };
            let ended = matches!(error.cause(), Cause::Ended { unfinished: 0, .. });
            assert_eq!(ended, is_end, "{engine:?} {rest:?} {error:?}");
            assert_eq!(matches!(error.cause(), Cause::Read(_)) && error.source().is_some(), !is_end);
        }
    }
}

#[cfg(unix)]
#[test]
fn a_stream_that_is_reset_has_not_ended() {
    for engine in Engine::ALL {
        let server = Server::start(|connection| {
            connection.stream("data: 1\n\n");
            connection.reset();
        });
        let error = engine.build(builder(&server.url())).next_error();
        assert!(matches!(error.cause(), Cause::Read(_) | Cause::Connect(_)), "{engine:?} {error:?}");
        assert!(error.to_string().to_lowercase().contains("reset"), "{engine:?} {error}");
    }
}

#[cfg(unix)]
#[test]
fn an_agent_of_ureq_can_tell_a_reset_from_an_end() {
    let server = Server::start(|connection| {
        connection.stream("data: 1\n\n");
        if connection.number == 0 {
            connection.reset();
        }
    });
    let settings = builder(&server.url()).blocking;
    let mut client = Client::Sync(transports::with_detecting_agent(settings).unwrap());
    let error = client.next_error();
    assert!(matches!(error.cause(), Cause::Read(_) | Cause::Connect(_)), "{error:?}");
    assert!(error.to_string().to_lowercase().contains("reset"), "{error}");
    // The next stream ends properly.
    let error = client.next_error();
    assert!(matches!(error.cause(), Cause::Ended { unfinished: 0, .. }), "{error:?}");
}

#[test]
fn answers_that_are_none() {
    let mut headers = String::new();
    while headers.len() < 1 << 20 {
        headers += &format!("X-{}: {}\r\n", headers.len(), "x".repeat(1000));
    }
    let large = format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{headers}\r\ndata: 1\n\n");
    let long = format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX: {}", "x".repeat(1 << 20));
    for answer in [
        large,
        long,
        "data: 1\n\n".repeat(10),
        "\r\n".repeat(9),
        String::new(),
        "HTTP/1.1 200".into(),
        "\0".repeat(9),
    ] {
        for engine in Engine::ALL {
            let answer = answer.clone();
            let server = Server::start(move |connection| connection.send(&answer));
            let mut client = engine.build(builder(&server.url()));
            for _ in 0..2 {
                let error = client.next_error();
                assert!(matches!(error.cause(), Cause::Connect(_)), "{engine:?} {error:?}");
                assert!(error.retry_in().is_some() && error.source().is_some());
            }
        }
    }
}

#[test]
fn redirects_without_end() {
    for engine in Engine::ALL {
        let server = Server::start(|connection| {
            connection.answer(307, &format!("Location: /{}\r\n", connection.number), "");
        });
        let mut client = engine.build(builder(&server.url()));
        let error = client.next_error();
        assert!(error.is_fatal());
        assert_eq!(
            error.to_string(),
            format!(
                "the response from http://{}/19 is a redirect after 20 others (attempt 1); giving up",
                server.address()
            )
        );
        assert_eq!(server.received().len(), 21, "{engine:?}");
    }
}

#[test]
fn a_redirect_to_another_origin_takes_no_secrets_with_it() {
    for engine in Engine::ALL {
        let other = Server::start(|connection| connection.stream("data: 1\n\n"));
        let location = format!("Location: http://user:pass@{}/there\r\n", other.address());
        let server = Server::start(move |connection| connection.answer(302, &location, ""));
        let url = server.url().replace("http://", "http://me:secret@");
        let settings =
            builder(&url).header("Cookie", "a=secret").header("X-Mine", "secret").last_event_id("7");
        let mut client = engine.build(settings);
        assert_eq!(client.some(2), ["open", "1"]);
        let (first, second) = (&server.received()[0], &other.received()[0]);
        assert_eq!(first.header("Authorization"), ["Basic bWU6c2VjcmV0"]);
        assert_eq!((first.header("cookie"), first.header("x-mine")), (vec!["a=secret"], vec!["secret"]));
        for name in ["authorization", "cookie", "x-mine", "referer"] {
            assert!(second.header(name).is_empty(), "{engine:?} {name}");
        }
        assert_eq!(second.header("last-event-id"), ["7"]);
    }
}

#[test]
fn a_body_that_is_not_an_event_stream_is_shown() {
    for (end, engine) in [true, false].into_iter().flat_map(|end| Engine::ALL.map(|engine| (end, engine))) {
        let server = Server::start(move |connection| {
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 12\r\n\r\n";
            if end {
                connection.send([head, "<h1>no</h1>\n"].concat());
            } else {
                connection.send([head, "<h1>no"].concat());
                connection.until_left(); // the rest never arrives
            }
        });
        let error = engine.build(builder(&server.url())).next().unwrap().unwrap_err();
        let body = if end { "<h1>no</h1>\\n" } else { "<h1>no" };
        assert_eq!(
            error.to_string(),
            format!(
                "the response from {} is not an event stream: it has the content type \"text/html\" and a body that begins \"{body}\" (attempt 1); giving up",
                server.url()
            ),
            "{engine:?}"
        );
    }
    for engine in Engine::ALL {
        let server = Server::start(|connection| connection.answer(404, "", &"x".repeat(1 << 20)));
        let error = engine.build(builder(&server.url())).next_error();
        assert_eq!(error.status(), Some(StatusCode::NOT_FOUND), "{engine:?}");
        assert_eq!(error.body().len(), 64 << 10, "{engine:?}");
    }
}

fn gzip(parts: &[&str]) -> Vec<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let mut seen = 0;
    let mut chunks = Vec::new();
    for part in parts {
        encoder.write_all(part.as_bytes()).unwrap();
        encoder.flush().unwrap();
        chunks.push(encoder.get_ref()[seen..].to_vec());
        seen = encoder.get_ref().len();
    }
    chunks
}

#[test]
fn streams_in_gzip() {
    for engine in [Engine::Ureq, Engine::Reqwest] {
        let server = Server::start(|connection| {
            connection
                .send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\n\r\n");
            for part in gzip(&["data: 1\n\n", "data: 2\n\ndata", ": 3\n\n"]) {
                connection.send(part);
            }
            connection.until_left();
        });
        // The stream does not end, but what has arrived is reported.
        let mut client = engine.build(builder(&server.url()).compression(true));
        assert_eq!(client.some(4), ["open", "1", "2", "3"], "{engine:?}");
        assert_eq!(server.received()[0].header("accept-encoding"), ["gzip"]);
    }
    for engine in Engine::ALL {
        let server = Server::start(|connection| {
            connection.send(
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: br\r\n\r\nxyz",
            );
        });
        let error = engine.build(builder(&server.url())).next_error();
        assert!(
            matches!(error.cause(), Cause::ContentEncoding { encoding, .. } if encoding == "br"),
            "{engine:?}"
        );
        assert!(error.is_fatal());
    }
}

#[test]
fn an_event_that_is_too_large_is_an_error_but_not_the_end() {
    for engine in Engine::ALL {
        let server = Server::start(|connection| {
            connection.stream(&format!("data: 1\n\nid: 2\ndata: {}\n\ndata: 3\n\n", "x".repeat(1000)));
        });
        let mut client = engine.build(builder(&server.url()).max_event_size(100usize));
        assert_eq!(client.some(5), ["open", "1", "skipped", "3", "connecting"], "{engine:?}");
        let mut client = engine.build(builder(&server.url()).max_event_size(100usize));
        assert_eq!(client.next().unwrap().unwrap().data(), "1");
        let error = client.next().unwrap().unwrap_err();
        assert!(matches!(error.cause(), Cause::TooLarge(error) if error.limit == 100));
        assert!(!error.is_fatal() && error.retry_in().is_none());
        assert_eq!(client.next().unwrap().unwrap().data(), "3");
    }
}

#[test]
fn an_endless_line_is_not_kept() {
    for engine in Engine::ALL {
        let server = Server::start(|connection| {
            connection.stream("data: ");
            for _ in 0..1000 {
                connection.send([b'x'; 64 * 1024]);
            }
            connection.send("\n\ndata: 2\n\n");
        });
        let mut client = engine.build(builder(&server.url()).max_event_size(1usize << 20));
        assert_eq!(client.some(3), ["open", "skipped", "2"], "{engine:?}");
    }
}

#[test]
fn a_server_that_is_not_there() {
    for engine in Engine::ALL {
        let url = {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            format!("http://{}/", listener.local_addr().unwrap())
        };
        let settings = builder(&url).policy(Policy::new().floor(ms(1)).cap(ms(1)).max_attempts(3));
        let mut client = engine.build(settings);
        assert_eq!(client.some(4), ["connecting", "connecting", "failed", "closed"], "{engine:?}");
        assert!(client.next_event().is_none());
        let settings = builder(&url).policy(Policy::never());
        let error = engine.build(settings).next_error().to_string();
        assert!(error.starts_with(&format!("there was no response from {url}: ")), "{engine:?} {error}");
        assert!(error.to_lowercase().contains("refused"), "{engine:?} {error}");
    }
}

// Users.

#[test]
fn methods_bodies_and_headers() {
    for (engine, method) in
        Engine::ALL.into_iter().flat_map(|engine| ["POST", "REPORT", "PUT"].map(|method| (engine, method)))
    {
        let server = Server::start(|connection| connection.stream("data: 1\n\n"));
        let calls = Arc::new(AtomicU32::new(0));
        let settings = builder(&server.url())
            .method(method)
            .body(r#"{"hello": "world"}"#)
            .header("content-type", "application/json; charset=utf-8")
            .header("User-Agent", "my-program/2")
            .header_with("X-Token", move || Ok(Some(calls.fetch_add(1, Ordering::Relaxed).to_string())));
        let mut client = engine.build(settings);
        client.some(5);
        for (number, request) in server.received().iter().enumerate() {
            assert_eq!((&*request.method, &*request.body), (method, r#"{"hello": "world"}"#), "{engine:?}");
            assert_eq!(request.header("content-type"), ["application/json; charset=utf-8"]);
            assert_eq!(request.header("user-agent"), ["my-program/2"], "{engine:?}");
            assert_eq!(request.header("x-token"), [number.to_string()]);
            assert_eq!(request.header("content-length"), ["18"]);
        }
    }
}

#[test]
fn what_is_computed_for_each_attempt() {
    for engine in Engine::ALL {
        let server = Server::start(|connection| match connection.number {
            0 => connection.answer(302, "Location: /elsewhere\r\n", ""),
            1 | 2 => connection.stream("data: 1\n\n"),
            _ => connection.answer(204, "", ""),
        });
        let [urls, headers, errors] = [(); 3].map(|()| Arc::new(AtomicU32::new(0)));
        let (url, told) = (server.url(), errors.clone());
        let settings = builder(&url)
            .url_with(move || Ok(format!("{url}?n={}", urls.fetch_add(1, Ordering::Relaxed))))
            .header_with("X-Token", move || match headers.fetch_add(1, Ordering::Relaxed) {
                1 => Ok(None),
                2 => Err("the vault is locked".into()),
                call => Ok(Some(call.to_string())),
            })
            .on_error(move |_| _ = told.fetch_add(1, Ordering::Relaxed));
        let story = engine.build(settings).story();
        let expected = ["open", "1", "connecting", "connecting", "open", "1", "connecting", "closed"];
        assert_eq!(story, expected, "{engine:?}");
        let requests = server.received();
        let sent: Vec<_> =
            requests.iter().map(|request| (&*request.target, request.header("x-token"))).collect();
        let expected = [
            ("/events?n=0", vec!["0"]),
            ("/elsewhere", vec![]),
            ("/events?n=2", vec!["3"]),
            ("/events?n=3", vec!["4"]),
        ];
        assert_eq!(sent, expected, "{engine:?}");
        assert_eq!(errors.load(Ordering::Relaxed), 3, "{engine:?}");
    }
}

#[test]
fn a_post_ends_with_its_answer() {
    for engine in Engine::ALL {
        let server = Server::start(|connection| connection.stream("data: 1\n\ndata: [DONE]\n\ndata: 2\n\n"));
        let post = || settings(server.url()).body("{}");
        assert_eq!(engine.build(post()).story(), ["open", "1", "[DONE]", "2", "closed"], "{engine:?}");
        assert_eq!(engine.build(post().until_data("[DONE]")).story(), ["open", "1", "closed"], "{engine:?}");
        let cut = engine.build(post().until_data("[THE END]")).story();
        assert_eq!(cut, ["open", "1", "[DONE]", "2", "failed", "closed"], "{engine:?}");
    }
}

#[test]
fn a_transport_that_stores_cookies_returns_to_the_same_server() {
    for engine in [Engine::Agent, Engine::Client] {
        let balancer = Server::start(|connection| {
            match connection.number {
            0 => connection.send(
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nSet-Cookie: route=b; Path=/\r\n\r\ndata: 1\n\n",
            ),
            1 | 2 => connection.stream("data: 2\n\n"),
            _ => connection.answer(204, "", ""),
        }
        });
        let story = engine.build(builder(&balancer.url())).story();
        assert_eq!(
            story,
            ["open", "1", "connecting", "open", "2", "connecting", "open", "2", "connecting", "closed"]
        );
        let requests = balancer.received();
        let cookies: Vec<_> = requests.iter().map(|request| request.header("cookie")).collect();
        assert_eq!(cookies, [vec![], vec!["route=b"], vec!["route=b"], vec!["route=b"]], "{engine:?}");
    }
}

#[test]
fn retry_after_a_busy_server() {
    for engine in Engine::ALL {
        let server = Server::start(|connection| match connection.number {
            0 => connection.answer(503, "Retry-After: 3600\r\n", "busy"),
            1 => connection.answer(503, "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n", ""),
            _ => connection.answer(204, "", ""),
        });
        let settings = builder(&server.url()).policy(Policy::new().retry_statuses([503]));
        let mut client = engine.build(settings);
        let error = client.next_error();
        assert_eq!(
            (error.retry_in(), error.status()),
            (Some(HOUR), Some(StatusCode::SERVICE_UNAVAILABLE)),
            "{engine:?}"
        );
        // It need not wait that long if the user knows better.
        client.handle().reconnect();
        // A server that does not send its own time, and asks for more than any timer supports.
        assert_eq!(client.next_error().retry_in(), Some(ms(i32::MAX as u64)), "{engine:?}");
        client.handle().reconnect();
        assert_eq!(client.story(), ["closed"], "{engine:?}");
    }
}

#[test]
fn times_without_end() {
    for engine in Engine::ALL {
        let server = Server::start(|connection| match connection.number {
            0 => connection.stream("data: 1\n\n"),
            1 => connection.answer(503, "Retry-After: 99999999999999999999\r\n", ""),
            _ => connection.answer(204, "", ""),
        });
        let policy = Policy::new().retry_statuses([503]);
        let settings = settings(server.url())
            .connect_timeout(Duration::MAX)
            .read_timeout(Duration::MAX)
            .reconnection_time(Duration::MAX)
            .policy(
                policy
                    .floor(Duration::MAX)
                    .cap(Duration::MAX)
                    .max_elapsed(Duration::MAX)
                    .healthy_after(Duration::MAX),
            );
        let mut client = engine.build(settings);
        assert_eq!(client.some(3), ["open", "1", "connecting"], "{engine:?}");
        client.handle().reconnect();
        assert_eq!(client.some(1), ["connecting"], "{engine:?}");
        client.handle().reconnect();
        assert_eq!(client.story(), ["closed"], "{engine:?}");
    }
}

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
fn messages_over_many_connections_without_a_gap() {
    for engine in Engine::ALL {
        // A server that resumes after the last event ID, and cuts off each stream in the middle of an event.
        let server = Server::start(|connection| {
            let ids = connection.request.header("last-event-id");
            let from = ids.first().map_or(0, |id| id.parse::<u32>().unwrap() + 1);
            let cut = connection.number % 11;
            let body: String = (from..100).take(3).map(|i| format!("id: {i}\ndata: {i}\n\n")).collect();
            match from {
                100 => connection.answer(204, "", ""),
                _ => connection.stream(&body[..body.len() - cut]),
            }
        });
        let client = engine.build(builder(&server.url()));
        let seen: Vec<_> = client.map(|message| message.unwrap().data().to_owned()).collect();
        let expected: Vec<_> = (0..100).map(|i| i.to_string()).collect();
        assert_eq!(seen, expected, "{engine:?}");
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
