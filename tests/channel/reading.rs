//! What a client reads of a channel.

use sse_wire::{
    Decoder, Event, IncomingRef, Input,
    channel::{BlockingSubscriber, Missed, Resume},
};

pub(crate) fn event(data: u64) -> Event {
    Event::new().data(data)
}

/// Everything that is ready, as one text.
pub(crate) fn ready(subscriber: &mut BlockingSubscriber) -> String {
    let mut text = Vec::new();
    while let Ok(frame) = subscriber.try_recv() {
        text.extend_from_slice(&frame);
    }
    String::from_utf8(text).unwrap()
}

/// What a client reads in it: the event type and data of each message, and its last event ID.
pub(crate) fn read(text: &str) -> (Vec<String>, String) {
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

pub(crate) fn messages(subscriber: &mut BlockingSubscriber) -> Vec<String> {
    read(&ready(subscriber)).0
}

pub(crate) fn missed(resume: Resume) -> Missed {
    match resume {
        Resume::Missed(missed) => missed,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn complete(resume: Resume) -> BlockingSubscriber {
    match resume {
        Resume::Complete(subscriber) => subscriber.into_blocking(),
        other => panic!("{other:?}"),
    }
}
