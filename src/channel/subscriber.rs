//! A subscriber: a place in the log, as a stream.

#[cfg(feature = "redis")]
use super::archive::{Archive, ArchiveStep};
use super::{
    blocking::BlockingSubscriber,
    cursor::{Cursor, Preface, Step},
    filter::{Filter, Published},
    shared::{Shared, State},
};
use crate::sync::{MutexGuard, wait_list::Place};
use alloc::{boxed::Box, string::String, sync::Arc, vec::Vec};
use bytes::Bytes;
#[cfg(feature = "redis")]
use core::task::ready;
use core::{
    fmt,
    pin::Pin,
    task::{Context, Poll, Waker},
};
use futures_core::Stream;

/// A stream of what a [`Channel`](super::Channel) publishes, in whole blocks, for
/// [`response::Body`](crate::response).
///
/// Each item is everything that is ready and contiguous in memory; subscribers share that memory. The stream ends when
/// the channel is finished or closed, or when this subscriber was too slow and the policy is
/// [`OnLag::Close`](super::OnLag::Close).
///
/// A subscriber holds no events, so one that is not polled costs no memory.
#[must_use = "a subscriber does nothing until it is polled"]
pub struct Subscriber {
    shared: Arc<Shared>,
    cursor: Cursor,
    // Waiting: as long as the version is the same, this task is still in the wait list.
    place: Place,
    version: u64,
    waker: Option<Waker>,
}

impl Subscriber {
    pub(super) fn new(shared: &Arc<Shared>, mut state: MutexGuard<'_, State>, next: u64) -> Subscriber {
        let block = shared.policy.initial_id.then(|| state.log.id_block(next - 1));
        let mut subscriber = Subscriber::without_initial_id(shared, state, next);
        if let Some(block) = block {
            subscriber.send_first(block.into());
        }
        subscriber
    }

    /// Creates a subscriber that does not get the ID of its place first, whatever the policy.
    pub(super) fn without_initial_id(
        shared: &Arc<Shared>,
        mut state: MutexGuard<'_, State>,
        next: u64,
    ) -> Subscriber {
        state.subscribers += 1;
        let subscriber = Subscriber {
            shared: shared.clone(),
            cursor: Cursor {
                next,
                preface: Preface::Nothing,
                #[cfg(feature = "redis")]
                archive: None,
                #[cfg(feature = "redis")]
                is_behind: false,
                filter: None,
                is_ended: false,
            },
            place: Place::default(),
            version: 0,
            waker: None,
        };
        drop(state);
        subscriber.shared.call_hooks();
        subscriber
    }

    /// Sends this block before everything else.
    pub(super) fn send_first(&mut self, block: Bytes) {
        self.cursor.preface = Preface::Block(block);
    }

    /// First sends a gap event for the events that are missing before its place.
    pub(super) fn tell_gap(&mut self, missed: Option<u64>) {
        self.cursor.preface = Preface::Gap(missed);
    }

    /// Reads what the log has evicted from here: now, if it `is_behind`, and whenever it falls behind.
    #[cfg(feature = "redis")]
    pub(super) fn read_archive(&mut self, archive: impl Archive + 'static, is_behind: bool) {
        self.cursor.archive = Some(Box::new(archive));
        self.cursor.is_behind = is_behind;
    }

    /// Lets through only the events for which this function, and every other filter, returns `true`.
    ///
    /// The client's last event ID stays current: while events are filtered out, it gets a block with only the ID of
    /// the last of them from time to time, before its own ID is too old to resume from. Missed events are counted
    /// whether or not they would have passed, because they can no longer be looked at.
    ///
    /// ```
    /// # let channel = sse_wire::channel::Channel::new();
    /// let prices = channel.subscribe().filter(|event| event.event_type().starts_with("price/"));
    /// ```
    pub fn filter(mut self, mut filter: impl FnMut(&Published<'_>) -> bool + Send + 'static) -> Subscriber {
        let before = self.cursor.filter.take();
        self.cursor.filter = Some(Box::new(match before {
            None => Filter::new(filter),
            Some(before) => before.and(move |event| filter(event)),
        }));
        self
    }

    /// Lets through only the events of these types. An event without a type has the type `message`.
    ///
    /// ```
    /// # let channel = sse_wire::channel::Channel::new();
    /// let subscriber = channel.subscribe().event_types(["price", "closed"]);
    /// ```
    pub fn event_types<T: Into<String>>(self, types: impl IntoIterator<Item = T>) -> Subscriber {
        let types: Vec<String> = types.into_iter().map(Into::into).collect();
        self.filter(move |event| types.iter().any(|name| *name == event.event_type()))
    }

    /// Converts this subscriber into an iterator for blocking code.
    pub fn into_blocking(self) -> BlockingSubscriber {
        BlockingSubscriber::new(self)
    }

    /// Everything that is ready in one piece, or `None` at the end.
    pub(super) fn poll_frame(&mut self, cx: &Context<'_>) -> Poll<Option<Bytes>> {
        loop {
            if let Some(filter) = &mut self.cursor.filter
                && let Some(run) = filter.next_run()
            {
                return Poll::Ready(Some(run));
            }
            if let Some(block) = self.cursor.preface_block() {
                return Poll::Ready(Some(block));
            }
            #[cfg(feature = "redis")]
            let step = if self.cursor.is_behind { ready!(self.poll_archive(cx)) } else { self.step(cx) };
            #[cfg(not(feature = "redis"))]
            let step = self.step(cx);
            return Poll::Ready(match step {
                Step::Frame(frame) => match &mut self.cursor.filter {
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
                #[cfg(feature = "redis")]
                Step::Again => continue,
                Step::End => None,
                Step::Wait => return Poll::Pending,
            });
        }
    }

    fn step(&mut self, cx: &Context<'_>) -> Step {
        if self.cursor.is_ended {
            return Step::End;
        }
        let is_same_task = self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
        if is_same_task && self.version == self.shared.version() {
            return Step::Wait;
        }

        // Dropping these may run foreign code, so they are declared before the lock and dropped after it.
        let (_listed, _kept);
        let state = &mut *self.shared.lock();
        let cursor = &mut self.cursor;
        let step = match cursor.missing(state, self.shared.policy.on_lag) {
            Some(step) => step,
            None => cursor.ready(state),
        };
        // A task that has read everything waits next. Registering it now saves another lock. Not with a filter, which
        // may still have to send an ID once it has looked at the frame.
        let waits = match &step {
            Step::Wait => true,
            Step::Frame(_) => {
                cursor.filter.is_none() && cursor.next == state.log.next() && state.ended.is_none()
            }
            Step::Gap(..) | Step::Block(_) | Step::End => false,
            #[cfg(feature = "redis")]
            Step::Again => false,
        };
        if waits {
            self.version = self.shared.version();
            _listed = state.waiting.wait(&mut self.place, cx.waker().clone());
            if !is_same_task {
                _kept = self.waker.replace(cx.waker().clone());
            }
        }
        step
    }
}

#[cfg(feature = "redis")]
impl Subscriber {
    /// Like [`step`](Subscriber::step), but reads what the log has evicted.
    fn poll_archive(&mut self, cx: &Context<'_>) -> Poll<Step> {
        let cursor = &mut self.cursor;
        let Some(archive) = &mut cursor.archive else { return Poll::Ready(Step::End) };
        if let Some(filter) = &mut cursor.filter
            && filter.must_tell_id(usize::MAX, false)
        {
            return Poll::Ready(Step::Block(archive.id_block()));
        }
        let turn = ready!(archive.poll(&mut Context::from_waker(cx.waker())));
        cursor.is_behind = matches!(turn, ArchiveStep::Frame(..) | ArchiveStep::Notice(_));
        Poll::Ready(match turn {
            ArchiveStep::Frame(frame, marks) => {
                match &mut cursor.filter {
                    None => self.shared.lock().delivered += marks.len() as u64,
                    Some(filter) => filter.marks = marks,
                }
                Step::Frame(frame)
            }
            ArchiveStep::Notice(block) => Step::Block(block),
            ArchiveStep::Join(next) => {
                cursor.next = next;
                Step::Again
            }
            ArchiveStep::Cut => {
                // A place that no event will ever have. A filter would send its ID.
                (cursor.next, cursor.filter) = (u64::MAX, None);
                Step::Again
            }
            ArchiveStep::End => {
                cursor.is_ended = true;
                Step::End
            }
        })
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
            if let Some(filter) = &mut self.cursor.filter {
                let state = &mut *state;
                filter.report(&mut state.delivered, &mut state.filtered);
            }
        }
        self.shared.call_hooks();
    }
}

impl fmt::Debug for Subscriber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscriber")
            .field("next", &self.cursor.next)
            .field("is_filtered", &self.cursor.filter.is_some())
            .field("is_ended", &self.cursor.is_ended)
            .finish_non_exhaustive()
    }
}
