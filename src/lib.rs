// The README's code is compiled by the package in examples/servers, which has the servers that it names.
#![cfg_attr(not(doctest), doc = include_str!("../README.md"))]
#![no_std]
#![deny(unsafe_code)] // but for src/wire/utf8.rs
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
pub mod response;
#[cfg(feature = "std")]
mod sync;
mod wire;

#[cfg(feature = "client")]
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
