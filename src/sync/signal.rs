//! Blocks a thread until it is woken.

use super::{Condvar, Mutex, MutexGuard, PoisonError, lock};
use alloc::sync::Arc;
use core::mem;
use std::{task::Wake, time::Instant};

/// A waker for one thread. It may be woken before the thread waits. (Unparking the thread would not do, because user
/// code that parks the same thread could consume it.)
#[derive(Debug)]
pub(crate) struct Signal {
    is_woken: Mutex<bool>,
    woken: Condvar,
}

impl Default for Signal {
    fn default() -> Self {
        Signal { is_woken: Mutex::new(false), woken: Condvar::new() }
    }
}

impl Signal {
    /// Blocks until this has been woken since the last call, but no longer than until this moment. Returns whether it
    /// has been woken.
    pub(crate) fn wait_until(&self, deadline: Option<Instant>) -> bool {
        let mut is_woken = self.lock();
        while !*is_woken {
            is_woken = match deadline {
                None => self.woken.wait(is_woken).unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => match deadline.checked_duration_since(Instant::now()) {
                    Some(left) if !left.is_zero() => {
                        self.woken.wait_timeout(is_woken, left).unwrap_or_else(PoisonError::into_inner).0
                    }
                    _ => return false,
                },
            };
        }
        mem::take(&mut *is_woken)
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        lock(&self.is_woken)
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        *self.lock() = true;
        self.woken.notify_one();
    }
}
