//! A message that is written piece by piece.

use crate::{block::DataWriter, line::Lines, sse::Open};
use core::fmt;

/// Writes the data of one message into an [`Sse`](crate::Sse), piece by piece.
///
/// It takes any text: each line end begins a new line of data, also a CRLF whose halves come in two
/// writes. Writing never fails.
///
/// Only [`finish`](MessageWriter::finish) adds the message. Dropped before that, it leaves the buffer as
/// it was, and an event ID that was set for the message waits for the next one.
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
#[derive(Debug)]
#[must_use = "nothing is added until finish() is called"]
pub struct MessageWriter<'a> {
    open: Open<'a>,
    lines: Lines,
}

impl<'a> MessageWriter<'a> {
    pub(crate) fn begin(mut open: Open<'a>, event: &str) -> Self {
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
