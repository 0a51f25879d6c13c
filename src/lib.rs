#![doc = include_str!("crate.md")]
// With few features, links to what is missing lead to docs.rs.
#![cfg_attr(all(feature = "axum-core-0_5", feature = "json", feature = "redis", feature = "reqwest", feature = "ureq"), doc = include_str!("guide/here.md"))]
#![cfg_attr(
    not(all(feature = "axum-core-0_5", feature = "json", feature = "redis", feature = "reqwest", feature = "ureq")), doc = include_str!("guide/elsewhere.md")
)]
#![no_std]
#![deny(unsafe_code)] // except in src/wire/utf8.rs
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

#[cfg(feature = "channel")]
pub mod channel;
#[cfg(feature = "client")]
pub mod client;
mod decode;
mod encode;
mod error;
// Complete only with all features.
#[cfg(all(
    any(doc, doctest),
    feature = "axum-core-0_5",
    feature = "json",
    feature = "redis",
    feature = "reqwest",
    feature = "ureq"
))]
#[cfg_attr(docsrs, doc(auto_cfg = false))]
pub mod guide;
pub mod response;
#[cfg(feature = "std")]
mod sync;
mod wire;

#[cfg(feature = "client")]
#[doc(inline)]
pub use client::{AsyncEventSource, EventSource};
pub use decode::{Decoder, Incoming, IncomingRef, Input, MessageEvent, MessageRef};
#[cfg(feature = "std")]
pub use decode::{IncomingReader, MessageReader};
#[cfg(feature = "stream")]
pub use decode::{IncomingStream, MessageStream};
#[cfg(feature = "http")]
pub use decode::{ResponseError, check_response};
#[cfg(feature = "http")]
pub use encode::SseBody;
#[doc(hidden)]
pub use encode::vocabulary as __vocabulary;
pub use encode::{Chunk, Data, Event, EventId, MessageWriter, Retry, Sse};
#[cfg(feature = "json")]
pub use error::JsonError;
#[cfg(any(feature = "std", feature = "stream"))]
pub use error::ReadError;
pub use error::{Error, Field, TooLarge};
