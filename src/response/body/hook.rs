//! The user's functions, each of which is called at most once.

use crate::response::End;
use alloc::boxed::Box;
use bytes::Bytes;
use std::sync::{Mutex, PoisonError};

/// A function that is called at most once. The lock is never taken; it makes this `Sync` even if the function is not.
struct Once<F: ?Sized>(Mutex<Option<Box<F>>>);

impl<F: ?Sized> Once<F> {
    fn new(callback: Box<F>) -> Self {
        Once(Mutex::new(Some(callback)))
    }

    fn take(&mut self) -> Option<Box<F>> {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Calls a function once with how the stream ended, at the latest when this is dropped.
pub(super) struct OnEnd {
    callback: Option<Once<dyn FnOnce(End) + Send>>,
    /// The end that a drop means.
    pub(super) dropped: End,
}

impl OnEnd {
    pub(super) fn new() -> Self {
        OnEnd { callback: None, dropped: End::Dropped }
    }

    /// Sets the function to call, instead of any other.
    pub(super) fn set(&mut self, callback: impl FnOnce(End) + Send + 'static) {
        self.callback = Some(Once::new(Box::new(callback)));
    }

    pub(super) fn call(&mut self, end: End) {
        if let Some(callback) = self.callback.take().and_then(|mut callback| callback.take()) {
            callback(end);
        }
    }
}

impl Drop for OnEnd {
    fn drop(&mut self) {
        self.call(self.dropped);
    }
}

/// Decides what follows an error: last events, or the failure of the body, possibly with a different error.
pub(super) struct OnError<E>(Once<dyn FnOnce(E) -> Result<Bytes, E> + Send>);

impl<E> OnError<E> {
    pub(super) fn new(hook: impl FnOnce(E) -> Result<Bytes, E> + Send + 'static) -> Self {
        OnError(Once::new(Box::new(hook)))
    }

    pub(super) fn call(mut self, error: E) -> Result<Bytes, E> {
        match self.0.take() {
            Some(hook) => hook(error),
            None => Err(error),
        }
    }
}
