//! Model checks of the log, the wakers and the blocking wait, in every interleaving of the threads.

use super::{BlockingSubscriber, Channel, RecvError, Subscriber};
use crate::{
    encode::Event,
    sync::{
        atomic::{AtomicUsize, Ordering},
        model::check,
    },
};
use alloc::{string::String, sync::Arc, vec::Vec};
use core::task::{Context, Poll, Waker};
use loom::thread;

fn event(n: u64) -> Event {
    Event::new().data(n)
}

/// The data of each event up to the end of the stream.
fn read(subscriber: BlockingSubscriber) -> Vec<String> {
    let mut data = Vec::new();
    for frame in subscriber {
        let text = String::from_utf8_lossy(&frame).into_owned();
        data.extend(text.lines().filter_map(|line| line.strip_prefix("data: ")).map(String::from));
    }
    data
}

/// The log and the blocking wait: a subscriber that blocks gets everything, in order, and the end.
#[test]
fn one_publishes_and_one_blocks() {
    check(|| {
        let channel = Channel::new();
        let subscriber = channel.subscribe().into_blocking();
        let publisher = thread::spawn(move || {
            channel.publish(event(1)).unwrap();
            channel.publish(event(2)).unwrap();
            channel.finish();
        });
        assert_eq!(read(subscriber), ["1", "2"]);
        publisher.join().unwrap();
    });
}

/// A thread that publishes while another one wakes the waiting tasks uses its own buffer for the wakers.
#[test]
fn two_publish_and_one_blocks() {
    check(|| {
        let channel = Channel::new();
        let mut subscriber = channel.subscribe().into_blocking();
        let publishers = [1, 2].map(|n| {
            let channel = channel.clone();
            thread::spawn(move || channel.publish(event(n)).unwrap().number())
        });
        let mut events = 0;
        while events < 2 {
            let frame = subscriber.next().unwrap();
            events += frame.windows(5).filter(|bytes| *bytes == b"data:").count();
        }
        let mut numbers = publishers.map(|publisher| publisher.join().unwrap());
        numbers.sort_unstable();
        assert_eq!((numbers, subscriber.try_recv()), ([1, 2], Err(RecvError::TimedOut)));
    });
}

/// Nothing is missed or repeated between what a subscriber finds and what follows, wherever it begins.
#[test]
fn one_subscribes_while_another_publishes() {
    check(|| {
        let channel = Channel::new();
        let publisher = {
            let channel = channel.clone();
            thread::spawn(move || {
                channel.publish(event(1)).unwrap();
                channel.finish_with(event(2)).unwrap();
            })
        };
        assert_eq!(read(channel.subscribe_from_oldest().into_blocking()), ["1", "2"]);
        publisher.join().unwrap();
        assert_eq!(channel.subscriber_count(), 0);
    });
}

/// The wakers: one subscriber leaves while it is woken, and the other is woken all the same.
#[test]
fn one_leaves_while_both_are_woken() {
    check(|| {
        let channel = Channel::new();
        let (leaving, staying) = (channel.subscribe().into_blocking(), channel.subscribe().into_blocking());
        let leaver = thread::spawn(move || {
            let mut leaving = leaving;
            let _ = leaving.try_recv();
        });
        let publisher = thread::spawn(move || channel.finish_with(event(1)).map(drop).unwrap());
        assert_eq!(read(staying), ["1"]);
        leaver.join().unwrap();
        publisher.join().unwrap();
    });
}

/// A subscriber that is handed to another task wakes that one, and no longer the first.
#[test]
fn one_is_handed_to_another_task() {
    check(|| {
        let channel = Channel::new();
        let mut subscriber: Subscriber = channel.subscribe();
        assert!(subscriber.poll_frame(&Context::from_waker(Waker::noop())).is_pending());
        let publisher = thread::spawn(move || {
            channel.publish(event(1)).unwrap();
            channel.finish();
        });
        assert_eq!(read(subscriber.into_blocking()), ["1"]);
        publisher.join().unwrap();
    });
}

/// The hooks are called in turn, and in the end they know whether there is a subscriber.
#[test]
fn hooks_are_called_in_turn() {
    check(|| {
        let active = Arc::new(AtomicUsize::new(0));
        let (first, last) = (active.clone(), active.clone());
        let channel = Channel::builder()
            .on_first_subscriber(move || assert_eq!(first.fetch_add(1, Ordering::Relaxed), 0))
            .on_last_subscriber(move || assert_eq!(last.fetch_sub(1, Ordering::Relaxed), 1))
            .build();
        let other = {
            let channel = channel.clone();
            thread::spawn(move || drop(channel.subscribe()))
        };
        let subscriber = channel.subscribe();
        other.join().unwrap();
        assert_eq!(active.load(Ordering::Relaxed), 1);
        drop(subscriber);
        assert_eq!(active.load(Ordering::Relaxed), 0);
    });
}

/// The end comes after what was published before it, even for a subscriber that is about to wait.
#[test]
fn a_farewell_is_the_last() {
    check(|| {
        let channel = Channel::new();
        let mut subscriber = channel.subscribe().into_blocking();
        let closer = thread::spawn(move || {
            channel.publish(event(1)).unwrap();
            channel.close(event(2));
        });
        assert!(matches!(subscriber.poll(), Poll::Pending | Poll::Ready(Some(_))));
        let rest = read(subscriber);
        assert_eq!(rest.last().map(|data| &**data), Some("2"));
        closer.join().unwrap();
    });
}
