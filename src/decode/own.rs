//! What the drivers share: the items of a chunk with their own memory.

use super::{Decoder, Incoming, IncomingRef, Input, MessageEvent, message::Owner};
use crate::error::ReadError;

/// A decoder of chunks that are decoded item by item.
#[derive(Debug)]
pub(super) struct OwningDecoder {
    pub(super) decoder: Decoder,
    owner: Owner,
    /// How many bytes of the chunk have been decoded.
    start: usize,
}

impl OwningDecoder {
    pub(super) fn new(decoder: Decoder) -> OwningDecoder {
        OwningDecoder { decoder, owner: Owner::default(), start: 0 }
    }

    /// Takes a new chunk, if there is no item in it. `false` tells nothing.
    // Before the driver stores the chunk, which takes longer than decoding a small one.
    #[inline]
    pub(super) fn take(&mut self, chunk: &[u8]) -> bool {
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
        own: impl Fn(IncomingRef<'_>, &mut Owner) -> Option<T>,
    ) -> Option<T> {
        let mut input = Input::once(chunk.get(self.start..).unwrap_or_default());
        while let Some(incoming) = self.decoder.next_item(&mut input) {
            if let Some(item) = own(incoming, &mut self.owner) {
                self.start = chunk.len() - input.remaining().len();
                return Some(item);
            }
        }
        self.start = 0;
        None
    }
}

/// A message or the report of one that was too large; nothing else.
#[inline(always)]
pub(super) fn message<E>(
    incoming: IncomingRef<'_>,
    owner: &mut Owner,
) -> Option<Result<MessageEvent, ReadError<E>>> {
    match incoming {
        IncomingRef::Message(message) => Some(Ok(owner.own(message))),
        IncomingRef::TooLarge(error) => Some(Err(ReadError::TooLarge(error))),
        IncomingRef::Comment(_) | IncomingRef::Retry(_) => None,
    }
}

/// Whatever came.
#[inline(always)]
pub(super) fn incoming<E>(incoming: IncomingRef<'_>, owner: &mut Owner) -> Option<Result<Incoming, E>> {
    Some(Ok(incoming.own_with(|message| owner.own(message))))
}
