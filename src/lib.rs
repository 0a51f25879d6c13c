// The README's code is compiled by the package in examples/servers, which has the servers that it names.
#![cfg_attr(not(doctest), doc = include_str!("../README.md"))]
#![no_std]
#![deny(unsafe_code)] // but for src/decode/utf8.rs
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod block;
#[cfg(feature = "http")]
mod body;
mod chunk;
#[cfg(feature = "client")]
mod client;
mod data;
mod decode;
mod error;
mod event;
mod field;
mod id;
mod inline;
mod line;
mod message;
mod message_writer;
pub mod response;
mod scan;
mod sse;
mod vocabulary;

#[cfg(feature = "http")]
pub use body::SseBody;
pub use chunk::Chunk;
#[cfg(feature = "client")]
pub use client::{
    Answer, AnswerHead, AsyncBody, AsyncEventSource, AsyncEvents, AsyncTransport, BoxError, BoxFuture,
    BuildError, Cause, ClientError, ClientEvent, Connection, EventSource, EventSourceBuilder,
    EventSourceHandle, Events, Handlers, Opened, Policy, Request, RequestBody, Stop, Transport, Verdict,
};
pub use data::Data;
#[cfg(feature = "std")]
pub use decode::MessageReader;
#[cfg(feature = "stream")]
pub use decode::MessageStream;
pub use decode::{Decoder, Incoming, IncomingRef, Input};
#[cfg(feature = "serde")]
pub use error::JsonError;
#[cfg(any(feature = "std", feature = "stream"))]
pub use error::ReadError;
pub use error::{Error, TooLarge};
pub use event::Event;
#[doc(hidden)]
pub use field::__is_event_type;
pub use field::{Field, Retry};
pub use id::EventId;
pub use message::{MessageEvent, MessageRef};
pub use message_writer::MessageWriter;
pub use sse::Sse;
#[doc(hidden)]
pub use vocabulary::{__is_method_of_sse, __without_raw_prefix};
