//! How a driver ends in a shutdown.

use super::{run, silent, tick};
use sse_wire::{
    Event,
    response::{self, End, Framing, KeepAlive, SendError, Shutdown},
};
use std::{io, thread, time::Duration};

#[test]
fn shutdown_wakes_a_driver_and_ends_it() {
    let shutdown = Shutdown::builder().farewell(Event::new().comment("bye")).build();
    let (sender, driver) = silent(Framing::Chunked);
    let (client, driver) = run(driver.shutdown(&shutdown));
    client.next();
    assert_eq!(shutdown.streams(), 1);
    shutdown.begin();
    assert_eq!(client.next(), "7\r\n: bye\n\n\r\n0\r\n\r\n");
    assert_eq!(driver.join().unwrap().unwrap(), End::ShutDown);
    assert!(matches!(sender.send(tick(1)), Err(SendError::ShutDown)));
    assert!(shutdown.wait_timeout(Duration::ZERO));
}

#[test]
fn shutdown_sends_what_is_queued_and_frees_a_waiting_sender() {
    let shutdown = Shutdown::new();
    let (sender, driver) = silent(Framing::UntilClose);
    let (client, driver) = run(driver.capacity(1).shutdown(&shutdown));
    client.see();
    sender.send(tick(1)).unwrap();
    let waiting = thread::spawn(move || sender.send(tick(2)));
    shutdown.begin();
    client.allow();
    assert_eq!(client.next(), tick(1).to_string());
    assert_eq!(driver.join().unwrap().unwrap(), End::ShutDown);
    assert!(matches!(waiting.join().unwrap(), Err(SendError::ShutDown)));
}

#[test]
fn senders_may_end_in_their_own_way_until_the_deadline() {
    let shutdown = Shutdown::builder().farewell(Event::new().comment("bye")).build();
    let start = || {
        let (sender, driver) = silent(Framing::UntilClose);
        let (client, driver) = run(driver.shutdown(&shutdown));
        client.see();
        (sender, client, driver)
    };
    let (sender, client, driver) = start();
    let (_late, late_client, late_driver) = start();
    shutdown.begin_within(Duration::from_secs(3600));
    client.allow();
    late_client.allow();
    sender.send(tick(1)).unwrap();
    assert_eq!(client.next(), tick(1).to_string());
    drop(sender);
    assert_eq!(client.next(), ": bye\n\n");
    assert_eq!(driver.join().unwrap().unwrap(), End::ShutDown);

    shutdown.begin_within(Duration::from_millis(1));
    assert_eq!(late_client.next(), ": bye\n\n", "ends regardless");
    assert_eq!(late_driver.join().unwrap().unwrap(), End::ShutDown);
}

#[test]
fn a_drain_keeps_the_connection_alive_and_notices_that_the_client_left() {
    let shutdown = Shutdown::new();
    let (sender, driver) = response::writer(Framing::UntilClose);
    let (client, driver) =
        run(driver.keep_alive(KeepAlive::every(Duration::from_millis(1))).shutdown(&shutdown));
    client.see();
    shutdown.begin_within(Duration::from_secs(3600));
    client.allow();
    for _ in 0..3 {
        assert_eq!(client.next(), ":\n\n");
    }
    client.see();
    client.results.send(Err(io::Error::from(io::ErrorKind::BrokenPipe))).unwrap();
    assert_eq!(driver.join().unwrap().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    assert!(matches!(sender.send(tick(1)), Err(SendError::ClientLeft { .. })));
}

#[test]
fn a_driver_is_under_several_shutdowns_and_the_first_ends_it() {
    let farewell = |text| Shutdown::builder().farewell(Event::new().comment(text)).build();
    let (server, session) = (farewell("the server stops"), farewell("logged out"));
    let (_sender, driver) = silent(Framing::UntilClose);
    let (client, driver) = run(driver.shutdown(&server).shutdown(&session));
    client.next();
    assert_eq!((server.streams(), session.streams()), (1, 1));
    session.begin();
    assert_eq!(client.next(), ": logged out\n\n");
    assert_eq!(driver.join().unwrap().unwrap(), End::ShutDown);
    assert!(session.wait_timeout(Duration::ZERO));
    assert_eq!((server.streams(), server.has_begun()), (0, false));
}
