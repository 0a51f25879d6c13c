//! Who waits for something, each at a place of its own.

use alloc::vec::Vec;
use core::task::{Context, Waker};

/// The wakers of those who wait. Adding, replacing and removing one takes constant time.
#[derive(Debug, Default)]
pub(crate) struct Wakers {
    places: Vec<Option<Waker>>,
    free: Vec<usize>,
}

/// A place among the wakers, and what stands there: comparing with that needs no lock.
#[derive(Debug, Default)]
pub(crate) struct Place(Option<(usize, Waker)>);

impl Place {
    /// Whether this task is registered already.
    pub(crate) fn holds(&self, cx: &Context<'_>) -> bool {
        self.0.as_ref().is_some_and(|(_, waker)| waker.will_wake(cx.waker()))
    }
}

impl Wakers {
    /// Registers the task, instead of the one that was registered at this place.
    ///
    /// What it returns has to be dropped once the lock around this is released: with the last waker of
    /// a task the task itself may go, and take the lock when it does.
    #[must_use]
    pub(crate) fn set(&mut self, place: &mut Place, cx: &Context<'_>) -> impl Sized + use<> {
        let waker = cx.waker();
        let index = match &place.0 {
            Some((index, _)) => *index,
            None => self.free.pop().unwrap_or_else(|| {
                self.places.push(None);
                self.places.len() - 1
            }),
        };
        let before = self.places[index].replace(waker.clone());
        (before, place.0.replace((index, waker.clone())))
    }

    /// Frees the place. What it returns has to be dropped as what [`set`](Wakers::set) does.
    #[must_use]
    pub(crate) fn remove(&mut self, place: &mut Place) -> impl Sized + use<> {
        let registered = place.0.take();
        let waker = registered.as_ref().and_then(|(index, _)| {
            self.free.push(*index);
            self.places[*index].take()
        });
        (waker, registered)
    }

    /// All wakers, to be woken once the lock around this is released: they may take locks themselves.
    pub(crate) fn all(&self) -> Vec<Waker> {
        self.places.iter().flatten().cloned().collect()
    }
}
