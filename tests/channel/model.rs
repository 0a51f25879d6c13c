//! The channel against a model: whatever happens, from many threads, each client sees an unbroken run of events,
//! or is told exactly how many it missed.
//!
//! With `SSE_WIRE_ROUNDS=100` it runs a hundred times as long.

use sse_wire::{
    Event,
    channel::{BlockingSubscriber, Channel, OnLag, RecvError, Resume, Subscriber},
};
use std::{
    collections::{BTreeMap, HashMap},
    env,
    ops::Range,
    sync::{
        Barrier,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

/// SplitMix64, so that a failure can be reproduced from its seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

fn rounds() -> u64 {
    env::var("SSE_WIRE_ROUNDS").map_or(1, |rounds| rounds.parse().expect("a number in SSE_WIRE_ROUNDS"))
}

/// What a client found in its stream.
#[derive(Debug, PartialEq)]
enum Seen<'t> {
    Event {
        id: &'t str,
        kind: &'t str,
        data: &'t str,
    },
    /// A block with only an ID.
    Id(&'t str),
    /// This many events are missing; the last of them has this ID.
    Gap(u64, Option<&'t str>),
}

fn blocks(text: &str) -> impl Iterator<Item = Seen<'_>> {
    text.split_terminator("\n\n").map(|block| {
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
        match (field("event: "), field("id: "), field("data: ")) {
            (Some("gap"), id, Some(data)) => {
                let missed = data.strip_prefix("{\"missed\":").unwrap().strip_suffix('}').unwrap();
                Seen::Gap(missed.parse().unwrap(), id)
            }
            (Some(kind), Some(id), Some(data)) => Seen::Event { id, kind, data },
            (None, Some(id), None) => Seen::Id(id),
            _ => panic!("a block that nobody published: {block:?}"),
        }
    })
}

// --- one thread, with a model of the log ---

/// What a subscriber has to get next.
struct Place {
    subscriber: BlockingSubscriber,
    next: u64,
    filter: bool,
    last_id: Option<String>,
}

#[test]
fn one_thread_step_by_step() {
    for seed in 0..100 * rounds() {
        step_by_step(seed);
    }
}

fn step_by_step(seed: u64) {
    let mut random = Random(seed);
    let events = 1 + random.below(30);
    let bytes = if random.below(2) == 0 { usize::MAX } else { 40 + random.below(3000) };
    let channel = Channel::builder().events(events).bytes(bytes).initial_id(true).build();
    // Everything that was published, and how much of it is retained.
    let mut published: Vec<(String, &str)> = Vec::new();
    let mut lens: Vec<usize> = Vec::new();
    let mut first = 0;
    let mut places: Vec<Place> = Vec::new();
    let place = |subscriber: Subscriber, next: usize, filter: bool| {
        let subscriber = match filter {
            true => subscriber.filter(|event| event.event_type() == "a"),
            false => subscriber,
        };
        Place { subscriber: subscriber.into_blocking(), next: next as u64, filter, last_id: None }
    };
    for _ in 0..300 {
        match random.below(10) {
            0..4 => {
                let from = published.len();
                let mut batch = Vec::new();
                for _ in 0..if random.below(4) == 0 { random.below(40) } else { 1 } {
                    let kind = if random.below(3) == 0 { "a" } else { "b" };
                    let data = format!("{}{}", published.len(), "x".repeat(random.below(60)));
                    let event = Event::new().event(kind);
                    let own = format!("own-{}", published.len());
                    let is_own = random.below(3) == 0;
                    let event = if is_own { event.id(&own).data(&data) } else { event.data(&data) };
                    batch.push(event);
                    published.push((if is_own { own } else { String::new() }, kind));
                    lens.push(data.len());
                }
                let encoded: Vec<usize> = batch.iter().map(|event| event.to_string().len()).collect();
                let id = channel.publish(batch).unwrap();
                assert_eq!(id.number(), published.len() as u64);
                for (number, len) in (from..).zip(encoded) {
                    let epoch = id.to_string().len() - id.number().to_string().len();
                    if published[number].0.is_empty() {
                        published[number].0 = format!("{}{}", &id.to_string()[..epoch], number + 1);
                        lens[number] = len + 5 + published[number].0.len();
                    } else {
                        lens[number] = len;
                    }
                }
                while first < from
                    && from < published.len()
                    && (published.len() - first > events || lens[first..].iter().sum::<usize>() > bytes)
                {
                    first += 1;
                }
                assert_eq!(channel.len(), published.len() - first, "seed {seed}");
                assert_eq!(channel.metrics().retained_bytes, lens[first..].iter().sum::<usize>());
            }
            4 => places.push(place(channel.subscribe(), published.len(), random.below(2) == 0)),
            5 => places.push(place(channel.subscribe_from_oldest(), first, random.below(2) == 0)),
            6 if !places.is_empty() => {
                let at = random.below(places.len());
                let gone = places.swap_remove(at);
                // Reconnects with its ID, or with one that it makes up.
                let id = match random.below(3) {
                    0 if !published.is_empty() => published[random.below(published.len())].0.clone(),
                    _ => gone.last_id.unwrap_or_else(|| "x".into()),
                };
                let after = published.iter().position(|(other, _)| *other == id).map(|at| at + 1);
                let own = id.starts_with("own-");
                match (channel.resume(&id), after) {
                    (Resume::Complete(subscriber), Some(next)) => {
                        assert!(next >= first, "seed {seed}");
                        places.push(place(subscriber, next, false));
                    }
                    (Resume::Missed(missed), Some(next)) => {
                        assert!(next < first || own && next == first, "seed {seed}: {missed:?}");
                        if !own {
                            assert_eq!(missed.missed(), Some((first - next) as u64));
                        }
                        if let Some(exact) = missed.missed() {
                            let mut resumed = place(missed.replay(), first - exact as usize, false);
                            resumed.last_id = Some(id);
                            places.push(resumed);
                        }
                    }
                    // The place before the first event.
                    (Resume::Complete(subscriber), None) => {
                        assert!(id.ends_with("-0") && first == 0, "seed {seed}: {id}");
                        places.push(place(subscriber, 0, false));
                    }
                    (Resume::Missed(_), None) => {}
                    (Resume::Finished, _) => panic!("nobody finished it"),
                }
            }
            _ if !places.is_empty() => {
                let at = random.below(places.len());
                let place = &mut places[at];
                check(place, &published, first as u64, seed);
            }
            _ => {}
        }
    }
    channel.finish();
    for place in &mut places {
        check(place, &published, first as u64, seed);
        assert_eq!(place.subscriber.try_recv(), Err(RecvError::Ended));
        if let (Some(id), false) = (&place.last_id, place.filter)
            && !published.is_empty()
            && place.next > 0
        {
            assert!(matches!(channel.resume(id), Resume::Finished), "seed {seed}: {id} {}", place.next);
        }
    }
}

/// Reads everything that is ready, and compares it with the model.
fn check(place: &mut Place, published: &[(String, &str)], first: u64, seed: u64) {
    let mut text = Vec::new();
    while let Ok(frame) = place.subscriber.try_recv() {
        text.extend_from_slice(&frame);
    }
    let text = String::from_utf8(text).unwrap();
    let mut told = 0;
    for seen in blocks(&text) {
        match seen {
            Seen::Gap(missed, id) => {
                assert_eq!(missed, first - place.next, "seed {seed}");
                place.next = first;
                if let Some(id) = id {
                    assert_eq!(id.rsplit_once('-').unwrap().1, first.to_string());
                    place.last_id = Some(id.into());
                }
                told += 1;
            }
            Seen::Id(id) => place.last_id = Some(id.into()),
            Seen::Event { id, kind, data } => {
                if place.filter {
                    assert_eq!(kind, "a");
                    while published[place.next as usize].1 != "a" {
                        place.next += 1;
                    }
                }
                let (expected, expected_kind) = &published[place.next as usize];
                assert_eq!((id, kind), (expected.as_str(), *expected_kind), "seed {seed}");
                assert_eq!(data.trim_end_matches('x'), place.next.to_string(), "seed {seed}");
                place.next += 1;
                place.last_id = Some(id.into());
            }
        }
    }
    assert!(told <= 1);
    let rest = &published[place.next as usize..];
    assert!(rest.iter().all(|(_, kind)| place.filter && *kind != "a"), "seed {seed}: events are missing");
    place.next = published.len() as u64;
}

// --- many threads, ten thousand subscribers ---

/// The number in an ID of the channel.
fn number(id: &str) -> u64 {
    id.rsplit_once('-').expect("an ID of the channel").1.parse().unwrap()
}

/// The events that a client got without interruption, with their numbers and data.
type Run = Vec<(u64, String)>;

/// A client, through all its connections.
struct Client {
    subscriber: Option<BlockingSubscriber>,
    filter: bool,
    last_id: Option<String>,
    /// The number of the last event that it has, or knows to have been filtered out or missed.
    place: u64,
    /// The events that it got, with their data, since it last lost track of what it missed.
    run: Run,
    /// The earlier runs, each with its beginning and end.
    runs: Vec<(Range<u64>, Run)>,
    began: u64,
}

impl Client {
    fn new(filter: bool) -> Client {
        Client { subscriber: None, filter, last_id: None, place: 0, run: vec![], runs: vec![], began: 0 }
    }

    fn subscribe(&mut self, subscriber: Subscriber) {
        let subscriber = match self.filter {
            true => subscriber.filter(|event| event.event_type() == "a"),
            false => subscriber,
        };
        self.subscriber = Some(subscriber.into_blocking());
    }

    /// Ends the current run. The next begins after this number.
    fn end_run(&mut self, next: u64) {
        self.runs.push((self.began..self.place, std::mem::take(&mut self.run)));
        self.place = next;
        self.began = next;
    }

    /// Reads a frame. Returns whether its stream continues.
    fn read(&mut self, frame: Result<bytes::Bytes, RecvError>) -> bool {
        let frame = match frame {
            Ok(frame) => frame,
            Err(RecvError::TimedOut) => return true,
            Err(_) => {
                self.subscriber = None;
                return false;
            }
        };
        for seen in blocks(std::str::from_utf8(&frame).unwrap()) {
            match seen {
                Seen::Id(id) => {
                    if self.last_id.is_none() {
                        self.began = number(id);
                    } else {
                        assert!(self.filter || self.place == number(id), "{} is not {id}", self.place);
                    }
                    self.place = number(id);
                    self.last_id = Some(id.into());
                }
                Seen::Gap(missed, id) => {
                    let id = id.expect("one of the channel's");
                    // With a filter it does not know where the gap began.
                    assert!(missed > 0 && (self.filter || self.place + missed == number(id)));
                    self.end_run(number(id));
                    self.last_id = Some(id.into());
                }
                Seen::Event { id, data, .. } => {
                    if !self.filter {
                        assert_eq!(number(id), self.place + 1, "after {:?}", self.last_id);
                    } else {
                        assert!(number(id) > self.place);
                    }
                    self.place = number(id);
                    self.last_id = Some(id.into());
                    self.run.push((self.place, data.into()));
                }
            }
        }
        true
    }
}

/// Calls this when it is dropped, even by a panic, so that a failing test ends.
struct Finally<F: FnMut()>(F);

impl<F: FnMut()> Drop for Finally<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[test]
fn ten_thousand_subscribers_on_many_threads() {
    const THREADS: usize = 4;
    const CLIENTS: usize = 2_500;
    const PUBLISHERS: usize = 2;
    let steps = 6_000 * rounds();
    // One channel closes streams that are too slow, the other sends them gap events.
    for (seed, on_lag) in [(1, OnLag::Gap), (2, OnLag::Close)] {
        let channel = Channel::builder().events(60).bytes(3 * 1024).initial_id(true).on_lag(on_lag).build();
        let (done, running) = (AtomicBool::new(false), AtomicUsize::new(THREADS));
        let barrier = Barrier::new(THREADS + PUBLISHERS + 2);
        let (published, clients) = thread::scope(|scope| {
            let _finally = Finally(|| channel.finish());
            let publishers: Vec<_> = (0..PUBLISHERS)
                .map(|publisher| {
                    let (channel, done, barrier) = (&channel, &done, &barrier);
                    scope.spawn(move || {
                        let mut random = Random(seed << 32 | publisher as u64);
                        let mut mine = Vec::new();
                        barrier.wait();
                        while !done.load(Ordering::Acquire) {
                            let len = if random.below(8) == 0 { 1 + random.below(20) } else { 1 };
                            let batch: Vec<_> = (0..len)
                                .map(|n| {
                                    let kind = if random.below(3) == 0 { "a" } else { "b" };
                                    (kind, format!("{publisher}:{}", mine.len() + n))
                                })
                                .collect();
                            let events: Vec<_> = batch
                                .iter()
                                .map(|(kind, data)| Event::new().event(kind).data(data))
                                .collect();
                            let last = channel.publish(events).unwrap().number();
                            let first = last + 1 - len as u64;
                            mine.extend((first..).zip(batch));
                            // Publishing at full speed would only ever produce gaps.
                            if random.below(4) > 0 {
                                thread::yield_now();
                            }
                        }
                        mine
                    })
                })
                .collect();
            let clients: Vec<_> = (0..THREADS)
                .map(|thread| {
                    let (channel, done, running, barrier) = (&channel, &done, &running, &barrier);
                    scope.spawn(move || {
                        let mut random = Random(seed << 32 | 1 << 16 | thread as u64);
                        let mut clients: Vec<_> = (0..CLIENTS).map(|n| Client::new(n % 4 == 0)).collect();
                        barrier.wait();
                        let _finally = Finally(|| {
                            if running.fetch_sub(1, Ordering::AcqRel) == 1 || thread::panicking() {
                                done.store(true, Ordering::Release);
                            }
                        });
                        for client in &mut clients {
                            client.subscribe(channel.connect(None).unwrap());
                        }
                        for _ in 0..steps {
                            // Some clients are polled more often, and some hardly at all.
                            let at = random.below(CLIENTS).min(random.below(CLIENTS));
                            step(&mut clients[at], channel, &mut random);
                        }
                        clients
                    })
                })
                .collect();
            // These block, and end with the channel: after a lost wake-up they would wait forever.
            let blocked: Vec<_> = (0..2)
                .map(|_| {
                    let (channel, barrier) = (&channel, &barrier);
                    scope.spawn(move || {
                        let mut client = Client::new(false);
                        client.subscribe(channel.connect(None).unwrap());
                        barrier.wait();
                        while let Some(subscriber) = &mut client.subscriber {
                            let frame = subscriber.next().ok_or(RecvError::Ended);
                            if !client.read(frame) && on_lag == OnLag::Close && !channel.is_ended() {
                                let subscriber = channel.connect(client.last_id.as_deref());
                                client.subscriber = subscriber.map(|subscriber| subscriber.into_blocking());
                            }
                        }
                        client
                    })
                })
                .collect();
            let published: BTreeMap<u64, (&str, String)> =
                publishers.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
            channel.finish();
            let mut clients: Vec<_> = clients.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
            assert!(channel.subscriber_count() >= clients.len() / 2);
            for client in &mut clients {
                while let Some(subscriber) = &mut client.subscriber {
                    let frame = subscriber.try_recv();
                    client.read(frame);
                }
            }
            clients.extend(blocked.into_iter().map(|thread| thread.join().unwrap()));
            (published, clients)
        });
        assert_eq!(channel.subscriber_count(), 0);
        verify(&channel, &published, clients);
    }
}

fn step(client: &mut Client, channel: &Channel, random: &mut Random) {
    match (&mut client.subscriber, random.below(20)) {
        (Some(_), 0) => client.subscriber = None,
        // A stall, which lets it fall behind.
        (Some(_), 1) => {}
        (Some(subscriber), _) => {
            let frame = subscriber.try_recv();
            client.read(frame);
        }
        (None, 1) => {
            // Another client's ID, which may be of any age, or of another channel.
            let other = channel.publish(Event::new()).unwrap().to_string();
            let id = format!("{}{}", &other[..9], 1 + random.next() % number(&other).max(1));
            if let Resume::Complete(subscriber) = channel.resume(&id) {
                client.end_run(number(&id));
                client.last_id = Some(id);
                client.subscribe(subscriber);
            }
            assert!(matches!(channel.resume("zzzzzzzz-1"), Resume::Missed(_)));
        }
        (None, _) => {
            let subscriber = channel.connect(client.last_id.as_deref()).expect("nobody finished it");
            client.subscribe(subscriber);
        }
    }
}

/// What the clients got is what was published.
fn verify(channel: &Channel, published: &BTreeMap<u64, (&str, String)>, clients: Vec<Client>) {
    let total = published.len() as u64;
    assert_eq!(channel.metrics().published, total);
    assert!(published.keys().copied().eq(1..=total));
    // The events of each publisher are in its order.
    let mut counts: HashMap<&str, u64> = HashMap::new();
    for (_, data) in published.values() {
        let (publisher, count) = data.split_once(':').unwrap();
        assert_eq!(count.parse(), Ok(*counts.entry(publisher).and_modify(|n| *n += 1).or_default()));
    }
    let (mut gaps, mut received) = (0, 0);
    for mut client in clients {
        let filter = client.filter;
        client.end_run(total);
        gaps += client.runs.len() - 1;
        for (range, run) in client.runs {
            received += run.len();
            for (number, data) in &run {
                assert_eq!(published[number].1, *data);
            }
            if filter && !run.is_empty() {
                // It got everything that passes the filter between two events that it got.
                let between = run[0].0..=run[run.len() - 1].0;
                let passing = published.range(between).filter(|(_, (kind, _))| *kind == "a");
                assert!(passing.map(|(number, _)| number).eq(run.iter().map(|(number, _)| number)));
            } else if !filter {
                assert!(run.iter().map(|(number, _)| *number).eq(range.start + 1..=range.end), "{range:?}");
            }
        }
    }
    println!("{total} events published, {received} received, {gaps} gaps");
    assert!(gaps > 0 && received > 0);
}
