//! What the standard and its web platform tests require of a client, on real sockets, for each kind of client.

use sse_wire::{
    EventSource,
    client::{BuildError, ClientEvent, Policy},
};
use sse_wire_client_tests::{
    Client, Connection, Engine, Received, Server, Settings, example, settings, transports,
};
use std::{
    io::Write,
    process::{Command, Stdio},
    time::Duration,
};

/// A client that does not wait for long.
fn builder(url: &str) -> Settings {
    let policy = Policy::new().floor(Duration::from_millis(1)).max_rate(1000);
    settings(url).reconnection_time(Duration::from_millis(1)).policy(policy).comments(true)
}

/// Including those that do not stop when they are told to: here they need not.
fn engines() -> impl Iterator<Item = Engine> {
    Engine::ALL.into_iter().chain([Engine::Agent])
}

/// Lets each kind of client read from a server like this one until it is closed.
fn stories(
    serve: impl Fn(&mut Connection) + Send + Sync + Copy + 'static,
    check: impl Fn(Engine, &[String], &[Received]),
) {
    for engine in engines() {
        let server = Server::start(serve);
        let mut client = engine.build(builder(&server.url()));
        let story = client.story();
        check(engine, &story, &server.received());
    }
}

/// The bodies of event streams, one for each connection, and then 204.
fn bodies(bodies: &'static [&'static str], story: &[&str], ids: &[&[&str]]) {
    let serve = |connection: &mut Connection| match bodies.get(connection.number) {
        Some(body) => connection.stream(body),
        None => connection.answer(204, "", ""),
    };
    stories(serve, |engine, seen, requests| {
        assert_eq!(seen, story, "{engine:?}");
        let sent: Vec<_> = requests.iter().map(|request| request.header("Last-Event-ID")).collect();
        assert_eq!(sent, ids, "{engine:?} {bodies:?}");
    });
}

#[test]
fn request_accept_and_cache_control() {
    stories(
        |connection| connection.answer(204, "", ""),
        |engine, story, requests| {
            assert_eq!(story, ["closed"], "{engine:?}");
            let [request] = requests else { panic!("{requests:?}") };
            assert_eq!((&*request.method, &*request.target), ("GET", "/events"));
            assert_eq!(request.header("accept"), ["text/event-stream"]);
            assert_eq!(request.header("cache-control"), ["no-cache"]);
            assert_eq!(request.header("accept-encoding"), ["identity"]);
            // With a user's client, it is that client's.
            let agent = request.header("user-agent");
            assert_eq!(
                agent.iter().any(|agent| agent.starts_with("sse-wire/")),
                engine.is_own(),
                "{agent:?}"
            );
            assert_eq!(agent == [transports::USER_AGENT], engine == Engine::Client, "{engine:?} {agent:?}");
            assert!(request.header("last-event-id").is_empty());
            assert!(engine == Engine::Agent || request.header("content-length").is_empty(), "{engine:?}");
            for name in ["referer", "content-type", "transfer-encoding"] {
                assert!(request.header(name).is_empty(), "{engine:?} {name}");
            }
        },
    );
}

#[test]
fn request_redirect() {
    stories(
        |connection| match connection.number {
            number @ 0..=4 => {
                let status = [301, 302, 303, 307, 308][number];
                connection.answer(status, "Location: /elsewhere\r\n", "");
            }
            5 => connection.stream("data: 1\n\n"),
            _ => connection.answer(204, "", ""),
        },
        |engine, story, requests| {
            assert_eq!(story, ["open", "1", "connecting", "closed"], "{engine:?}");
            let targets: Vec<_> = requests.iter().map(|request| request.target.as_str()).collect();
            assert_eq!(
                targets[..6],
                ["/events", "/elsewhere", "/elsewhere", "/elsewhere", "/elsewhere", "/elsewhere"]
            );
            assert_eq!(targets[6], "/events", "{engine:?}: each attempt begins at the beginning");
        },
    );
}

#[test]
fn request_status_error() {
    for status in [204, 205, 210, 299, 404, 410, 503] {
        for engine in engines() {
            let server = Server::start(move |connection| {
                connection.answer(
                    status,
                    "Content-Type: text/event-stream\r\n",
                    if status > 205 { "data: 1\n\n" } else { "" },
                );
            });
            let story = engine.build(builder(&server.url())).story();
            let expected = if status == 204 { &["closed"][..] } else { &["failed", "closed"] };
            assert_eq!(story, expected, "{engine:?} {status}");
            assert_eq!(server.received().len(), 1, "{engine:?} {status}: no reconnect");
        }
    }
}

#[test]
fn format_mime() {
    for (content_type, opens) in [
        ("x bogus", false),
        ("text/x-bogus", false),
        ("text/event-stream;", true),
        ("text/event-stream;charset=windows-1251", true),
    ] {
        for engine in engines() {
            let server = Server::start(move |connection| match connection.number {
                0 => connection.answer(200, &format!("Content-Type: {content_type}\r\n"), "data: 1\n\n"),
                _ => connection.answer(204, "", ""),
            });
            let story = engine.build(builder(&server.url())).story();
            let expected =
                if opens { &["open", "1", "connecting", "closed"][..] } else { &["failed", "closed"] };
            assert_eq!(story, expected, "{engine:?} {content_type}");
        }
    }
}

#[test]
fn eventsource_close_and_reconnect() {
    bodies(
        &["retry: 2\ndata: opened\n\n", "data: reconnected\n\n"],
        &["open", "opened", "connecting", "open", "reconnected", "connecting", "closed"],
        &[&[], &[], &[]],
    );
    bodies(
        &["retry: 2\ndata: ok\n\n", "data: data\n\n"],
        &["open", "ok", "connecting", "open", "data", "connecting", "closed"],
        &[&[], &[], &[]],
    );
}

#[test]
fn eventsource_constructor_url_bogus() {
    assert!(matches!(EventSource::new("http://this is invalid/"), Err(BuildError::Url { .. })));
}

#[test]
fn cross_origin_preflight() {
    // There is no preflight outside of browsers; the IDs are sent all the same.
    bodies(
        &["id: abc\nretry: 2\ndata: safe\n\n"],
        &["open", "safe", "connecting", "closed"],
        &[&[], &["abc"]],
    );
    bodies(
        &["id: e5p3n<3k0k0s\nretry: 2\ndata: unsafe\n\n"],
        &["open", "unsafe", "connecting", "closed"],
        &[&[], &["e5p3n<3k0k0s"]],
    );
    for engine in engines() {
        let long = "a".repeat(255);
        let body = format!("id: {long}\nretry: 2\ndata: long\n\n");
        let server = Server::start(move |connection| match connection.number {
            0 => connection.stream(&body),
            _ => connection.answer(204, "", ""),
        });
        engine.build(builder(&server.url())).story();
        assert_eq!(server.received()[1].header("Last-Event-ID"), [&*long], "{engine:?}");
    }
}

#[test]
fn what_a_cut_takes_with_it() {
    bodies(
        &["id: 1\ndata: a\n\nid: 2\ndata: b\n", "id: 3\ndata: c", "id: 4\ndata: d\n\nid: 5"],
        &["open", "a", "connecting", "open", "connecting", "open", "d", "connecting", "closed"],
        &[&[], &["1"], &["1"], &["4"]],
    );
}

#[test]
fn what_changes_the_last_event_id() {
    bodies(
        &[
            "id: 1\ndata: a\n\n",
            "id: 2\n\n",
            "data: b\n\n",
            "id\ndata: c\n\n",
            "id: é…\u{1f600}\n\n",
            "id: x\u{1}y\ndata: d\n\n",
        ],
        &[
            "open",
            "a",
            "connecting",
            "open",
            "connecting",
            "open",
            "b",
            "connecting",
            "open",
            "c",
            "connecting",
            "open",
            "connecting",
            "open",
            "d",
            "connecting",
            "closed",
        ],
        // An ID that no header can carry is left out.
        &[&[], &["1"], &["2"], &["2"], &[], &["é…\u{1f600}"], &[]],
    );
}

#[test]
fn a_byte_order_mark_at_the_beginning_of_each_stream() {
    bodies(
        &["\u{feff}data: 1\n\n", "\u{feff}data: 2\n\n\u{feff}data: 3\n\n"],
        &["open", "1", "connecting", "open", "2", "connecting", "closed"],
        &[&[], &[], &[]],
    );
}

#[test]
fn comments_types_and_line_ends() {
    bodies(
        &[": hello\r\nevent: tick\rdata: 1\n\r\n:\r\rdata\n\n"],
        &["open", ": hello", "tick: 1", ": ", "", "connecting", "closed"],
        &[&[], &[]],
    );
}

#[test]
fn a_retry_is_kept_over_connections() {
    for engine in engines() {
        let server = Server::start(|connection| {
            connection.stream(["data: 1\n\n", "retry: 7\n\n", "data: 2\n\n"][connection.number.min(2)]);
        });
        let mut client: Client = engine.build(builder(&server.url()));
        for expected in [1, 7, 7] {
            let delay = client.next_error().retry_in();
            assert_eq!(delay, Some(Duration::from_millis(expected)), "{engine:?}");
        }
    }
}

#[test]
fn a_stream_that_is_open_says_where_and_how() {
    let server = Server::start(|connection| match connection.number {
        0 => connection.answer(302, "Location: /b?c#d\r\n", ""),
        _ => {
            connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nMcp-Session-Id: 5\r\n\r\n")
        }
    });
    let mut client = Engine::Ureq.build(builder(&server.url()));
    let Some(ClientEvent::Open(opened)) = client.next_event() else { panic!() };
    assert_eq!(opened.url(), format!("http://{}/b?c", server.address()));
    assert_eq!(
        (opened.head().status.as_u16(), &opened.head().headers["mcp-session-id"]),
        (200, &"5".parse().unwrap())
    );
}

#[test]
fn an_event_loop_over_a_bare_socket() {
    let server = Server::start(|connection| match connection.number {
        0 => connection.answer(302, "Location: /elsewhere\r\n", ""),
        1 => connection.stream("retry: 101\nid: 7\nevent: tick\ndata: 1\n\ndata: 2\n\ndata: cut"),
        2 => connection.send("nonsense"),
        _ => connection.answer(204, "", ""),
    });
    let output = Command::new(example("event_loop")).arg(server.url()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "tick: 1\nmessage: 2\n");
    assert_eq!(String::from_utf8_lossy(&output.stderr).lines().count(), 2, "{output:?}");
    let requests = server.received();
    let targets: Vec<_> = requests.iter().map(|request| &*request.target).collect();
    assert_eq!(targets, ["/events", "/elsewhere", "/events", "/events"]);
    assert_eq!(requests[3].header("last-event-id"), ["7"]);
}

#[test]
fn an_example_whose_output_nobody_reads_ends_quietly() {
    let server = Server::start(|connection| {
        connection.open();
        // The chunks are those of a model, for the example that looks at them.
        let message = "data: {\"choices\": [{\"delta\": {\"content\": \"1\"}}]}\n\n";
        while connection.stream.write_all(message.as_bytes()).is_ok() {}
    });
    for name in ["event_loop", "llm_stream", "tail"] {
        let mut child = Command::new(example(name))
            .arg(server.url())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{name} {output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{name}");
    }
}
