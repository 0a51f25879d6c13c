//! A client that reconnects.
//!
//! [`EventSource`] and [`AsyncEventSource`] are in the crate's root.
//! Here is what they are made of, and what they report.
//!
//! # An HTTP client of your own
//!
//! A transport is a function from an [`http::Request`] to an [`http::Response`], so the client that a program
//! already has, with its certificates, proxies, and cookies, becomes one in a few lines:
//! [`Builder::<Blocking>::build_with`] and [`Builder::<Async>::build_with`] show ureq and reqwest. With
//! `hyper_util::client::legacy::Client` it is `move |request| client.request(request)`, and with a
//! [`tower`](https://docs.rs/tower) service, where `ServiceExt` is in scope, `move |request|
//! service.clone().oneshot(request)`. It must not follow redirects: the client does, so that no header of
//! yours reaches another origin. Its `User-Agent` stays; its `Accept-Encoding` stays if
//! [`compression`](Builder::compression) is on.
//!
//! A transport that keeps cookies keeps them over reconnects too, which sticky sessions need.
//!
//! # A new token after a 401
//!
//! Headers can be computed for each attempt. Name the statuses after which another token helps, and forget the old
//! token when one of them arrives:
//!
//! ```
//! use sse_wire::{EventSource, client::Policy};
//! use std::sync::{Arc, Mutex};
//!
//! # fn fetch_token() -> Result<String, std::io::Error> { Ok("secret".into()) }
//! let token = Arc::new(Mutex::new(None::<String>));
//! let rejected = token.clone();
//! let builder = EventSource::builder("https://example.org/events")
//!     .policy(Policy::new().retry_statuses([401, 503]).max_attempts(5))
//!     .header_with("Authorization", move || {
//!         let mut token = token.lock().unwrap();
//!         if token.is_none() {
//!             *token = Some(fetch_token()?);
//!         }
//!         Ok(token.as_ref().map(|token| format!("Bearer {token}")))
//!     })
//!     .on_error(move |error| {
//!         if error.status() == Some(http::StatusCode::UNAUTHORIZED) {
//!             *rejected.lock().unwrap() = None;
//!         }
//!     });
//! ```
//!
//! # What cannot be seen
//!
//! A stream that is cut is an error, and not an end (RFC 9112, 8 and 9.8). HTTP/1.1 has a body without a length and
//! without chunks, which ends with its connection: if something between the server and the client closes that in good
//! order, no client can tell. Over HTTP/2, a server that resets a stream with `NO_ERROR` in mid-answer looks like the
//! end of the body to those who read it over hyper; the client over reqwest looks closer. A transport of your own is
//! trusted. [`until_data`](Builder::until_data) and [`until_event`](Builder::until_event) make sure.

mod async_source;
mod body;
mod builder;
mod cause;
mod connection;
mod control;
mod driver;
mod error;
mod event;
#[cfg(all(test, loom))]
mod models;
mod policy;
mod redirect;
mod request;
#[cfg(feature = "reqwest")]
mod reqwest;
mod retry_after;
mod source;
mod stop;
mod timer;
#[cfg(feature = "ureq")]
mod ureq;
mod url;

pub use async_source::{Async, AsyncEventSource, AsyncEvents};
pub use builder::{Bare, Builder, Kind};
pub use cause::Cause;
pub use connection::{Connection, Step};
pub use control::EventSourceHandle;
pub use error::{BoxError, BuildError, ClientError};
pub use event::{ClientEvent, Opened};
pub use policy::Policy;
pub use request::{RequestBody, Timeouts};
pub use source::{Blocking, EventSource, Events};
pub use stop::Stop;
pub use timer::Timer;
#[cfg(feature = "tokio")]
pub use timer::TokioTimer;

/// A future on the heap.
pub type BoxFuture<T> = core::pin::Pin<alloc::boxed::Box<dyn Future<Output = T> + Send>>;
