//! What ends a stream before its connection: how language models and other services say that they are done.

use super::{MessageEvent, own::Owned};
use crate::error::ReadError;
use alloc::{boxed::Box, string::String, vec::Vec};
use core::{fmt, mem};

/// The configured ends, any of which will do.
#[derive(Default)]
pub(crate) struct Until {
    data: Vec<String>,
    events: Vec<String>,
    predicates: Vec<Predicate>,
}

type Predicate = Box<dyn FnMut(&MessageEvent) -> bool + Send + Sync>;

/// What a message means for the stream that it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judged {
    GoesOn,
    /// The last one.
    Last,
    /// A marker: the message before it was the last one.
    Terminator,
}

impl Until {
    pub(crate) fn data(&mut self, data: String) {
        self.data.push(data);
    }

    pub(crate) fn event(&mut self, event: String) {
        self.events.push(event);
    }

    pub(crate) fn predicate(&mut self, is_last: impl FnMut(&MessageEvent) -> bool + Send + Sync + 'static) {
        self.predicates.push(Box::new(is_last));
    }

    /// Whether no end is configured, so that only the source itself ends the stream.
    pub(crate) fn is_empty(&self) -> bool {
        self.data.is_empty() && self.events.is_empty() && self.predicates.is_empty()
    }

    #[inline]
    pub(crate) fn judge(&mut self, message: &MessageEvent) -> Judged {
        if self.is_empty() { Judged::GoesOn } else { self.look_up(message) }
    }

    fn look_up(&mut self, message: &MessageEvent) -> Judged {
        if self.data.iter().any(|data| data == message.data()) {
            return Judged::Terminator;
        }
        let is_last = self.events.iter().any(|event| event == message.event())
            || self.predicates.iter_mut().any(|is_last| is_last(message));
        if is_last { Judged::Last } else { Judged::GoesOn }
    }
}

impl fmt::Debug for Until {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Until")
            .field("data", &self.data)
            .field("events", &self.events)
            .field("predicates", &self.predicates.len())
            .finish()
    }
}

/// Whether a stream has reached its end.
#[derive(Debug, Default)]
pub(super) struct Ending {
    pub(super) until: Until,
    /// Whether the end has been reached, or the early end of the source has been reported instead.
    is_over: bool,
}

impl Ending {
    /// Whether an end is expected that has not been reached.
    #[inline]
    pub(super) fn is_expected(&self) -> bool {
        !self.until.is_empty()
    }

    #[inline]
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Decides what a driver returns for an item, or for the end of the source. A marker that only says that the item
    /// before it was the last one is not returned, and a source that ends too early is reported once.
    pub(super) fn judge<T: Owned, E>(
        &mut self,
        item: Option<Result<T, ReadError<E>>>,
    ) -> Option<Result<T, ReadError<E>>> {
        let Some(item) = item else {
            return (!mem::replace(&mut self.is_over, true)).then_some(Err(ReadError::Cut));
        };
        let message = item.as_ref().ok().and_then(Owned::message);
        let judged = message.map_or(Judged::GoesOn, |message| self.until.judge(message));
        self.is_over = judged != Judged::GoesOn;
        (judged != Judged::Terminator).then_some(item)
    }
}
