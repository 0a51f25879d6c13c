//! A channel against a list: whatever is published, and whoever subscribes, resumes and reads in whatever order, each
//! client gets an unbroken run of events, or is told exactly how many it missed.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use sse_wire::{
    Decoder, Event, IncomingRef, Input,
    channel::{BlockingSubscriber, Channel, OnLag, OnMissed, RecvError, Resume, Subscriber},
};

#[derive(Arbitrary, Debug)]
enum Call {
    /// Events with an ID of their own or without, of this size.
    Publish {
        count: u8,
        own_id: bool,
        len: u8,
    },
    Subscribe,
    FromOldest,
    /// A client reads all that is ready.
    Read(u8),
    /// A client leaves, and connects again with the ID that it has.
    Resume(u8),
    /// Somebody connects with the ID of this event.
    ResumeAfter(u8),
    /// Somebody connects with this ID.
    Unknown(String),
}

#[derive(Arbitrary, Debug)]
struct Case {
    events: u8,
    bytes: Option<u16>,
    closes_slow: bool,
    initial_id: bool,
    calls: Vec<Call>,
}

struct Client {
    subscriber: BlockingSubscriber,
    /// The number of the event that it has to get next.
    next: usize,
    last_id: Option<String>,
    /// Whether it missed events while it was away, and has not been told yet.
    is_to_be_told: bool,
    is_cut_off: bool,
}

impl Client {
    fn new(subscriber: Subscriber, next: usize, last_id: Option<String>) -> Client {
        Client {
            subscriber: subscriber.into_blocking(),
            next,
            last_id,
            is_to_be_told: false,
            is_cut_off: false,
        }
    }

    /// Reads all that is ready. These were published, and are retained from `first` on.
    fn read(&mut self, published: &[String], first: usize, case: &Case) -> RecvError {
        let mut bytes = Vec::new();
        let end = loop {
            match self.subscriber.try_recv() {
                Ok(frame) => bytes.extend_from_slice(&frame),
                Err(end) => break end,
            }
        };
        let mut decoder =
            Decoder::new().ids(true).with_last_event_id(self.last_id.clone().unwrap_or_default());
        let mut input = Input::new(&bytes);
        while let Some(incoming) = decoder.next(&mut input) {
            match incoming.unwrap() {
                IncomingRef::Message(message) if message.event() == "gap" => {
                    let missed = first - self.next;
                    assert!(missed > 0 && (self.is_to_be_told || !case.closes_slow));
                    self.is_to_be_told = false;
                    assert_eq!(message.data(), format!("{{\"missed\":{missed}}}"));
                    self.next = first;
                }
                IncomingRef::Message(message) => {
                    assert_eq!(message.data().trim_end_matches('x'), self.next.to_string());
                    assert_eq!(message.last_event_id(), published[self.next]);
                    self.next += 1;
                }
                IncomingRef::Id(_) => {}
                incoming => panic!("{incoming:?}"),
            }
        }
        assert_eq!(decoder.unfinished(), 0);
        let id = decoder.last_event_id();
        self.last_id = (!id.is_empty()).then(|| id.to_string());
        if self.next < published.len() {
            // It fell behind, and is to connect again.
            assert!(case.closes_slow && self.next < first && end == RecvError::Ended, "{end:?}");
            self.is_cut_off = true;
        }
        end
    }
}

fuzz_target!(|case: Case| {
    let events = usize::from(case.events).max(1);
    let bytes = case.bytes.map_or(usize::MAX, |bytes| usize::from(bytes).max(1));
    let channel = Channel::builder()
        .events(events)
        .bytes(bytes)
        .initial_id(case.initial_id)
        .on_lag(if case.closes_slow { OnLag::Close } else { OnLag::Gap })
        .on_missed(OnMissed::Replay)
        .build();
    let mut published: Vec<String> = Vec::new();
    let mut clients: Vec<Client> = Vec::new();
    let mut newest = 0;
    for call in &case.calls {
        let first = published.len() - channel.len();
        match call {
            Call::Publish { count, own_id, len } => {
                let from = published.len();
                let batch: Vec<Event> = (from..from + usize::from(*count))
                    .map(|number| {
                        let event =
                            if *own_id { Event::new().id(format!("own{number}")) } else { Event::new() };
                        event.data(format!("{number}{}", "x".repeat((*len).into())))
                    })
                    .collect();
                let id = channel.publish(batch).unwrap();
                assert_eq!(id.number(), (from + usize::from(*count)) as u64);
                let id = id.to_string();
                let epoch = id.rsplit_once('-').unwrap().0;
                published.extend((from..from + usize::from(*count)).map(|number| match own_id {
                    true => format!("own{number}"),
                    false => format!("{epoch}-{}", number + 1),
                }));
                let metrics = channel.metrics();
                // What was published last stays, however large it is.
                newest = if *count == 0 { newest } else { usize::from(*count) };
                assert!(channel.len() <= events.max(newest));
                assert!(channel.len() >= newest);
                assert!(metrics.retained_bytes <= bytes || channel.len() <= newest.max(1));
            }
            Call::Subscribe => clients.push(Client::new(channel.subscribe(), published.len(), None)),
            Call::FromOldest => clients.push(Client::new(channel.subscribe_from_oldest(), first, None)),
            Call::Read(at) => {
                let at = usize::from(*at) % clients.len().max(1);
                if let Some(client) = clients.get_mut(at) {
                    client.read(&published, first, &case);
                    if client.is_cut_off {
                        clients.swap_remove(at);
                    }
                }
            }
            Call::Resume(at) => {
                if clients.is_empty() {
                    continue;
                }
                let client = clients.swap_remove(usize::from(*at) % clients.len());
                if let Some(id) = client.last_id {
                    clients.extend(resume(&channel, id, &published, first));
                }
            }
            Call::ResumeAfter(at) => {
                let id = published.get(usize::from(*at)).cloned();
                clients.extend(id.and_then(|id| resume(&channel, id, &published, first)));
            }
            Call::Unknown(id) => clients.extend(resume(&channel, id.clone(), &published, first)),
        }
        assert!(channel.subscriber_count() == clients.len());
    }
    let first = published.len() - channel.len();
    channel.finish();
    assert!(channel.publish(Event::new().data("late")).is_err());
    for client in &mut clients {
        assert_eq!(client.read(&published, first, &case), RecvError::Ended);
    }
    // Who has all of it is told to stop.
    if let Some(id) = published.last() {
        assert!(matches!(channel.resume(id), Resume::Finished), "{id}");
    }
});

/// Connects with this ID. The place to go on from is the one after the event that had it.
fn resume(channel: &Channel, id: String, published: &[String], first: usize) -> Option<Client> {
    let after = published.iter().position(|other| *other == id).map(|at| at + 1);
    match channel.resume(&id) {
        Resume::Complete(subscriber) => {
            // Before the first event, a channel has an ID too.
            let next = after.unwrap_or_else(|| {
                assert!(id.ends_with("-0"), "{id}");
                0
            });
            assert!(next >= first);
            Some(Client::new(subscriber, next, Some(id)))
        }
        Resume::Missed(missed) => {
            if let Some(next) = after {
                assert!(next < first || id.starts_with("own") && next == first);
            }
            // All that is retained comes after the gap. If it is not known how large that is, the gap says so.
            let next = first - missed.missed()? as usize;
            assert!(after.is_none_or(|after| after == next));
            let client = Client::new(missed.replay(), next, Some(id));
            Some(Client { is_to_be_told: true, ..client })
        }
        Resume::Finished => panic!("nobody finished it"),
    }
}
