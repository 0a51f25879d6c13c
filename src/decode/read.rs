//! Messages from anything that is `Read`.

use super::{
    Decoder, Incoming, IncomingRef, MessageEvent,
    message::Owner,
    own::{self, OwningDecoder},
};
use crate::error::ReadError;
use alloc::{boxed::Box, vec};
use core::{fmt, iter::FusedIterator};
use std::io::{self, ErrorKind, Read};

/// How much is asked for at once.
const BUFFER_SIZE: usize = 16 * 1024;

/// Reads messages from anything that is [`Read`]: an iterator that ends where the input ends.
///
/// A message is yielded as soon as its blank line has been read. After an error, [`WouldBlock`] among
/// them, the iterator goes on where it was; [`Interrupted`] is tried again at once. There is no need for a
/// `BufReader`.
///
/// ```
/// use sse_wire::MessageReader;
///
/// let source: &[u8] = b"event: tick\ndata: 1\n\ndata: 2\n\ndata: cut";
/// let mut messages = MessageReader::new(source);
/// for message in &mut messages {
///     let message = message?;
///     println!("{}: {}", message.event(), message.data());
/// }
/// // The standard says that what no blank line ended is discarded.
/// assert_eq!(messages.decoder().unfinished(), "data: cut".len());
/// # Ok::<(), sse_wire::ReadError<std::io::Error>>(())
/// ```
///
/// [`WouldBlock`]: ErrorKind::WouldBlock
/// [`Interrupted`]: ErrorKind::Interrupted
#[must_use = "it reads nothing until it is asked"]
pub struct MessageReader<R> {
    source: R,
    decoder: OwningDecoder,
    buffer: Box<[u8]>,
    /// How much of the buffer is a chunk that may hold more.
    len: usize,
    at_end: bool,
}

impl<R: Read> MessageReader<R> {
    /// Reads messages from `source`.
    pub fn new(source: R) -> MessageReader<R> {
        MessageReader::with_decoder(Decoder::new(), source)
    }

    /// Reads messages from `source` with a decoder of your own: with another size limit, or one that has
    /// read earlier connections and to which [`reconnect`](Decoder::reconnect) was said.
    pub fn with_decoder(decoder: Decoder, source: R) -> MessageReader<R> {
        let buffer = vec![0; BUFFER_SIZE].into_boxed_slice();
        MessageReader { source, decoder: OwningDecoder::new(decoder), buffer, len: 0, at_end: false }
    }

    /// Reads up to the next message, comment or change of the reconnection time, whatever the decoder
    /// reports. The iterator is made of this, and leaves out all but messages.
    ///
    /// `None` at the end of the input, and from then on.
    ///
    /// # Errors
    ///
    /// Those of the source. It can be asked again after each.
    pub fn next_incoming(&mut self) -> Option<io::Result<Incoming>> {
        self.next_own(own::incoming, Err)
    }

    /// Reads up to the next item that `own` takes, or an error of the source.
    #[inline(always)]
    fn next_own<T>(
        &mut self,
        own: impl Fn(IncomingRef<'_>, &mut Owner) -> Option<T> + Copy,
        fail: impl Fn(io::Error) -> T,
    ) -> Option<T> {
        loop {
            if let Some(item) = self.decoder.next(self.buffer.get(..self.len).unwrap_or_default(), own) {
                return Some(item);
            }
            self.len = 0;
            if self.at_end {
                return None;
            }
            match self.source.read(&mut self.buffer) {
                Ok(0) => self.at_end = true,
                Ok(len) if self.decoder.take(self.buffer.get(..len).unwrap_or_default()) => {}
                Ok(len) => self.len = len.min(BUFFER_SIZE),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Some(fail(error)),
            }
        }
    }
}

impl<R> MessageReader<R> {
    /// The decoder: for the last event ID, the reconnection time, and whether the input ended inside an
    /// event.
    pub fn decoder(&self) -> &Decoder {
        &self.decoder.decoder
    }

    /// The decoder, for the next connection. What was read and not decoded is dropped.
    pub fn into_decoder(self) -> Decoder {
        self.decoder.decoder
    }

    /// The source, to be used for something else. What was read and not decoded is dropped.
    pub fn into_inner(self) -> R {
        self.source
    }

    /// The decoder and the source. What was read and not decoded is dropped.
    pub fn into_parts(self) -> (Decoder, R) {
        (self.decoder.decoder, self.source)
    }

    /// The source.
    pub fn get_ref(&self) -> &R {
        &self.source
    }

    /// The source. What is read from it directly is missing here.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.source
    }
}

impl<R: Read> Iterator for MessageReader<R> {
    type Item = Result<MessageEvent, ReadError<io::Error>>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.next_own(own::message, |error| Err(ReadError::Source(error)))
    }
}

/// Also where the source would have more after its end.
impl<R: Read> FusedIterator for MessageReader<R> {}

impl<R: fmt::Debug> fmt::Debug for MessageReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageReader")
            .field("source", &self.source)
            .field("decoder", self.decoder())
            .finish_non_exhaustive()
    }
}
