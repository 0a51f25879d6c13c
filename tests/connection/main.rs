//! The client's state machine, without I/O.
#![cfg(feature = "client")]

#[allow(unreachable_pub)]
mod invariants;
mod random;
mod tables;
