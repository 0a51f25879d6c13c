//! Controls a client from outside.

use super::Stop;
use crate::sync::{
    Condvar, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
    lock,
};
use alloc::sync::Arc;
use core::task::Waker;
use std::time::Instant;

/// Closes or reconnects an [`EventSource`](crate::EventSource) or an [`AsyncEventSource`](crate::AsyncEventSource) from
/// another thread or task.
///
/// ```
/// # use sse_wire::{EventSource, client::{BoxError, Stop}};
/// # use std::thread;
/// # let transport = |_: http::Request<Vec<u8>>, stop: &Stop| -> Result<http::Response<&[u8]>, BoxError> {
/// #     let (sender, receiver) = std::sync::mpsc::channel::<()>();
/// #     stop.on_stop(move || drop(sender));
/// #     _ = receiver.recv();
/// #     Err("stopped".into())
/// # };
/// let mut source = EventSource::builder("http://localhost/events").build_with(transport)?;
/// let handle = source.handle();
/// thread::spawn(move || handle.close());
/// assert!(source.next().is_none()); // waits for a message until the source is closed
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct EventSourceHandle {
    pub(super) control: Arc<Control>,
}

impl EventSourceHandle {
    /// Closes the client at once and for good, even while it is waiting, connecting, or reading.
    pub fn close(&self) {
        self.control.command(Command::Close);
    }

    /// Drops the connection, and opens a new one as soon as the policy's rate allows. The last event ID is kept. What
    /// was received but has not been returned yet is dropped, and no error is reported.
    pub fn reconnect(&self) {
        self.control.command(Command::Restart);
    }

    /// Whether [`close`](EventSourceHandle::close) has been called.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.control.state().command == Some(Command::Close)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Restart,
    Close,
}

/// What a client shares with its handles.
#[derive(Debug, Default)]
pub(super) struct Control {
    /// Whether there is a command. This is cheap to check.
    pending: AtomicBool,
    state: Mutex<ControlState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct ControlState {
    /// The command to obey. [`Command::Close`] is permanent.
    command: Option<Command>,
    /// The current attempt.
    attempt: Option<Stop>,
    waker: Option<Waker>,
}

impl Control {
    fn state(&self) -> MutexGuard<'_, ControlState> {
        lock(&self.state)
    }

    pub(super) fn command(&self, command: Command) {
        let mut state = self.state();
        if state.command != Some(Command::Close) {
            state.command = Some(command);
        }
        self.pending.store(true, Ordering::Release);
        self.changed.notify_all();
        // Stopped under the lock, so that the next attempt begins only afterwards: the two may share what is stopped.
        if let Some(attempt) = state.attempt.take() {
            attempt.stop();
        }
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(super) fn is_pending(&self) -> bool {
        self.pending.load(Ordering::Acquire)
    }

    /// Takes the command.
    pub(super) fn take(&self) -> Option<Command> {
        if !self.is_pending() {
            return None;
        }
        let mut state = self.state();
        if state.command == Some(Command::Restart) {
            self.pending.store(false, Ordering::Release);
            return state.command.take();
        }
        state.command
    }

    /// Waits until this time, or until there is a command.
    pub(super) fn wait(&self, until: Instant) {
        let mut state = self.state();
        while state.command.is_none() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Begins an attempt, which a command will stop. Returns `None` if there already is a command.
    pub(super) fn begin(self: &Arc<Control>) -> Option<Attempt> {
        let mut state = self.state();
        if state.command.is_some() {
            return None;
        }
        let stop = state.attempt.insert(Stop::default()).clone();
        Some(Attempt { control: self.clone(), stop })
    }

    /// Registers a task to be woken by a command. Returns whether there already is a command, which will wake nobody.
    pub(super) fn register(&self, waker: &Waker) -> bool {
        let mut state = self.state();
        let old = match &state.waker {
            Some(known) if known.will_wake(waker) => None,
            _ => state.waker.replace(waker.clone()),
        };
        let is_pending = state.command.is_some();
        drop(state);
        // After unlocking, because dropping a waker runs code of the runtime.
        drop(old);
        is_pending
    }

    /// Unregisters the task: a handle may outlive it.
    pub(super) fn forget(&self) {
        let waker = self.state().waker.take();
        // After unlocking, because dropping a waker runs code of the runtime.
        drop(waker);
    }
}

/// An attempt. A command stops it as long as this is not dropped. There is at most one at a time.
pub(super) struct Attempt {
    control: Arc<Control>,
    pub(super) stop: Stop,
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let ended = self.control.state().attempt.take();
        // After unlocking, because dropping the actions runs code of the transport.
        drop(ended);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn no_attempt_begins_while_another_one_is_being_stopped() {
        let control = Arc::<Control>::default();
        let (sender, waits) = mpsc::channel();
        let attempt = control.begin().unwrap();
        let observer = control.clone();
        attempt.stop.on_stop(move || sender.send(observer.state.try_lock().is_err()).unwrap());
        control.command(Command::Restart);
        assert_eq!(waits.try_recv(), Ok(true));
        assert!(attempt.stop.is_stopped());
    }

    #[test]
    fn an_attempt_that_has_ended_is_not_stopped() {
        let control = Arc::<Control>::default();
        let (sender, stopped) = mpsc::channel::<()>();
        let attempt = control.begin().unwrap();
        attempt.stop.on_stop(move || sender.send(()).unwrap());
        drop(attempt);
        assert_eq!(stopped.try_recv(), Err(mpsc::TryRecvError::Disconnected), "its action is dropped");
        control.command(Command::Restart);
        assert!(control.begin().is_none());
        assert_eq!(control.take(), Some(Command::Restart));
        assert!(control.begin().is_some());
    }
}
