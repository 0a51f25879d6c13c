//! Incoming: the bytes of an event stream in, messages out, according to WHATWG HTML, 9.2.6 ("Interpreting an event
//! stream").
//!
//! Read in this order: [`Decoder`] is the public face, and `interpret` the state machine. A line is a `field`, and a
//! chunk is an `input`. What has to be kept from one chunk to the next is in a `buffer`, in `open_line`, and in
//! `last_event_id`. `read` and `stream` drive the decoder, and `own` is what they share; a short event that is not
//! complete waits in the buffer of `read`.

mod buffer;
mod decoder;
mod field;
mod incoming;
mod input;
mod interpret;
mod last_event_id;
mod message;
mod message_event;
mod open_line;
#[cfg(any(feature = "std", feature = "stream"))]
mod own;
#[cfg(feature = "std")]
mod read;
pub(crate) mod received;
#[cfg(feature = "http")]
mod response;
#[cfg(feature = "stream")]
mod stream;
#[cfg(any(feature = "std", feature = "stream"))]
mod until;

pub use decoder::Decoder;
pub use incoming::{Incoming, IncomingRef};
pub use input::Input;
pub use message::MessageRef;
pub use message_event::MessageEvent;
#[cfg(feature = "std")]
pub use read::{IncomingReader, MessageReader};
#[cfg(feature = "http")]
pub use response::{ResponseError, check_response};
#[cfg(feature = "client")]
pub(crate) use response::{check, excerpt};
#[cfg(feature = "stream")]
pub use stream::{IncomingStream, MessageStream};
#[cfg(feature = "client")]
pub(crate) use until::{Judged, Until};
