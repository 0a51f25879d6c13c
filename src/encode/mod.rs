//! Outgoing: events in, the bytes of an event stream out.
//!
//! `block` writes the bytes of one event; [`Event`] and [`Sse`] hold them until they are sent.

pub(crate) mod block;
#[cfg(feature = "http")]
mod body;
mod chunk;
mod data;
mod event;
mod id;
mod message_writer;
mod retry;
mod sse;
pub mod vocabulary;

#[cfg(feature = "http")]
pub use body::SseBody;
pub use chunk::Chunk;
pub use data::Data;
pub use event::Event;
pub use id::EventId;
pub use message_writer::MessageWriter;
pub use retry::Retry;
pub use sse::Sse;
