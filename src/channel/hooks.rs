//! The hooks that are called when the first subscriber arrives and when the last one has left.

use super::shared::Shared;
use alloc::sync::Arc;
use core::fmt;

#[derive(Clone, Default)]
pub(super) struct Hook(pub(super) Option<Arc<dyn Fn() + Send + Sync>>);

/// Which hook was called last, and whether the call still runs.
#[derive(Default)]
pub(super) struct HookStatus {
    /// Whether the last call was for a first subscriber.
    is_active: bool,
    is_calling: bool,
}

impl Shared {
    /// Calls a hook if the first subscriber has arrived or the last one has left since the last call.
    pub(super) fn call_hooks(&self) {
        if self.on_first.0.is_none() && self.on_last.0.is_none() {
            return;
        }
        let mut state = self.lock();
        // A thread that is in a hook now will look again when it returns.
        while !state.hook_status.is_calling && state.hook_status.is_active != (state.subscribers > 0) {
            let is_active = !state.hook_status.is_active;
            state.hook_status = HookStatus { is_active, is_calling: true };
            drop(state);
            let call = HookCall(self);
            if let Some(hook) = if is_active { &self.on_first.0 } else { &self.on_last.0 } {
                hook();
            }
            drop(call);
            state = self.lock();
        }
    }
}

/// The call lasts until this is dropped, so that a hook that panics does not block the others for good.
struct HookCall<'s>(&'s Shared);

impl Drop for HookCall<'_> {
    fn drop(&mut self) {
        self.0.lock().hook_status.is_calling = false;
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Fn()" } else { "none" })
    }
}
