//! The tasks that wait for something that happens once, each at its own place. Unlike those in a wait list, they stay
//! registered when they are woken.

use alloc::vec::Vec;
use core::task::{Context, Waker};

/// The wakers of the waiting tasks. Adding, replacing and removing one takes constant time.
#[derive(Debug, Default)]
pub(crate) struct Wakers {
    places: Vec<Option<Waker>>,
    free: Vec<usize>,
}

/// A place among the wakers, with a copy of the waker there, so that it can be compared without taking the lock.
#[derive(Debug, Default)]
pub(crate) struct Place(Option<(usize, Waker)>);

impl Place {
    /// Whether this task is registered already.
    pub(crate) fn holds(&self, cx: &Context<'_>) -> bool {
        self.0.as_ref().is_some_and(|(_, waker)| waker.will_wake(cx.waker()))
    }
}

impl Wakers {
    /// Registers the task at this place, instead of any task that was registered there before.
    ///
    /// The returned value must be dropped after the lock around this is released: dropping the last waker of a task may
    /// drop the task itself, which may take the lock.
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

    /// Frees the place. Drop the returned value as described for [`set`](Wakers::set).
    #[must_use]
    pub(crate) fn remove(&mut self, place: &mut Place) -> impl Sized + use<> {
        let registered = place.0.take();
        let waker = registered.as_ref().and_then(|(index, _)| {
            self.free.push(*index);
            self.places[*index].take()
        });
        (waker, registered)
    }

    /// All wakers. They must be woken after the lock around this is released: the tasks may take locks themselves.
    pub(crate) fn all(&self) -> Vec<Waker> {
        self.places.iter().flatten().cloned().collect()
    }
}
