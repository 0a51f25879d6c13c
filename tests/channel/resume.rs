//! Where a subscriber begins, and what it is told that it missed.

use crate::reading::{complete, event, messages, missed, read, ready};
use sse_wire::{
    Event,
    channel::{Channel, Gap, MissedReason, OnLag, RecvError},
};

#[test]
fn a_live_subscriber_gets_what_follows_and_all_that_is_ready_in_one_frame() {
    let channel = Channel::new();
    channel.publish(event(1)).unwrap();
    let mut subscriber = channel.subscribe().into_blocking();
    assert_eq!(subscriber.try_recv(), Err(RecvError::TimedOut));
    let second = channel.publish(Event::new().event("tick").data(2)).unwrap();
    let third = channel.publish([event(3), event(4)]).unwrap();
    assert_eq!((second.number(), third.number()), (2, 4));
    let epoch = second.to_string()[..8].to_string();
    let expected = format!(
        "id: {epoch}-2\nevent: tick\ndata: 2\n\nid: {epoch}-3\ndata: 3\n\nid: {epoch}-4\ndata: 4\n\n"
    );
    assert_eq!(subscriber.try_recv().unwrap(), expected);
    assert_eq!(subscriber.try_recv(), Err(RecvError::TimedOut));
    assert_eq!(messages(&mut channel.subscribe_from_oldest().into_blocking()), ["1", "tick 2", "3", "4"]);
}

#[test]
fn a_client_resumes_after_each_id_of_the_channel() {
    let channel = Channel::builder().events(3).build();
    let ids: Vec<String> = (1..=5).map(|n| channel.publish(event(n)).unwrap().to_string()).collect();
    assert_eq!(channel.len(), 3);
    assert_eq!(messages(&mut complete(channel.resume(&ids[1]))), ["3", "4", "5"]);
    assert_eq!(messages(&mut complete(channel.resume(&ids[3]))), ["5"]);
    let mut live = complete(channel.resume(&ids[4]));
    assert!(messages(&mut live).is_empty());

    let old = missed(channel.resume(&ids[0]));
    assert_eq!((old.reason(), old.missed()), (MissedReason::TooOld, Some(1)));
    assert_eq!(messages(&mut old.replay().into_blocking()), [r#"gap {"missed":1}"#, "3", "4", "5"]);
    let mut live_only = missed(channel.resume(&ids[0])).live().into_blocking();
    let (told, id) = read(&ready(&mut live_only));
    assert_eq!((told, id), (vec![r#"gap {"missed":4}"#.to_string()], ids[4].clone()));

    channel.publish(event(6)).unwrap();
    assert_eq!(messages(&mut live), ["6"]);
    assert_eq!(messages(&mut live_only), ["6"]);
    let epoch = &ids[0][..9];
    assert_eq!(missed(channel.resume(&format!("{epoch}7"))).reason(), MissedReason::Unknown);
    assert_eq!(missed(channel.resume("7")).reason(), MissedReason::Unknown);
    let other = Channel::new().publish(event(1)).unwrap().to_string();
    let other = missed(channel.resume(&other));
    assert_eq!((other.reason(), other.missed()), (MissedReason::OtherChannel, None));
    assert_eq!(messages(&mut other.replay().into_blocking()), [r#"gap {"missed":null}"#, "4", "5", "6"]);
}

#[test]
fn own_ids_are_known_as_long_as_they_are_retained() {
    let channel = Channel::builder().events(2).build();
    for n in 1..=4 {
        channel.publish(Event::new().id(format!("own-{n}")).data(n)).unwrap();
    }
    assert_eq!(messages(&mut complete(channel.resume("own-3"))), ["4"]);
    assert_eq!(missed(channel.resume("own-2")).reason(), MissedReason::Unknown);
    // Of two events with the same ID, the first counts.
    channel.publish([Event::new().id("own-4").data(5), event(6)]).unwrap();
    assert_eq!(missed(channel.resume("own-4")).missed(), None);
}

#[test]
fn a_slow_subscriber_is_told_exactly_what_it_missed() {
    let channel = Channel::builder().events(2).build();
    let mut slow = channel.subscribe().into_blocking();
    channel.publish(event(1)).unwrap();
    assert_eq!(messages(&mut slow), ["1"]);
    for n in 2..=5 {
        channel.publish(event(n)).unwrap();
    }
    assert_eq!(messages(&mut slow), [r#"gap {"missed":2}"#, "4", "5"]);
    assert_eq!(channel.metrics().missed, 2);
    assert_eq!(channel.metrics().delivered, 3);

    let closing = Channel::builder().events(1).on_lag(OnLag::Close).build();
    let mut slow = closing.subscribe().into_blocking();
    let id = closing.publish(event(1)).unwrap().to_string();
    closing.publish([event(2), event(3)]).unwrap();
    assert_eq!(slow.try_recv(), Err(RecvError::Ended));
    assert_eq!(closing.metrics().missed, 1);
    closing.publish(event(4)).unwrap();
    // The client reconnects with its ID, and gets a gap event although the policy for lag is to close.
    assert_eq!(
        messages(&mut closing.connect(Some(&id)).unwrap().into_blocking()),
        [r#"gap {"missed":2}"#, "4"]
    );
}

#[test]
fn the_gap_event_is_the_users() {
    let channel = Channel::builder()
        .events(1)
        .gap_event(|Gap { missed, .. }| Event::new().event("lost").data(missed.unwrap_or(0)))
        .build();
    let mut slow = channel.subscribe().into_blocking();
    channel.publish(event(1)).unwrap();
    channel.publish(event(2)).unwrap();
    assert_eq!(messages(&mut slow), ["lost 1", "2"]);
}

#[test]
fn a_snapshot_is_joined_with_what_follows() {
    let channel = Channel::new();
    channel.publish([event(1), event(2)]).unwrap();
    let mut subscriber =
        channel.subscribe_with(|id| Event::new().event("state").data(id.number())).into_blocking();
    channel.publish(event(3)).unwrap();
    let text = ready(&mut subscriber);
    assert_eq!(read(&text).0, ["state 2", "3"]);
    // A client that is cut off after the snapshot resumes there.
    let (_, id) = read(&text[..text.rfind("id: ").unwrap()]);
    assert_eq!(messages(&mut complete(channel.resume(&id))), ["3"]);
}

/// Bytes that end inside a block are closed, so that the ID after them is not part of that block.
#[test]
fn a_snapshot_is_whole_blocks() {
    let channel = Channel::new();
    let mut subscriber = channel.subscribe_with(|_| bytes::Bytes::from("data: state")).into_blocking();
    channel.publish(event(1)).unwrap();
    channel.close(bytes::Bytes::from("data: bye"));
    let text = ready(&mut subscriber);
    assert_eq!(read(&text).0, ["state", "1", "bye"], "{text}");
}

#[test]
fn a_client_with_an_initial_id_resumes_where_it_began() {
    let channel = Channel::builder().initial_id(true).build();
    let (told, id) = read(&ready(&mut channel.subscribe().into_blocking()));
    assert!(told.is_empty());
    channel.publish([event(1), Event::new().id("own").data(2)]).unwrap();
    assert_eq!(messages(&mut complete(channel.resume(&id))), ["1", "2"]);
    assert_eq!(read(&ready(&mut channel.subscribe().into_blocking())).1, "own");
}

#[test]
fn the_first_block_has_the_id_of_the_event_before() {
    let channel = Channel::builder().events(2).initial_id(true).build();
    let first = |channel: &Channel| ready(&mut channel.subscribe().into_blocking());
    channel.publish(Event::new().id("own").data(1)).unwrap();
    assert_eq!(first(&channel), "id: own\n\n");
    let id = channel.publish(event(2)).unwrap();
    assert_eq!(first(&channel), format!("id: {id}\n\n"));
    // What is evicted had an ID that is unknown now, if the events come with IDs of their own.
    let mut oldest = channel.subscribe_from_oldest().into_blocking();
    channel.publish(vec![Event::new().id("b").data(3), Event::new().id("c").data(4)]).unwrap();
    let text = ready(&mut oldest);
    let (messages, last_event_id) = read(&text);
    assert_eq!((messages.len(), &*last_event_id), (3, "c"), "{text}");
    assert!(text.starts_with("event: gap\ndata: {\"missed\":2}\n\n"), "{text}");
    assert!(!text.contains(&id.to_string()), "{text}");
}
