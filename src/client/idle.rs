//! How long an async client waits for something to come, and how long it goes on when something always does.

use super::{Answer, AsyncBody, AsyncTransport, BoxError, BoxFuture, Cause, Request, request::Taken};
use alloc::{format, sync::Arc};
use bytes::Bytes;
use core::{
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use futures_core::Stream;
use std::{
    io::{self, ErrorKind},
    time::Instant,
};

/// Tells when nothing has come for too long.
pub(super) struct Idle {
    transport: Arc<dyn AsyncTransport>,
    limit: Option<Duration>,
    /// Since when it has been waiting. What comes at once costs no look at the clock.
    since: Option<Instant>,
    /// Sleeps up to a time at which it may be too long, and goes on sleeping when something comes.
    sleep: Option<BoxFuture<()>>,
}

impl Idle {
    pub(super) fn new(transport: &Arc<dyn AsyncTransport>, limit: Option<Duration>) -> Idle {
        Idle { transport: transport.clone(), limit, since: None, sleep: None }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Duration> {
        let Some(limit) = self.limit else { return Poll::Pending };
        let mut now = self.transport.now();
        let since = *self.since.get_or_insert(now);
        loop {
            let left = limit.saturating_sub(now.saturating_duration_since(since));
            if left.is_zero() {
                return Poll::Ready(limit);
            }
            let sleep = self.sleep.get_or_insert_with(|| self.transport.sleep(left));
            ready!(sleep.as_mut().poll(context));
            self.sleep = None;
            now = self.transport.now();
        }
    }
}

/// A request on its way, with a limit on how long nothing happens.
pub(super) struct Opening {
    answer: BoxFuture<Result<Answer<AsyncBody>, BoxError>>,
    taken: Taken,
    /// How many bytes of the request's body had been taken at the last look.
    seen: usize,
    idle: Idle,
}

impl Opening {
    pub(super) fn new(transport: &Arc<dyn AsyncTransport>, request: Request) -> Opening {
        // Nobody tells when the connection stands, so until the head has come both may pass.
        let connect = request.connect_timeout().unwrap_or_default();
        let limit = request.read_timeout().map(|read| read.saturating_add(connect));
        let taken = request.taken.clone();
        Opening { answer: transport.open(request), taken, seen: 0, idle: Idle::new(transport, limit) }
    }

    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Answer<AsyncBody>, BoxError>> {
        if let Poll::Ready(answer) = self.answer.as_mut().poll(context) {
            return Poll::Ready(answer);
        }
        let seen = mem::replace(&mut self.seen, self.taken.bytes());
        if seen != self.seen {
            self.idle.since = None;
        }
        let limit = ready!(self.idle.poll(context));
        let text = format!("no answer came within {limit:?}");
        Poll::Ready(Err(io::Error::new(ErrorKind::TimedOut, text).into()))
    }
}

/// A body with a limit on how long nothing comes, and on how long something does without a break.
pub(super) struct Timed {
    body: AsyncBody,
    idle: Idle,
    /// How many chunks there were without a wait.
    in_a_row: u32,
}

/// After how many chunks in a row others get their turn, which is also when a command is seen: if there is no
/// message in the chunks, and always one more, nothing else makes the reader return.
const MOST_IN_A_ROW: u32 = 32;

impl Timed {
    pub(super) fn new(body: AsyncBody, idle: Idle) -> Timed {
        Timed { body, idle, in_a_row: 0 }
    }
}

impl Stream for Timed {
    type Item = Result<Bytes, Cause>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.in_a_row == MOST_IN_A_ROW {
            self.in_a_row = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.in_a_row += 1;
        match poll_bytes(&mut self.body, context) {
            Poll::Ready(item) => {
                self.idle.since = None;
                Poll::Ready(item.map(|bytes| bytes.map_err(Cause::Read)))
            }
            Poll::Pending => {
                self.in_a_row = 0;
                self.idle.poll(context).map(|limit| Some(Err(Cause::ReadTimeout(limit))))
            }
        }
    }
}

/// The next bytes of a body. Nothing has come with a chunk that is empty, and there may be no end of them, so
/// others get their turn in between.
pub(super) fn poll_bytes(
    body: &mut AsyncBody,
    context: &mut Context<'_>,
) -> Poll<Option<Result<Bytes, BoxError>>> {
    let polled = body.as_mut().poll_next(context);
    if matches!(&polled, Poll::Ready(Some(Ok(bytes))) if bytes.is_empty()) {
        context.waker().wake_by_ref();
        return Poll::Pending;
    }
    polled
}
