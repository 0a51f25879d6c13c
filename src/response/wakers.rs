//! Who waits for something, each at a place of its own.

use alloc::vec::Vec;
use core::task::{Context, Waker};

/// The wakers of those who wait. Adding, replacing and removing one takes constant time.
#[derive(Debug, Default)]
pub(super) struct Wakers {
    places: Vec<Option<Waker>>,
    free: Vec<usize>,
}

/// A place among the wakers, and what stands there: comparing with that needs no lock.
#[derive(Debug, Default)]
pub(super) struct Place(Option<(usize, Waker)>);

impl Place {
    /// Whether this task is registered already.
    pub(super) fn holds(&self, cx: &Context<'_>) -> bool {
        self.0.as_ref().is_some_and(|(_, waker)| waker.will_wake(cx.waker()))
    }
}

impl Wakers {
    /// Registers the task, instead of the one that was registered at this place.
    pub(super) fn set(&mut self, place: &mut Place, cx: &Context<'_>) {
        let waker = cx.waker();
        let index = match &place.0 {
            Some((index, _)) => *index,
            None => self.free.pop().unwrap_or_else(|| {
                self.places.push(None);
                self.places.len() - 1
            }),
        };
        self.places[index] = Some(waker.clone());
        place.0 = Some((index, waker.clone()));
    }

    pub(super) fn remove(&mut self, place: &mut Place) {
        if let Some((index, _)) = place.0.take() {
            self.places[index] = None;
            self.free.push(index);
        }
    }

    /// All wakers, to be woken once the lock around this is released: they may take locks themselves.
    pub(super) fn all(&self) -> Vec<Waker> {
        self.places.iter().flatten().cloned().collect()
    }
}
