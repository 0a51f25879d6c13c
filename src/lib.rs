//! Server-Sent Events on the wire.
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod error;
mod field;
mod line;
mod scan;

pub use error::Error;
pub use field::{Field, Retry};
