//! What the recipes for all servers share, in place of your own application.

use futures_util::stream::{self, Stream};
use sse_wire::{
    Event,
    response::{End, KeepAlive, SendError, Sender},
};
use std::{
    env,
    net::{SocketAddr, TcpListener},
    thread,
    time::Duration,
};

fn tick(id: u64) -> Event {
    Event::new().event("tick").id(id).data(id)
}

/// The events after this ID: one, and then silence, so that a test sees each keep-alive.
pub fn events(after: Option<u64>) -> impl Stream<Item = Event> + Send + Sync + Unpin {
    use futures_util::StreamExt;
    stream::iter([tick(after.unwrap_or(0) + 1)]).chain(stream::pending())
}

/// The same in blocking code. It continues until the stream ends, which a sender notices when it sends.
pub fn send_events(sender: &Sender, after: Option<u64>) -> Result<(), SendError> {
    sender.send(tick(after.unwrap_or(0) + 1))?;
    loop {
        thread::sleep(Duration::from_millis(50));
        sender.try_send(Event::new())?;
    }
}

pub fn keep_alive() -> KeepAlive {
    KeepAlive::every(Duration::from_millis(100)).comment("ping")
}

pub fn log(end: End) {
    match end {
        End::Dropped => println!("the client left"),
        end => println!("a stream ended: {end:?}"),
    }
}

/// The address in the first argument, or any free port.
pub fn address() -> SocketAddr {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    address.parse().expect("an address and a port")
}

pub fn announce(address: impl Into<SocketAddr>) {
    println!("http://{}/events", address.into());
}

/// Listens, without blocking if a runtime needs that.
pub fn listen() -> TcpListener {
    let listener = TcpListener::bind(address()).expect("a free port");
    let is_blocking = ["tiny_http", "tcp"]
        .iter()
        .any(|name| env::args().next().is_some_and(|program| program.ends_with(name)));
    listener.set_nonblocking(!is_blocking).expect("an option of the socket");
    announce(listener.local_addr().expect("an address"));
    listener
}
