//! The body of a response that is not an event stream, in sync code.

use super::BoxRead;
use crate::client::{Stop, control::Control};
use alloc::{sync::Arc, vec::Vec};
use core::time::Duration;
use std::{
    io::{ErrorKind, Read},
    sync::mpsc,
    thread,
};

/// Reads the first bytes of a body that is not an event stream. They may never arrive, so after a while the attempt is
/// stopped. Once this has returned, it is no longer stopped from here.
pub(super) fn start(
    body: BoxRead,
    size: usize,
    patience: Duration,
    stop: &Stop,
    control: &Arc<Control>,
) -> Vec<u8> {
    let (done, is_done) = mpsc::channel::<()>();
    let mut start = Vec::new();
    thread::scope(|scope| {
        let watch = thread::Builder::new().name("sse-wire body".into()).spawn_scoped(scope, move || {
            if is_done.recv_timeout(patience) == Err(mpsc::RecvTimeoutError::Timeout) {
                stop.stop();
            }
        });
        let done = done;
        if watch.is_ok() {
            // What arrived before an error is still shown.
            let body = Commanded { body, control: control.clone() };
            _ = body.take(size as u64).read_to_end(&mut start);
        }
        drop(done);
    });
    start
}

/// A body that is read until there is a command. Even after a socket has been shut down, much may be left to read that
/// has already arrived, and a thousand times more if it is compressed.
struct Commanded {
    body: BoxRead,
    control: Arc<Control>,
}

impl Read for Commanded {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.control.is_pending() {
            return Err(ErrorKind::ConnectionAborted.into());
        }
        self.body.read(buffer)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use alloc::boxed::Box;

    /// A body that ends when it is told to.
    struct Silent(mpsc::Receiver<()>);

    impl Read for Silent {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            _ = self.0.recv();
            Ok(0)
        }
    }

    #[test]
    fn nothing_stops_an_attempt_that_has_been_refused_later_on() {
        let stop = Stop::default();
        let (end, body) = mpsc::channel();
        let (sender, returned) = mpsc::channel();
        let (verdict, is_over) = mpsc::channel();
        stop.on_stop(move || {
            end.send(()).unwrap();
            // That it never returns cannot be observed, only that it has not returned for a while.
            verdict.send(returned.recv_timeout(Duration::from_millis(50)).is_err()).unwrap();
        });
        let body = Box::new(Silent(body));
        assert_eq!(start(body, 9, Duration::ZERO, &stop, &Arc::default()), b"");
        _ = sender.send(());
        assert!(is_over.recv().unwrap(), "the attempt was still being stopped");
    }
}
