//! Models of the queue between senders and a driver.

use super::{
    Driver, Framing, Queue, SendError, Sender,
    framing::Frame,
    source::{Status, sealed::Source as _},
    writer,
};
use crate::{
    encode::Event,
    response::{End, KeepAlive, Shutdown},
    sync::model::{block_on_fn, check},
};
use alloc::{string::String, vec::Vec};
use loom::thread;

/// A queue without a timeout.
fn queue(capacity: usize) -> (Sender, Driver) {
    let (sender, driver) = writer(Framing::BodyOnly);
    (sender, driver.keep_alive(KeepAlive::off()).send_timeout(None).capacity(capacity))
}

fn event(n: u32) -> Event {
    Event::new().data(n)
}

/// Writes the stream, as on a connection's thread, and returns the numbers in it.
fn run(driver: Driver) -> (End, Vec<u32>) {
    let mut written = Vec::new();
    let end = driver.run(&mut written).unwrap();
    let written = String::from_utf8(written).unwrap();
    let data = written.split_terminator("\n\n").filter_map(|block| block.strip_prefix("data: "));
    (end, data.map(|n| n.parse().unwrap()).collect())
}

#[test]
fn what_is_sent_arrives_and_then_the_end() {
    check(|| {
        let (sender, driver) = queue(1000);
        let sending = thread::spawn(move || {
            sender.send(event(1)).unwrap();
            sender.send(event(2)).unwrap();
        });
        assert_eq!(run(driver), (End::Finished, [1, 2].into()));
        sending.join().unwrap();
    });
}

#[test]
fn the_last_of_several_senders_ends_the_stream() {
    check(|| {
        let (sender, driver) = queue(1000);
        let threads = [sender.clone(), sender].map(|sender| thread::spawn(move || drop(sender)));
        assert_eq!(run(driver), (End::Finished, Vec::new()));
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn a_sender_that_waits_for_room_gets_it() {
    check(|| {
        // There is room for one event.
        let (sender, driver) = queue(1);
        let sending = thread::spawn(move || {
            sender.send(event(1)).unwrap();
            sender.send(event(2)).unwrap();
        });
        assert_eq!(run(driver).1, [1, 2]);
        sending.join().unwrap();
    });
}

#[test]
fn two_senders_that_wait_for_room_get_it() {
    check(|| {
        let (sender, driver) = queue(1);
        sender.send(event(0)).unwrap();
        let other = sender.clone();
        let threads = [(1, sender), (2, other)]
            .map(|(n, sender)| thread::spawn(move || sender.send(event(n)).unwrap()));
        let (end, mut numbers) = run(driver);
        numbers.sort();
        assert_eq!((end, numbers), (End::Finished, [0, 1, 2].into()));
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

/// Dropping a driver releases everybody who waits for it.
#[test]
fn a_sender_learns_that_the_driver_is_gone() {
    check(|| {
        let (sender, driver) = queue(1);
        sender.send(event(1)).unwrap();
        let gone = thread::spawn(move || drop(driver));
        assert!(matches!(sender.send(event(2)), Err(SendError::NoDriver)));
        gone.join().unwrap();
    });
}

/// Everything that was accepted before the end is sent, and sending anything else fails.
#[test]
fn a_shutdown_loses_nothing_that_was_taken() {
    check(|| {
        let shutdown = Shutdown::new();
        let (sender, driver) = queue(1000);
        let driver = driver.shutdown(&shutdown);
        let sending = thread::spawn(move || {
            let sent = sender.send(event(1)).is_ok();
            (sent, sender)
        });
        let begin = {
            let shutdown = shutdown.clone();
            thread::spawn(move || shutdown.begin())
        };
        let (end, numbers) = run(driver);
        assert_eq!(end, End::ShutDown);
        let (sent, _sender) = sending.join().unwrap();
        assert_eq!(numbers.len(), usize::from(sent));
        begin.join().unwrap();
        assert_eq!(shutdown.streams(), 0);
    });
}

#[test]
fn a_waker_that_changed_is_not_forgotten() {
    check(|| {
        let queue = Queue::new();
        let sender = Sender::new(&queue);
        let mut queue = queue;
        let sending = thread::spawn(move || sender.send(event(1)).unwrap());
        let mut frame = Frame::new();
        let status = block_on_fn(|cx| queue.poll_fill(&mut frame, cx));
        assert!(status == Status::Ended || frame.len() > 0);
        sending.join().unwrap();
    });
}
