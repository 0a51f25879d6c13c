//! Which IDs the events get, and how encoded blocks are cut.

use crate::reading::{complete, event, messages, read, ready};
use sse_wire::{
    Event, Sse,
    channel::{Channel, Published},
};

#[test]
fn events_keep_the_ids_that_they_have() {
    let channel = Channel::new();
    let mut subscriber = channel.subscribe().into_blocking();
    channel.publish(Event::new().id("own").event("e").data("1")).unwrap();
    channel.publish(Event::new().id("").data("2")).unwrap();
    assert_eq!(ready(&mut subscriber), "id: own\nevent: e\ndata: 1\n\nid: \ndata: 2\n\n");
    assert_eq!(messages(&mut complete(channel.resume("own"))), ["2"]);
}

#[test]
fn encoded_blocks_get_an_id_each() {
    let channel = Channel::new();
    let mut subscriber = channel.subscribe().into_blocking();
    let mut sse = Sse::new();
    sse.add_data("1").set_event_id("own").add_data("2");
    let last = channel.publish(&mut sse).unwrap();
    assert!(sse.is_empty());
    assert_eq!(last.number(), 3);
    let encoded = "\u{feff}\n\r\nid:x\rid\0:\rdata: 3\r\n\r\nevent\nevent:  y\nid: \0\ndata: 4\n\ndata: cut";
    channel.publish(bytes::Bytes::from(encoded)).unwrap();
    let text = ready(&mut subscriber);
    let (messages, id) = read(&text);
    assert_eq!(messages, ["1", "2", "3", " y 4", "cut"]);
    assert!(id.ends_with("-6"), "{id}");
    assert_eq!(text.matches(&id[..9]).count(), 4, "{text}");
    assert_eq!(read(&ready(&mut complete(channel.resume("own")))).0[0], "3");
    assert_eq!(read(&ready(&mut complete(channel.resume("x")))).0[0], " y 4");
    let published = channel.metrics().published;
    channel.publish(bytes::Bytes::from_static(b"\n\r\n\r")).unwrap();
    channel.publish(Event::new()).unwrap();
    assert_eq!(channel.metrics().published, published);
}

/// The event type and the ID of encoded blocks are found wherever they are and however lines end.
#[test]
fn encoded_blocks_are_cut_as_a_client_cuts_them() {
    for end in ["\n", "\r", "\r\n"] {
        let channel = Channel::new();
        let mut ticks = channel.subscribe().filter(|event| event.event_type() == "tick").into_blocking();
        let mut all = channel.subscribe().into_blocking();
        let blocks =
            ["data: 1|event: tick|id: a||", "event:tick|data: 2|event: tock||", "id|data: 3|event:tick"];
        channel.publish(bytes::Bytes::from(blocks.concat().replace('|', end))).unwrap();
        assert_eq!(messages(&mut ticks), ["tick 1", "tick 3"]);
        let text = ready(&mut all);
        assert_eq!(read(&text).0, ["tick 1", "tock 2", "tick 3"]);
        assert_eq!(text.matches("\n\n").count(), 3);
        assert!(!text.contains("\n\n\n") && text.ends_with("tick\n\n"));
        // The last block makes the client forget its ID.
        assert_eq!(read(&text).1, "");
        assert_eq!(read(&ready(&mut complete(channel.resume("a")))).0, ["tock 2", "tick 3"]);
    }
}

#[test]
fn whatever_has_events_is_published() {
    let channel = Channel::new();
    let mut subscriber = channel.subscribe().into_blocking();
    let (events, fifth) = ([event(2), event(3)], event(5));
    let mut sse = Sse::without_retry();
    sse.add_data("6").add_data("7");
    channel.publish(event(1)).unwrap();
    channel.publish(&events[..]).unwrap();
    channel.publish(vec![event(4)]).unwrap();
    channel.publish(&fifth).unwrap();
    channel.publish(sse.next().unwrap()).unwrap();
    channel.publish(sse).unwrap();
    channel.publish(bytes::Bytes::from_static(b"data: 8\n\n")).unwrap();
    assert_eq!(messages(&mut subscriber), ["1", "2", "3", "4", "5", "6", "7", "8"]);
}

/// Of several events with the same ID, the first that is retained counts.
#[test]
fn an_id_is_forgotten_only_with_the_event_that_it_stands_for() {
    let channel = Channel::builder().events(2).build();
    for id in ["x", "x", "y", "x"] {
        channel.publish(Event::new().id(id).data(id)).unwrap();
    }
    assert!(messages(&mut complete(channel.resume("x"))).is_empty());
    assert_eq!(messages(&mut complete(channel.resume("y"))), ["x"]);
}

#[test]
fn a_filter_sees_the_id_that_clients_get() {
    let channel = Channel::new();
    let (tell, told) = std::sync::mpsc::channel();
    let see = move |event: &Published<'_>| tell.send(event.id().into_owned()).is_ok();
    let mut subscriber = channel.subscribe().filter(see).into_blocking();
    let first = channel.publish(Event::new().event("e").data(1)).unwrap();
    channel.publish(Event::new().event("e").id("own").data(2)).unwrap();
    channel.publish(bytes::Bytes::from_static(b"data: 3\nid: theirs\n\n")).unwrap();
    assert_eq!(messages(&mut subscriber), ["e 1", "e 2", "3"]);
    assert_eq!(told.try_iter().collect::<Vec<_>>(), [&*first.to_string(), "own", "theirs"]);
}
