//! What the log retains, and in what pieces it is read.

use crate::reading::{complete, event, messages};
use sse_wire::{Event, channel::Channel};
use std::time::Duration;

#[test]
fn what_is_too_old_goes() {
    let channel = Channel::builder().age(Duration::ZERO).build();
    let id = channel.publish(event(1)).unwrap().to_string();
    let published = std::time::Instant::now();
    while published.elapsed().is_zero() {}
    channel.evict_expired();
    assert!(channel.is_empty());
    assert_eq!(channel.metrics().retained_bytes, 0);
    assert!(messages(&mut complete(channel.resume(&id))).is_empty());

    // Publishing evicts too, but not what is young enough.
    let hour = Channel::builder().age(Duration::from_secs(3600)).build();
    for channel in [&channel, &hour] {
        channel.publish(event(2)).unwrap();
        let published = std::time::Instant::now();
        while published.elapsed().is_zero() {}
        channel.publish(event(3)).unwrap();
    }
    assert_eq!((channel.len(), hour.len()), (1, 2));
}

#[test]
fn retention_by_bytes_keeps_at_least_what_was_published_last() {
    let channel = Channel::builder().bytes(100).build();
    let mut subscriber = channel.subscribe().into_blocking();
    channel.publish(vec![event(1), Event::new().data("x".repeat(200))]).unwrap();
    assert_eq!(messages(&mut subscriber).len(), 2);
    channel.publish(event(3)).unwrap();
    assert_eq!(channel.len(), 1);
    assert!(channel.metrics().retained_bytes <= 100);
}

#[test]
fn a_reader_behind_one_that_keeps_up_gets_what_is_worth_a_frame() {
    let channel = Channel::builder().bytes(None).build();
    let mut busy = channel.subscribe().into_blocking();
    let mut late = channel.subscribe().into_blocking();
    let mut expected = Vec::new();
    // Each is a piece of its own for the reader that keeps up.
    for _ in 0..110 {
        channel.publish(Event::new().data("x".repeat(1000))).unwrap();
        expected.extend_from_slice(&busy.try_recv().unwrap());
    }
    let frames: Vec<_> = std::iter::from_fn(|| late.try_recv().ok()).collect();
    assert_eq!(frames.concat(), expected);
    let lens: Vec<usize> = frames.iter().map(|frame| frame.len()).collect();
    // The first blocks of the log are small.
    let long = lens.iter().position(|len| *len >= 16 * 1024).unwrap();
    assert!(long < 6 && lens.len() > long + 2, "{lens:?}");
    assert!(lens[long..lens.len() - 1].iter().all(|len| *len >= 16 * 1024), "{lens:?}");
    assert_eq!(channel.metrics().delivered, 2 * 110);
}

#[test]
fn an_empty_publication_changes_nothing() {
    let channel = Channel::builder().bytes(1).build();
    let mut subscriber = channel.subscribe().into_blocking();
    let id = channel.publish(vec![event(1), event(2)]).unwrap();
    assert_eq!(channel.publish(Vec::<Event>::new()), Ok(id));
    assert_eq!(channel.len(), 2);
    assert_eq!(messages(&mut subscriber), ["1", "2"]);
}

#[test]
fn frames_are_long_and_shared_however_often_the_log_was_frozen() {
    let channel = Channel::builder().events(None).bytes(None).build();
    let mut busy = channel.subscribe().into_blocking();
    let mut late = channel.subscribe().into_blocking();
    let mut expected = Vec::new();
    for n in 0..50_000_u64 {
        channel.publish(event(n)).unwrap();
        expected.extend_from_slice(&busy.try_recv().unwrap());
    }
    let frames: Vec<_> = std::iter::from_fn(|| late.try_recv().ok()).collect();
    assert_eq!(frames.concat(), expected);
    assert!(frames.len() <= expected.len() / (16 * 1024), "{}", frames.len());
    let again: Vec<_> = {
        let mut oldest = channel.subscribe_from_oldest().into_blocking();
        std::iter::from_fn(|| oldest.try_recv().ok()).collect()
    };
    assert!(again.iter().zip(&frames).all(|(one, other)| one.as_ptr() == other.as_ptr()));
}
