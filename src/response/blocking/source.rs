//! The source of a driver's blocks.

use super::{SendError, framing::Frame};
#[cfg(feature = "stream")]
use crate::response::{Encoded, encoded::MAX_EMPTY};
use core::task::{Context, Poll};
#[cfg(feature = "stream")]
use {alloc::boxed::Box, core::fmt, core::pin::Pin, futures_core::Stream};

/// The source of a [`Driver`](super::Driver)'s blocks: the [`Queue`](super::Queue) of its senders, or a
#[cfg_attr(feature = "stream", doc = "[`StreamSource`].")]
#[cfg_attr(not(feature = "stream"), doc = "`StreamSource` (feature `stream`).")]
///
/// A driver asks its source for what is ready. When nothing is ready, the driver's thread sleeps until the source wakes
/// it, a shutdown begins, or a keep-alive is due.
///
/// This trait is sealed.
pub trait Source: sealed::Source {}

/// Whether more may come from a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Open,
    Ended,
    /// A sender has given up on the client.
    TimedOut,
}

pub(crate) mod sealed {
    use super::*;

    pub trait Source {
        /// Adds what is ready to the frame, which is empty. If it returns `Pending`, nothing was added, and the task is
        /// woken when there is something, or when the source has ended.
        fn poll_fill(&mut self, frame: &mut Frame, cx: &mut Context<'_>) -> Poll<Status>;

        /// Ends the stream for this reason. Only what is ready now is still taken, by one more call of
        /// [`poll_fill`](Source::poll_fill).
        fn close(&mut self, reason: &SendError);

        /// The client has read something.
        fn client_reads(&mut self) {}
    }
}

/// A stream of events as a [`Source`], created by [`Driver::over`](super::Driver::over).
#[cfg(feature = "stream")]
pub struct StreamSource<S> {
    /// `None` once it has ended.
    stream: Option<Pin<Box<S>>>,
    /// How many bytes go into a frame.
    limit: usize,
    /// How many go into the last one.
    last_limit: usize,
    is_closed: bool,
}

#[cfg(feature = "stream")]
impl<S> StreamSource<S> {
    pub(super) fn new(stream: S, limit: usize, last_limit: usize) -> Self {
        StreamSource { stream: Some(Box::pin(stream)), limit, last_limit, is_closed: false }
    }
}

#[cfg(feature = "stream")]
impl<S> Source for StreamSource<S>
where
    S: Stream,
    S::Item: Encoded,
{
}

#[cfg(feature = "stream")]
impl<S> sealed::Source for StreamSource<S>
where
    S: Stream,
    S::Item: Encoded,
{
    fn poll_fill(&mut self, frame: &mut Frame, cx: &mut Context<'_>) -> Poll<Status> {
        use crate::response::encoded::sealed::Encoded as _;

        frame.clear(self.limit);
        let (mut empty, mut has_paused) = (0, false);
        while frame.len() < self.limit && empty < MAX_EMPTY {
            match self.stream.as_mut().map(|stream| stream.as_mut().poll_next(cx)) {
                Some(Poll::Ready(Some(events))) => {
                    empty += usize::from(events.encoded_len() == 0);
                    events.write(frame.blocks());
                    has_paused = false;
                }
                // It may only have yielded to other tasks. Asked once more, because there is no later poll.
                Some(Poll::Pending) if self.is_closed && !has_paused => has_paused = true,
                Some(Poll::Pending) if frame.len() == 0 => return Poll::Pending,
                Some(Poll::Pending) => break,
                Some(Poll::Ready(None)) | None => {
                    self.stream = None;
                    return Poll::Ready(Status::Ended);
                }
            }
        }
        if frame.len() == 0 && empty == MAX_EMPTY {
            // Gives a shutdown and a keep-alive their turn.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Status::Open)
    }

    fn close(&mut self, _: &SendError) {
        self.limit = self.last_limit;
        self.is_closed = true;
    }
}

#[cfg(feature = "stream")]
impl<S> fmt::Debug for StreamSource<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamSource").field("ended", &self.stream.is_none()).finish_non_exhaustive()
    }
}
