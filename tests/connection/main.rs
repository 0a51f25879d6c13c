//! The client's state machine, without I/O.
#![cfg(feature = "client")]

mod client;
mod commands;
#[allow(unreachable_pub)]
mod invariants;
mod random;
mod reconnecting;
mod redirects;
mod request;
mod response;
mod stream;
