//! Messages from anything that is `Read`.

use super::{Decoder, Incoming, Input};
use crate::{MessageEvent, ReadError, message::Owner};
use alloc::{boxed::Box, vec};
use core::fmt;
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
pub struct MessageReader<R> {
    source: R,
    decoder: Decoder,
    owner: Owner,
    buffer: Box<[u8]>,
    /// What has been read and not been decoded: this part of the buffer.
    start: usize,
    end: usize,
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
        MessageReader { source, decoder, owner: Owner::default(), buffer, start: 0, end: 0, at_end: false }
    }

    /// Reads up to the next message, comment or change of the reconnection time, whatever the decoder
    /// reports. The iterator is made of this, and leaves out all but messages.
    ///
    /// `None` at the end of the input, and from then on.
    ///
    /// # Errors
    ///
    /// Those of the source. It can be asked again after each.
    #[inline]
    pub fn next_incoming(&mut self) -> Option<io::Result<Incoming>> {
        loop {
            let mut input = Input::once(self.buffer.get(self.start..self.end).unwrap_or_default());
            let incoming = self.decoder.next(&mut input);
            self.start = self.end - input.remaining().len();
            if let Some(incoming) = incoming {
                return Some(Ok(incoming.own_with(|message| self.owner.own(message))));
            }
            if self.at_end {
                return None;
            }
            match self.source.read(&mut self.buffer) {
                Ok(0) => self.at_end = true,
                Ok(len) => (self.start, self.end) = (0, len.min(BUFFER_SIZE)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

impl<R> MessageReader<R> {
    /// The decoder: for the last event ID, the reconnection time, and whether the input ended inside an
    /// event.
    pub fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    /// The decoder, for the next connection. What was read and not decoded is dropped.
    pub fn into_decoder(self) -> Decoder {
        self.decoder
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
        loop {
            return Some(match self.next_incoming()? {
                Ok(Incoming::Message(message)) => Ok(message),
                Ok(Incoming::TooLarge(error)) => Err(ReadError::TooLarge(error)),
                Ok(Incoming::Comment(_) | Incoming::Retry(_)) => continue,
                Err(error) => Err(ReadError::Source(error)),
            });
        }
    }
}

impl<R: fmt::Debug> fmt::Debug for MessageReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageReader")
            .field("source", &self.source)
            .field("decoder", &self.decoder)
            .finish_non_exhaustive()
    }
}
