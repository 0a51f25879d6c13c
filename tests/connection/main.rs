//! The client's state machine, without I/O.
#![cfg(feature = "client")]

mod random;
mod tables;
