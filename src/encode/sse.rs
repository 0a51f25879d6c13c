//! The buffer: how it is filled, and how it is sent.

mod blocks;
mod traits;

pub(super) use blocks::Open;

use super::{
    Data, Event, EventId, Retry,
    block::{self, DataWriter},
};
use crate::error::{Error, Field};
use alloc::vec::Vec;
use core::ops::Range;

/// A buffer into which events are written and from which they are sent.
///
/// Fill it with [`add_message`](Sse::add_message) and the similar methods. Then send the contents in whichever way the
/// server takes them: [`Display`](core::fmt::Display) shows and keeps them; iteration drains them, one whole block at a
/// time; `write_to` drains them into any `std::io::Write`.
///
/// The methods that return `&mut Self` never fail. A character that an event type or an event ID cannot carry is
/// replaced: by U+FFFD in an event type, as in [`String::from_utf8_lossy`](alloc::string::String::from_utf8_lossy), and
/// by `?` in an ID. The methods that return a `Result` check instead, and leave the buffer unchanged if they fail.
/// [`Field`](crate::Field) says which characters these are.
///
/// ```
/// use sse_wire::Sse;
///
/// let mut sse = Sse::new();
/// sse.set_event_id(7).add_message("tick", "1");
/// assert_eq!(sse.to_string(), "retry: 2000\n\nid: 7\nevent: tick\ndata: 1\n\n");
/// ```
#[derive(Clone)]
pub struct Sse {
    /// Blocks, one after the other. Blocks that have been sent are removed from time to time, but never the beginning
    /// of a block that has been sent in part.
    buf: Vec<u8>,
    /// Where the last block ends; 0 if there is none. What follows it is being written.
    end: usize,
    /// Where the blocks before the last one end. An event that is sent at once never needs an entry.
    earlier_ends: Vec<usize>,
    /// How many bytes of `buf` have been sent.
    sent: usize,
    /// How many whole blocks have been sent.
    sent_blocks: usize,
    /// Whether the last block is only the ID of the next message, and no byte of it has been sent.
    id_waits: bool,
}

/// The reconnection time that the Python original sends first, in milliseconds.
const DEFAULT_RETRY: u64 = 2000;

impl Sse {
    /// Creates a buffer that begins with a reconnection time of 2000 ms, like that of the Python original.
    pub fn new() -> Self {
        Self::with_retry(DEFAULT_RETRY)
    }

    /// Creates a buffer that begins with this reconnection time, in milliseconds or as a
    /// [`Duration`](core::time::Duration).
    ///
    /// ```
    /// let sse = sse_wire::Sse::with_retry(500);
    /// assert_eq!(sse.to_string(), "retry: 500\n\n");
    /// ```
    pub fn with_retry(retry: impl Retry) -> Self {
        let mut sse = Self::without_retry();
        sse.set_retry(retry);
        sse
    }

    /// Creates an empty buffer. It does not allocate until something is added.
    pub fn without_retry() -> Self {
        Sse { buf: Vec::new(), end: 0, earlier_ends: Vec::new(), sent: 0, sent_blocks: 0, id_waits: false }
    }

    // --- adding ---

    /// Sets the client's reconnection time, in milliseconds or as a
    /// [`Duration`](core::time::Duration): how long it waits before it reconnects.
    ///
    /// A duration is rounded up to whole milliseconds. 2<sup>31</sup> ms or more, which a client's timer does not
    /// support, becomes 2<sup>31</sup> − 1 ms. Browsers may have a minimum: Firefox waits for at least 500 ms.
    pub fn set_retry(&mut self, retry: impl Retry) -> &mut Self {
        self.add_beside_id(|buf| block::retry(buf, retry.to_wire()))
    }

    /// Sets the ID of the next message, text or an integer. When a client reconnects, it sends the last ID that
    /// it received as `Last-Event-ID`.
    ///
    /// The ID is sent in the same block as the message. If no message follows, it is sent as a separate block. If it is
    /// set twice, the last one counts; an empty ID has the effect of [`reset_event_id`](Sse::reset_event_id).
    ///
    /// What a client could not send back unchanged in a request header becomes `?`: control characters other than a tab
    /// in the middle, and white space at either end. Preferably use ASCII only: see [`EventId`].
    #[inline]
    pub fn set_event_id(&mut self, id: impl EventId) -> &mut Self {
        self.drop_waiting_id();
        id.write(&mut self.buf);
        block::end(&mut self.buf);
        self.push_end(self.buf.len());
        self.id_waits = true;
        self
    }

    /// Like [`set_event_id`](Sse::set_event_id), but checks the ID.
    ///
    /// # Errors
    /// If the ID contains a control character other than a tab in the middle, or white space at either end.
    pub fn try_set_event_id(&mut self, id: impl EventId) -> Result<&mut Self, Error> {
        id.check()?;
        Ok(self.set_event_id(id))
    }

    /// Makes the client forget its last event ID, along with the next message.
    pub fn reset_event_id(&mut self) -> &mut Self {
        self.set_event_id("")
    }

    /// Adds a message: an event type, which determines which listeners get it, and data.
    ///
    /// A CR, LF, or NUL in the event type becomes U+FFFD. An empty event type means the default one, `message`. (In
    /// browsers, listeners of `error` and `open` also get the `EventSource`'s own events.)
    ///
    /// The data may be any text, a number, a list, and more: see [`Data`]. A line end in it (CRLF, LF, or CR) is read
    /// back as LF; everything else is read back unchanged, except NUL, which Firefox deletes. If a `Display`
    /// implementation in the data fails, what it has written is kept, followed by U+FFFD.
    #[inline]
    pub fn add_message(&mut self, event: &str, data: impl Data) -> &mut Self {
        // A lossy writer does not fail.
        let _ = self.message(event, true, |writer| data.write(writer));
        self
    }

    /// Like [`add_message`](Sse::add_message), but checks the event type and the data.
    ///
    /// # Errors
    /// If the event type contains a CR, LF, or NUL, a `Display` implementation in the data fails, or bytes passed as
    /// data are not UTF-8.
    pub fn try_add_message(&mut self, event: &str, data: impl Data) -> Result<&mut Self, Error> {
        block::check(Field::EventType, event)?;
        self.message(event, false, |writer| data.write(writer))?;
        Ok(self)
    }

    /// Adds a message without an event type, which the listeners of `message` get.
    #[inline]
    pub fn add_data(&mut self, data: impl Data) -> &mut Self {
        self.add_message("", data)
    }

    /// Like [`add_data`](Sse::add_data), but checks the data.
    ///
    /// # Errors
    /// If a `Display` implementation in the data fails, or bytes passed as data are not UTF-8.
    pub fn try_add_data(&mut self, data: impl Data) -> Result<&mut Self, Error> {
        self.try_add_message("", data)
    }

    /// Adds a message whose data is a value as JSON, written straight into the buffer.
    ///
    /// A line end in the JSON text, as in a `RawValue`, is safe: it begins a new line of data, which is white space to
    /// a JSON parser.
    ///
    /// # Errors
    /// If the event type contains a CR, LF, or NUL, or the value cannot be serialized.
    ///
    /// ```
    /// let mut sse = sse_wire::Sse::without_retry();
    /// sse.add_json("tick", &[1, 2])?;
    /// assert_eq!(sse.to_string(), "event: tick\ndata: [1,2]\n\n");
    /// # Ok::<(), sse_wire::Error>(())
    /// ```
    #[cfg(feature = "json")]
    pub fn add_json(
        &mut self,
        event: &str,
        value: &(impl serde_core::Serialize + ?Sized),
    ) -> Result<&mut Self, Error> {
        block::check(Field::EventType, event)?;
        self.message(event, false, |writer| writer.json(value))?;
        Ok(self)
    }

    /// Adds a comment, which clients ignore. Each line of the text becomes a comment.
    ///
    /// Sending an empty comment is the usual way to keep a silent connection alive.
    pub fn add_comment(&mut self, text: &str) -> &mut Self {
        self.add_beside_id(|buf| block::comment(buf, text))
    }

    /// Adds an event. If it has an ID, that replaces one that was set for the next message.
    pub fn push(&mut self, event: &Event) -> &mut Self {
        if event.has_id() {
            self.drop_waiting_id();
        }
        if event.is_message() {
            let mut open = self.open();
            event.write_fields(open.buffer());
            open.commit();
            self
        } else if event.is_empty() {
            self
        } else {
            self.add_beside_id(|buf| event.write_fields(buf))
        }
    }

    #[inline]
    fn message(
        &mut self,
        event: &str,
        lossy: bool,
        write_data: impl FnOnce(&mut DataWriter<'_, Vec<u8>>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut open = self.open();
        write_data(&mut DataWriter::begin_message(open.buffer(), event, lossy))?;
        open.commit();
        Ok(())
    }

    // --- sending ---

    /// Returns everything that is buffered and not sent yet: whole blocks, except that part of the first one may
    /// already have been sent.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        self.buf.get(self.sent..self.end).unwrap_or_default()
    }

    /// Whether nothing is buffered.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.sent == self.end
    }

    /// Marks the first `n` bytes of [`as_bytes`](Sse::as_bytes) as sent, or all of them if `n` is larger.
    ///
    /// Use it with writers that are not a `std::io::Write`, such as those of async runtimes:
    ///
    /// ```
    /// # async fn send(sse: &mut sse_wire::Sse, socket: &mut Socket) -> std::io::Result<()> {
    /// while !sse.is_empty() {
    ///     let n = socket.write(sse.as_bytes()).await?;
    ///     sse.advance(n);
    /// }
    /// # Ok(()) }
    /// # struct Socket;
    /// # impl Socket { async fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> { Ok(bytes.len()) } }
    /// ```
    #[inline]
    pub fn advance(&mut self, n: usize) {
        if n >= self.as_bytes().len() {
            return self.clear();
        }
        self.sent += n;
        while self.earlier_ends.get(self.sent_blocks).is_some_and(|end| *end <= self.sent) {
            self.sent_blocks += 1;
        }
        if self.id_waits && self.sent_blocks == self.earlier_ends.len() && self.sent > self.start() {
            // The ID is now being sent without a message.
            self.id_waits = false;
        }
    }

    /// Sends everything that is buffered to `writer`. It does not flush the writer.
    ///
    /// What the writer accepts is removed from the buffer, and the rest is kept, even if the writer accepts only part
    /// of a block, or fails. Call this again to continue: nothing is lost or repeated.
    ///
    /// # Errors
    /// Those of the writer, except for [`Interrupted`](std::io::ErrorKind::Interrupted), after which it tries again;
    /// and [`WriteZero`](std::io::ErrorKind::WriteZero) if the writer accepts nothing.
    #[cfg(feature = "std")]
    #[inline]
    pub fn write_to<W: std::io::Write + ?Sized>(&mut self, writer: &mut W) -> std::io::Result<()> {
        use std::io::ErrorKind::{Interrupted, WriteZero};
        loop {
            let bytes = self.as_bytes();
            if bytes.is_empty() {
                return Ok(());
            }
            match writer.write(bytes) {
                Ok(0) => {
                    return Err(std::io::Error::new(
                        WriteZero,
                        "the writer took no more of the event stream",
                    ));
                }
                Ok(n) => self.advance(n),
                Err(error) if error.kind() == Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Converts what is buffered into a reader, for servers that read their response bodies.
    #[cfg(feature = "std")]
    pub fn into_reader(self) -> std::io::Cursor<Vec<u8>> {
        std::io::Cursor::new(self.into())
    }

    /// Drops what is buffered, including an ID for the next message, and keeps the allocation.
    ///
    /// If part of a block has been sent, the rest of that block is kept, because the client would otherwise take what
    /// follows for part of it. To start over on a new connection, use [`clear`](Sse::clear).
    pub fn flush(&mut self) -> &mut Self {
        if self.sent > self.start() {
            self.end = self.first_end();
            self.earlier_ends.truncate(self.sent_blocks);
            self.id_waits = false;
        } else {
            self.clear();
        }
        self
    }

    /// Drops everything, including the rest of a block that has been sent in part, and keeps the allocation.
    #[inline]
    pub fn clear(&mut self) {
        self.buf.clear();
        self.end = 0;
        self.earlier_ends.clear();
        self.sent = 0;
        self.sent_blocks = 0;
        self.id_waits = false;
    }

    /// Returns the buffer, and the range in it that has not been sent.
    pub(crate) fn into_parts(self) -> (Vec<u8>, Range<usize>) {
        let unsent = self.sent..self.end;
        (self.buf, unsent)
    }
}
