//! What is sent so that nobody takes a silent connection for a dead one.

use super::{Encoded, encoded};
use crate::encode::{Chunk, Event};
use alloc::{string::String, sync::Arc, vec::Vec};
use core::{fmt, time::Duration};

/// What is sent after a time of silence, and after how long.
///
/// Whatever is sent to a client restarts the interval, so a busy stream carries no keep-alive at all.
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
/// [`bare`](KeepAlive::bare) sends the second form, `:\n`.
#[derive(Clone)]
pub struct KeepAlive {
    interval: Option<Duration>,
    /// Whether a comment goes without the blank line.
    is_bare: bool,
    message: Message,
}

#[derive(Clone)]
enum Message {
    /// With a blank line after it.
    Comment(Arc<[u8]>),
    Event(Arc<[u8]>),
    Computed(Arc<dyn Fn() -> Vec<u8> + Send + Sync>),
}

/// Every 15 seconds of silence, an empty comment.
impl Default for KeepAlive {
    fn default() -> Self {
        Self::every(Duration::from_secs(15))
    }
}

impl KeepAlive {
    /// An empty comment after each `interval` of silence. A zero interval means
    /// [`off`](KeepAlive::off).
    pub fn every(interval: Duration) -> Self {
        KeepAlive {
            interval: (!interval.is_zero()).then_some(interval),
            is_bare: false,
            message: Message::Comment(Arc::from(*b":\n\n")),
        }
    }

    /// No keep-alive. A client that vanished is then not noticed before the next event.
    pub fn off() -> Self {
        Self::every(Duration::ZERO)
    }

    /// Sends this comment instead. Each line of the text becomes one.
    pub fn comment(self, text: &str) -> Self {
        KeepAlive { message: Message::Comment(Vec::from(Event::new().comment(text)).into()), ..self }
    }

    /// Sends the comment without a blank line after it: `:\n`, or `: text\n`. An event has its blank line
    /// regardless.
    ///
    /// ```
    /// use sse_wire::response::KeepAlive;
    ///
    /// // `: ping\n`, in whichever order.
    /// let ping = KeepAlive::default().bare().comment("ping");
    /// let ping = KeepAlive::default().comment("ping").bare();
    /// ```
    pub fn bare(self) -> Self {
        KeepAlive { is_bare: true, ..self }
    }

    /// Sends this event instead, which clients can see.
    pub fn event(self, event: Event) -> Self {
        KeepAlive { message: Message::Event(Vec::from(event).into()), ..self }
    }

    /// Sends what `message` returns each time: an [`Event`] or an [`Sse`](crate::Sse). If it is empty,
    /// nothing is sent, and the interval begins again.
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
    /// A blocking driver calls `message` on its own thread. If it sends something itself, it must use
    /// [`try_send`](crate::response::Sender::try_send): `send` could wait for room that only the same
    /// thread can make.
    pub fn computed<E: Encoded>(self, message: impl Fn() -> E + Send + Sync + 'static) -> Self {
        let message = move || encoded::to_vec(message());
        KeepAlive { message: Message::Computed(Arc::new(message)), ..self }
    }

    /// How long the silence lasts before a message, if there is one at all.
    pub fn interval(&self) -> Option<Duration> {
        self.interval
    }

    /// What is sent now.
    pub(super) fn message(&self) -> Chunk {
        match &self.message {
            Message::Comment(comment) => Chunk::new(self.form(comment)),
            Message::Event(event) => Chunk::new(event),
            Message::Computed(message) => Chunk::new(&message()),
        }
    }

    /// The comment with its blank line or without.
    fn form<'c>(&self, comment: &'c [u8]) -> &'c [u8] {
        match comment {
            [bare @ .., b'\n'] if self.is_bare => bare,
            whole => whole,
        }
    }
}

impl fmt::Debug for KeepAlive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("KeepAlive");
        debug.field("interval", &self.interval);
        match &self.message {
            Message::Comment(comment) => debug.field("message", &String::from_utf8_lossy(self.form(comment))),
            Message::Event(event) => debug.field("message", &String::from_utf8_lossy(event)),
            Message::Computed(_) => debug.field("message", &format_args!("computed")),
        };
        debug.finish()
    }
}
