//! What is allocated, counted: this binary has an allocator of its own.
#![cfg(feature = "std")]

#[cfg(feature = "channel")]
mod channel;
mod counting;
mod decode;
mod encode;
