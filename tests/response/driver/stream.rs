//! A driver over a stream instead of senders.

use super::{run, tick};
use sse_wire::{
    Event,
    response::{Driver, End, Framing, KeepAlive, Shutdown},
};
use std::{io, sync::mpsc, time::Duration};

#[test]
fn a_stream_drives_the_connection() {
    use futures_util::{StreamExt, stream};
    let shutdown = Shutdown::builder().farewell(Event::new().comment("bye")).build();
    let (told, tell) = mpsc::channel();
    let (waker, awake) = mpsc::channel();
    // A source that waits for the test, like one that runs in its own runtime.
    let events = stream::poll_fn(move |cx| match tell.try_recv() {
        Ok(event) => std::task::Poll::Ready(event),
        Err(_) => {
            waker.send(cx.waker().clone()).unwrap();
            std::task::Poll::Pending
        }
    });
    let driver = Driver::over(Framing::UntilClose, stream::iter([tick(1), tick(2)]).chain(events));
    let (client, driver) = run(driver.keep_alive(KeepAlive::off()).shutdown(&shutdown));
    client.next();
    assert_eq!(client.next(), tick(1).to_string() + &tick(2).to_string(), "what is ready is one write");
    for end in [Some(tick(3)), Some(tick(4))] {
        let waker: std::task::Waker = awake.recv().unwrap();
        told.send(end.clone()).unwrap();
        waker.wake();
        assert_eq!(client.next(), end.unwrap().to_string());
    }
    shutdown.begin();
    assert_eq!(client.next(), ": bye\n\n");
    assert_eq!(driver.join().unwrap().unwrap(), End::ShutDown);

    let mut response = Vec::new();
    let driver = Driver::over(Framing::BodyOnly, stream::iter([tick(1)]));
    assert_eq!(driver.run(&mut response).unwrap(), End::Finished);
    assert_eq!(response, tick(1).to_string().into_bytes());
}

#[test]
fn shutdown_ends_a_stream_that_always_has_more() {
    let shutdown = Shutdown::new();
    shutdown.begin();
    let mut response = Vec::new();
    let driver = Driver::over(Framing::BodyOnly, futures_util::stream::repeat_with(|| tick(1)));
    assert_eq!(driver.shutdown(&shutdown).run(&mut response).unwrap(), End::ShutDown);
    assert!((1 << 20..(1 << 20) + 100).contains(&response.len()), "{} bytes", response.len());
}

#[test]
fn a_shutdown_believes_a_stream_that_has_nothing_only_the_second_time() {
    use std::task::Poll;

    let shutdown = Shutdown::new();
    shutdown.begin();
    let mut polls = 0;
    let shy = futures_util::stream::poll_fn(move |cx| {
        polls += 1;
        match polls {
            1000.. => Poll::Pending,
            n if n % 100 == 0 => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            n => Poll::Ready(Some(tick(n))),
        }
    });
    let mut response = Vec::new();
    let driver = Driver::over(Framing::BodyOnly, shy);
    assert_eq!(driver.shutdown(&shutdown).run(&mut response).unwrap(), End::ShutDown);
    let sent: String = (1..1000).filter(|n| n % 100 != 0).map(|n| tick(n).to_string()).collect();
    assert_eq!(String::from_utf8(response).unwrap(), sent);
}

#[test]
fn shutdown_ends_a_stream_that_always_has_nothing() {
    let shutdown = Shutdown::new();
    shutdown.begin();
    let mut response = Vec::new();
    let driver = Driver::over(Framing::BodyOnly, futures_util::stream::repeat_with(Event::new));
    assert_eq!(driver.shutdown(&shutdown).run(&mut response).unwrap(), End::ShutDown);
    assert_eq!(response, b"");
}

#[test]
fn a_stream_that_always_has_nothing_is_kept_alive() {
    let driver = Driver::over(Framing::BodyOnly, futures_util::stream::repeat_with(Event::new));
    let (client, driver) = run(driver.keep_alive(KeepAlive::every(Duration::from_millis(1)).comment("ping")));
    for _ in 0..3 {
        assert_eq!(client.next(), ": ping\n\n");
    }
    drop(client);
    assert_eq!(driver.join().unwrap().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
}

/// A run of empty items makes the driver look at the clock, and must not cost the event before it.
#[test]
fn an_event_before_many_empty_ones_is_sent() {
    use futures_util::{StreamExt, stream};

    for empty in [255, 256, 257, 600] {
        let items = stream::iter([tick(1)]).chain(stream::repeat_with(Event::new).take(empty));
        let mut response = Vec::new();
        let driver = Driver::over(Framing::BodyOnly, items.chain(stream::iter([tick(2)])));
        assert_eq!(driver.run(&mut response).unwrap(), End::Finished);
        assert_eq!(String::from_utf8(response).unwrap(), tick(1).to_string() + &tick(2).to_string());
    }
}
