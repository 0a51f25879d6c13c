//! The response of a blocking server: senders for events, and a driver that owns the connection.

mod driver;
mod framing;
#[cfg(all(test, loom))]
mod models;
mod queue;
mod raw_head;
mod sender;
mod source;

pub use driver::Driver;
pub use framing::Framing;
pub use queue::Queue;
pub use raw_head::HeaderError;
pub use sender::{SendError, Sender};
pub use source::Source;
#[cfg(feature = "stream")]
pub use source::StreamSource;

/// Creates the response for a server with a thread for each connection: tiny_http, or a bare TCP socket.
///
/// Send events with the [`Sender`], from any thread and with any number of clones. The [`Driver`] runs on the
/// connection's thread. It writes the head of the response, then everything that has been sent, with one flush for each
/// batch and one write for each 16 KiB, and a keep-alive when there was nothing to send.
///
/// ```no_run
/// use sse_wire::{Event, response::{self, Framing}};
/// use std::{net::TcpListener, thread, time::Duration};
///
/// let (connection, _) = TcpListener::bind("127.0.0.1:0")?.accept()?;
/// // Read the request here. Then:
/// let (sender, driver) = response::writer(Framing::of("GET", (1, 1), None));
/// thread::spawn(move || {
///     for n in 1.. {
///         if let Err(error) = sender.send(Event::new().event("tick").id(n).data(n)) {
///             println!("The stream ended: {error}.");
///             return;
///         }
///         thread::sleep(Duration::from_secs(1));
///     }
/// });
/// driver.run(connection)?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// The stream ends when the last sender is dropped. If your events already are a `Stream`, no sender is needed: use
#[cfg_attr(feature = "stream", doc = "[`Driver::over`].")]
#[cfg_attr(not(feature = "stream"), doc = "`Driver::over` (feature `stream`).")]
pub fn writer(framing: Framing) -> (Sender, Driver) {
    let queue = Queue::new();
    (Sender::new(&queue), Driver::new(framing, queue))
}
