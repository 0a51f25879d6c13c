//! Servers that do not answer, or answer with something other than a stream.

use super::{HOUR, builder, is_timeout, ms};
use http::StatusCode;
use sse_wire::client::{Cause, Policy};
use sse_wire_client_tests::{Engine, Server, settings};
use std::{
    error::Error as _,
    net::TcpListener,
    time::{Duration, Instant},
};

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
