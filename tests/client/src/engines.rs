//! Each kind of client behind one face, so that one table of cases tests all of them.

use crate::{HyperClient, tcp_client};
use sse_wire::{
    AsyncEventSource, EventSource, MessageEvent,
    client::{ClientError, ClientEvent, EventSourceBuilder, EventSourceHandle},
};
use tokio::runtime::{Builder, Runtime};

/// A kind of client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Ureq,
    Tcp,
    Reqwest,
    Hyper,
}

impl Engine {
    pub const ALL: [Engine; 4] = [Engine::Ureq, Engine::Tcp, Engine::Reqwest, Engine::Hyper];

    pub fn build(self, settings: EventSourceBuilder) -> Client {
        match self {
            Engine::Ureq => Client::Sync(settings.build().unwrap()),
            Engine::Tcp => Client::Sync(settings.build_with(tcp_client).unwrap()),
            Engine::Reqwest => Client::run(|| settings.build_async().unwrap()),
            Engine::Hyper => Client::run(|| settings.build_async_with(HyperClient::http1()).unwrap()),
        }
    }
}

/// A client of any kind.
#[derive(Debug)]
pub enum Client {
    Sync(EventSource),
    Async(AsyncEventSource, Runtime),
}

impl Client {
    /// An async client with a runtime of its own.
    pub fn run(build: impl FnOnce() -> AsyncEventSource) -> Client {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let guard = runtime.enter();
        let source = build();
        drop(guard);
        Client::Async(source, runtime)
    }

    pub fn handle(&self) -> EventSourceHandle {
        match self {
            Client::Sync(source) => source.handle(),
            Client::Async(source, _) => source.handle(),
        }
    }

    pub fn next_event(&mut self) -> Option<ClientEvent> {
        match self {
            Client::Sync(source) => source.next_event(),
            Client::Async(source, runtime) => runtime.block_on(source.next_event()),
        }
    }

    pub fn last_event_id(&self) -> &str {
        match self {
            Client::Sync(source) => source.last_event_id(),
            Client::Async(source, _) => source.last_event_id(),
        }
    }

    /// The next error, whatever comes before it.
    pub fn next_error(&mut self) -> ClientError {
        loop {
            match self.next_event() {
                Some(ClientEvent::Error(error)) => return error,
                Some(_) => {}
                None => panic!("the client ended without an error"),
            }
        }
    }

    /// All that happens from here on, in short. Changes of the reconnection time are left out.
    pub fn story(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.next_event()).filter_map(|event| short(&event)).collect()
    }

    /// The next few things that happen, in short.
    pub fn some(&mut self, count: usize) -> Vec<String> {
        std::iter::from_fn(|| self.next_event()).filter_map(|event| short(&event)).take(count).collect()
    }
}

impl Iterator for Client {
    type Item = Result<MessageEvent, ClientError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Client::Sync(source) => source.next(),
            Client::Async(source, runtime) => runtime.block_on(source.next()),
        }
    }
}

fn short(event: &ClientEvent) -> Option<String> {
    Some(match event {
        ClientEvent::Retry(_) => return None,
        ClientEvent::Open(_) => "open".into(),
        ClientEvent::Message(message) => match message.event() {
            "message" => message.data().into(),
            event => format!("{event}: {}", message.data()),
        },
        ClientEvent::Comment(text) => format!(": {text}"),
        ClientEvent::Error(error) if error.is_fatal() => "failed".into(),
        ClientEvent::Error(error) if error.retry_in().is_some() => "connecting".into(),
        ClientEvent::Error(_) => "skipped".into(),
        ClientEvent::Closed => "closed".into(),
        event => format!("{event:?}"),
    })
}
