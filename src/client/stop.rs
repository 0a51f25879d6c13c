//! Tells a blocking transport that nobody waits for it any more.

use crate::sync::{Mutex, MutexGuard, lock};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::{fmt, mem};

/// Tells the transport of an [`EventSource`](crate::EventSource) that nobody waits for it any more.
#[derive(Clone, Default)]
pub struct Stop {
    state: Arc<Mutex<StopState>>,
}

#[derive(Default)]
struct StopState {
    is_stopped: bool,
    actions: Vec<Box<dyn FnOnce() + Send>>,
}

impl Stop {
    /// Sets an action that is called, in another thread, when the attempt is stopped. It should make calls return that
    /// block this thread. If the attempt has already been stopped, the action is called at once. It is dropped when the
    /// attempt ends.
    ///
    /// The next attempt begins only after the action has returned. The action must not call an
    /// [`EventSourceHandle`](crate::client::EventSourceHandle) of this client, which would deadlock.
    ///
    /// For a socket, use `move || _ = socket.shutdown(Shutdown::Both)`.
    pub fn on_stop(&self, action: impl FnOnce() + Send + 'static) {
        let mut state = self.state();
        if !state.is_stopped {
            state.actions.push(Box::new(action));
            return;
        }
        drop(state);
        action();
    }

    /// Whether the attempt has been stopped.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.state().is_stopped
    }

    pub(super) fn stop(&self) {
        let mut state = self.state();
        state.is_stopped = true;
        let actions = mem::take(&mut state.actions);
        drop(state);
        for action in actions {
            action();
        }
    }

    fn state(&self) -> MutexGuard<'_, StopState> {
        lock(&self.state)
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stop").field("is_stopped", &self.is_stopped()).finish_non_exhaustive()
    }
}
