//! The channel, case by case, without sockets.

use sse_wire::{
    Decoder, Event, IncomingRef, Input, Sse,
    channel::{
        Blocking, Channel, Gap, Missed, MissedReason, OnLag, OnMissed, PublishError, RecvError, Resume, Start,
    },
    response::{Driver, End, Framing, Shutdown},
};
use std::{
    collections::HashSet,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

fn event(data: u64) -> Event {
    Event::new().data(data)
}

/// Everything that is ready, as one text.
fn ready(subscriber: &mut Blocking) -> String {
    let mut text = Vec::new();
    while let Ok(frame) = subscriber.try_recv() {
        text.extend_from_slice(&frame);
    }
    String::from_utf8(text).unwrap()
}

/// What a client reads in it: the event type and data of each message, and its last event ID.
fn read(text: &str) -> (Vec<String>, String) {
    let (mut decoder, mut input) = (Decoder::new(), Input::new(text.as_bytes()));
    let mut messages = Vec::new();
    while let Some(incoming) = decoder.next(&mut input) {
        if let Ok(IncomingRef::Message(message)) = incoming {
            messages.push(match message.event() {
                "message" => message.data().to_string(),
                event => format!("{event} {}", message.data()),
            });
        }
    }
    (messages, decoder.last_event_id().to_string())
}

fn messages(subscriber: &mut Blocking) -> Vec<String> {
    read(&ready(subscriber)).0
}

fn missed(resume: Resume) -> Missed {
    match resume {
        Resume::Missed(missed) => missed,
        other => panic!("{other:?}"),
    }
}

fn complete(resume: Resume) -> Blocking {
    match resume {
        Resume::Complete(subscriber) => subscriber.into_blocking(),
        other => panic!("{other:?}"),
    }
}

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
    assert_eq!((other.reason(), other.missed()), (MissedReason::OtherEpoch, None));
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
fn a_finished_channel_is_read_to_its_end_and_then_stops_clients() {
    let channel = Channel::builder().start(Start::Oldest).build();
    let mut early = channel.connect(None).unwrap().into_blocking();
    let first = channel.publish(event(1)).unwrap().to_string();
    let last = channel.finish_with(Event::new().event("done").data(2)).unwrap().to_string();
    let error = channel.publish(event(3)).unwrap_err();
    assert_eq!(error, PublishError::Finished);
    assert_eq!(error.to_string(), "the channel is finished");
    assert_eq!(messages(&mut early), ["1", "done 2"]);
    assert_eq!(early.try_recv(), Err(RecvError::Ended));
    assert_eq!(messages(&mut channel.connect(None).unwrap().into_blocking()), ["1", "done 2"]);
    assert_eq!(messages(&mut channel.connect(Some(&first)).unwrap().into_blocking()), ["done 2"]);
    assert!(channel.connect(Some(&last)).is_none());
    assert!(matches!(channel.resume(&last), Resume::Finished));
    // A client that does not know the channel gets the end, and with it an ID with which it stops.
    let (_, id) = read(&ready(&mut channel.connect(Some("unknown")).unwrap().into_blocking()));
    assert_eq!(id, last);
}

#[test]
fn a_client_of_a_finished_and_empty_channel_stops_too() {
    for on_missed in [OnMissed::Live, OnMissed::Replay] {
        let channel = Channel::builder().on_missed(on_missed).build();
        channel.finish();
        assert!(channel.connect(None).is_none());
        let (told, id) = read(&ready(&mut channel.connect(Some("x")).unwrap().into_blocking()));
        assert_eq!(told, [r#"gap {"missed":null}"#]);
        assert!(channel.connect(Some(&id)).is_none());
    }
}

#[test]
fn the_last_handle_finishes_the_channel() {
    let channel = Channel::new();
    let other = channel.clone();
    let (mut task, mut thread) = (channel.subscribe().into_blocking(), channel.subscribe().into_blocking());
    channel.publish(event(1)).unwrap();
    drop(channel);
    assert_eq!(messages(&mut task), ["1"]);
    assert_eq!(task.try_recv(), Err(RecvError::TimedOut));
    let waiting = thread::spawn(move || thread.by_ref().count());
    other.publish(event(2)).unwrap();
    drop(other);
    assert_eq!(messages(&mut task), ["2"]);
    assert_eq!(task.try_recv(), Err(RecvError::Ended));
    assert!(waiting.join().unwrap() > 0);
}

#[test]
fn a_closed_channel_says_farewell_to_all() {
    let channel = Channel::new();
    let mut early = channel.subscribe().into_blocking();
    channel.publish(event(1)).unwrap();
    channel.close(Event::new().event("bye").retry(5000));
    channel.close(Event::new().event("again"));
    let error = channel.publish(event(2)).unwrap_err();
    assert_eq!(error, PublishError::Closed);
    assert_eq!(error.to_string(), "the channel is closed");
    assert_eq!(messages(&mut early), ["1", "bye "]);
    assert_eq!(messages(&mut channel.subscribe().into_blocking()), ["bye "]);
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

#[test]
fn a_primed_client_resumes_where_it_began() {
    let channel = Channel::builder().prime(true).build();
    let (told, id) = read(&ready(&mut channel.subscribe().into_blocking()));
    assert!(told.is_empty());
    channel.publish([event(1), Event::new().id("own").data(2)]).unwrap();
    assert_eq!(messages(&mut complete(channel.resume(&id))), ["1", "2"]);
    assert_eq!(read(&ready(&mut channel.subscribe().into_blocking())).1, "own");
}

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
    assert!((50..=101).contains(&blocks), "{blocks}");
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
fn what_is_too_old_goes() {
    let channel = Channel::builder().age(Duration::ZERO).build();
    let id = channel.publish(event(1)).unwrap().to_string();
    let published = std::time::Instant::now();
    while published.elapsed().is_zero() {}
    channel.evict_expired();
    assert!(channel.is_empty());
    assert_eq!(channel.metrics().retained_bytes, 0);
    assert!(messages(&mut complete(channel.resume(&id))).is_empty());
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
fn a_blocking_subscriber_waits_for_a_limited_time() {
    let channel = Channel::new();
    let mut subscriber = channel.subscribe().into_blocking();
    assert_eq!(subscriber.recv_timeout(Duration::ZERO), Err(RecvError::TimedOut));
    channel.publish(event(1)).unwrap();
    let frame = subscriber.recv_timeout(Duration::from_secs(60)).unwrap();
    assert_eq!(read(std::str::from_utf8(&frame).unwrap()).0, ["1"]);
    // It is woken, and does not wait until the end of the time.
    let publisher = thread::spawn(move || channel.finish_with(event(2)).unwrap());
    let frame = subscriber.recv_timeout(Duration::MAX).unwrap();
    assert_eq!(read(std::str::from_utf8(&frame).unwrap()).0, ["2"]);
    publisher.join().unwrap();
    assert_eq!(subscriber.recv_timeout(Duration::MAX), Err(RecvError::Ended));
}

#[test]
fn the_first_block_has_the_id_of_the_event_before() {
    let channel = Channel::builder().events(2).prime(true).build();
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

/// The driver of a blocking server works with a subscriber as with a sender.
#[test]
fn a_blocking_server_serves_a_subscriber() {
    struct Client {
        got: Vec<u8>,
        channel: Channel,
    }
    // What is written is read at once, and each event that arrives triggers the next.
    impl std::io::Write for &mut Client {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.got.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            let text = String::from_utf8_lossy(&self.got);
            if text.ends_with("data: 1\n\n") {
                assert_eq!(self.channel.subscriber_count(), 1);
                self.channel.publish([event(2), event(3)]).unwrap();
            } else if text.ends_with("data: 3\n\n") {
                self.channel.finish_with(event(4)).unwrap();
            }
            Ok(())
        }
    }
    let channel = Channel::builder().start(Start::Oldest).build();
    channel.publish(event(1)).unwrap();
    let mut client = Client { got: Vec::new(), channel: channel.clone() };
    let end = Driver::over(Framing::UntilClose, channel.connect(None).unwrap()).run(&mut client).unwrap();
    assert_eq!(end, End::Finished);
    let text = String::from_utf8(client.got).unwrap();
    assert_eq!(read(text.split_once("\r\n\r\n").unwrap().1).0, ["1", "2", "3", "4"]);
    assert_eq!(channel.subscriber_count(), 0);

    // A client that has left, and a shutdown.
    let gone: &mut [u8] = &mut [];
    let live = Channel::new();
    assert!(Driver::over(Framing::Chunked, live.subscribe()).run(gone).is_err());
    assert_eq!(live.subscriber_count(), 0);
    let shutdown = Shutdown::new();
    let subscriber = live.subscribe();
    live.publish(event(1)).unwrap();
    let mut got = Vec::new();
    thread::scope(|scope| {
        let driver = Driver::over(Framing::UntilClose, subscriber).shutdown(&shutdown);
        let server = scope.spawn(|| driver.run(&mut got).unwrap());
        shutdown.begin();
        assert_eq!(server.join().unwrap(), End::ShutDown);
    });
    assert!(String::from_utf8(got).unwrap().ends_with("data: 1\n\n"));
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

/// What was published before the end is delivered, and what was refused is not, whoever is first.
#[test]
fn publishers_that_race_with_the_end_are_told_the_truth() {
    for round in 0..50 {
        let channel = Channel::new();
        let mut readers = [(); 2].map(|()| channel.subscribe().into_blocking());
        let published: HashSet<String> = thread::scope(|scope| {
            let publishers = [0, 1].map(|publisher| {
                let channel = channel.clone();
                scope.spawn(move || {
                    (0..).map_while(|n| channel.publish(event(2 * n + publisher)).ok()).count() as u64
                })
            });
            while channel.is_empty() {
                thread::yield_now();
            }
            match round % 2 {
                0 => channel.finish(),
                _ => channel.close(Event::new()),
            }
            let counts = publishers.map(|publisher| publisher.join().unwrap());
            let all =
                (0..2).flat_map(|publisher| (0..counts[publisher as usize]).map(move |n| 2 * n + publisher));
            all.map(|data| data.to_string()).collect()
        });
        for reader in &mut readers {
            let mut text = Vec::new();
            for frame in reader {
                text.extend_from_slice(&frame);
            }
            let (mut got, _) = read(std::str::from_utf8(&text).unwrap());
            // What they missed, if the log was too short, is counted.
            let missed: usize = got
                .iter()
                .filter_map(|data| {
                    data.strip_prefix("gap {\"missed\":")?.strip_suffix('}')?.parse::<usize>().ok()
                })
                .sum();
            got.retain(|data| !data.starts_with("gap"));
            assert_eq!(got.len() + missed, published.len());
            assert!(got.iter().all(|data| published.contains(data)));
        }
    }
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
