//! The timer of another runtime: a body that is polled by async-io, without tokio.

use futures_util::{StreamExt, stream};
use sse_wire::{
    Event,
    response::{Body, KeepAlive, Shutdown},
};
use std::{pin::pin, time::Duration};

#[test]
fn the_timer_of_async_io_keeps_a_body_alive() {
    let ping = KeepAlive::every(Duration::from_millis(1)).comment("ping");
    let events = stream::pending::<Event>();
    let mut body = pin!(Body::with_timer(events, async_io::Timer::after).keep_alive(ping));
    async_io::block_on(async {
        for _ in 0..3 {
            assert_eq!(
                body.next().await.expect("a keep-alive").as_ref().map(|bytes| &bytes[..]),
                Ok(&b": ping\n\n"[..])
            );
        }
    });
}

#[test]
fn the_timer_of_async_io_ends_a_body_at_the_deadline() {
    let shutdown = Shutdown::builder().farewell(Event::new().comment("bye")).build();
    let body = pin!(Body::with_timer(stream::pending::<Event>(), async_io::Timer::after).shutdown(&shutdown));
    shutdown.begin_within(Duration::from_millis(1));
    let all: Vec<_> = async_io::block_on(body.map(Result::unwrap).collect());
    assert_eq!(all.concat(), b": bye\n\n");
}
