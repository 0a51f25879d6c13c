//! What the example servers in `src/bin` share.

#[path = "../../demo/mod.rs"]
pub mod demo;

/// The README's code, which needs all these servers to compile.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct Readme;
