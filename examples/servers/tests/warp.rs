//! warp: a body that is fed event by event, and a body of buffered events.

use crate::{
    feed::{Once, feed},
    support,
};
use bytes::Bytes;
use futures_util::{
    StreamExt,
    stream::{self, Stream},
};
use sse_wire::{Event, response};
use std::{convert::Infallible, net::Ipv4Addr};
use tokio::{net::TcpListener, runtime::Runtime};
use warp::{Filter, http::HeaderName, reply, reply::Reply};

/// A server that sends this body in response to the first request, for as long as the runtime lives. Returns its URL.
fn serve(
    runtime: &Runtime,
    body: impl Stream<Item = Result<Bytes, Infallible>> + Send + Sync + 'static,
) -> String {
    let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).expect("a listener");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let body = Once::new(body);
    let route = warp::any().map(move || {
        let mut response = reply::stream(body.take()).into_response();
        for (name, value) in support::HEADERS {
            let name: HeaderName = name.parse().expect("a header's name");
            response.headers_mut().insert(name, value.parse().expect("a header's value"));
        }
        response
    });
    runtime.spawn(warp::serve(route).incoming(listener).run());
    url
}

fn runtime() -> Runtime {
    Runtime::new().expect("a runtime")
}

#[test]
fn each_event_is_sent_at_once() {
    let runtime = runtime();
    let (sender, events) = feed();
    support::expect_each_event_at_once(&serve(&runtime, events), move |event| {
        sender.blocking_send(event).expect("the handler waits");
    });
}

#[test]
fn a_response_body_is_a_stream() {
    let runtime = runtime();
    let (sender, mut events) = tokio::sync::mpsc::channel(1);
    let events = stream::poll_fn(move |cx| events.poll_recv(cx));
    let first = stream::iter([Event::new().retry(2000)]);
    let url = serve(&runtime, response::Body::new(first.chain(events)));
    support::expect_each_event_at_once(&url, move |event| {
        sender.blocking_send(event).expect("the handler waits");
    });
}

#[test]
fn what_is_buffered_is_a_stream() {
    let runtime = runtime();
    let (sse, text) = support::whole();
    let mut stream = support::Stream::get(&serve(&runtime, sse.into_body()));
    stream.expect_event_stream();
    assert_eq!(stream.read_to_end(), text);
}
