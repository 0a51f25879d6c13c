//! `examples/contract_service`, run as a process and driven as the contract tests do.

use serde_json::{Value, json};
use sse_wire_client_tests::{Connection, Received, Server, example};
use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::{Mutex, mpsc},
    thread,
};

struct Service {
    process: Child,
    url: String,
    agent: ureq::Agent,
    callbacks: Server,
    called: mpsc::Receiver<(String, Value)>,
    streams: u32,
    /// The URL of the last stream.
    count: u32,
}

impl Service {
    fn start() -> Service {
        let mut process = Command::new(example("contract_service"))
            .args(["--port", "0"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").unwrap().to_owned();
        let (sender, called) = mpsc::channel();
        let sender = Mutex::new(sender);
        let callbacks = Server::start(move |connection| {
            let body = serde_json::from_str(&connection.request.body).unwrap();
            _ = sender.lock().unwrap().send((connection.request.target.clone(), body));
            connection.answer(202, "", "");
        });
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        Service { process, url, agent, callbacks, called, streams: 0, count: 0 }
    }

    fn post(&self, url: &str, body: &Value) -> (u16, Option<String>) {
        let answer = self.agent.post(url).send(body.to_string()).unwrap();
        let location = answer.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
        (answer.status().as_u16(), location)
    }

    fn delete(&self, url: &str) -> u16 {
        self.agent.delete(url).call().unwrap().status().as_u16()
    }

    /// Starts a stream, and returns its URL.
    fn stream(&mut self, server: &Server, more: &[(&str, Value)]) -> String {
        (self.streams, self.count) = (self.streams + 1, 0);
        let mut params = json!({
            "streamUrl": server.url(),
            "callbackUrl": format!("{}/{}", self.callbacks.url(), self.streams),
            "tag": "test",
            "initialDelayMs": 0,
        });
        for (name, value) in more {
            params[name] = value.clone();
        }
        let (status, location) = self.post(&self.url, &params);
        assert_eq!(status, 201);
        location.unwrap()
    }

    /// The next call for the last stream. Earlier streams may still have reported something.
    fn called(&mut self) -> Value {
        let prefix = format!("/events/{}/", self.streams);
        loop {
            let (path, body) = self.called.recv().unwrap();
            if let Some(number) = path.strip_prefix(&prefix) {
                self.count += 1;
                assert_eq!(number, self.count.to_string());
                return body;
            }
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

fn event(event: &str, data: &str, id: &str) -> Value {
    json!({"kind": "event", "event": {"type": event, "data": data, "id": id}})
}

/// Sends this, and leaves the stream open.
fn open(body: &'static str) -> impl Fn(&mut Connection) + Send + Sync {
    move |connection| {
        connection.stream(body);
        connection.until_left();
    }
}

fn until(mut condition: impl FnMut() -> bool) {
    while !condition() {
        thread::yield_now();
    }
}

#[test]
fn what_it_is_told_is_what_it_does() {
    let mut service = Service::start();
    let text = service.agent.get(&service.url).call().unwrap().body_mut().read_to_string().unwrap();
    let status: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(status["capabilities"].as_array().unwrap().len(), 9);

    // Messages and comments.
    let server = Server::start(open(
        "\u{feff}:Hello\nevent:  greeting\nid: abc\ncolor: blue\ndata: €豆腐\ndata:World\n\ndata\n\nid: a\0b\ndata:3\n\nid\ndata: 4\n\n",
    ));
    let stream = service.stream(&server, &[]);
    let listen = json!({"command": "listen", "listen": {"type": " greeting"}});
    assert_eq!(service.post(&stream, &listen).0, 202);
    for expected in [
        json!({"kind": "comment", "comment": "Hello"}),
        event(" greeting", "€豆腐\nWorld", "abc"),
        event("message", "", "abc"),
        event("message", "3", "abc"),
        event("message", "4", ""),
    ] {
        assert_eq!(service.called(), expected);
    }

    // A restart is not an error.
    let server = Server::start(open("data: Hello\n\n"));
    let stream = service.stream(&server, &[]);
    assert_eq!(service.called(), event("message", "Hello", ""));
    assert_eq!(service.post(&stream, &json!({"command": "restart"})).0, 202);
    assert_eq!(service.called(), event("message", "Hello", ""));
    assert_eq!(service.delete(&stream), 204);
    assert_eq!(service.delete(&stream), 404);
    assert_eq!(service.post(&stream, &json!({"command": "restart"})).0, 404);

    // What is sent, and sent again.
    let server = Server::start(|connection| connection.stream("data: x\n\n"));
    let stream = service.stream(
        &server,
        &[
            ("method", "REPORT".into()),
            ("body", "{\"hello\": \"world\"}".into()),
            ("headers", json!({"content-type": "application/json; charset=utf-8", "x-one": "1"})),
            ("lastEventId", "abc".into()),
        ],
    );
    until(|| server.received().len() >= 2);
    let check = |request: &Received| {
        assert_eq!((&*request.method, &*request.body), ("REPORT", "{\"hello\": \"world\"}"));
        assert_eq!(request.header("content-type"), ["application/json; charset=utf-8"]);
        assert_eq!((request.header("x-one"), request.header("last-event-id")), (vec!["1"], vec!["abc"]));
    };
    server.received().iter().for_each(check);
    service.delete(&stream);
    assert_eq!(service.called(), event("message", "x", "abc"));
    assert_eq!(service.called()["kind"], "error");

    // Silence. On a slow machine there may also be some before the message.
    let server = Server::start(open("data: Hello\n\n"));
    let stream = service.stream(&server, &[("readTimeoutMs", 100.into())]);
    let hello = event("message", "Hello", "");
    until(|| service.called() == hello);
    let error = service.called();
    assert!(error["comment"].as_str().unwrap().starts_with("nothing arrived from "), "{error}");
    until(|| service.called() == hello);
    service.delete(&stream);

    // The server says that everything is done.
    let server = Server::start(|connection| match connection.number {
        0 => connection.stream("data: 1\n\n"),
        _ => connection.answer(204, "", ""),
    });
    service.stream(&server, &[]);
    assert_eq!(service.called()["kind"], "event");
    assert_eq!(service.called()["kind"], "error");
    until(|| server.received().len() == 2);

    // Nonsense.
    let url = service.url.clone();
    for body in [
        json!({}),
        json!({"streamUrl": "http://localhost/"}),
        json!({"streamUrl": "nowhere", "callbackUrl": "http://localhost/"}),
        json!({"streamUrl": "http://localhost/", "callbackUrl": "http://localhost/", "initialDelayMs": "soon"}),
        json!({"streamUrl": "http://localhost/", "callbackUrl": "http://localhost/", "headers": {"a": 1}}),
        json!("nonsense"),
    ] {
        assert_eq!(service.post(&url, &body).0, 400, "{body}");
    }
    assert_eq!(service.post(&format!("{url}/streams/99"), &json!({})).0, 404);
    assert_eq!(service.post(&url, &json!("x".repeat(1 << 20))).0, 413);
    assert_eq!(service.delete(&url), 204);
    assert!(service.process.wait().unwrap().success());
}
