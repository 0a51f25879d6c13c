//! What threads and tasks share, and randomness. Locks and atomics are std's, or loom's when its model checker runs the
//! code (`--cfg loom`).

#[cfg(all(test, loom))]
pub(crate) mod model;
pub(crate) mod random;
pub(crate) mod signal;
#[cfg(feature = "channel")]
pub(crate) mod wait_list;
pub(crate) mod wakers;

#[cfg(all(test, loom))]
pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard, atomic};
pub(crate) use std::sync::PoisonError;
#[cfg(not(all(test, loom)))]
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard, atomic};

/// Locks what is consistent at every moment, so that a panic of another thread under the lock does not matter.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
