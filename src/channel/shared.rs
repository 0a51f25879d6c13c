//! What the handles and the subscribers of a channel share.

use super::{
    Builder,
    hooks::{Hook, HookStatus},
    log::Log,
    policy::Policy,
};
use crate::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicU64, Ordering},
    lock,
    wait_list::WaitList,
};
use alloc::vec::Vec;
use bytes::Bytes;
use core::task::Waker;

pub(super) struct Shared {
    state: Mutex<State>,
    /// Changes whenever the waiting tasks are woken, so that a poll that finds nothing new takes no lock.
    version: AtomicU64,
    /// A reused buffer for the wakers that are taken out of the state. A thread that finds it locked allocates its own.
    wakers: Mutex<Vec<Waker>>,
    pub(super) policy: Policy,
    pub(super) on_first: Hook,
    pub(super) on_last: Hook,
}

pub(super) struct State {
    pub(super) log: Log,
    pub(super) waiting: WaitList,
    pub(super) ended: Option<Ended>,
    pub(super) subscribers: usize,
    pub(super) hook_status: HookStatus,
    pub(super) delivered: u64,
    pub(super) missed: u64,
    pub(super) filtered: u64,
}

/// Nothing more can be published.
#[derive(Clone)]
pub(super) enum Ended {
    Finished,
    /// Holds the block that each subscriber gets last.
    Closed(Bytes),
}

impl Shared {
    pub(super) fn new(builder: Builder) -> Shared {
        let Builder { bounds, policy, on_first, on_last } = builder;
        Shared {
            state: Mutex::new(State {
                log: Log::new(bounds),
                waiting: WaitList::default(),
                ended: None,
                subscribers: 0,
                hook_status: HookStatus::default(),
                delivered: 0,
                missed: 0,
                filtered: 0,
            }),
            version: AtomicU64::new(0),
            wakers: Mutex::new(Vec::new()),
            policy,
            on_first,
            on_last,
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub(super) fn end(&self, ended: Ended) {
        let mut state = self.lock();
        let is_new = match (&state.ended, &ended) {
            (None, _) | (Some(Ended::Finished), Ended::Closed(_)) => true,
            (Some(_), _) => false,
        };
        if is_new {
            state.ended = Some(ended);
            self.wake(state);
        }
    }

    /// A number that changes whenever the waiting tasks are woken.
    pub(super) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Releases the lock, then wakes all waiting tasks.
    pub(super) fn wake(&self, mut state: MutexGuard<'_, State>) {
        if state.waiting.is_empty() {
            return;
        }
        // Under the lock, so that a task that still sees the old version, but is no longer in the list, has been taken
        // to be woken.
        self.version.store(self.version.load(Ordering::Relaxed) + 1, Ordering::Release);
        let mut kept = self.wakers.try_lock().ok();
        let mut own = Vec::new();
        let wakers = kept.as_deref_mut().unwrap_or(&mut own);
        state.waiting.take(wakers);
        drop(state);
        wakers.drain(..).for_each(Waker::wake);
    }
}
