//! What the drivers share: owned items from a chunk.

use super::{
    Decoder, Incoming, Input, MessageEvent, MessageRef, buffer::Text, interpret::Found, until::Ending,
};
use crate::error::TooLarge;

/// A decoder that returns owned items from a chunk, one at a time.
#[derive(Debug)]
pub(super) struct OwningDecoder {
    pub(super) decoder: Decoder,
    /// How many bytes of the chunk have been decoded.
    pub(super) start: usize,
    /// Whether an event that no blank line has ended is dispatched at the end of the input.
    pub(super) finishes: bool,
    /// Whether the source has failed since the last chunk, so that the end of the input may be part of that failure.
    failed: bool,
    /// Where the stream ends, if that is not where the source ends.
    pub(super) ending: Ending,
}

impl OwningDecoder {
    pub(super) fn new(decoder: Decoder) -> OwningDecoder {
        OwningDecoder { decoder, start: 0, finishes: false, failed: false, ending: Ending::default() }
    }

    /// Takes a new chunk and returns `true`, if it is certain that no item ends in it. `false` says nothing.
    // Called before the driver stores the chunk, because that takes longer than decoding a small one.
    #[inline]
    pub(super) fn take(&mut self, chunk: &[u8]) -> bool {
        self.failed = false;
        self.decoder.take_middle(chunk)
    }

    /// Decodes the chunk up to the next item of this kind; the next call continues from there. `None` means that there
    /// is none, and that a new chunk is needed. If `may_wait`, an event that is not complete is left undecoded, and the
    /// new chunk has to begin with it.
    // Inlined, so that a message is written once, to where the caller wants it: moving it again takes as long as
    // decoding a short one.
    #[inline(always)]
    pub(super) fn next<T: Owned, E: From<TooLarge>>(
        &mut self,
        chunk: &[u8],
        may_wait: bool,
    ) -> Option<Result<T, E>> {
        if self.start >= chunk.len() {
            return None;
        }
        let mut input = Input::once(chunk.get(self.start..).unwrap_or_default());
        input.may_wait = may_wait;
        while !input.is_empty()
            && let Some(found) = self.decoder.find(&mut input)
        {
            if let Some(item) = T::own(&mut self.decoder, found) {
                self.start = chunk.len() - input.remaining().len();
                return Some(item);
            }
        }
        self.start = chunk.len() - input.remaining().len();
        None
    }

    /// The source has failed. If it ends now, an unfinished event was cut off.
    pub(super) fn fail(&mut self) {
        self.failed = true;
    }

    /// Returns the last item, once the source has ended.
    pub(super) fn finish<T: Owned, E: From<TooLarge>>(&mut self) -> Option<Result<T, E>> {
        if !self.finishes || self.failed {
            return None;
        }
        let found = self.decoder.find_last()?;
        T::own(&mut self.decoder, found)
    }
}

/// The settings of a driver, and its decoder.
macro_rules! driver {
    ($driver:ident<$($parameter:ident),+>) => {
        impl<$($parameter),+> $driver<$($parameter),+> {
            /// Sets whether to dispatch an event that the end of the input cuts off before its blank line: see
            /// [`Decoder::finish`]. By default it is discarded, as the standard says.
            ///
            /// An event that was cut off by an error of the source is not dispatched.
            pub fn dispatch_unfinished(mut self, dispatch: bool) -> Self {
                self.decoder.finishes = dispatch;
                self
            }

            /// Sets the data of the message that marks the end, such as `[DONE]`. Neither that message nor anything
            /// after it is returned. You can set several ends.
            ///
            /// If the source ends before any of them, that is a [`ReadError::Cut`].
            pub fn until_data(mut self, data: impl Into<String>) -> Self {
                self.decoder.ending.until.data(data.into());
                self
            }

            /// Sets the type of the last event, such as `response.completed` or `message_stop`. That event is
            /// returned, and nothing after it. You can set several ends.
            ///
            /// If the source ends before any of them, that is a [`ReadError::Cut`].
            pub fn until_event(mut self, event: impl Into<String>) -> Self {
                self.decoder.ending.until.event(event.into());
                self
            }

            /// Sets a function that recognises the last message. That message is returned, and nothing after it. You
            /// can set several ends.
            ///
            /// If the source ends before any of them, that is a [`ReadError::Cut`].
            pub fn until(
                mut self,
                is_last: impl FnMut(&MessageEvent) -> bool + Send + Sync + 'static,
            ) -> Self {
                self.decoder.ending.until.predicate(is_last);
                self
            }

            /// Returns the decoder: for the last event ID, the reconnection time, and whether the input ended inside
            /// an event.
            pub fn decoder(&self) -> &Decoder {
                &self.decoder.decoder
            }

            /// Returns the decoder, for the next connection. What was read but not decoded is dropped.
            pub fn into_decoder(self) -> Decoder {
                self.decoder.decoder
            }
        }
    };
}
pub(super) use driver;

#[cfg(feature = "client")]
impl Decoder {
    /// Like [`next`](Decoder::next), but returns an owned item.
    #[inline]
    pub(crate) fn next_owned(&mut self, input: &mut Input<'_>) -> Option<Result<Incoming, TooLarge>> {
        if self.take_middle(input.remaining()) {
            input.take_rest();
            return None;
        }
        let found = self.find(input)?;
        Incoming::own(self, found)
    }

    /// Like [`finish`](Decoder::finish), but returns an owned item.
    pub(crate) fn finish_owned(&mut self) -> Option<Result<Incoming, TooLarge>> {
        let found = self.find_last()?;
        Incoming::own(self, found)
    }
}

/// An item that a driver returns.
pub(super) trait Owned: Sized {
    /// Converts what was found. `None` if items of this kind do not include it.
    fn own<E: From<TooLarge>>(decoder: &mut Decoder, found: Found<'_>) -> Option<Result<Self, E>>;

    /// The message, if the item is one.
    fn message(&self) -> Option<&MessageEvent>;
}

/// Only messages, and reports of events that were too large.
impl Owned for MessageEvent {
    #[inline(always)]
    fn own<E: From<TooLarge>>(decoder: &mut Decoder, found: Found<'_>) -> Option<Result<MessageEvent, E>> {
        match found {
            Found::Message { event, data, has_id } => Some(Ok(decoder.own_message(event, data, has_id))),
            Found::TooLarge(error) if !error.is_comment => Some(Err(error.into())),
            _ => None,
        }
    }

    fn message(&self) -> Option<&MessageEvent> {
        Some(self)
    }
}

/// Everything that was found.
impl Owned for Incoming {
    #[inline(always)]
    fn own<E: From<TooLarge>>(decoder: &mut Decoder, found: Found<'_>) -> Option<Result<Incoming, E>> {
        Some(match found {
            Found::Message { event, data, has_id } => {
                Ok(Incoming::Message(decoder.own_message(event, data, has_id)))
            }
            found => decoder.lend(found).map(Incoming::from).map_err(E::from),
        })
    }

    fn message(&self) -> Option<&MessageEvent> {
        match self {
            Incoming::Message(message) => Some(message),
            _ => None,
        }
    }
}

impl Decoder {
    /// Creates an owned message. It takes over the data buffer's memory if the data is in there and fills it.
    #[inline(always)]
    fn own_message(&mut self, event: Text<'_>, data: Text<'_>, has_id: bool) -> MessageEvent {
        let long_id = self.id.long();
        if let Text::Kept = data
            && let Some(text) = self.data.hand_over()
        {
            let [event, id] = [self.event.resolve(event), self.id.committed()];
            return MessageEvent::with_data(text, event, id, long_id, has_id);
        }
        let message = MessageRef {
            event: self.event.resolve(event),
            data: self.data.resolve(data),
            last_event_id: self.id.committed(),
            has_id,
        };
        MessageEvent::own(message, long_id)
    }
}
