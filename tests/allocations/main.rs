//! Counts allocations: this binary has its own allocator.
#![cfg(feature = "std")]

#[cfg(feature = "channel")]
mod channel;
mod counting;
mod decode;
mod encode;
