//! What the drivers share: the items of a chunk with their own memory.

use super::{
    Decoder, Incoming, IncomingRef, Input, MessageEvent,
    interpret::Found,
    until::{Ending, Item},
};
use crate::error::{ReadError, TooLarge};

/// A decoder of chunks that are decoded item by item.
#[derive(Debug)]
pub(super) struct OwningDecoder {
    pub(super) decoder: Decoder,
    /// How many bytes of the chunk have been decoded.
    start: usize,
    /// Whether an event that no blank line has ended is dispatched at the end of the input.
    pub(super) finishes: bool,
    /// Whether an error came since the last chunk, so that the end of the input may be a part of it.
    failed: bool,
    /// Where the answer ends, if that is not where the source does.
    pub(super) ending: Ending,
}

impl OwningDecoder {
    pub(super) fn new(decoder: Decoder) -> OwningDecoder {
        OwningDecoder { decoder, start: 0, finishes: false, failed: false, ending: Ending::default() }
    }

    /// Takes a new chunk, if there is no item in it. `false` tells nothing.
    // Before the driver stores the chunk, which takes longer than decoding a small one.
    #[inline]
    pub(super) fn take(&mut self, chunk: &[u8]) -> bool {
        self.failed = false;
        self.decoder.take_middle(&mut Input::once(chunk))
    }

    /// Decodes the chunk up to the next item that `own` takes, the next time from there on. `None` means
    /// that there is none, and that a new chunk comes next.
    // Inlined, so that a message is written once, to where the caller wants it: moving it once more takes
    // as long as decoding a short one.
    #[inline(always)]
    pub(super) fn next<T>(
        &mut self,
        chunk: &[u8],
        own: impl Fn(&mut Decoder, Found<'_>) -> Option<T>,
    ) -> Option<T> {
        let mut input = Input::once(chunk.get(self.start..).unwrap_or_default());
        while let Some(found) = self.decoder.find(&mut input) {
            if let Some(item) = own(&mut self.decoder, found) {
                self.start = chunk.len() - input.remaining().len();
                return Some(item);
            }
        }
        self.start = 0;
        None
    }

    /// The source failed. If it ends now, what is unfinished was cut off.
    pub(super) fn fail(&mut self) {
        self.failed = true;
    }

    /// The last item, once the source has ended, or that it has ended too early.
    pub(super) fn last<T: Item, E>(
        &mut self,
        own: impl Fn(&mut Decoder, Found<'_>) -> Option<Result<T, TooLarge>>,
    ) -> Option<Result<T, ReadError<E>>> {
        match self.finish(own) {
            Some(Ok(item)) => self.ending.judge(item).map(Ok),
            Some(Err(error)) => Some(Err(ReadError::TooLarge(error))),
            None => self.ending.is_cut().then_some(Err(ReadError::Cut)),
        }
    }

    fn finish<T>(&mut self, own: impl Fn(&mut Decoder, Found<'_>) -> Option<T>) -> Option<T> {
        if !self.finishes || self.failed {
            return None;
        }
        let found = self.decoder.find_last()?;
        own(&mut self.decoder, found)
    }
}

#[cfg(feature = "client")]
impl Decoder {
    /// The same as [`next`](Decoder::next), with its own memory.
    #[inline]
    pub(crate) fn next_owned(&mut self, input: &mut Input<'_>) -> Option<Result<Incoming, TooLarge>> {
        if self.take_middle(input) {
            return None;
        }
        let found = self.find(input)?;
        incoming(self, found)
    }

    /// The same as [`finish`](Decoder::finish), with its own memory.
    pub(crate) fn finish_owned(&mut self) -> Option<Result<Incoming, TooLarge>> {
        let found = self.find_last()?;
        incoming(self, found)
    }
}

/// A message, or the report of an event that was too large; nothing else.
#[inline(always)]
pub(super) fn message(decoder: &mut Decoder, found: Found<'_>) -> Option<Result<MessageEvent, TooLarge>> {
    match found {
        Found::Message { .. } => match incoming(decoder, found)? {
            Ok(Incoming::Message(message)) => Some(Ok(message)),
            _ => None,
        },
        Found::TooLarge(error) if !error.is_comment => Some(Err(error)),
        _ => None,
    }
}

/// Whatever was found.
#[inline(always)]
pub(super) fn incoming(decoder: &mut Decoder, found: Found<'_>) -> Option<Result<Incoming, TooLarge>> {
    let long_id = decoder.id.long();
    Some(decoder.lend(found).map(|incoming| match incoming {
        IncomingRef::Message(message) => Incoming::Message(MessageEvent::own(message, long_id)),
        incoming => incoming.into(),
    }))
}
