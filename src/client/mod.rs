//! A client that comes back.
//!
//! `connection` decides, without I/O; `policy` calculates when to come back. `source` and `async_source`
//! drive a connection over a `transport`; `ureq` and `reqwest` are one each. `idle` is the read timeout of async
//! code.

mod answer;
mod async_source;
mod builder;
mod connection;
mod control;
mod error;
mod event;
mod handlers;
mod idle;
mod policy;
mod request;
#[cfg(feature = "reqwest")]
mod reqwest;
mod source;
mod transport;
#[cfg(feature = "ureq")]
mod ureq;
mod url;

pub use answer::{Answer, AnswerHead};
pub use async_source::{AsyncEventSource, AsyncEvents};
pub use builder::EventSourceBuilder;
pub use connection::{Connection, Verdict};
pub use control::{EventSourceHandle, Stop};
pub use error::{BoxError, BuildError, Cause, ClientError};
pub use event::{ClientEvent, Opened};
pub use handlers::Handlers;
pub use policy::Policy;
pub use request::{Request, RequestBody};
pub use source::{EventSource, Events};
pub use transport::{AsyncBody, AsyncTransport, BoxFuture, Transport};

/// A number for the policy to draw a delay with: std's hash maps are seeded from the system, and each
/// `RandomState` differs from the last one.
fn random() -> u64 {
    use core::hash::{BuildHasher, Hasher};
    std::hash::RandomState::new().build_hasher().finish()
}
