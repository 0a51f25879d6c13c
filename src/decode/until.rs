//! What ends an answer before the connection does: how models and other services say that all is done.

use super::MessageEvent;
use alloc::{boxed::Box, string::String, vec::Vec};
use core::fmt;

/// The ends that are known, any of which will do.
#[derive(Default)]
pub(crate) struct Until {
    data: Vec<String>,
    events: Vec<String>,
    predicates: Vec<Predicate>,
}

type Predicate = Box<dyn FnMut(&MessageEvent) -> bool + Send>;

/// What a message means for the answer that it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judged {
    GoesOn,
    /// The last one.
    Last,
    /// It says that the one before was the last one.
    Terminator,
}

impl Until {
    pub(crate) fn data(&mut self, data: String) {
        self.data.push(data);
    }

    pub(crate) fn event(&mut self, event: String) {
        self.events.push(event);
    }

    pub(crate) fn predicate(&mut self, is_last: impl FnMut(&MessageEvent) -> bool + Send + 'static) {
        self.predicates.push(Box::new(is_last));
    }

    /// Whether no end is known but the connection's.
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
