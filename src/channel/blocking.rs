//! A subscriber for code without async.

use super::Subscriber;
use crate::sync::signal::Signal;
use alloc::sync::Arc;
use bytes::Bytes;
use core::{
    fmt,
    task::{Context, Poll, Waker},
    time::Duration,
};
use std::time::Instant;

/// A [`Subscriber`] as an iterator that blocks the thread.
///
/// ```
/// use sse_wire::{Event, channel::{Channel, RecvError}};
/// use std::time::Duration;
///
/// let channel = Channel::new();
/// let mut subscriber = channel.subscribe().into_blocking();
/// assert_eq!(subscriber.recv_timeout(Duration::from_millis(1)), Err(RecvError::TimedOut));
/// channel.finish_with(Event::new().data("1"))?;
/// assert_eq!(subscriber.count(), 1);
/// # Ok::<(), sse_wire::channel::PublishError>(())
/// ```
#[must_use = "a subscriber does nothing until it is asked"]
pub struct Blocking {
    subscriber: Subscriber,
    signal: Arc<Signal>,
    waker: Waker,
}

impl Blocking {
    pub(super) fn new(subscriber: Subscriber) -> Blocking {
        let signal = Arc::new(Signal::default());
        Blocking { subscriber, waker: signal.clone().into(), signal }
    }

    /// All that is ready in one piece. Blocks until there is something, for this time at most.
    ///
    /// # Errors
    /// If there was nothing in this time, or nothing will come any more.
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<Bytes, RecvError> {
        // Without a deadline the clock ends first.
        let mut deadline = None;
        loop {
            if let Poll::Ready(frame) = self.poll() {
                return frame.ok_or(RecvError::Ended);
            }
            let deadline = *deadline.get_or_insert_with(|| Instant::now().checked_add(timeout));
            if !self.signal.wait_until(deadline) {
                return Err(RecvError::TimedOut);
            }
        }
    }

    /// As [`recv_timeout`](Blocking::recv_timeout) without blocking.
    ///
    /// # Errors
    /// If there is nothing now, or nothing will come any more.
    pub fn try_recv(&mut self) -> Result<Bytes, RecvError> {
        match self.poll() {
            Poll::Ready(frame) => frame.ok_or(RecvError::Ended),
            Poll::Pending => Err(RecvError::TimedOut),
        }
    }

    /// The subscriber for async code.
    pub fn into_inner(self) -> Subscriber {
        self.subscriber
    }

    pub(super) fn poll(&mut self) -> Poll<Option<Bytes>> {
        self.subscriber.poll_frame(&Context::from_waker(&self.waker))
    }
}

/// Blocks until there is something, or nothing will come any more.
impl Iterator for Blocking {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Poll::Ready(frame) = self.poll() {
                return frame;
            }
            self.signal.wait_until(None);
        }
    }
}

/// Why a subscriber has no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecvError {
    /// Nothing was published in this time. The stream goes on.
    TimedOut,
    /// The stream has ended.
    Ended,
}

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RecvError::TimedOut => "nothing was published in time",
            RecvError::Ended => "the stream has ended",
        })
    }
}

impl core::error::Error for RecvError {}

impl fmt::Debug for Blocking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Blocking").field(&self.subscriber).finish()
    }
}
