//! Time, as a parameter: this crate needs no particular runtime.

use core::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use pin_project_lite::pin_project;

/// How a [`Body`](crate::response::Body) waits: with [`TokioTimer`], with a timer of your own ([`FnTimer`]),
/// or not at all ([`NoTimer`]).
///
/// The timer of a body holds the futures that it waits for, so waiting allocates nothing, and a body need be [`Send`]
/// only where its server asks for that.
///
/// This trait is sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a timer for a response body",
    note = "a closure from a `Duration` to a future becomes one with `Body::with_timer(events, closure)`",
    note = "`TokioTimer` needs the feature `tokio`"
)]
pub trait BodyTimer: sealed::BodyTimer {}

/// What a body waits for.
#[derive(Clone, Copy, Debug)]
pub enum Alarm {
    /// The next keep-alive.
    Silence,
    /// The deadline of a shutdown.
    Deadline,
}

pub(super) mod sealed {
    use super::*;

    pub trait BodyTimer {
        /// Whether this timer can wait at all.
        const WAITS: bool;

        /// Starts waiting for this long, instead of any time set before.
        fn set(self: Pin<&mut Self>, alarm: Alarm, time: Duration);

        fn clear(self: Pin<&mut Self>, alarm: Alarm);

        fn is_set(&self, alarm: Alarm) -> bool;

        /// Clears the alarm when its time is over: a future that has completed must not be polled again.
        fn poll(self: Pin<&mut Self>, alarm: Alarm, cx: &mut Context<'_>) -> Poll<()>;
    }
}

pin_project! {
    /// A timer of your own: a function from a [`Duration`] to a future that completes after it. See
    /// [`Body::with_timer`](crate::response::Body::with_timer).
    ///
    /// ```
    /// # mod async_io { pub struct Timer; impl Timer {
    /// #     pub fn after(_: std::time::Duration) -> std::future::Ready<()> { std::future::ready(()) }
    /// # } }
    /// # type Sleep = std::future::Ready<()>;
    /// use sse_wire::{Event, response::{Body, FnTimer}};
    /// use std::time::Duration;
    ///
    /// struct Answer<S> {
    ///     body: Body<S, FnTimer<fn(Duration) -> Sleep, Sleep>>,
    /// }
    ///
    /// # fn make() {
    /// let events = futures_util::stream::pending::<Event>();
    /// let answer = Answer { body: Body::with_timer(events, async_io::Timer::after) };
    /// # }
    /// ```
    pub struct FnTimer<F, Sleep> {
        sleep: F,
        #[pin]
        silence: Option<Sleep>,
        #[pin]
        deadline: Option<Sleep>,
    }
}

impl<F, Sleep> FnTimer<F, Sleep> {
    pub(super) fn new(sleep: F) -> Self {
        FnTimer { sleep, silence: None, deadline: None }
    }
}

impl<F, Sleep> BodyTimer for FnTimer<F, Sleep>
where
    F: Fn(Duration) -> Sleep,
    Sleep: Future,
{
}

impl<F, Sleep> sealed::BodyTimer for FnTimer<F, Sleep>
where
    F: Fn(Duration) -> Sleep,
    Sleep: Future,
{
    const WAITS: bool = true;

    fn set(self: Pin<&mut Self>, alarm: Alarm, time: Duration) {
        let mut this = self.project();
        let sleep = Some((this.sleep)(time));
        match alarm {
            Alarm::Silence => this.silence.set(sleep),
            Alarm::Deadline => this.deadline.set(sleep),
        }
    }

    fn clear(self: Pin<&mut Self>, alarm: Alarm) {
        let mut this = self.project();
        match alarm {
            Alarm::Silence => this.silence.set(None),
            Alarm::Deadline => this.deadline.set(None),
        }
    }

    fn is_set(&self, alarm: Alarm) -> bool {
        match alarm {
            Alarm::Silence => self.silence.is_some(),
            Alarm::Deadline => self.deadline.is_some(),
        }
    }

    fn poll(self: Pin<&mut Self>, alarm: Alarm, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        let mut place = match alarm {
            Alarm::Silence => this.silence,
            Alarm::Deadline => this.deadline,
        };
        match place.as_mut().as_pin_mut().map(|sleep| sleep.poll(cx)) {
            Some(Poll::Pending) => Poll::Pending,
            Some(Poll::Ready(_)) => {
                place.set(None);
                Poll::Ready(())
            }
            None => Poll::Ready(()),
        }
    }
}

impl<F, Sleep> fmt::Debug for FnTimer<F, Sleep> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FnTimer").finish_non_exhaustive()
    }
}

/// No timer: no keep-alive, and a shutdown that waits for nothing. It reads no clock.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct NoTimer;

impl BodyTimer for NoTimer {}
impl sealed::BodyTimer for NoTimer {
    const WAITS: bool = false;

    fn set(self: Pin<&mut Self>, _: Alarm, _: Duration) {}

    fn clear(self: Pin<&mut Self>, _: Alarm) {}

    fn is_set(&self, _: Alarm) -> bool {
        false
    }

    fn poll(self: Pin<&mut Self>, _: Alarm, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

#[cfg(feature = "tokio")]
type TokioSleep = tokio::time::Sleep;
#[cfg(not(feature = "tokio"))]
type TokioSleep = core::future::Pending<()>;

pin_project! {
    /// tokio's timer: see [`Body::new`](crate::response::Body::new). Without the feature `tokio`, only the name exists.
    #[derive(Debug)]
    pub struct TokioTimer {
        #[pin]
        timer: FnTimer<fn(Duration) -> TokioSleep, TokioSleep>,
    }
}

#[cfg(feature = "tokio")]
impl TokioTimer {
    pub(super) fn new() -> Self {
        TokioTimer { timer: FnTimer::new(tokio::time::sleep) }
    }
}

#[cfg(feature = "tokio")]
impl BodyTimer for TokioTimer {}
#[cfg(feature = "tokio")]
impl sealed::BodyTimer for TokioTimer {
    const WAITS: bool = true;

    fn set(self: Pin<&mut Self>, alarm: Alarm, time: Duration) {
        self.project().timer.set(alarm, time);
    }

    fn clear(self: Pin<&mut Self>, alarm: Alarm) {
        self.project().timer.clear(alarm);
    }

    fn is_set(&self, alarm: Alarm) -> bool {
        self.timer.is_set(alarm)
    }

    fn poll(self: Pin<&mut Self>, alarm: Alarm, cx: &mut Context<'_>) -> Poll<()> {
        self.project().timer.poll(alarm, cx)
    }
}
