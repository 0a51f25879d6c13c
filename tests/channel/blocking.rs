//! A subscriber in blocking code.

use crate::reading::{event, read};
use sse_wire::{
    channel::{Channel, RecvError, Start},
    response::{Driver, End, Framing, Shutdown},
};
use std::{thread, time::Duration};

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
