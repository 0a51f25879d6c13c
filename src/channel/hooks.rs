//! The hooks that are told when the first subscriber arrives and the last one leaves.

use super::channel::Shared;
use alloc::sync::Arc;
use core::fmt;

#[derive(Clone, Default)]
pub(super) struct Hook(pub(super) Option<Arc<dyn Fn() + Send + Sync>>);

/// What the hooks were told last, and whether one is being told now.
#[derive(Default)]
pub(super) struct Told {
    is_active: bool,
    is_telling: bool,
}

impl Shared {
    /// Tells the hooks whether there are subscribers, if that has changed since they were last told.
    pub(super) fn tell(&self) {
        if self.on_first.0.is_none() && self.on_last.0.is_none() {
            return;
        }
        let mut state = self.lock();
        // A thread that is telling them now will look again when it is done.
        while !state.told.is_telling && state.told.is_active != (state.subscribers > 0) {
            let is_active = !state.told.is_active;
            state.told = Told { is_active, is_telling: true };
            drop(state);
            let telling = Telling(self);
            if let Some(hook) = if is_active { &self.on_first.0 } else { &self.on_last.0 } {
                hook();
            }
            drop(telling);
            state = self.lock();
        }
    }
}

/// A hook is being told until this is dropped, so that one that panics does not block the others for good.
struct Telling<'s>(&'s Shared);

impl Drop for Telling<'_> {
    fn drop(&mut self) {
        self.0.lock().told.is_telling = false;
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Fn()" } else { "none" })
    }
}
