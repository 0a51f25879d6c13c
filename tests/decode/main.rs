//! Incoming: the decoder, the readers, and `examples/tail`.

mod conformance;
mod decoder;
mod engines;
#[path = "../oracle/mod.rs"]
mod oracle;
mod round_trip;
#[cfg(feature = "std")]
mod tail;
#[cfg(all(feature = "std", feature = "stream"))]
mod until;
