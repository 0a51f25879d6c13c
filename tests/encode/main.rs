//! Outgoing: `Sse` and `Event`.

#[path = "../oracle/mod.rs"]
mod oracle;
#[cfg(feature = "std")]
mod properties;
mod python_original;
#[cfg(feature = "std")]
mod short_writes;
#[path = "../skip/mod.rs"]
mod skip;
mod sse;
mod vocabulary;
