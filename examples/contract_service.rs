//! Drives `EventSource` on command: the test service for sse-contract-tests, LaunchDarkly's contract tests for SSE
//! clients in all languages.
//!
//!     cargo run --features ureq --example contract_service -- --port 8000
//!
//! A `POST` creates a client, which reports what it receives to the URL in the request. `GET /` lists what the client
//! can do.

use serde_json::{Value, json};
use sse_wire::{
    EventSource,
    client::{ClientEvent, EventSourceHandle, Policy},
};
use std::{collections::HashMap, env, error::Error, io::Read, process::ExitCode, thread, time::Duration};
use tiny_http::{Header, Method, Request, Response, Server};

const CAPABILITIES: [&str; 9] = [
    "bom",
    "comments",
    "headers",
    "last-event-id",
    "post",
    "report",
    "read-timeout",
    "restart",
    "server-directed-shutdown-request",
];

/// The largest body of a command, in bytes.
const MAX_BODY: u64 = 1 << 20;

type BoxError = Box<dyn Error + Send + Sync>;

/// A reply: a status, and perhaps the path of a stream or a JSON text.
enum Reply {
    Status(u16),
    Created(String),
    Json(Value),
    Quit,
}

#[derive(Default)]
struct Streams {
    count: u64,
    open: HashMap<String, EventSourceHandle>,
}

impl Streams {
    fn reply(&mut self, method: &Method, path: &str, body: &str) -> Reply {
        match (method, path) {
            (Method::Get, "/") => Reply::Json(json!({ "capabilities": CAPABILITIES })),
            (Method::Delete, "/") => Reply::Quit,
            (Method::Post, "/") => match serde_json::from_str(body).map_err(BoxError::from).and_then(start) {
                Ok(handle) => {
                    self.count += 1;
                    let path = format!("/streams/{}", self.count);
                    self.open.insert(path.clone(), handle);
                    Reply::Created(path)
                }
                Err(error) => {
                    eprintln!("a stream could not be started: {error}");
                    Reply::Status(400)
                }
            },
            (Method::Post, _) => match self.open.get(path) {
                Some(handle) => command(handle, body),
                None => Reply::Status(404),
            },
            (Method::Delete, _) => match self.open.remove(path) {
                Some(handle) => {
                    handle.close();
                    Reply::Status(204)
                }
                None => Reply::Status(404),
            },
            _ => Reply::Status(405),
        }
    }
}

fn command(handle: &EventSourceHandle, body: &str) -> Reply {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    match body["command"].as_str() {
        // All event types are reported from the beginning.
        Some("listen") if body["listen"]["type"].is_string() => Reply::Status(202),
        Some("restart") => {
            handle.reconnect();
            Reply::Status(202)
        }
        _ => Reply::Status(400),
    }
}

/// Starts a stream in a separate thread.
fn start(params: Value) -> Result<EventSourceHandle, BoxError> {
    let text = |name: &str| match &params[name] {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        other => Err(format!("{name} is not a text: {other}")),
    };
    let time = |name: &str| match &params[name] {
        Value::Null => Ok(None),
        number => match number.as_u64() {
            Some(milliseconds) => Ok(Some(Duration::from_millis(milliseconds))),
            None => Err(format!("{name} is not a number of milliseconds: {number}")),
        },
    };
    let url = text("streamUrl")?.ok_or("there is no streamUrl")?;
    let callback = text("callbackUrl")?.ok_or("there is no callbackUrl")?;
    // A POST is repeated here only because the tests ask for it.
    let mut builder = EventSource::builder(url).policy(Policy::new()).comments(true);
    if let Some(delay) = time("initialDelayMs")? {
        builder = builder.reconnection_time(delay);
    }
    if let Some(timeout) = time("readTimeoutMs")? {
        builder = builder.read_timeout(timeout);
    }
    if let Some(id) = text("lastEventId")? {
        builder = builder.last_event_id(id);
    }
    if let Some(method) = text("method")? {
        builder = builder.method(method);
    }
    if let Some(body) = text("body")? {
        builder = builder.body(body);
    }
    match &params["headers"] {
        Value::Null => {}
        Value::Object(headers) => {
            for (name, value) in headers {
                let value = value.as_str().ok_or_else(|| format!("the header {name} is not a text"))?;
                builder = builder.header(name, value);
            }
        }
        _ => return Err("headers is not an object".into()),
    }
    let source = builder.build()?;
    let handle = source.handle();
    thread::spawn(move || report(source, &callback));
    Ok(handle)
}

/// Sends everything that happens to the callback, numbered.
fn report(mut source: EventSource, callback: &str) {
    let agent = ureq::agent();
    let mut number = 0;
    for event in source.events() {
        let message = match event {
            ClientEvent::Message(message) => json!({
                "kind": "event",
                "event": {
                    "type": message.event(),
                    "data": message.data(),
                    "id": message.last_event_id(),
                },
            }),
            ClientEvent::Comment(text) => json!({ "kind": "comment", "comment": text }),
            ClientEvent::Error(error) => json!({ "kind": "error", "comment": error.to_string() }),
            _ => continue,
        };
        number += 1;
        let request = agent.post(format!("{callback}/{number}")).content_type("application/json");
        if let Err(error) = request.send(message.to_string()) {
            eprintln!("a callback failed: {error}");
        }
    }
}

fn serve(port: u16) -> Result<(), BoxError> {
    let server = Server::http(("127.0.0.1", port))?;
    let address = server.server_addr().to_ip().ok_or("no address")?;
    println!("listening on http://{address}");
    let mut streams = Streams::default();
    for mut request in server.incoming_requests() {
        let mut body = String::new();
        let reply = match request.as_reader().take(MAX_BODY + 1).read_to_string(&mut body) {
            Ok(size) if size as u64 > MAX_BODY => Reply::Status(413),
            Ok(_) => streams.reply(request.method(), request.url(), &body),
            Err(_) => Reply::Status(400),
        };
        let quit = matches!(reply, Reply::Quit);
        // The client that asked may have left.
        _ = respond(request, reply, &address.to_string());
        if quit {
            break;
        }
    }
    Ok(())
}

fn respond(request: Request, reply: Reply, address: &str) -> Result<(), BoxError> {
    let header = |name: &str, value: &str| Header::from_bytes(name, value).map_err(|()| "a header is wrong");
    let response = match reply {
        Reply::Status(status) => Response::from_string("").with_status_code(status),
        Reply::Quit => Response::from_string("").with_status_code(204),
        Reply::Created(path) => Response::from_string("")
            .with_status_code(201)
            .with_header(header("Location", &format!("http://{address}{path}"))?),
        Reply::Json(value) => {
            Response::from_string(value.to_string()).with_header(header("Content-Type", "application/json")?)
        }
    };
    Ok(request.respond(response)?)
}

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let port = match arguments[..] {
        [] => Ok(8000),
        ["--port", port] => port.parse(),
        _ => "".parse(),
    };
    let Ok(port) = port else {
        eprintln!("usage: contract_service [--port PORT]");
        return ExitCode::FAILURE;
    };
    match serve(port) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("contract_service: {error}");
            ExitCode::FAILURE
        }
    }
}
