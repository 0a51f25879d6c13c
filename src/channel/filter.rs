//! Filters what a subscriber gets.

use super::log::{Mark, value};
use crate::decode::received::DEFAULT_TYPE;
use alloc::{borrow::Cow, boxed::Box, string::String, vec::Vec};
use bytes::Bytes;

/// After this many events were filtered out, the client gets the ID of the last of them.
const TELL_ID_AFTER: usize = 64;

/// A published event, as a filter sees it.
#[derive(Clone, Copy)]
pub struct Published<'b> {
    block: &'b [u8],
    id_at: usize,
    type_at: usize,
}

impl<'b> Published<'b> {
    /// The event type; `message` if it has none.
    #[must_use]
    pub fn event_type(&self) -> Cow<'b, str> {
        let named = if self.type_at == 0 { &[] } else { value(&self.block[self.type_at..]) };
        if named.is_empty() { Cow::Borrowed(DEFAULT_TYPE) } else { String::from_utf8_lossy(named) }
    }

    /// The event ID that clients get: the event's own if it has one, otherwise the channel's.
    #[must_use]
    pub fn id(&self) -> Cow<'b, str> {
        let at = if self.id_at == 0 { "id: ".len() } else { self.id_at };
        String::from_utf8_lossy(value(&self.block[at..]))
    }

    /// The whole block, as it is sent.
    #[must_use]
    pub fn block(&self) -> &'b [u8] {
        self.block
    }
}

impl core::fmt::Debug for Published<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("Published").field(&String::from_utf8_lossy(self.block)).finish()
    }
}

pub(super) struct Filter {
    passes: Box<dyn FnMut(&Published<'_>) -> bool + Send>,
    frame: Bytes,
    /// The events in the frame, and how many of them have been looked at.
    pub(super) marks: Vec<Mark>,
    looked_at: usize,
    /// How many events were filtered out since the client last got an ID.
    skipped: usize,
    // Not yet reported to the channel.
    delivered: u64,
    filtered: u64,
}

impl Filter {
    pub(super) fn new(passes: impl FnMut(&Published<'_>) -> bool + Send + 'static) -> Filter {
        Filter {
            passes: Box::new(passes),
            frame: Bytes::new(),
            marks: Vec::new(),
            looked_at: 0,
            skipped: 0,
            delivered: 0,
            filtered: 0,
        }
    }

    /// Combines this filter with another: an event must pass both.
    pub(super) fn and(mut self, mut other: impl FnMut(&Published<'_>) -> bool + Send + 'static) -> Filter {
        let mut passes = self.passes;
        self.passes = Box::new(move |event| passes(event) && other(event));
        self
    }

    /// Begins with a frame, whose marks have been set.
    pub(super) fn frame(&mut self, frame: Bytes) {
        self.frame = frame;
    }

    /// The next unbroken run of events that pass.
    pub(super) fn next_run(&mut self) -> Option<Bytes> {
        let mut run = None;
        while let Some(mark) = self.marks.get(self.looked_at) {
            let start = self.looked_at.checked_sub(1).map_or(0, |before| self.marks[before].end);
            let event =
                Published { block: &self.frame[start..mark.end], id_at: mark.id_at, type_at: mark.type_at };
            let passes = (self.passes)(&event);
            self.looked_at += 1;
            if passes {
                self.delivered += 1;
                self.skipped = 0;
                run.get_or_insert(start..mark.end).end = mark.end;
            } else {
                self.filtered += 1;
                self.skipped += 1;
                if run.is_some() {
                    break;
                }
            }
        }
        let run = run.map(|run| self.frame.slice(run));
        if self.looked_at == self.marks.len() {
            self.frame = Bytes::new();
            self.marks.clear();
            self.looked_at = 0;
        }
        run
    }

    /// Whether the client's ID may soon be too old to resume from in a log of this length or, at the end, is not the
    /// last one.
    pub(super) fn must_tell_id(&mut self, retained: usize, is_end: bool) -> bool {
        let is_old = self.skipped >= TELL_ID_AFTER || 2 * self.skipped >= retained;
        let must = self.skipped > 0 && (is_old || is_end);
        if must {
            self.skipped = 0;
        }
        must
    }

    pub(super) fn report(&mut self, delivered: &mut u64, filtered: &mut u64) {
        *delivered += core::mem::take(&mut self.delivered);
        *filtered += core::mem::take(&mut self.filtered);
    }
}
