//! The channel, without sockets.
#![cfg(feature = "channel")]

mod blocking;
mod end;
mod hooks;
mod ids;
mod model;
mod reading;
mod resume;
mod retention;
mod sockets;
mod topics;
