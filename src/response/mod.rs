//! A response that lives.

#[cfg(feature = "http")]
mod batch;
#[cfg(feature = "http")]
mod body;
#[cfg(feature = "std")]
mod encoded;
#[cfg(feature = "std")]
mod end;
#[cfg(feature = "std")]
mod framing;
mod head;
#[cfg(feature = "std")]
mod keep_alive;
pub mod last_event_id;
#[cfg(feature = "std")]
mod raw_head;
#[cfg(feature = "std")]
mod shutdown;
#[cfg(feature = "http")]
mod timer;
#[cfg(feature = "std")]
mod wakers;
#[cfg(feature = "std")]
mod writer;

#[cfg(feature = "http")]
pub use body::Body;
#[cfg(feature = "std")]
pub use encoded::Encoded;
#[cfg(feature = "http")]
pub use encoded::Item;
#[cfg(feature = "std")]
pub use end::End;
#[cfg(feature = "std")]
pub use framing::Framing;
pub use head::{Headers, headers};
#[cfg(feature = "http")]
pub use head::{no_content, with_headers};
#[cfg(feature = "std")]
pub use keep_alive::KeepAlive;
pub use last_event_id::LastEventIdError;
#[cfg(feature = "std")]
pub use raw_head::HeaderError;
#[cfg(feature = "std")]
pub use shutdown::{Begun, Finished, Shutdown};
#[cfg(feature = "tokio")]
pub use timer::TokioTimer;
#[cfg(feature = "http")]
pub use timer::{NoTimer, Timer};
#[cfg(feature = "std")]
pub use writer::{Driver, SendError, Sender, writer};
