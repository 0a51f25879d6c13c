//! A message that is written piece by piece.

use super::{
    Sse,
    block::{self, DataWriter},
    sse::Open,
};
use crate::{
    error::{Error, Field},
    wire::line::Lines,
};
use core::fmt;

/// Writes the data of one message into an [`Sse`], piece by piece.
///
/// It accepts any text: each line end begins a new line of data, even a CRLF whose halves are in two writes. Writing
/// fails only if a `Display` implementation fails, and then what that has written is kept.
///
/// Only [`finish`](MessageWriter::finish) adds the message. If the writer is dropped before that, the buffer is left as
/// it was, and an event ID that was set for the message is kept for the next one. (If the writer is forgotten with
/// [`mem::forget`](core::mem::forget), the ID is lost with it.)
///
/// ```
/// use std::fmt::Write;
///
/// let mut sse = sse_wire::Sse::without_retry();
/// let mut message = sse.start_message("log");
/// write!(message, "first\r")?;
/// write!(message, "\nsecond")?;
/// message.finish();
/// assert_eq!(sse.to_string(), "event: log\ndata: first\ndata: second\n\n");
/// # Ok::<(), std::fmt::Error>(())
/// ```
#[must_use = "nothing is added until finish() is called"]
pub struct MessageWriter<'a> {
    open: Open<'a>,
    lines: Lines,
}

impl Sse {
    /// Begins a message whose data is written with [`fmt::Write`], piece by piece.
    ///
    /// A CR, LF, or NUL in the event type becomes U+FFFD. Nothing is added until [`finish`](MessageWriter::finish) is
    /// called.
    pub fn start_message(&mut self, event: &str) -> MessageWriter<'_> {
        MessageWriter::begin(self.open(), event)
    }

    /// Like [`start_message`](Sse::start_message), but checks the event type.
    ///
    /// # Errors
    /// If the event type contains a CR, LF, or NUL.
    pub fn try_start_message(&mut self, event: &str) -> Result<MessageWriter<'_>, Error> {
        block::check(Field::EventType, event)?;
        Ok(self.start_message(event))
    }
}

impl<'a> MessageWriter<'a> {
    fn begin(mut open: Open<'a>, event: &str) -> Self {
        let lines = DataWriter::begin_message(open.buffer(), event, true).suspend();
        MessageWriter { open, lines }
    }

    /// Adds the message to the buffer.
    pub fn finish(self) {
        self.open.commit();
    }
}

impl fmt::Write for MessageWriter<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut data = DataWriter::resume(self.open.buffer(), self.lines, true);
        data.write_str(text)?;
        self.lines = data.suspend();
        Ok(())
    }
}

impl fmt::Debug for MessageWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageWriter").finish_non_exhaustive()
    }
}
