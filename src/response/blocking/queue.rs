//! What the senders and the driver share: the frame that is being filled.

use super::{
    SendError,
    framing::Frame,
    source::{self, Source, Status},
};
use crate::{
    response::Encoded,
    sync::{Condvar, Mutex, MutexGuard, PoisonError, lock},
};
use alloc::sync::Arc;
use core::{
    fmt,
    task::{Context, Poll, Waker},
    time::Duration,
};
use std::time::Instant;

/// How many bytes may wait for the client by default before a sender has to wait.
const CAPACITY: usize = 64 * 1024;

/// How long a sender waits by default for a client that is not reading.
const SEND_TIMEOUT: Duration = Duration::from_secs(30);

/// What the senders of a [`writer`](super::writer) have sent but its driver has not taken yet.
pub struct Queue(pub(super) Arc<Shared>);

pub(super) struct Shared {
    pub(super) state: Mutex<State>,
    /// Notified when the driver has taken the frame, or the stream has ended.
    emptied: Condvar,
}

pub(super) struct State {
    /// What has been sent since the driver last took something.
    pub(super) frame: Frame,
    pub(super) capacity: usize,
    pub(super) send_timeout: Option<Duration>,
    /// When something first found no room, or when the client last read after that.
    pub(super) full_since: Option<Instant>,
    pub(super) senders: usize,
    /// Why nothing more can be sent.
    pub(super) ended: Option<SendError>,
    /// The waker of the driver while it waits.
    driver: Option<Waker>,
}

/// What happened to events that were to be sent.
enum Pushed {
    Sent,
    Ended(SendError),
    /// There is no room until the driver takes the frame. At this moment, if any, the client is given up.
    Full(Option<Instant>),
}

impl Queue {
    pub(super) fn new() -> Self {
        Queue(Arc::new(Shared {
            state: Mutex::new(State {
                frame: Frame::new(),
                capacity: CAPACITY,
                send_timeout: Some(SEND_TIMEOUT),
                full_since: None,
                senders: 0,
                ended: None,
                driver: None,
            }),
            emptied: Condvar::new(),
        }))
    }
}

impl Source for Queue {}
impl source::sealed::Source for Queue {
    fn poll_fill(&mut self, frame: &mut Frame, cx: &mut Context<'_>) -> Poll<Status> {
        let mut state = self.0.lock();
        let status = match &state.ended {
            Some(SendError::TimedOut) => Status::TimedOut,
            Some(_) => Status::Ended,
            None if state.senders == 0 => Status::Ended,
            None => Status::Open,
        };
        if state.frame.len() == 0 && status == Status::Open {
            // If there is a waker already, it is this driver's too.
            state.driver.get_or_insert_with(|| cx.waker().clone());
            return Poll::Pending;
        }
        frame.clear(state.capacity);
        core::mem::swap(&mut state.frame, frame);
        state.full_since = None;
        drop(state);
        self.0.emptied.notify_all();
        Poll::Ready(status)
    }

    fn close(&mut self, reason: &SendError) {
        let driver = self.0.lock().end(reason.clone());
        self.0.notify(driver);
    }

    fn client_reads(&mut self) {
        if let Some(since) = &mut self.0.lock().full_since {
            *since = Instant::now();
        }
    }
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Sends the events once there is room for them.
    pub(super) fn push(&self, events: impl Encoded, may_wait: bool) -> Result<(), SendError> {
        let len = events.encoded_len();
        let mut events = Some(events);
        let mut state = self.lock();
        loop {
            match state.try_push(&mut events, len) {
                Pushed::Sent => {
                    let driver = state.driver.take();
                    drop(state);
                    driver.into_iter().for_each(Waker::wake);
                    return Ok(());
                }
                Pushed::Ended(reason) => return Err(reason),
                Pushed::Full(until) if until.is_some_and(|until| until <= Instant::now()) => {
                    let driver = state.end(SendError::TimedOut);
                    drop(state);
                    self.notify(driver);
                    return Err(SendError::TimedOut);
                }
                Pushed::Full(_) if !may_wait => return Err(SendError::Full),
                Pushed::Full(until) => state = self.wait_for_room(state, until),
            }
        }
    }

    /// Releases the lock until the driver has taken the frame, or until this moment.
    fn wait_for_room<'s>(
        &self,
        state: MutexGuard<'s, State>,
        until: Option<Instant>,
    ) -> MutexGuard<'s, State> {
        match until {
            None => self.emptied.wait(state).unwrap_or_else(PoisonError::into_inner),
            Some(until) => {
                let time = until.saturating_duration_since(Instant::now());
                self.emptied.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner).0
            }
        }
    }

    /// Tells everybody who waits that the stream has ended.
    fn notify(&self, driver: Option<Waker>) {
        driver.into_iter().for_each(Waker::wake);
        self.emptied.notify_all();
    }

    pub(super) fn remove_sender(&self) {
        let driver = {
            let mut state = self.lock();
            state.senders -= 1;
            if state.senders == 0 { state.driver.take() } else { None }
        };
        driver.into_iter().for_each(Waker::wake);
    }
}

impl State {
    fn try_push(&mut self, events: &mut Option<impl Encoded>, len: usize) -> Pushed {
        if let Some(reason) = &self.ended {
            return Pushed::Ended(reason.clone());
        }
        // Events that are longer than the capacity are sent alone.
        let has_room = self.frame.len() == 0 || self.capacity.saturating_sub(self.frame.len()) >= len;
        if !has_room {
            return Pushed::Full(self.give_up_at());
        }
        if let Some(events) = events.take() {
            events.write(self.frame.blocks());
        }
        Pushed::Sent
    }

    /// When a client that is not reading is given up.
    pub(super) fn give_up_at(&mut self) -> Option<Instant> {
        let since = *self.full_since.get_or_insert_with(Instant::now);
        self.send_timeout.and_then(|timeout| since.checked_add(timeout))
    }

    /// Accepts no more events; the first reason that is given counts. Returns the driver's waker if the driver waits.
    fn end(&mut self, reason: SendError) -> Option<Waker> {
        self.ended.get_or_insert(reason);
        self.driver.take()
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.lock().fmt(f)
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("waiting_bytes", &self.frame.len())
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
