//! Who waits for the next thing to happen. Each has a place of its own, and has to wait anew after it was woken.

use alloc::vec::Vec;
use core::{mem, task::Waker};

/// Waiting, and ending to wait, take constant time; waking takes time for those who wait.
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
    /// Whether the place is in the list of those where somebody waits.
    is_listed: bool,
}

/// A place in a wait list.
#[derive(Debug, Default)]
pub(crate) struct Place(Option<u32>);

impl WaitList {
    /// Waits, instead of whoever waits at this place.
    ///
    /// What it returns has to be dropped once the lock around this is released: with the last waker of
    /// a task the task itself may go, and take the lock when it does.
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

    /// Gives the place up. What it returns has to be dropped as what [`wait`](WaitList::wait) returns.
    #[must_use]
    pub(crate) fn leave(&mut self, place: &mut Place) -> Option<Waker> {
        let index = place.0.take()?;
        self.free.push(index);
        self.places[index as usize].waker.take()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Takes all who wait, to be woken once the lock around this is released: they may take locks themselves.
    pub(crate) fn take(&mut self, wakers: &mut Vec<Waker>) {
        for index in self.waiting.drain(..) {
            let slot = &mut self.places[index as usize];
            slot.is_listed = false;
            wakers.extend(slot.waker.take());
        }
    }
}
