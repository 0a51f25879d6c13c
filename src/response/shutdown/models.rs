//! Model checks of a shutdown and of the tasks that wait for it.

use super::{Deadline, Memberships, Shutdown};
use crate::sync::model::{block_on, block_on_fn, check};
use core::{
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};
use loom::thread;

fn member(handles: &[&Shutdown]) -> Memberships {
    let mut memberships = Memberships::default();
    handles.iter().for_each(|handle| memberships.join(handle));
    memberships
}

/// Waits, as a body does, until the shutdown begins.
fn wait(memberships: &mut Memberships) -> Deadline {
    block_on_fn(|cx| memberships.poll_deadline(cx).map_or(Poll::Pending, Poll::Ready))
}

#[test]
fn a_stream_learns_that_the_shutdown_begins() {
    check(|| {
        let shutdown = Shutdown::new();
        let mut memberships = member(&[&shutdown]);
        let stream = thread::spawn(move || wait(&mut memberships));
        shutdown.begin();
        assert_eq!(stream.join().unwrap(), Deadline::Now);
        assert_eq!(shutdown.streams(), 0);
    });
}

/// A task whose waker changes is woken through the new one.
#[test]
fn a_stream_that_changes_its_waker_learns_it_too() {
    check(|| {
        let shutdown = Shutdown::new();
        let mut memberships = member(&[&shutdown]);
        let _ = memberships.poll_deadline(&Context::from_waker(Waker::noop()));
        let stream = thread::spawn(move || wait(&mut memberships));
        shutdown.begin();
        stream.join().unwrap();
    });
}

#[test]
fn a_stream_learns_that_the_time_is_shortened() {
    check(|| {
        let shutdown = Shutdown::new();
        let mut memberships = member(&[&shutdown]);
        let stream = thread::spawn(move || {
            block_on_fn(|cx| match memberships.poll_deadline(cx) {
                Some(Deadline::Now) => Poll::Ready(()),
                _ => Poll::Pending,
            });
        });
        shutdown.begin_within(Duration::MAX);
        shutdown.begin();
        stream.join().unwrap();
    });
}

#[test]
fn the_first_of_two_shutdowns_ends_a_stream() {
    check(|| {
        let (server, session) = (Shutdown::new(), Shutdown::new());
        let mut memberships = member(&[&server, &session]);
        let stream = thread::spawn(move || wait(&mut memberships));
        let logout = {
            let session = session.clone();
            thread::spawn(move || session.begin())
        };
        stream.join().unwrap();
        logout.join().unwrap();
        assert_eq!((server.streams(), session.streams()), (0, 0));
    });
}

#[test]
fn the_end_of_the_last_stream_is_seen() {
    check(|| {
        let shutdown = Shutdown::new();
        let streams = [member(&[&shutdown]), member(&[&shutdown])];
        let threads = streams.map(|stream| thread::spawn(move || drop(stream)));
        shutdown.begin();
        block_on(shutdown.finished());
        assert_eq!(shutdown.streams(), 0);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn whoever_waits_for_the_end_is_woken_whatever_happens_last() {
    check(|| {
        let shutdown = Shutdown::new();
        let stream = member(&[&shutdown]);
        let waiting = {
            let shutdown = shutdown.clone();
            thread::spawn(move || block_on(shutdown.finished()))
        };
        let begin = {
            let shutdown = shutdown.clone();
            thread::spawn(move || shutdown.begin())
        };
        drop(stream);
        waiting.join().unwrap();
        begin.join().unwrap();
    });
}

#[test]
fn whoever_stops_waiting_leaves_no_trace() {
    check(|| {
        let shutdown = Shutdown::new();
        let mut begun = shutdown.begun();
        let is_pending = Pin::new(&mut begun).poll(&mut Context::from_waker(Waker::noop())).is_pending();
        assert!(is_pending);
        let gone = thread::spawn(move || drop(begun));
        let waiting = {
            let shutdown = shutdown.clone();
            thread::spawn(move || block_on(shutdown.begun()))
        };
        shutdown.begin();
        gone.join().unwrap();
        waiting.join().unwrap();
        assert_eq!(shutdown.0.lock().waiting_for_begin.all().len(), 0);
    });
}
