//! The channel, without sockets.
#![cfg(feature = "channel")]

mod cases;
mod model;
mod sockets;
mod topics;
