//! What a body does when the server asks for more.

use super::{Body, BodyTimer, Projected, batch::Batch, hook::OnEnd, timer::Alarm};
use crate::response::{End, Item, encoded::MAX_EMPTY, shutdown::Deadline};
use bytes::Bytes;
use core::{
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use futures_core::Stream;
use std::time::Instant;

/// A longer time counts as forever: timers add it to the current time, and some panic on overflow.
const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// The phase of a shutdown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No shutdown has begun.
    Open,
    /// The source still has time to end by itself.
    Draining,
    /// The time is up. What is ready is still sent.
    Over,
}

/// What was taken from an event source.
enum Pulled<E> {
    /// As much as fits into a frame.
    Enough,
    /// Everything that was ready.
    Pending,
    Ended,
    Failed(E),
}

impl<S, T, E> Body<S, T, E>
where
    S: Stream,
    S::Item: Item<Error = E>,
    T: BodyTimer,
{
    #[inline]
    pub(super) fn poll_bytes(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, E>>> {
        let mut this = self.project();
        if this.source.is_none() {
            return this.outbox.poll(cx);
        }
        // Before the source is polled, so that what is ready when a shutdown begins is still sent.
        let phase = this.poll_phase(cx);
        let Some(source) = this.source.as_mut().as_pin_mut() else {
            return this.outbox.poll(cx);
        };
        let end = match pull(source, &mut this.outbox.batch, cx) {
            Pulled::Ended if phase == Phase::Open => Some(End::Finished),
            Pulled::Ended => Some(End::ShutDown),
            Pulled::Failed(error) => {
                this.fail(error);
                Some(End::Failed)
            }
            Pulled::Pending if phase == Phase::Over => {
                if this.outbox.batch.is_empty() && !mem::replace(&mut this.outbox.has_paused, true) {
                    // A tokio channel also says that nothing is ready when it yields to other tasks.
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                (this.outbox.batch.is_empty() || this.outbox.is_spent()).then_some(End::ShutDown)
            }
            Pulled::Pending => None,
            Pulled::Enough => (phase == Phase::Over && this.outbox.is_spent()).then_some(End::ShutDown),
        };
        if let Some(end) = end {
            this.end(end);
            return this.outbox.poll(cx);
        }
        if let Some(frame) = this.outbox.batch.take() {
            if phase == Phase::Over {
                this.outbox.has_paused = false;
                this.outbox.budget = this.outbox.budget.saturating_sub(frame.len());
            }
            // The silence starts over.
            this.timer.as_mut().clear(Alarm::Silence);
            return Poll::Ready(Some(Ok(frame)));
        }
        this.poll_silence(cx)
    }
}

impl<S, T: BodyTimer, E> Projected<'_, S, T, E> {
    #[inline]
    fn poll_phase(&mut self, cx: &mut Context<'_>) -> Phase {
        match self.shutdowns.poll_deadline(cx) {
            None => Phase::Open,
            Some(deadline) => self.poll_drain(deadline, cx),
        }
    }

    #[cold]
    fn poll_drain(&mut self, deadline: Deadline, cx: &mut Context<'_>) -> Phase {
        if self.deadline.replace(deadline) != Some(deadline) {
            self.timer.as_mut().clear(Alarm::Deadline);
            if T::WAITS
                && let Deadline::At(end) = deadline
            {
                let left = end.saturating_duration_since(Instant::now());
                if !left.is_zero() {
                    self.timer.as_mut().set(Alarm::Deadline, left.min(FOREVER));
                }
            }
        }
        // The alarm is cleared when its time is over, and is not set if no time is left.
        let may_wait = deadline == Deadline::Never
            || self.timer.is_set(Alarm::Deadline)
                && self.timer.as_mut().poll(Alarm::Deadline, cx).is_pending();
        if may_wait { Phase::Draining } else { Phase::Over }
    }

    /// The source has returned an error, and will not be polled again.
    fn fail(&mut self, error: E) {
        self.outbox.on_end.dropped = End::Failed;
        let last = match self.on_error.take() {
            Some(hook) => hook.call(error),
            None => Err(error),
        };
        match last {
            Ok(events) => self.outbox.last = events,
            Err(error) => self.outbox.failure = Some(error),
        }
    }

    /// Nothing more comes from the source.
    fn end(&mut self, end: End) {
        self.source.set(None);
        self.timer.as_mut().clear(Alarm::Silence);
        self.timer.as_mut().clear(Alarm::Deadline);
        self.outbox.end = Some(end);
        if !self.outbox.batch.is_between_blocks() {
            // What we add would become part of the unfinished block.
            self.outbox.last = Bytes::new();
        } else if self.deadline.is_some() && self.outbox.failure.is_none() {
            // When the body fails, the connection is cut off, and nothing can follow.
            self.outbox.farewell = self.shutdowns.farewell().into();
        }
    }

    /// There is nothing to send: returns a keep-alive, if one is due.
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, E>>> {
        let interval = self.keep_alive.interval().filter(|interval| T::WAITS && *interval < FOREVER);
        let Some(interval) = interval.filter(|_| self.outbox.batch.is_between_blocks()) else {
            return Poll::Pending;
        };
        if !self.timer.is_set(Alarm::Silence) {
            self.timer.as_mut().set(Alarm::Silence, interval);
        }
        ready!(self.timer.as_mut().poll(Alarm::Silence, cx));
        let message = self.keep_alive.message();
        if message.is_empty() {
            // Only the interval restarts.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Ok(message.into())))
    }
}

/// Takes what is ready.
#[inline]
fn pull<S, E>(mut source: Pin<&mut S>, batch: &mut Batch, cx: &mut Context<'_>) -> Pulled<E>
where
    S: Stream,
    S::Item: Item<Error = E>,
{
    let mut empty = 0;
    while !batch.is_full() {
        match source.as_mut().poll_next(cx) {
            Poll::Pending => return Pulled::Pending,
            Poll::Ready(None) => return Pulled::Ended,
            Poll::Ready(Some(item)) => match item.into_encoded() {
                Err(error) => return Pulled::Failed(error),
                Ok(item) => {
                    empty += usize::from(!batch.add(item));
                    if empty == MAX_EMPTY {
                        cx.waker().wake_by_ref();
                        return Pulled::Pending;
                    }
                }
            },
        }
    }
    Pulled::Enough
}

/// What the server has not taken yet, and what happens once it has taken everything.
pub(super) struct Outbox<E> {
    pub(super) batch: Batch,
    /// How many bytes are still taken from the source once the time is up.
    budget: usize,
    /// After an error.
    last: Bytes,
    farewell: Bytes,
    failure: Option<E>,
    /// Whether the source had another turn since it last yielded something, once the time is up.
    has_paused: bool,
    /// Whether the server has had a chance to write before it gets the failure.
    has_yielded: bool,
    /// Set once nothing more will be added.
    pub(super) end: Option<End>,
    pub(super) on_end: OnEnd,
}

impl<E> Outbox<E> {
    pub(super) fn new(batch: Batch, budget: usize) -> Self {
        Outbox {
            batch,
            budget,
            last: Bytes::new(),
            farewell: Bytes::new(),
            failure: None,
            has_paused: false,
            has_yielded: false,
            end: None,
            on_end: OnEnd::new(),
        }
    }

    fn is_spent(&self) -> bool {
        self.batch.len() >= self.budget
    }

    /// What the server gets once nothing more will be added.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, E>>> {
        let next = match self.batch.take() {
            Some(frame) => Some(Ok(frame)),
            None if !self.last.is_empty() => Some(Ok(mem::take(&mut self.last))),
            None if !self.farewell.is_empty() => Some(Ok(mem::take(&mut self.farewell))),
            None if self.failure.is_some() && !mem::replace(&mut self.has_yielded, true) => {
                // When a body fails, a server drops what it has not written yet. When it has to wait, it writes.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            None => self.failure.take().map(Err),
        };
        if let Some(end) = self.end
            && self.is_over()
        {
            self.on_end.call(end);
        }
        Poll::Ready(next)
    }

    /// Whether the server has taken everything, and nothing will follow.
    pub(super) fn is_over(&self) -> bool {
        self.end.is_some()
            && self.batch.is_empty()
            && self.last.is_empty()
            && self.farewell.is_empty()
            && self.failure.is_none()
    }
}
