//! Time, as a parameter: this crate needs no particular runtime.

use core::{
    future::{Future, Pending},
    time::Duration,
};

/// How a body waits: any closure from a [`Duration`] to a future that completes after it.
///
/// ```
/// # mod async_io { pub struct Timer; impl Timer {
/// #     pub fn after(_: std::time::Duration) -> std::future::Ready<()> { std::future::ready(()) }
/// # } }
/// use sse_wire::{Event, response::Body};
///
/// let events = futures_util::stream::iter([Event::new().data("1")]);
/// let body = Body::with_timer(events, |duration| async_io::Timer::after(duration));
/// ```
pub trait Timer {
    /// What completes when the time is over.
    type Sleep: Future;

    /// Waits for this long, or returns `None` if it cannot wait.
    fn sleep(&self, duration: Duration) -> Option<Self::Sleep>;
}

impl<F, S> Timer for F
where
    F: Fn(Duration) -> S,
    S: Future,
{
    type Sleep = S;

    fn sleep(&self, duration: Duration) -> Option<S> {
        Some(self(duration))
    }
}

/// No timer: no keep-alive, and a shutdown that waits for nothing.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct NoTimer;

impl Timer for NoTimer {
    type Sleep = Pending<()>;

    fn sleep(&self, _: Duration) -> Option<Pending<()>> {
        None
    }
}

/// The timer of tokio, see [`Body::new`](crate::response::Body::new).
#[cfg(feature = "tokio")]
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct TokioTimer;

#[cfg(feature = "tokio")]
impl Timer for TokioTimer {
    type Sleep = tokio::time::Sleep;

    fn sleep(&self, duration: Duration) -> Option<tokio::time::Sleep> {
        Some(tokio::time::sleep(duration))
    }
}
