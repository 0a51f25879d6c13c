//! Serving: the bodies and the blocking driver, in memory and with tiny_http.

#[cfg(feature = "std")]
mod block_reader;
#[cfg(feature = "http")]
mod blocks;
#[cfg(feature = "http")]
mod body;
#[cfg(feature = "std")]
mod driver;
mod last_event_id;
#[cfg(feature = "std")]
mod servers;
#[path = "../support/mod.rs"]
mod support;
#[cfg(feature = "std")]
#[cfg(feature = "http")]
mod whole_buffer;
