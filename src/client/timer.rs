//! Time for async code, as a parameter: this crate needs no particular runtime.

use super::BoxFuture;
use alloc::boxed::Box;
use core::{future::Future, time::Duration};
use std::time::Instant;

/// How an [`AsyncEventSource`](crate::AsyncEventSource) waits: any closure from a [`Duration`] to a future that
/// completes after it.
///
/// ```
/// # mod async_io { pub struct Timer; impl Timer {
/// #     pub fn after(_: std::time::Duration) -> std::future::Ready<()> { std::future::ready(()) }
/// # } }
/// use sse_wire::client::Timer;
///
/// fn timer() -> impl Timer {
///     |duration| async_io::Timer::after(duration)
/// }
/// # let _ = timer();
/// ```
pub trait Timer: Send + Sync + 'static {
    /// Waits for this long.
    fn sleep(&self, duration: Duration) -> BoxFuture<()>;

    /// Returns the timer's current time: for a runtime whose clock can be paused, as tokio's can in tests.
    fn now(&self) -> Instant {
        Instant::now()
    }
}

impl<F, S> Timer for F
where
    F: Fn(Duration) -> S + Send + Sync + 'static,
    S: Future + Send + 'static,
{
    fn sleep(&self, duration: Duration) -> BoxFuture<()> {
        let sleep = self(duration);
        Box::pin(async move {
            sleep.await;
        })
    }
}

/// tokio's timer and clock.
#[cfg(feature = "tokio")]
pub(super) struct TokioTimer;

#[cfg(feature = "tokio")]
impl Timer for TokioTimer {
    fn sleep(&self, duration: Duration) -> BoxFuture<()> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }
}
