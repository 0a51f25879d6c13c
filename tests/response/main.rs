//! Serving: the bodies and the blocking driver, in memory and with tiny_http.

#[cfg(feature = "http")]
mod async_body;
#[cfg(feature = "std")]
mod blocking_driver;
mod last_event_id;
#[cfg(feature = "std")]
mod servers;
#[cfg(feature = "std")]
#[path = "../support/mod.rs"]
mod support;
