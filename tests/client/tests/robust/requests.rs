//! What is sent: methods, bodies, headers, and cookies.

use super::{HOUR, builder, is_timeout, ms};
use sse_wire::client::Policy;
use sse_wire_client_tests::{Engine, Server, settings};
use std::{
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

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
