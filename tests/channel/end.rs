//! How a channel ends, and what its clients are told.

use crate::reading::{event, messages, read, ready};
use sse_wire::{
    Event,
    channel::{Channel, MissedReason, OnMissed, PublishError, RecvError, Resume, Start},
};
use std::{collections::HashSet, thread};

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
fn a_channel_knows_that_it_has_ended() {
    for end in [Channel::finish, |channel: &Channel| channel.close(Event::new())] {
        let channel = Channel::new();
        let mut subscriber = channel.subscribe().into_blocking();
        assert!(!channel.is_ended());
        end(&channel);
        assert!(channel.is_ended());
        // Without a farewell there is no last frame either.
        assert_eq!(subscriber.try_recv(), Err(RecvError::Ended));
    }
}

#[test]
fn each_refusal_is_a_sentence() {
    let sentences = [
        RecvError::TimedOut.to_string(),
        RecvError::Ended.to_string(),
        MissedReason::TooOld.to_string(),
        MissedReason::OtherChannel.to_string(),
        MissedReason::Unknown.to_string(),
    ];
    let words = ["in time", "ended", "no longer retained", "restart", "not known"];
    for (sentence, words) in sentences.iter().zip(words) {
        assert!(sentence.contains(words), "{sentence}");
    }
}
