//! Which IDs the events get, and how encoded blocks are cut.

use crate::reading::{complete, messages, read, ready};
use sse_wire::{Event, Sse, channel::Channel};

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
