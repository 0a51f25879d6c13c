//! A client that reconnects.
//!
//! [`EventSource`] and [`AsyncEventSource`] are in the crate root. This module contains what they are made of, and what
//! they report.
//!
//! # Your own HTTP client
//!
//! A transport is a function from an [`http::Request`] to an [`http::Response`]. The HTTP client that a program already
//! has, with its certificates, proxies, and cookies, becomes one in a few lines: [`Builder::<Blocking>::build_with`]
//! and [`Builder::<Async>::build_with`] show this for ureq and reqwest. With `hyper_util::client::legacy::Client` it is
//! `move |request| client.request(request)`; with a [`tower`](https://docs.rs/tower) service, and `ServiceExt` in
//! scope, it is `move |request| service.clone().oneshot(request)`. A transport must not follow redirects: `EventSource`
//! does that itself, so that none of your headers reaches another origin. The transport's `User-Agent` is kept, and so
//! is its `Accept-Encoding` if [`compression`](Builder::compression) is on.
//!
//! # Sticky cookies
//!
//! A load balancer that sets a cookie expects it in the next request; without it, the client resumes at a server that
//! does not know it. A transport that stores cookies keeps them across reconnects: reqwest with `cookie_store(true)`,
//! ureq with its feature `cookies`. With any other transport, store the cookie that matters yourself:
//!
//! ```
//! use sse_wire::{EventSource, client::ClientEvent};
//! use std::sync::{Arc, Mutex};
//! # use sse_wire::client::{BoxError, Stop};
//! # use http::{Request, Response, header::{COOKIE, SET_COOKIE}};
//!
//! # let mut requests = 0;
//! # let balancer = move |request: Request<Vec<u8>>, _: &Stop| {
//! #     requests += 1;
//! #     let answer = Response::builder().header("content-type", "text/event-stream");
//! #     let known = request.headers().get(COOKIE).map(|cookie| cookie.as_bytes().to_vec());
//! #     match (requests, known.as_deref()) {
//! #         (1, None) => answer.header(SET_COOKIE, "route=b; Path=/").body(&b"data: 1\n\n"[..]),
//! #         (2, Some(b"route=b")) => answer.body(&b"data: 2\n\n"[..]),
//! #         (3, Some(b"route=b")) => answer.status(204).body(&b""[..]),
//! #         other => panic!("{other:?}"),
//! #     }
//! # };
//! let kept = Arc::new(Mutex::new(None::<String>));
//! let cookie = kept.clone();
//! let builder = EventSource::builder("https://example.org/events")
//!     .header_with("Cookie", move || Ok(cookie.lock().unwrap().clone()));
//! # let mut source = builder.reconnection_time(std::time::Duration::ZERO).build_with(balancer)?;
//! # #[cfg(any())]
//! let mut source = builder.build()?;
//! # let mut seen = Vec::new();
//! while let Some(event) = source.next_event() {
//!     match event {
//!         ClientEvent::Open(opened) => {
//!             let mut cookies = opened.head().headers.get_all("set-cookie").iter();
//!             let route = cookies.find_map(|cookie| {
//!                 let pair = cookie.to_str().ok()?.split(';').next()?;
//!                 pair.starts_with("route=").then(|| pair.to_owned())
//!             });
//!             if route.is_some() {
//!                 *kept.lock().unwrap() = route;
//!             }
//!         }
//! #       ClientEvent::Message(message) if { seen.push(message.data().to_owned()); false } => {}
//!         ClientEvent::Message(message) => println!("{}", message.data()),
//!         ClientEvent::Error(error) => eprintln!("{error}"),
//!         _ => {}
//!     }
//! }
//! # assert_eq!(seen, ["1", "2"]);
//! # Ok::<(), sse_wire::client::BuildError>(())
//! ```
//!
//! # A new token after a 401
//!
//! Headers can be computed for each attempt (for an async client, by a future). List the statuses after which a new
//! token helps, and forget the old token when one of them arrives:
//!
//! ```
//! use sse_wire::{EventSource, client::Policy};
//! use std::sync::{Arc, Mutex};
//! # use sse_wire::client::{BoxError, Stop};
//!
//! # let mut fetched = 0;
//! # let mut fetch_token = move || { fetched += 1; Ok::<_, std::io::Error>(format!("secret {fetched}")) };
//! # let server = |request: http::Request<Vec<u8>>, _: &Stop| {
//! #     let answer = http::Response::builder().header("content-type", "text/event-stream");
//! #     match request.headers()["authorization"].as_bytes() {
//! #         b"Bearer secret 1" => answer.status(401).body(&b""[..]),
//! #         b"Bearer secret 2" => answer.body(&b"data: 1\n\n"[..]),
//! #         other => panic!("{other:?}"),
//! #     }
//! # };
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
//! # let mut source = builder.reconnection_time(std::time::Duration::ZERO).build_with(server)?;
//! # #[cfg(any())]
//! let mut source = builder.build()?;
//! # assert_eq!(source.next().unwrap().unwrap().data(), "1");
//! # Ok::<(), sse_wire::client::BuildError>(())
//! ```
//!
//! # What cannot be seen
//!
//! A stream that is cut off is an error, not an end (RFC 9112, 8 and 9.8). But in HTTP/1.1, a body without a length and
//! without chunks ends with its connection: if something between the server and the client closes the connection
//! properly, no client can tell the difference. If such a body comes over TLS and ends without a `close_notify`, it
//! looks complete with the feature `reqwest-native-tls` on a system that uses OpenSSL, because native-tls does not
//! report it. Over HTTP/2, if a server resets a stream with `NO_ERROR` in the middle of a response, hyper reports it as
//! the end of the body; the client over reqwest detects it. Your own transport is trusted to tell the difference.
#![cfg_attr(
    feature = "ureq",
    doc = "A ureq agent takes a reset for an end, too, unless it uses a [`CutDetector`]."
)]
//!
//! To be sure whatever the transport, set [`until_data`](Builder::until_data) or
//! [`until_event`](Builder::until_event).

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
#[cfg(feature = "ureq")]
pub use ureq::CutDetector;

/// A boxed future.
pub type BoxFuture<T> = core::pin::Pin<alloc::boxed::Box<dyn Future<Output = T> + Send>>;
