//! Streams that are cut, broken, silent, compressed, or endless.

use super::{builder, is_timeout, ms};
use flate2::{Compression, write::GzEncoder};
use sse_wire::client::{Cause, ClientEvent, Policy};
use sse_wire_client_tests::{Client, Engine, Server, transports};
use std::{
    error::Error,
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

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
