//! Serves an event stream: headers, keep-alive, resuming, noticing that the client left, shutdown.
//!
//! In an async server, wrap any stream of events in a [`Body`]:
//!
//! ```
//! # #[cfg(feature = "tokio")]
//! # fn handler(events: impl futures_core::Stream<Item = sse_wire::Event>) {
//! let response = sse_wire::response::Body::new(events).into_http();
//! # }
//! ```
//!
//! In a server with a thread for each connection, use a [`writer`]: senders for events, and a driver that owns the
//! connection.
//!
//! ```
//! # #[cfg(feature = "std")]
//! # fn main() -> std::io::Result<()> {
//! # let mut connection = Vec::new();
//! use sse_wire::{Event, response::{self, Framing}};
//!
//! let (sender, driver) = response::writer(Framing::of("GET", (1, 1), None));
//! std::thread::spawn(move || sender.send(Event::new().data("from any thread")));
//! driver.run(&mut connection)?;
//! # assert!(connection.ends_with(b"data: from any thread\n\n\r\n0\r\n\r\n"));
//! # Ok(()) }
//! # #[cfg(not(feature = "std"))]
//! # fn main() {}
//! ```
//!
//! Both send everything that is ready at once, a [`KeepAlive`] when there is nothing to send, and a farewell at a
//! [`Shutdown`], and both report how the stream ended ([`End`]). [`last_event_id`] says where a client wants to resume.
//! Keep-alives and farewells are never sent inside an event: where bytes may be cut anywhere, [`Blocks`] and
//! [`BlockReader`] turn them into whole blocks first.
//!
//! Nothing here needs a particular runtime. Where time is needed, a [`BodyTimer`] is a parameter; the feature `tokio`
//! adds tokio's timer, for [`Body::new`].
//!
//! | feature | what it adds here |
//! |---|---|
//! | none | [`headers`], [`last_event_id`] |
//! | `std` | [`writer`], [`KeepAlive`], [`Shutdown`], [`BlockReader`] |
//! | `stream` | [`Driver::over`] |
//! | `http` | [`Body`], [`Blocks`], [`with_headers`], [`last_event_id::parse`] |
//! | `tokio` | [`Body::new`], [`TokioTimer`] |
//! | `axum-core-0_5` | a handler of axum 0.8 may return a [`Body`] |
//!
//! [`servers`] has a complete program for each server, and [`patterns`] shows what people build on event streams.
//!
// With few features, links to what is missing lead to docs.rs.
#![cfg_attr(feature = "tokio", doc = include_str!("leaving.md"))]
#![cfg_attr(feature = "tokio", doc = "")]
#![cfg_attr(feature = "tokio", doc = include_str!("proxies.md"))]
#![cfg_attr(not(feature = "tokio"), doc = include_str!("elsewhere.md"))]

#[cfg(feature = "std")]
mod blocking;
#[cfg(feature = "std")]
mod blocks;
#[cfg(feature = "http")]
mod body;
#[cfg(feature = "std")]
mod encoded;
#[cfg(feature = "std")]
mod end;
mod head;
#[cfg(feature = "std")]
mod keep_alive;
pub mod last_event_id;
// The code is compiled and run by the package in examples/servers, which has the dependencies it uses.
#[cfg(all(any(doc, doctest), feature = "tokio"))]
#[cfg_attr(docsrs, doc(auto_cfg = false))]
#[cfg_attr(not(doctest), doc = include_str!("patterns.md"))]
pub mod patterns {}
mod relay;
#[cfg(all(any(doc, doctest), feature = "tokio"))]
#[cfg_attr(docsrs, doc(auto_cfg = false))]
pub mod servers;
#[cfg(feature = "std")]
mod shutdown;

#[cfg(all(feature = "std", feature = "stream"))]
pub use blocking::StreamSource;
#[cfg(feature = "std")]
pub use blocking::{Driver, Framing, HeaderError, Queue, SendError, Sender, Source, writer};
#[cfg(feature = "std")]
pub use blocks::BlockReader;
#[cfg(feature = "http")]
pub use blocks::{Blocks, Piece};
#[cfg(feature = "http")]
pub use body::{Body, BodyTimer, FnTimer, NoTimer, TokioTimer};
#[cfg(feature = "std")]
pub use encoded::Encoded;
#[cfg(feature = "channel")]
pub(crate) use encoded::whole_blocks;
#[cfg(feature = "http")]
pub use encoded::{Item, LastEvents};
#[cfg(feature = "std")]
pub use end::End;
#[cfg(feature = "http")]
pub use head::with_headers;
pub use head::{Headers, headers};
#[cfg(feature = "std")]
pub use keep_alive::KeepAlive;
pub use last_event_id::LastEventIdError;
#[cfg(feature = "std")]
pub use shutdown::{Begun, Finished, Shutdown, ShutdownBuilder};
