//! In the steady state, the channel allocates only the blocks of its log, and nothing for an event or a delivery.

use crate::counting::{allocations, live, peak};
use bytes::Bytes;
use sse_wire::{
    Event,
    channel::{BlockingSubscriber, Channel, Subscriber},
};
use std::hint::black_box;

/// A wake-up, and everything that is ready.
fn read(subscribers: &mut [BlockingSubscriber]) -> usize {
    subscribers.iter_mut().filter_map(|subscriber| subscriber.try_recv().ok()).map(|frame| frame.len()).sum()
}

#[test]
fn nothing_for_an_event_and_nothing_for_a_delivery() {
    let channel = Channel::builder().events(1_000).build();
    let mut subscribers: Vec<_> = (0..10).map(|_| channel.subscribe().into_blocking()).collect();
    let mut round = |rounds: usize| {
        let before = channel.metrics();
        for n in 0..rounds {
            channel.publish(Event::new().event("tick").data(n)).unwrap();
            // All of them have read everything, as in the steady state, and wait.
            assert!(read(&mut subscribers) > 0);
            assert_eq!(read(&mut subscribers), 0);
        }
        channel.metrics().delivered - before.delivered
    };
    // The log grows until it is full.
    round(5_000);
    let rounds = 20_000;
    let mut delivered = 0;
    let n = allocations(|| delivered = round(rounds));
    assert_eq!(delivered, 10 * rounds as u64);
    // At 34 bytes or more for each event, a block of 64 KiB has room for 1,900. Each is allocated, shared, joined,
    // and shared again.
    let blocks = rounds / 1_400 + 1;
    assert!(n <= 4 * blocks, "{n} allocations for {blocks} blocks");
}

#[test]
fn a_burst_is_read_without_allocations() {
    let channel = Channel::new();
    let mut subscribers: Vec<_> = (0..100).map(|_| channel.subscribe().into_blocking()).collect();
    let mut round = || {
        for n in 0..100 {
            channel.publish(Event::new().id(n).data("own")).unwrap();
        }
        // One thread does, in turn, what many threads would do.
        allocations(|| while read(&mut subscribers) > 0 {})
    };
    (0..200).for_each(|_| _ = round());
    let n: usize = (0..100).map(|_| round()).sum();
    // Sharing a block for the first time allocates its counter.
    assert!(n <= 100, "{n} allocations in 10,000 reads");
}

#[test]
fn a_log_pins_little_more_than_it_retains() {
    const RETAINED: usize = 256 * 1024;
    for subscribers in [0, 1] {
        let channel = Channel::builder().events(None).bytes(RETAINED).build();
        let mut subscribers: Vec<_> = (0..subscribers).map(|_| channel.subscribe().into_blocking()).collect();
        let data = "x".repeat(1_000);
        let n = peak(|| {
            for _ in 0..4 * RETAINED / data.len() {
                channel.publish(Event::new().data(&data)).unwrap();
                read(&mut subscribers);
            }
        });
        // Besides what is retained: the list of events, and the unused parts of the first and the last block.
        assert!(n <= 2 * RETAINED, "{n} bytes with {} subscribers", subscribers.len());
    }
}

#[test]
fn an_idle_subscriber_is_small() {
    const SUBSCRIBERS: usize = 10_000;
    let channel = Channel::new();
    let mut subscribers: Vec<Subscriber> = Vec::with_capacity(SUBSCRIBERS);
    let before = live();
    for _ in 0..SUBSCRIBERS {
        let mut subscriber = channel.subscribe();
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        let poll: std::task::Poll<Option<Bytes>> =
            futures_core::Stream::poll_next(std::pin::Pin::new(&mut subscriber), &mut cx);
        assert!(poll.is_pending());
        subscribers.push(subscriber);
    }
    let allocated = (live() - before) as usize;
    let each = size_of::<Subscriber>() + allocated / SUBSCRIBERS;
    println!("an idle subscriber has {each} bytes, {} of them its own", size_of::<Subscriber>());
    assert!(each <= 512 / 2, "{each}");
    black_box(subscribers);
}
