//! Server-Sent Events on the wire.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod decode;
mod error;
mod field;
mod line;
mod message;
mod scan;

#[cfg(feature = "std")]
pub use decode::MessageReader;
#[cfg(feature = "stream")]
pub use decode::MessageStream;
pub use decode::{Decoder, Incoming, IncomingRef, Input};
#[cfg(feature = "serde")]
pub use error::JsonError;
#[cfg(any(feature = "std", feature = "stream"))]
pub use error::ReadError;
pub use error::{Error, TooLarge};
pub use field::{Field, Retry};
pub use message::{MessageEvent, MessageRef};
