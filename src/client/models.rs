//! Model checks of a client's commands, and of the threads and tasks that wait for them.

use super::control::{Command, Control};
use crate::sync::{
    model::{block_on_fn, check},
    signal::Signal,
};
use alloc::sync::Arc;
use core::{
    task::{Poll, Waker},
    time::Duration,
};
use loom::thread;
use std::{task::Wake, time::Instant};

fn command(control: &Arc<Control>, command: Command) -> thread::JoinHandle<()> {
    let control = control.clone();
    thread::spawn(move || control.command(command))
}

/// Waits as the blocking driver does while nothing is due.
fn wait(control: &Control) -> Command {
    loop {
        if let Some(command) = control.take() {
            return command;
        }
        control.wait(Instant::now() + Duration::from_secs(3600));
    }
}

/// Waits as the async driver does.
fn wait_async(control: &Control) -> Command {
    block_on_fn(|context| {
        loop {
            if let Some(command) = control.take() {
                return Poll::Ready(command);
            }
            if !control.register(context.waker()) {
                return Poll::Pending;
            }
        }
    })
}

#[test]
fn a_waiting_thread_hears_of_a_command() {
    for each in [Command::Close, Command::Restart] {
        check(move || {
            let control = Arc::<Control>::default();
            let other = command(&control, each);
            assert_eq!(wait(&control), each);
            other.join().unwrap();
        });
    }
}

#[test]
fn a_task_hears_of_a_command() {
    for each in [Command::Close, Command::Restart] {
        check(move || {
            let control = Arc::<Control>::default();
            let other = command(&control, each);
            assert_eq!(wait_async(&control), each);
            other.join().unwrap();
        });
    }
}

/// A task whose waker changes is woken through the new one.
#[test]
fn a_task_that_changes_its_waker_hears_of_it_too() {
    check(|| {
        let control = Arc::<Control>::default();
        control.register(Waker::noop());
        let other = command(&control, Command::Close);
        assert_eq!(wait_async(&control), Command::Close);
        other.join().unwrap();
    });
}

#[test]
fn nothing_undoes_a_close() {
    check(|| {
        let control = Arc::<Control>::default();
        let others = [command(&control, Command::Restart), command(&control, Command::Close)];
        while wait(&control) != Command::Close {}
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(control.take(), Some(Command::Close), "it stays");
        assert!(control.begin().is_none());
    });
}

/// An attempt that has begun is stopped, no matter when its transport says how.
#[test]
fn a_command_stops_the_attempt() {
    check(|| {
        let control = Arc::<Control>::default();
        let other = command(&control, Command::Restart);
        if let Some(attempt) = control.begin() {
            let stopped = Arc::new(Signal::default());
            let action = stopped.clone();
            attempt.stop.on_stop(move || action.wake());
            assert!(stopped.wait_until(None));
            assert!(attempt.stop.is_stopped());
        }
        assert_eq!(wait(&control), Command::Restart);
        other.join().unwrap();
        // This attempt was stopped, not the next one.
        let next = control.begin().unwrap();
        assert!(!next.stop.is_stopped());
    });
}

/// An attempt that ends by itself leaves nothing to stop.
#[test]
fn an_attempt_that_ends_drops_what_would_stop_it() {
    check(|| {
        let control = Arc::<Control>::default();
        let kept = Arc::new(());
        let other = command(&control, Command::Close);
        if let Some(attempt) = control.begin() {
            let action = kept.clone();
            attempt.stop.on_stop(move || drop(action));
        }
        other.join().unwrap();
        assert_eq!(Arc::strong_count(&kept), 1);
    });
}
