//! The tasks that wait for the next thing to happen. Each has a place, and has to wait again after it was woken.

use alloc::vec::Vec;
use core::{mem, task::Waker};

/// Starting and ceasing to wait take constant time. Waking takes time in proportion to the number of waiting tasks.
#[derive(Debug, Default)]
pub(crate) struct WaitList {
    places: Vec<Slot>,
    free: Vec<u32>,
    /// The places where somebody waits. Some may have been given up since.
    waiting: Vec<u32>,
}

#[derive(Debug, Default)]
struct Slot {
    waker: Option<Waker>,
    /// Whether the place is in the list `waiting`.
    is_listed: bool,
}

/// A place in a wait list.
#[derive(Debug, Default)]
pub(crate) struct Place(Option<u32>);

impl WaitList {
    /// Waits at this place, instead of any task that waited there before.
    ///
    /// The returned waker must be dropped after the lock around this is released: dropping the last waker of a task may
    /// drop the task itself, which may take the lock.
    #[must_use]
    pub(crate) fn wait(&mut self, place: &mut Place, waker: Waker) -> Option<Waker> {
        let index = *place.0.get_or_insert_with(|| {
            self.free.pop().unwrap_or_else(|| {
                self.places.push(Slot::default());
                (self.places.len() - 1) as u32
            })
        });
        let slot = &mut self.places[index as usize];
        if !mem::replace(&mut slot.is_listed, true) {
            self.waiting.push(index);
        }
        slot.waker.replace(waker)
    }

    /// Gives up the place. Drop the returned waker as described for [`wait`](WaitList::wait).
    #[must_use]
    pub(crate) fn leave(&mut self, place: &mut Place) -> Option<Waker> {
        let index = place.0.take()?;
        self.free.push(index);
        self.places[index as usize].waker.take()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Takes all waiting tasks. They must be woken after the lock around this is released: they may take locks
    /// themselves.
    pub(crate) fn take(&mut self, wakers: &mut Vec<Waker>) {
        for index in self.waiting.drain(..) {
            let slot = &mut self.places[index as usize];
            slot.is_listed = false;
            wakers.extend(slot.waker.take());
        }
    }
}
