//! An event by itself, and in a buffer.

use super::wire;
use sse_wire::{Error, Event, Sse};
use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
};

#[test]
fn events() {
    let event = Event::new().event("tick").id(7).retry(5000).comment("c").data("1");
    let block = "event: tick\nid: 7\nretry: 5000\n: c\ndata: 1\n\n";
    assert_eq!(event.to_string(), block);
    assert_eq!(Vec::from(event.clone()), block.as_bytes());
    assert_eq!(String::from(event.clone()), block);
    assert_eq!(format!("{event:?}"), format!("Event({block:?})"));
    table! {
        "event: a\ndata: \n\n" = |sse| sse.push(&Event::new().event("a"));
        "data: 1\ndata: 2\n\n" = |sse| sse.push(&Event::new().data(1).data([2]));
        "" = |sse| sse.push(&Event::new());
        "id: 7\ndata: 1\n\n" = |sse| sse.set_event_id(7).push(&Event::new().data(1));
        "id: 8\ndata: 1\n\n" = |sse| sse.set_event_id(7).push(&Event::new().id(8).data(1));
        "id: 8\n\ndata: 1\n\n" = |sse| sse.set_event_id(7).push(&Event::new().id(8)).add_data(1);
        ": c\n\nid: 7\ndata: 1\n\n" = |sse| sse.set_event_id(7).push(&Event::new().comment("c")).add_data(1);
        "id: 7\ndata: 1\n\n" = |sse| sse.set_event_id(7).push(&Event::new()).add_data(1);
    }
    let events = [Event::new().data(1), Event::new().data(2)];
    assert_eq!(events.iter().collect::<Sse>().to_string(), "data: 1\n\ndata: 2\n\n");
    assert_eq!(events.clone().into_iter().collect::<Sse>().to_string(), "data: 1\n\ndata: 2\n\n");
    let mut sse = Sse::new();
    sse.extend(&events);
    sse.extend(events);
    assert_eq!(sse.to_string(), "retry: 2000\n\ndata: 1\n\ndata: 2\n\ndata: 1\n\ndata: 2\n\n");
}

/// An event may be a key of a set: kept inline or not, what counts is what it sends.
#[test]
fn events_are_equal_if_they_send_the_same() {
    let long = "x".repeat(1000);
    let events = [Event::new(), Event::new().data(1), Event::new().data(2), Event::new().data(&*long)];
    for (i, one) in events.iter().enumerate() {
        for (j, other) in events.iter().enumerate() {
            assert_eq!(one == other, i == j, "{one:?} {other:?}");
        }
    }
    let built = [Event::new(), Event::new().data(1), Event::new().data(2), Event::new().data(long)];
    let hasher = RandomState::new();
    assert!(events.iter().zip(&built).all(|(one, other)| hasher.hash_one(one) == hasher.hash_one(other)));
    assert_eq!(events.iter().map(|event| hasher.hash_one(event)).collect::<HashSet<_>>().len(), 4);
}

#[test]
fn events_are_checked_on_demand() {
    assert!(Event::new().try_event("a\n").is_err());
    assert!(Event::new().try_event("a\0").is_err());
    assert!(Event::new().try_id("7\t").is_err());
    assert!(Event::new().try_id("7\t8").is_ok());
    assert!(Event::new().try_id(" 7").is_err());
    assert!(Event::new().try_data([0xffu8]).is_err());
    let event = || -> Result<Event, Error> { Event::new().try_event("a")?.try_id("7")?.try_data("1") };
    assert_eq!(event().unwrap().to_string(), "event: a\nid: 7\ndata: 1\n\n");
}
