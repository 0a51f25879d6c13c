//! A client that left or does not read, and a driver that is gone.

use super::{run, silent, tick};
use sse_wire::{
    Event, Sse,
    response::{End, Framing, SendError},
};
use std::{error::Error as _, io, thread, time::Duration};

#[test]
fn sending_to_a_client_that_left_says_so() {
    let (sender, driver) = silent(Framing::Chunked);
    let (client, driver) = run(driver);
    client.next();
    sender.send(tick(1)).unwrap();
    client.see();
    client.results.send(Err(io::Error::from(io::ErrorKind::ConnectionReset))).unwrap();
    assert_eq!(driver.join().unwrap().unwrap_err().kind(), io::ErrorKind::ConnectionReset);

    let mut sse = Sse::without_retry();
    sse.add_data("kept");
    for _ in 0..2 {
        let error = sender.send(&mut sse).unwrap_err();
        assert_eq!(error.to_string(), "the client left");
        let source = error.source().unwrap().downcast_ref::<io::Error>().unwrap();
        assert_eq!(source.kind(), io::ErrorKind::ConnectionReset);
    }
    assert_eq!(sse.to_string(), "data: kept\n\n");
    assert!(matches!(sender.try_send(tick(1)), Err(SendError::ClientLeft { .. })));
}

#[test]
fn a_full_queue_makes_a_sender_wait() {
    let (sender, driver) = silent(Framing::UntilClose);
    let (client, _driver) = run(driver.capacity(tick(1).to_string().len()));
    client.see();
    sender.send(tick(1)).unwrap();
    assert!(matches!(sender.try_send(tick(2)), Err(SendError::Full)));
    let waiting = thread::spawn(move || sender.send(tick(3)).map(|()| sender));
    client.allow();
    assert_eq!(client.next(), tick(1).to_string());
    let sender = waiting.join().unwrap().unwrap();
    assert_eq!(client.next(), tick(3).to_string());
    // What is larger than the queue is sent alone.
    let large = Event::new().data("x".repeat(1000));
    sender.send(&large).unwrap();
    assert_eq!(client.next(), large.to_string());
}

#[test]
fn a_client_that_never_reads_is_given_up() {
    for waits in [true, false] {
        let (sender, driver) = silent(Framing::Chunked);
        let (client, driver) = run(driver.capacity(1).send_timeout(Duration::from_millis(1)));
        client.see();
        sender.send(tick(1)).unwrap();
        let error = if waits {
            sender.send(tick(2)).unwrap_err()
        } else {
            loop {
                match sender.try_send(tick(2)) {
                    Err(SendError::Full) => thread::yield_now(),
                    other => break other.unwrap_err(),
                }
            }
        };
        assert!(matches!(error, SendError::TimedOut));
        assert_eq!(error.to_string(), "the client read nothing before the timeout");
        assert!(matches!(sender.send(tick(3)), Err(SendError::TimedOut)));
        // If it does read in the end, the stream is intact, and has ended.
        client.allow();
        assert_eq!(client.next(), "f\r\nid: 1\ndata: 1\n\n\r\n0\r\n\r\n");
        assert_eq!(driver.join().unwrap().unwrap(), End::TimedOut);
    }
}

#[test]
fn a_driver_that_is_gone_leaves_nobody_waiting() {
    let (sender, driver) = silent(Framing::Chunked);
    drop(driver);
    assert_eq!(
        sender.send(tick(1)).unwrap_err().to_string(),
        "the driver that writes the stream was dropped"
    );

    let (sender, driver) = silent(Framing::HeadersOnly);
    let (client, driver) = run(driver);
    client.next();
    assert_eq!(driver.join().unwrap().unwrap(), End::Finished);
    assert_eq!(sender.send(tick(1)).unwrap_err().to_string(), "the response to a HEAD request has no stream");
}
