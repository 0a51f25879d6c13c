//! Reads messages from anything that is `Read`.

use super::{
    Decoder, Incoming, MessageEvent,
    input::LONGEST_WAITING,
    own::{Owned, OwningDecoder, driver},
};
use crate::error::ReadError;
use alloc::{boxed::Box, string::String};
use core::{fmt, iter::FusedIterator};
use std::io::{self, ErrorKind, Read};

/// How much room there is for each read, at least.
const BUFFER_SIZE: usize = 16 * 1024;

/// Reads messages from anything that is [`Read`]: an iterator that ends where the input ends.
///
/// A message is returned as soon as its blank line has been read. There is no need for a `BufReader`.
///
/// After an error of the source, the iterator continues where it was: it reads again, and still has the part of an
/// event that it had received. So the source decides whether an error is the end, and [`WouldBlock`] loses nothing.
/// After [`Interrupted`], it tries again at once.
///
/// ```
/// use sse_wire::MessageReader;
///
/// let source: &[u8] = b"event: tick\ndata: 1\n\ndata: 2\n\n";
/// for message in MessageReader::new(source) {
///     let message = message?;
///     println!("{}: {}", message.event(), message.data());
/// }
/// # Ok::<(), sse_wire::ReadError<std::io::Error>>(())
/// ```
///
/// # An input that ends in mid-event
///
/// The standard says that an event without its blank line is discarded. Where such an end is an error, ask the
/// decoder for it:
///
/// ```
/// use sse_wire::{MessageReader, ReadError};
/// use std::io::{self, ErrorKind, Read};
///
/// fn print(source: impl Read) -> Result<(), ReadError<io::Error>> {
///     let mut messages = MessageReader::new(source);
///     for message in &mut messages {
///         println!("{}", message?.data());
///     }
///     match messages.decoder().unfinished() {
///         0 => Ok(()),
///         bytes => {
///             let start = String::from_utf8_lossy(messages.decoder().unfinished_start());
///             let text = format!("the input ended {bytes} bytes into an event that begins {start:?}");
///             Err(ReadError::Source(io::Error::new(ErrorKind::UnexpectedEof, text)))
///         }
///     }
/// }
///
/// print("data: 1\n\n".as_bytes())?;
/// let error = print("data: 1\n\ndata: cut".as_bytes()).unwrap_err();
/// assert_eq!(error.to_string(), "the input ended 9 bytes into an event that begins \"data: cut\"");
/// # Ok::<(), ReadError<io::Error>>(())
/// ```
///
/// Some servers leave out the last blank line. [`dispatch_unfinished`](Self::dispatch_unfinished) is for those:
///
/// ```
/// use sse_wire::MessageReader;
///
/// let source: &[u8] = b"data: 1\n\ndata: [DONE]";
/// let last = MessageReader::new(source).dispatch_unfinished(true).last().unwrap()?;
/// assert_eq!(last.data(), "[DONE]");
/// # Ok::<(), sse_wire::ReadError<std::io::Error>>(())
/// ```
///
/// An input that ends between two events may be cut too. Where a message marks the end, say so:
///
/// ```
/// use sse_wire::{MessageReader, ReadError};
///
/// let answer = "data: Hello\n\ndata: [DONE]\n\n".as_bytes();
/// let mut messages = MessageReader::new(answer).until_data("[DONE]");
/// assert_eq!(messages.next().unwrap()?.data(), "Hello");
/// assert!(messages.next().is_none());
///
/// let cut = &answer[..20];
/// let last = MessageReader::new(cut).until_data("[DONE]").last();
/// assert!(matches!(last, Some(Err(ReadError::Cut))));
/// # Ok::<(), ReadError<std::io::Error>>(())
/// ```
///
/// [`WouldBlock`]: ErrorKind::WouldBlock
/// [`Interrupted`]: ErrorKind::Interrupted
#[must_use = "it reads nothing until it is asked"]
pub struct MessageReader<R> {
    source: R,
    decoder: OwningDecoder,
    buffer: Box<[u8; LONGEST_WAITING + BUFFER_SIZE]>,
    /// How much of the buffer is a chunk that may contain more items.
    len: usize,
    /// Whether an event that is not complete may wait in the buffer: only once.
    may_wait: bool,
    at_end: bool,
}

impl<R: Read> MessageReader<R> {
    /// Reads messages from `source`.
    pub fn new(source: R) -> MessageReader<R> {
        MessageReader::with_decoder(Decoder::new(), source)
    }

    /// Reads messages from `source` with your own decoder: one with a different size limit, or one that has read
    /// earlier connections, after [`reconnect`](Decoder::reconnect).
    pub fn with_decoder(decoder: Decoder, source: R) -> MessageReader<R> {
        let buffer = Box::new([0; LONGEST_WAITING + BUFFER_SIZE]);
        MessageReader {
            source,
            decoder: OwningDecoder::new(decoder),
            buffer,
            len: 0,
            may_wait: true,
            at_end: false,
        }
    }

    /// Reads up to the next item of any kind that the decoder reports. (The iterator returns only messages and reports
    /// of events that were too large.)
    ///
    /// Returns `None` at the end of the input, and from then on.
    ///
    /// # Errors
    ///
    /// Those of the source, and [`TooLarge`](ReadError::TooLarge). You can call this again after each.
    pub fn next_incoming(&mut self) -> Option<Result<Incoming, ReadError<io::Error>>> {
        self.next_own()
    }

    /// Reads up to the next item of this kind, or an error of the source.
    #[inline(always)]
    fn next_own<T: Owned>(&mut self) -> Option<Result<T, ReadError<io::Error>>> {
        if self.decoder.ending.is_expected() { self.next_until_the_end() } else { self.next_item() }
    }

    fn next_until_the_end<T: Owned>(&mut self) -> Option<Result<T, ReadError<io::Error>>> {
        if self.decoder.ending.is_over() {
            return None;
        }
        let item = self.next_item();
        self.decoder.ending.judge(item)
    }

    #[inline(always)]
    fn next_item<T: Owned>(&mut self) -> Option<Result<T, ReadError<io::Error>>> {
        loop {
            if let Some(item) =
                self.decoder.next(self.buffer.get(..self.len).unwrap_or_default(), self.may_wait)
            {
                self.may_wait = true;
                return Some(item);
            }
            if self.at_end {
                return self.decoder.finish();
            }
            self.make_room();
            match self.read() {
                Ok(0) => {
                    self.at_end = true;
                    self.may_wait = false;
                }
                Ok(len) => self.take(len),
                Err(error) => {
                    self.fail(error.kind());
                    return Some(Err(ReadError::Source(error)));
                }
            }
        }
    }

    #[inline]
    fn read(&mut self) -> io::Result<usize> {
        loop {
            match self.source.read(self.buffer.get_mut(self.len..).unwrap_or_default()) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    /// Drops what has been decoded. What waits is moved to the front of the buffer, unless there is enough room behind
    /// it.
    #[inline]
    fn make_room(&mut self) {
        let start = self.decoder.start;
        if start == self.len {
            self.decoder.start = 0;
            self.len = 0;
        } else if self.buffer.len() - self.len < BUFFER_SIZE {
            self.buffer.copy_within(start..self.len, 0);
            self.decoder.start = 0;
            self.len -= start;
        }
    }

    /// Takes what was read, behind what waits.
    #[inline]
    fn take(&mut self, len: usize) {
        let end = self.len.saturating_add(len).min(self.buffer.len());
        self.may_wait = self.len == 0;
        if !self.decoder.take(self.buffer.get(self.len..end).unwrap_or_default()) {
            self.len = end;
        }
    }

    /// The source has failed. What waits is decoded, so that the decoder says what has arrived.
    #[cold]
    fn fail(&mut self, error: ErrorKind) {
        // What waits contains no item: whatever preceded it has been returned.
        let chunk = self.buffer.get(..self.len).unwrap_or_default();
        let none = self.decoder.next::<Incoming, ReadError<io::Error>>(chunk, false);
        debug_assert!(none.is_none(), "{none:?}");
        // If nothing could be read in time, nothing was cut off.
        if !matches!(error, ErrorKind::WouldBlock | ErrorKind::TimedOut) {
            self.decoder.fail();
        }
    }
}

driver!(MessageReader<R>);

impl<R> MessageReader<R> {
    /// Converts this into an iterator over everything that the decoder reports, instead of only the messages.
    pub fn into_incoming(self) -> IncomingReader<R> {
        IncomingReader { messages: self }
    }

    /// Returns the source, to be used for something else. What was read but not decoded is dropped.
    pub fn into_inner(self) -> R {
        self.source
    }

    /// Returns the decoder and the source. What was read but not decoded is dropped.
    pub fn into_parts(self) -> (Decoder, R) {
        (self.decoder.decoder, self.source)
    }

    /// Returns the source.
    pub fn get_ref(&self) -> &R {
        &self.source
    }

    /// Returns the source. Anything read from it directly will be missing here.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.source
    }
}

impl<R: Read> Iterator for MessageReader<R> {
    type Item = Result<MessageEvent, ReadError<io::Error>>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.next_own()
    }
}

/// Even if the source would have more after its end.
impl<R: Read> FusedIterator for MessageReader<R> {}

impl<R: fmt::Debug> fmt::Debug for MessageReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageReader")
            .field("source", &self.source)
            .field("decoder", self.decoder())
            .finish_non_exhaustive()
    }
}

/// Reads everything that a decoder reports from anything that is [`Read`]: messages, and whatever else the settings of
/// the [`Decoder`] enable.
///
/// [`MessageReader::into_incoming`] returns it. In every other respect it is like [`MessageReader`].
///
/// ```
/// use sse_wire::{Decoder, Incoming, MessageReader};
///
/// let source: &[u8] = b": hello\nid: 7\n\n";
/// let reader = MessageReader::with_decoder(Decoder::new().comments(true).ids(true), source);
/// let incoming: Vec<Incoming> = reader.into_incoming().collect::<Result<_, _>>()?;
/// assert_eq!(incoming, [Incoming::Comment("hello".into()), Incoming::Id("7".into())]);
/// # Ok::<(), sse_wire::ReadError<std::io::Error>>(())
/// ```
#[must_use = "it reads nothing until it is asked"]
#[derive(Debug)]
pub struct IncomingReader<R> {
    messages: MessageReader<R>,
}

impl<R> IncomingReader<R> {
    /// Returns the reader of messages.
    pub fn get_ref(&self) -> &MessageReader<R> {
        &self.messages
    }

    /// Returns the reader of messages. Anything read from it directly will be missing here.
    pub fn get_mut(&mut self) -> &mut MessageReader<R> {
        &mut self.messages
    }

    /// Converts this back into the reader of messages, in its current state.
    pub fn into_inner(self) -> MessageReader<R> {
        self.messages
    }
}

impl<R: Read> Iterator for IncomingReader<R> {
    type Item = Result<Incoming, ReadError<io::Error>>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.messages.next_incoming()
    }
}

impl<R: Read> FusedIterator for IncomingReader<R> {}
