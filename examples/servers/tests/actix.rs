//! actix-web: a body that is fed event by event, a body of buffered events, and the example.

use crate::{
    feed::{Once, feed},
    support,
};
use actix_web::{App, HttpResponse, HttpServer, dev::ServerHandle, rt::System, web};
use bytes::Bytes;
use futures_util::stream::Stream;
use std::{
    convert::Infallible,
    net::{Ipv4Addr, TcpListener},
    path::Path,
    thread::{self, JoinHandle},
};

/// A server that sends this body in response to the first request.
struct Server {
    url: String,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn start(body: impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a listener");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        let body = Once::new(body);
        let app = move || {
            let body = body.clone();
            let answer = move || {
                let mut response = HttpResponse::Ok();
                for header in support::HEADERS {
                    response.insert_header(header);
                }
                let response = response.streaming(body.take());
                async { response }
            };
            App::new().route("/", web::get().to(answer))
        };
        let (sender, handle) = std::sync::mpsc::channel();
        let thread = thread::spawn(move || {
            System::new().block_on(async {
                let server = HttpServer::new(app).workers(1).disable_signals().listen(listener);
                let server = server.expect("a server").run();
                sender.send(server.handle()).expect("the test waits");
                server.await.expect("no error");
            });
        });
        Server { url, handle: handle.recv().expect("the server starts"), thread: Some(thread) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The command is sent at once; the future only waits for its end.
        drop(self.handle.stop(false));
        let _ = self.thread.take().expect("not joined yet").join();
    }
}

#[test]
fn each_event_is_sent_at_once() {
    let (sender, events) = feed();
    let server = Server::start(events);
    support::expect_each_event_at_once(&server.url, move |event| {
        sender.blocking_send(event).expect("the handler waits");
    });
}

#[test]
fn the_stream_is_dropped_when_the_client_leaves() {
    let (sender, events) = feed();
    let server = Server::start(events);
    support::expect_the_handler_to_end_when_the_client_leaves(&server.url, move |event| {
        sender.blocking_send(event).is_ok()
    });
}

#[test]
fn what_is_buffered_is_a_stream() {
    let (sse, text) = support::whole();
    let server = Server::start(sse.into_body());
    let mut stream = support::Stream::get(&server.url);
    stream.expect_event_stream();
    assert_eq!(stream.read_to_end(), text);
}

#[test]
fn the_example() {
    support::expect_an_example_server(Path::new(env!("CARGO_BIN_EXE_actix")));
}
