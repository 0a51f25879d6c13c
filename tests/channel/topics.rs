//! Many channels with names.

use sse_wire::{
    Event,
    channel::{Channel, MissedReason, Resume, Topics},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

fn topics(max: usize) -> Topics {
    Topics::new(max, |_| Channel::new())
}

#[test]
fn a_name_is_the_same_channel_as_long_as_it_is_in_use() {
    let topics = topics(10);
    assert!(topics.get("a").is_none());
    let id = topics.get_or_create("a").unwrap().publish(Event::new().data(1)).unwrap().to_string();
    assert_eq!(topics.get("a").unwrap().len(), 1);
    assert!(matches!(topics.clone().get_or_create("a").unwrap().resume(&id), Resume::Complete(_)));
    let Resume::Missed(missed) = topics.get_or_create("b").unwrap().resume(&id) else { panic!() };
    assert_eq!(missed.reason(), MissedReason::OtherChannel);
    assert_eq!(topics.len(), 2);
}

#[test]
fn what_is_idle_goes_and_what_is_in_use_stays() {
    let topics = topics(10).idle(Duration::ZERO);
    let handle = topics.get_or_create("handle").unwrap();
    let subscriber = topics.get_or_create("subscriber").unwrap().subscribe();
    drop(topics.get_or_create("idle").unwrap());
    assert_eq!(topics.evict_idle(), 1);
    assert!(topics.get("idle").is_none());
    assert_eq!(topics.all().len(), 2);
    drop((handle, subscriber));
    // A topic that was seen in use counts as idle from then on. With an idle time of zero, that is long enough.
    assert_eq!(topics.evict_idle(), 2);
    assert!(topics.is_empty());

    let patient = topics.idle(Duration::from_secs(3600));
    drop(patient.get_or_create("idle").unwrap());
    assert_eq!(patient.evict_idle(), 0);
    assert!(!patient.is_empty());
}

/// There is no timer: whoever creates a topic also drops the idle ones.
#[test]
fn a_new_topic_takes_the_idle_ones_away() {
    let topics = topics(10).idle(Duration::from_nanos(1));
    let held = topics.get_or_create("held").unwrap();
    drop(topics.get_or_create("idle").unwrap());
    let before = std::time::Instant::now();
    while before.elapsed().is_zero() {}
    topics.get_or_create("new").unwrap();
    assert!(topics.get("held").is_some() && topics.get("idle").is_none());
    drop(held);
}

#[test]
fn there_are_never_too_many() {
    let topics = topics(2);
    let one = topics.get_or_create("one").unwrap();
    let two = topics.get_or_create("two").unwrap();
    let error = topics.get_or_create("three").unwrap_err();
    assert_eq!(error.to_string(), "there are 2 topics already, and all are in use");
    // The idle one makes room, however short a time it has been idle.
    drop(one);
    let three = topics.get_or_create("three").unwrap();
    assert!(topics.get("one").is_none() && topics.get("two").is_some());
    drop((two, three));
    topics.remove("two").unwrap();
    assert_eq!(topics.len(), 1);
}

#[test]
fn of_two_idle_ones_the_older_makes_room() {
    let topics = topics(2);
    for name in ["one", "two", "one"] {
        let before = std::time::Instant::now();
        drop(topics.get_or_create(name).unwrap());
        while before.elapsed().is_zero() {}
    }
    drop(topics.get_or_create("three").unwrap());
    assert!(topics.get("one").is_some() && topics.get("two").is_none());
}

/// A channel is not dropped while somebody is about to use it, and two threads get the same one.
#[test]
fn all_threads_have_one_channel() {
    let made = Arc::new(AtomicUsize::new(0));
    let count = made.clone();
    let topics = Topics::new(4, move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        Channel::new()
    })
    .idle(Duration::ZERO);
    let held = topics.get_or_create("held").unwrap();
    thread::scope(|scope| {
        for thread in 0..4 {
            let (topics, held) = (&topics, &held);
            scope.spawn(move || {
                for n in 0..500 {
                    topics.get_or_create("held").unwrap().publish(Event::new().data(n)).unwrap();
                    let _ = topics.get_or_create(&format!("{}", (thread + n) % 7));
                    topics.evict_idle();
                    assert!(topics.len() <= 4);
                }
                assert_eq!(held.subscriber_count(), 0);
            });
        }
    });
    assert_eq!(held.metrics().published, 2_000);
    assert!(made.load(Ordering::Relaxed) > 1);
}
