//! The user's functions: filters, hooks, and what happens if one panics.

use crate::reading::{complete, event, messages, read, ready};
use sse_wire::{
    Event,
    channel::{Channel, RecvError, Start},
};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
};

#[test]
fn a_filter_keeps_ids_right() {
    let channel = Channel::builder().events(20).build();
    let mut ticks = channel.subscribe().filter(|event| event.event_type() == "tick").into_blocking();
    for n in 0..10 {
        let kind = if n % 5 < 2 { "tick" } else { "tock" };
        channel.publish(Event::new().event(kind).data(n)).unwrap();
    }
    let (told, mut last_id) = read(&ready(&mut ticks));
    assert_eq!(told, ["tick 0", "tick 1", "tick 5", "tick 6"]);
    assert!(last_id.ends_with("-7"), "{last_id}");
    // Nothing passes for a long time, and yet the client's ID never becomes too old.
    let mut blocks = 0;
    for n in 0..1000 {
        channel.publish(event(n)).unwrap();
        let (told, id) = read(&ready(&mut ticks));
        assert!(told.is_empty());
        if !id.is_empty() {
            last_id = id;
            blocks += 1;
        }
        let _ = complete(channel.resume(&last_id));
    }
    // Its ID is told each time half of what is retained has not passed.
    assert!((99..=101).contains(&blocks), "{blocks}");
    assert_eq!(channel.metrics().filtered, 1006);
    assert_eq!(channel.metrics().delivered, 4);
}

#[test]
fn filters_add_up_and_their_clients_stop_at_the_end() {
    let channel = Channel::builder().start(Start::Oldest).build();
    for (kind, n) in [("a", 1), ("b", 2), ("a", 3), ("", 4), ("message", 5), ("a", 6)] {
        channel.publish(Event::new().event(kind).data(n)).unwrap();
    }
    let mut some = channel
        .connect(None)
        .unwrap()
        .event_types(["a", "message"])
        .filter(|event| !event.block().ends_with(b"3\n\n") && !event.id().ends_with("-6"))
        .into_blocking();
    assert_eq!(messages(&mut some), ["a 1", "4", "5"]);
    channel.finish();
    // Nothing that passes is left, except the ID with which the client is told to stop.
    let (told, id) = read(&ready(&mut some));
    assert!(told.is_empty());
    assert_eq!(some.try_recv(), Err(RecvError::Ended));
    assert!(channel.connect(Some(&id)).is_none());
}

#[test]
fn hooks_tell_of_the_first_and_the_last_subscriber() {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let call = |name: &'static str| {
        let calls = calls.clone();
        move || calls.lock().unwrap().push(name)
    };
    let channel =
        Channel::builder().on_first_subscriber(call("first")).on_last_subscriber(call("last")).build();
    let one = channel.subscribe();
    let two = channel.subscribe();
    drop(one);
    assert_eq!(channel.subscriber_count(), 1);
    drop(two);
    let three = channel.subscribe_from_oldest();
    assert_eq!(*calls.lock().unwrap(), ["first", "last", "first"]);
    drop(three);
    assert_eq!(calls.lock().unwrap().len(), 4);
}

#[test]
fn a_hook_may_use_the_channel_and_may_panic() {
    let slot: Arc<Mutex<Option<Channel>>> = Arc::default();
    let shared = slot.clone();
    let channel = Channel::builder()
        .on_first_subscriber(move || {
            let channel = shared.lock().unwrap().clone().unwrap();
            drop(channel.subscribe());
            channel.publish(event(1)).unwrap();
            panic!("the hook's own");
        })
        .build();
    *slot.lock().unwrap() = Some(channel.clone());
    let subscribed = catch_unwind(AssertUnwindSafe(|| channel.subscribe()));
    assert!(subscribed.is_err());
    assert_eq!((channel.subscriber_count(), channel.len()), (0, 1));
    assert!(catch_unwind(AssertUnwindSafe(|| channel.subscribe())).is_err());
    // A cycle, which would leak.
    slot.lock().unwrap().take();
}

#[test]
fn a_filter_and_a_publication_that_panic_harm_nobody_else() {
    let channel = Channel::new();
    let mut wrong = channel.subscribe().filter(|_| panic!("the filter's own")).into_blocking();
    let mut right = channel.subscribe().into_blocking();
    assert!(
        catch_unwind(AssertUnwindSafe(|| channel.publish_with(|| -> Event { panic!("its own") }))).is_err()
    );
    channel.publish(event(1)).unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| wrong.try_recv())).is_err());
    assert_eq!(messages(&mut right), ["1"]);
    drop(wrong);
    assert_eq!((channel.subscriber_count(), channel.metrics().published), (1, 1));
}
