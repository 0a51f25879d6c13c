//! What interrupts a silence.

use super::{run, tick};
use sse_wire::{
    Event,
    response::{self, End, Framing, KeepAlive},
};
use std::time::Duration;

#[test]
fn silence_is_interrupted() {
    let (sender, driver) = response::writer(Framing::Chunked);
    let (client, driver) = run(driver.keep_alive(KeepAlive::every(Duration::from_millis(1)).comment("ping")));
    client.next();
    for _ in 0..3 {
        assert_eq!(client.next(), "8\r\n: ping\n\n\r\n");
    }
    drop(sender);
    while client.next() != "0\r\n\r\n" {}
    assert_eq!(driver.join().unwrap().unwrap(), End::Finished);
}

#[test]
fn a_computed_keep_alive_may_send_and_may_be_empty() {
    let (sender, driver) = response::writer(Framing::UntilClose);
    let slot = std::sync::Mutex::new(Some(sender));
    let message = move || {
        // The first time it ends the stream.
        if let Some(sender) = slot.lock().unwrap().take() {
            sender.try_send(tick(1)).unwrap();
        }
        Event::new()
    };
    let (client, driver) =
        run(driver.keep_alive(KeepAlive::every(Duration::from_millis(1)).computed(message)));
    client.next();
    assert_eq!(client.next(), tick(1).to_string());
    assert_eq!(driver.join().unwrap().unwrap(), End::Finished);
}

#[test]
fn a_long_silence_may_be_allowed() {
    let (sender, driver) = response::writer(Framing::UntilClose);
    let (client, _driver) = run(driver.keep_alive(KeepAlive::every(Duration::MAX)));
    client.next();
    sender.send(tick(1)).unwrap();
    assert_eq!(client.next(), tick(1).to_string());
}

#[cfg(feature = "http")]
#[test]
fn nothing_goes_between_two_halves_of_an_event() {
    let shutdown = response::Shutdown::builder().farewell(Event::new().comment("bye")).build();
    let (sender, driver) = response::writer(Framing::UntilClose);
    let driver = driver.keep_alive(KeepAlive::every(Duration::from_millis(1))).shutdown(&shutdown);
    let (client, driver) = run(driver);
    client.next();
    sender.send(bytes::Bytes::from("data: {\"text\":")).unwrap();
    while client.next() == ":\n\n" {}
    // While another stream gets one keep-alive after another, this one gets none.
    let (_sender, other) = response::writer(Framing::UntilClose);
    let (other, _) = run(other.keep_alive(KeepAlive::every(Duration::from_millis(2))));
    (0..10).for_each(|_| drop(other.next()));
    assert!(client.written.try_recv().is_err());
    sender.send(bytes::Bytes::from("1}\n\n")).unwrap();
    assert_eq!(client.next(), "1}\n\n");
    assert_eq!(client.next(), ":\n\n");
    sender.send(bytes::Bytes::from(": torn")).unwrap();
    while client.next() == ":\n\n" {}
    shutdown.begin();
    assert_eq!(driver.join().unwrap().unwrap(), End::ShutDown);
    assert!(client.written.try_recv().is_err(), "no farewell");
}
