//! Incoming: the decoder, the readers, and `examples/tail`.

mod conformance;
mod decoder;
mod engines;
#[path = "../oracle/mod.rs"]
mod oracle;
#[cfg(feature = "std")]
mod reader;
mod round_trip;
#[cfg(feature = "stream")]
mod stream;
#[cfg(feature = "std")]
mod tail;
#[cfg(all(feature = "std", feature = "stream"))]
mod until;
