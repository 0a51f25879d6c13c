//! Each kind of client behind one interface, so that one table of cases tests all of them.

use crate::{tcp_client, transports};
use sse_wire::{
    AsyncEventSource, EventSource, MessageEvent,
    client::{Async, Blocking, BoxError, Builder, ClientError, ClientEvent, EventSourceHandle, Policy},
};
use std::time::Duration;
use tokio::runtime::{self, Runtime};

/// A kind of client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// This crate's client over ureq.
    Ureq,
    /// Made by hand.
    Tcp,
    /// This crate's client over reqwest.
    Reqwest,
    /// A user's hyper-util client.
    Hyper,
    /// A user's reqwest client.
    Client,
    /// A user's tower service.
    Service,
    /// A user's ureq agent, which has no timeouts and cannot be stopped from outside.
    Agent,
}

impl Engine {
    /// All kinds that obey every command.
    pub const ALL: [Engine; 6] =
        [Engine::Ureq, Engine::Tcp, Engine::Reqwest, Engine::Hyper, Engine::Client, Engine::Service];

    pub fn build(self, settings: Settings) -> Client {
        let Settings { blocking, asynchronous } = settings;
        match self {
            Engine::Ureq => Client::Sync(blocking.build().unwrap()),
            Engine::Tcp => Client::Sync(blocking.build_with(tcp_client).unwrap()),
            Engine::Agent => Client::Sync(transports::with_agent(blocking).unwrap()),
            Engine::Reqwest => Client::run(|| asynchronous.build().unwrap()),
            Engine::Hyper => Client::run(|| transports::with_hyper(asynchronous).unwrap()),
            Engine::Client => Client::run(|| transports::with_client(asynchronous).unwrap()),
            Engine::Service => Client::run(|| transports::with_service(asynchronous).unwrap()),
        }
    }

    /// Whether this is this crate's transport, and not a user's.
    pub fn is_own(self) -> bool {
        matches!(self, Engine::Ureq | Engine::Reqwest)
    }
}

/// The settings of a client of any kind.
#[derive(Debug)]
pub struct Settings {
    pub blocking: Builder<Blocking>,
    pub asynchronous: Builder<Async>,
}

/// Settings for reading the events of `url`.
pub fn settings(url: impl Into<String>) -> Settings {
    let url = url.into();
    Settings { blocking: EventSource::builder(&url), asynchronous: AsyncEventSource::builder(&url) }
}

macro_rules! both {
    ($($name:ident($($argument:ident: $type:ty),*);)*) => {
        impl Settings {
            $(pub fn $name(self, $($argument: impl Into<$type>),*) -> Settings {
                $(let $argument: $type = $argument.into();)*
                let blocking = self.blocking.$name($($argument.clone()),*);
                Settings { blocking, asynchronous: self.asynchronous.$name($($argument),*) }
            })*
        }
    };
}

both! {
    last_event_id(id: String);
    header(name: String, value: String);
    method(method: String);
    body(body: Vec<u8>);
    policy(policy: Policy);
    reconnection_time(time: Duration);
    connect_timeout(time: Option<Duration>);
    read_timeout(time: Option<Duration>);
    max_event_size(bytes: usize);
    comments(report: bool);
    compression(may_compress: bool);
    until_data(data: String);
    until_event(event: String);
    dispatch_unfinished(dispatch: bool);
}

impl Settings {
    pub fn header_with(
        self,
        name: &str,
        mut value: impl FnMut() -> Result<Option<String>, BoxError> + Clone + Send + 'static,
    ) -> Settings {
        let blocking = self.blocking.header_with(name, value.clone());
        let asynchronous = self.asynchronous.header_with(name, move || std::future::ready(value()));
        Settings { blocking, asynchronous }
    }

    pub fn url_with(
        self,
        mut url: impl FnMut() -> Result<String, BoxError> + Clone + Send + 'static,
    ) -> Settings {
        let blocking = self.blocking.url_with(url.clone());
        let asynchronous = self.asynchronous.url_with(move || std::future::ready(url()));
        Settings { blocking, asynchronous }
    }

    pub fn on_error(self, call: impl FnMut(&ClientError) + Clone + Send + 'static) -> Settings {
        Settings {
            blocking: self.blocking.on_error(call.clone()),
            asynchronous: self.asynchronous.on_error(call),
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
    /// An async client with its own runtime.
    pub fn run(build: impl FnOnce() -> AsyncEventSource) -> Client {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
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

    /// Everything that happens from here on, in short. Changes to the reconnection time are left out.
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
