//! The connection between a stream and its shutdown handles.

use super::{Deadline, Shared, Shutdown};
use crate::sync::{atomic::Ordering, wakers::Place};
use alloc::{sync::Arc, vec::Vec};
use core::task::{Context, Waker};

/// All shutdown handles of a stream: the server's, a session's.
#[derive(Default)]
pub(in crate::response) struct Memberships(Vec<Membership>);

impl Memberships {
    /// Adds a handle, which counts the stream.
    pub(in crate::response) fn join(&mut self, shutdown: &Shutdown) {
        if !self.0.iter().any(|membership| Arc::ptr_eq(&membership.shared, &shutdown.0)) {
            self.0.push(Membership::new(shutdown));
        }
    }

    /// The earliest deadline of the shutdowns that have begun. The task is woken when another one begins, or when a
    /// deadline changes.
    #[inline]
    pub(in crate::response) fn poll_deadline(&mut self, cx: &Context<'_>) -> Option<Deadline> {
        self.0.iter_mut().filter_map(|membership| membership.poll_deadline(cx)).min()
    }

    /// What the stream sends last: the farewell of the shutdown with the earliest deadline. The reconnection time
    /// differs at each call.
    pub(in crate::response) fn farewell(&self) -> Vec<u8> {
        let begun = self.0.iter().filter_map(|membership| Some((membership.deadline()?, membership)));
        let first = begun.min_by_key(|(deadline, _)| *deadline);
        first.map(|(_, membership)| membership.shared.farewell()).unwrap_or_default()
    }
}

/// A stream's membership in one shutdown.
pub(super) struct Membership {
    shared: Arc<Shared>,
    place: Place,
}

impl Membership {
    pub(super) fn new(shutdown: &Shutdown) -> Self {
        shutdown.0.lock().streams += 1;
        Membership { shared: shutdown.0.clone(), place: Place::default() }
    }

    fn deadline(&self) -> Option<Deadline> {
        self.shared.lock().deadline
    }

    #[inline]
    pub(super) fn poll_deadline(&mut self, cx: &Context<'_>) -> Option<Deadline> {
        if !self.shared.begun.load(Ordering::Acquire) && self.place.holds(cx) {
            return None;
        }
        let _before;
        let mut state = self.shared.lock();
        if !self.place.holds(cx) {
            _before = state.waiting_for_begin.set(&mut self.place, cx);
        }
        state.deadline
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        let _before;
        let waiting = {
            let mut state = self.shared.lock();
            _before = state.waiting_for_begin.remove(&mut self.place);
            state.streams -= 1;
            if state.is_finished() { state.waiting_for_finish.all() } else { Vec::new() }
        };
        waiting.into_iter().for_each(Waker::wake);
    }
}
