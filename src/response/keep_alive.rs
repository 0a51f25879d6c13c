//! What is sent so that a silent connection is not taken for a dead one.

use super::Encoded;
use crate::encode::{Chunk, Event};
use alloc::{sync::Arc, vec::Vec};
use core::{fmt, time::Duration};

/// What is sent after a time of silence, and after how long.
///
/// Whatever is sent to a client begins the time anew, so a busy stream carries no keep-alive at all.
/// By default it is an empty comment every 15 seconds, as the HTML standard advises (section 9.2.7:
/// proxies drop connections after a short time). One value serves all streams of a server; a clone
/// shares its message.
///
/// ```
/// use sse_wire::{Event, response::KeepAlive};
/// use std::time::Duration;
///
/// let every_15_s = KeepAlive::default();
/// let ping = KeepAlive::every(Duration::from_secs(5)).event(Event::new().event("ping"));
/// let off = KeepAlive::off();
/// ```
///
/// # Which comment
/// A comment is sent as `:` with a blank line after it, `:\n\n`. Each form makes some old client
/// stumble: one takes the blank line for an empty event and dispatches it, another loses the event that
/// follows a comment without a blank line. Browsers and the standard are fine with both.
/// [`bare_comment`](KeepAlive::bare_comment) sends the second form, `:\n`.
#[derive(Clone)]
pub struct KeepAlive {
    interval: Option<Duration>,
    message: Message,
}

#[derive(Clone)]
enum Message {
    Fixed(Arc<[u8]>),
    Computed(Arc<dyn Fn() -> Vec<u8> + Send + Sync>),
}

/// Every 15 seconds of silence, an empty comment.
impl Default for KeepAlive {
    fn default() -> Self {
        Self::every(Duration::from_secs(15))
    }
}

impl KeepAlive {
    /// An empty comment after each `interval` of silence. A zero interval is as
    /// [`off`](KeepAlive::off).
    pub fn every(interval: Duration) -> Self {
        KeepAlive {
            interval: (!interval.is_zero()).then_some(interval),
            message: Message::Fixed(Arc::from(*b":\n\n")),
        }
    }

    /// No keep-alive. A client that vanished without a word is then noticed at the next event at the
    /// earliest.
    pub fn off() -> Self {
        Self::every(Duration::ZERO)
    }

    /// Sends this comment instead. Each line of the text becomes one.
    pub fn comment(self, text: &str) -> Self {
        self.event(Event::new().comment(text))
    }

    /// Sends an empty comment without a blank line after it.
    pub fn bare_comment(self) -> Self {
        KeepAlive { message: Message::Fixed(Arc::from(*b":\n")), ..self }
    }

    /// Sends this event instead, which clients can see.
    pub fn event(self, event: Event) -> Self {
        KeepAlive { message: Message::Fixed(Vec::from(event).into()), ..self }
    }

    /// Sends what `message` returns at the time: an [`Event`] or an [`Sse`](crate::Sse). If it is empty,
    /// nothing is sent and the silence begins anew.
    ///
    /// ```
    /// use sse_wire::{Event, response::KeepAlive};
    /// use std::time::SystemTime;
    ///
    /// let clock = KeepAlive::default().computed(|| {
    ///     let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    ///     Event::new().event("time").data(now.as_secs())
    /// });
    /// ```
    ///
    /// A blocking driver calls `message` on its own thread. If that sends something itself, it has to be
    /// by [`try_send`](crate::response::Sender::try_send): `send` could wait for room that only the same
    /// thread makes.
    pub fn computed<E: Encoded>(self, message: impl Fn() -> E + Send + Sync + 'static) -> Self {
        let message = move || {
            let events = message();
            let mut encoded = Vec::with_capacity(events.encoded_len());
            events.write(&mut encoded);
            encoded
        };
        KeepAlive { message: Message::Computed(Arc::new(message)), ..self }
    }

    /// How long the silence lasts before a message, if there is one at all.
    pub fn interval(&self) -> Option<Duration> {
        self.interval
    }

    /// What is sent now.
    pub(super) fn message(&self) -> Chunk {
        match &self.message {
            Message::Fixed(message) => Chunk::new(message),
            Message::Computed(message) => Chunk::new(&message()),
        }
    }
}

impl fmt::Debug for KeepAlive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("KeepAlive");
        debug.field("interval", &self.interval);
        match &self.message {
            Message::Fixed(message) => {
                debug.field("message", &alloc::string::String::from_utf8_lossy(message))
            }
            Message::Computed(_) => debug.field("message", &format_args!("computed")),
        };
        debug.finish()
    }
}
