//! A subscriber for blocking code.

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

/// A [`Subscriber`] as a blocking iterator.
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
pub struct BlockingSubscriber {
    subscriber: Subscriber,
    signal: Arc<Signal>,
    waker: Waker,
}

impl BlockingSubscriber {
    pub(super) fn new(subscriber: Subscriber) -> BlockingSubscriber {
        let signal = Arc::new(Signal::default());
        BlockingSubscriber { subscriber, waker: signal.clone().into(), signal }
    }

    /// Returns everything that is ready in one piece. Blocks until there is something, but no longer than this.
    ///
    /// # Errors
    /// If nothing was published in this time, or the stream has ended.
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<Bytes, RecvError> {
        // No deadline: the clock itself cannot count that far.
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

    /// Like [`recv_timeout`](BlockingSubscriber::recv_timeout), but never blocks.
    ///
    /// # Errors
    /// If nothing is ready, or the stream has ended.
    pub fn try_recv(&mut self) -> Result<Bytes, RecvError> {
        match self.poll() {
            Poll::Ready(frame) => frame.ok_or(RecvError::Ended),
            Poll::Pending => Err(RecvError::TimedOut),
        }
    }

    /// Converts this back into a subscriber for async code.
    pub fn into_inner(self) -> Subscriber {
        self.subscriber
    }

    pub(super) fn poll(&mut self) -> Poll<Option<Bytes>> {
        self.subscriber.poll_frame(&Context::from_waker(&self.waker))
    }
}

/// Blocks until there is something to return or the stream has ended.
impl Iterator for BlockingSubscriber {
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
    /// Nothing was published in the given time. The stream continues.
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

impl fmt::Debug for BlockingSubscriber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BlockingSubscriber").field(&self.subscriber).finish()
    }
}
