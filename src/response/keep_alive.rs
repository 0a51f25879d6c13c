//! What is sent so that nobody mistakes a silent connection for a dead one.

use super::{Encoded, encoded};
use crate::encode::{Chunk, Event};
use alloc::{string::String, sync::Arc, vec::Vec};
use core::{fmt, time::Duration};

/// What is sent to a client when a stream is silent, and after how long.
///
/// Everything that is sent restarts the interval, so a busy stream carries no keep-alives at all. By default an empty
/// comment is sent after 15 seconds of silence, as the HTML standard advises (section 9.2.7), because some proxies drop
/// silent connections after a short time. One value can serve all streams of a server; a clone shares its message.
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
/// A comment is sent as `:` followed by a blank line (`:\n\n`);
/// [`without_blank_line`](KeepAlive::without_blank_line) leaves that line out (`:\n`). Browsers handle both as the standard says, but each
/// form trips up some old client: one takes the blank line for an empty event and dispatches it, another loses the
/// event that follows a comment without a blank line.
#[derive(Clone)]
pub struct KeepAlive {
    interval: Option<Duration>,
    /// Whether a comment is sent with the blank line after it.
    has_blank_line: bool,
    message: Message,
}

#[derive(Clone)]
enum Message {
    /// Includes the blank line after it.
    Comment(Arc<[u8]>),
    Event(Arc<[u8]>),
    Computed(Arc<dyn Fn() -> Vec<u8> + Send + Sync>),
}

/// An empty comment after every 15 seconds of silence.
impl Default for KeepAlive {
    fn default() -> Self {
        Self::every(Duration::from_secs(15))
    }
}

impl KeepAlive {
    /// Sends an empty comment after each `interval` of silence. A zero interval means [`off`](KeepAlive::off).
    pub fn every(interval: Duration) -> Self {
        KeepAlive {
            interval: (!interval.is_zero()).then_some(interval),
            has_blank_line: true,
            message: Message::Comment(Arc::from(*b":\n\n")),
        }
    }

    /// Sends no keep-alives. The departure of a client may then go unnoticed until the next event.
    pub fn off() -> Self {
        Self::every(Duration::ZERO)
    }

    /// Sends this text as a comment instead. Each of its lines becomes a comment.
    pub fn comment(self, text: &str) -> Self {
        KeepAlive { message: Message::Comment(Vec::from(Event::new().comment(text)).into()), ..self }
    }

    /// Sends the comment without a blank line after it: `:\n`, or `: text\n`. An event keeps its blank line.
    ///
    /// ```
    /// use sse_wire::response::KeepAlive;
    ///
    /// // `: ping\n`; the order does not matter.
    /// let ping = KeepAlive::default().without_blank_line().comment("ping");
    /// let ping = KeepAlive::default().comment("ping").without_blank_line();
    /// ```
    pub fn without_blank_line(self) -> Self {
        KeepAlive { has_blank_line: false, ..self }
    }

    /// Sends this event instead, which clients can see.
    pub fn event(self, event: Event) -> Self {
        KeepAlive { message: Message::Event(Vec::from(event).into()), ..self }
    }

    /// Sends what `message` returns each time: an [`Event`] or an [`Sse`](crate::Sse). If that is empty, nothing is
    /// sent, and the interval restarts.
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
    /// A blocking driver calls `message` on its own thread. If `message` sends events to the same stream, it must use
    /// [`try_send`](crate::response::Sender::try_send): `send` could wait for room that only this thread can make.
    pub fn computed<E: Encoded>(self, message: impl Fn() -> E + Send + Sync + 'static) -> Self {
        let message = move || encoded::whole_blocks(message());
        KeepAlive { message: Message::Computed(Arc::new(message)), ..self }
    }

    /// Returns how long a stream is silent before a message is sent, or `None` if there are no messages.
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

    /// The comment, with or without its blank line.
    fn form<'c>(&self, comment: &'c [u8]) -> &'c [u8] {
        match comment {
            [line @ .., b'\n'] if !self.has_blank_line => line,
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
