//! A place in the log, and what comes next from there.

#[cfg(feature = "redis")]
use super::archive::Archive;
use super::{
    filter::Filter,
    policy::{Gap, OnLag},
    shared::{Ended, State},
};
use alloc::{boxed::Box, vec::Vec};
use bytes::Bytes;
use core::mem;

/// A place in the log.
pub(super) struct Cursor {
    /// The number of the next event to read.
    pub(super) next: u64,
    /// What is sent before that event.
    pub(super) preface: Preface,
    /// Reads what the log has evicted. Without such a source, those events are missed.
    #[cfg(feature = "redis")]
    pub(super) archive: Option<Box<dyn Archive>>,
    /// Whether it is read now instead of the log.
    #[cfg(feature = "redis")]
    pub(super) is_behind: bool,
    pub(super) filter: Option<Box<Filter>>,
    pub(super) is_ended: bool,
}

/// What a subscriber gets before the events.
#[derive(Default)]
pub(super) enum Preface {
    #[default]
    Nothing,
    Block(Bytes),
    /// The number of events that are missing before its place, if it is known.
    Gap(Option<u64>),
}

/// What is left to do outside the lock.
pub(super) enum Step {
    /// A frame of events; if there is a filter, it holds the marks for them.
    Frame(Bytes),
    /// A gap, and the line with the ID of its last event.
    Gap(Gap, Vec<u8>),
    Block(Bytes),
    /// Look again: the source has changed.
    #[cfg(feature = "redis")]
    Again,
    End,
    Wait,
}

impl Cursor {
    /// Takes the block that is sent before everything else.
    pub(super) fn preface_block(&mut self) -> Option<Bytes> {
        let Preface::Block(block) = &mut self.preface else { return None };
        let block = mem::take(block);
        self.preface = Preface::Nothing;
        (!block.is_empty()).then_some(block)
    }

    /// What to do about events that are missing, if any are.
    pub(super) fn missing(&mut self, state: &mut State, on_lag: OnLag) -> Option<Step> {
        let lag = state.log.first().saturating_sub(self.next);
        #[cfg(feature = "redis")]
        if lag > 0 && self.archive.is_some() {
            self.is_behind = true;
            return Some(Step::Again);
        }
        let missed = match mem::take(&mut self.preface) {
            Preface::Gap(missed) => missed.map(|missed| missed + lag),
            _ => {
                if lag > 0 && on_lag == OnLag::Close {
                    state.missed += lag;
                    self.is_ended = true;
                    return Some(Step::End);
                }
                Some(lag)
            }
        };
        self.next += lag;
        if missed == Some(0) {
            return None;
        }
        state.missed += missed.unwrap_or(0);
        // Because of the ID, a client that is cut off right after the gap is not told of it again.
        Some(Step::Gap(Gap { missed }, state.log.id_line(self.next - 1)))
    }

    /// The next events, or the end.
    pub(super) fn ready(&mut self, state: &mut State) -> Step {
        if let Some((frame, next)) = state.log.read(self.next) {
            match &mut self.filter {
                None => state.delivered += next - self.next,
                Some(filter) => state.log.marks(self.next, next, &mut filter.marks),
            }
            self.next = next;
            #[cfg(feature = "redis")]
            if let Some(archive) = &mut self.archive {
                archive.passed(next);
            }
            return Step::Frame(frame);
        }
        if let Some(filter) = &mut self.filter {
            filter.report(&mut state.delivered, &mut state.filtered);
            // Always at the end: a client that has all of a finished channel must be recognised as such.
            if filter.must_tell_id(state.log.len(), state.ended.is_some()) {
                #[cfg(feature = "redis")]
                if let Some(archive) = &self.archive {
                    return Step::Block(archive.id_block());
                }
                return Step::Block(state.log.id_block(self.next - 1).into());
            }
        }
        let Some(ended) = &state.ended else { return Step::Wait };
        self.is_ended = true;
        match ended {
            Ended::Closed(farewell) if !farewell.is_empty() => Step::Block(farewell.clone()),
            Ended::Finished | Ended::Closed(_) => Step::End,
        }
    }
}
