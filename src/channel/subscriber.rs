//! A place in the log, as a stream.

use super::{
    blocking::Blocking,
    channel::{Ended, Shared, State},
    filter::{Filter, Published},
    policy::{Gap, OnLag},
};
use crate::sync::{MutexGuard, wait_list::Place};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use bytes::Bytes;
use core::{
    fmt, mem,
    pin::Pin,
    task::{Context, Poll, Waker},
};
use futures_core::Stream;

/// A stream of what a [`Channel`](super::Channel) publishes, in whole blocks, for
/// [`response::Body`](crate::response).
///
/// Each item is all that is ready and lies in one piece of memory, which subscribers share. It ends when the channel
/// is finished or closed, or when this subscriber was too slow and the policy is [`OnLag::Close`].
///
/// It holds nothing of what was published, so one that is not polled costs no memory.
#[must_use = "a subscriber does nothing until it is polled"]
pub struct Subscriber {
    shared: Arc<Shared>,
    /// The number of the next event that it reads.
    next: u64,
    /// What comes ahead of it.
    first: First,
    filter: Option<Box<Filter>>,
    is_ended: bool,
    // Waiting: as long as the version is the same, this task is still in the wait list.
    place: Place,
    version: u64,
    waker: Option<Waker>,
}

/// What a subscriber gets ahead of the events.
#[derive(Default)]
enum First {
    #[default]
    Nothing,
    Block(Bytes),
    /// So many events are missing that were published before those that it reads.
    Gap(Option<u64>),
    #[cfg(feature = "redis")]
    Ahead(Box<dyn Ahead>),
}

/// What comes ahead of the log, and from elsewhere.
#[cfg(feature = "redis")]
pub(super) trait Ahead: Send {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Turn>;
}

#[cfg(feature = "redis")]
pub(super) enum Turn {
    /// Whole blocks, each of which is marked.
    Frame(Bytes, Vec<super::log::Mark>),
    /// What no filter looks at.
    Told(Bytes),
    /// The event of the log that is next.
    Join(u64),
}

/// What is left to do outside the lock.
enum Step {
    /// The events of this frame, which are also marked in the filter if there is one.
    Frame(Bytes),
    /// A gap, and the line with the ID of its last event.
    Gap(Gap, Vec<u8>),
    Block(Bytes),
    End,
    Wait,
}

impl Subscriber {
    pub(super) fn new(shared: &Arc<Shared>, mut state: MutexGuard<'_, State>, next: u64) -> Subscriber {
        state.subscribers += 1;
        let first = match shared.policy.prime {
            true => First::Block(state.log.id_block(next - 1).into()),
            false => First::Nothing,
        };
        drop(state);
        shared.tell();
        Subscriber {
            shared: shared.clone(),
            next,
            first,
            filter: None,
            is_ended: false,
            place: Place::default(),
            version: 0,
            waker: None,
        }
    }

    /// Sends this ahead of everything else.
    pub(super) fn send_first(&mut self, block: Bytes) {
        self.first = First::Block(block);
    }

    /// Tells first of so many events that are missing ahead of its place.
    pub(super) fn tell_gap(&mut self, missed: Option<u64>) {
        self.first = First::Gap(missed);
    }

    /// Sends what comes from elsewhere ahead of the log.
    #[cfg(feature = "redis")]
    pub(super) fn read_first(&mut self, ahead: impl Ahead + 'static) {
        self.first = First::Ahead(Box::new(ahead));
    }

    /// Only the events for which this returns `true`.
    ///
    /// IDs stay right: with an event the client gets its ID, and while nothing is sent, now and then a block
    /// with only the ID of the last event that was kept back, before that is too old to resume with. Missed events
    /// are counted before they are filtered, because they cannot be looked at.
    ///
    /// ```
    /// # let channel = sse_wire::channel::Channel::new();
    /// let prices = channel.subscribe().filter(|event| event.event_type() == "price");
    /// ```
    pub fn filter(mut self, filter: impl FnMut(&Published<'_>) -> bool + Send + 'static) -> Subscriber {
        self.filter = Some(Box::new(Filter::new(filter)));
        self
    }

    /// The subscriber for code without async.
    pub fn into_blocking(self) -> Blocking {
        Blocking::new(self)
    }

    /// All that is ready in one piece, or `None` at the end.
    pub(super) fn poll_frame(&mut self, cx: &Context<'_>) -> Poll<Option<Bytes>> {
        loop {
            if let Some(filter) = &mut self.filter
                && let Some(run) = filter.next_run()
            {
                return Poll::Ready(Some(run));
            }
            #[cfg(feature = "redis")]
            if let First::Ahead(ahead) = &mut self.first {
                match core::task::ready!(ahead.poll(&mut Context::from_waker(cx.waker()))) {
                    Turn::Frame(frame, marks) => match &mut self.filter {
                        None => {
                            self.shared.lock().delivered += marks.len() as u64;
                            return Poll::Ready(Some(frame));
                        }
                        Some(filter) => {
                            filter.marks = marks;
                            filter.frame(frame);
                        }
                    },
                    Turn::Told(block) => return Poll::Ready(Some(block)),
                    Turn::Join(next) => {
                        self.next = next;
                        self.first = First::Nothing;
                    }
                }
                continue;
            }
            return Poll::Ready(match self.step(cx) {
                Step::Frame(frame) => match &mut self.filter {
                    None => Some(frame),
                    Some(filter) => {
                        filter.frame(frame);
                        continue;
                    }
                },
                Step::Gap(gap, id_line) => {
                    let event = (self.shared.policy.gap_event.0)(gap);
                    let mut block = if event.has_id() { Vec::new() } else { id_line };
                    match (block.is_empty(), event.is_empty()) {
                        (true, true) => continue,
                        (false, true) => block.push(b'\n'),
                        (_, false) => event.write_block(&mut block),
                    }
                    Some(block.into())
                }
                Step::Block(block) => Some(block),
                Step::End => None,
                Step::Wait => return Poll::Pending,
            });
        }
    }

    fn step(&mut self, cx: &Context<'_>) -> Step {
        if self.is_ended {
            return Step::End;
        }
        if let First::Block(block) = &mut self.first {
            let block = mem::take(block);
            self.first = First::Nothing;
            if !block.is_empty() {
                return Step::Block(block);
            }
        }
        let is_same_task = self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
        if is_same_task && self.version == self.shared.version() {
            return Step::Wait;
        }

        let Subscriber { shared, next, first, filter, is_ended, place, version, waker } = self;
        // What may run code of others when it is dropped is declared ahead of the lock.
        let (_listed, _kept);
        let mut state = shared.lock();
        let state = &mut *state;

        let (mut missed, is_late) = match mem::take(first) {
            First::Gap(missed) => (missed, false),
            _ => (Some(0), true),
        };
        let lag = state.log.first().saturating_sub(*next);
        if lag > 0 && is_late && shared.policy.on_lag == OnLag::Close {
            state.missed += lag;
            *is_ended = true;
            return Step::End;
        }
        *next += lag;
        missed = missed.map(|missed| missed + lag);
        if missed != Some(0) {
            state.missed += missed.unwrap_or(0);
            // So that a client which is cut off after the gap is not told of it again.
            let id_line = state.log.id_line(*next - 1);
            return Step::Gap(Gap { missed }, id_line);
        }

        let frame = match state.log.read(*next) {
            Some((frame, after)) => {
                match filter {
                    None => state.delivered += after - *next,
                    Some(filter) => state.log.marks(*next, after, &mut filter.marks),
                }
                *next = after;
                Step::Frame(frame)
            }
            None => match &state.ended {
                None => Step::Wait,
                Some(ended) => {
                    *is_ended = true;
                    return match ended {
                        Ended::Closed(farewell) if !farewell.is_empty() => Step::Block(farewell.clone()),
                        Ended::Finished | Ended::Closed(_) => Step::End,
                    };
                }
            },
        };
        let mut waits = *next == state.log.next() && state.ended.is_none();
        if let Some(filter) = filter {
            // It may have an ID to tell once it has looked at this frame.
            waits &= matches!(frame, Step::Wait);
            filter.report(&mut state.delivered, &mut state.filtered);
            if matches!(frame, Step::Wait) && filter.must_tell_id(state.log.len()) {
                return Step::Block(state.log.id_block(*next - 1).into());
            }
        }
        // A task that has everything will wait next. It waits from now on, which saves it another lock then.
        if waits {
            *version = shared.version();
            _listed = state.waiting.wait(place, cx.waker().clone());
            if !is_same_task {
                _kept = waker.replace(cx.waker().clone());
            }
        }
        frame
    }
}

impl Stream for Subscriber {
    type Item = Bytes;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        self.get_mut().poll_frame(cx)
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        let _listed;
        {
            let mut state = self.shared.lock();
            _listed = state.waiting.leave(&mut self.place);
            state.subscribers -= 1;
            if let Some(filter) = &mut self.filter {
                let state = &mut *state;
                filter.report(&mut state.delivered, &mut state.filtered);
            }
        }
        self.shared.tell();
    }
}

impl fmt::Debug for Subscriber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscriber")
            .field("next", &self.next)
            .field("is_filtered", &self.filter.is_some())
            .field("is_ended", &self.is_ended)
            .finish_non_exhaustive()
    }
}
