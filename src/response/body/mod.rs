//! The response of an async server.

mod batch;
mod timer;

#[cfg(feature = "tokio")]
pub use timer::TokioTimer;
pub use timer::{NoTimer, Timer};

use super::{End, Item, KeepAlive, Shutdown, end::OnEnd, head, shutdown};
use batch::Batch;
use bytes::Bytes;
use core::{
    fmt,
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use futures_core::Stream;
use http_body::Frame;
use pin_project_lite::pin_project;
use std::time::Instant;

/// The error of an event source.
type SourceError<S> = <<S as Stream>::Item as Item>::Error;

/// How large a frame may become by default, in bytes: what one frame of HTTP/2 and one record of TLS
/// carry.
const BATCH: usize = 16 * 1024;

/// How large a frame may become at most, in bytes, which bounds what one poll does. At a shutdown it is
/// also about how much is still taken from a source that always has more.
const MAX_BATCH: usize = 1024 * 1024;

/// How many items without content are taken from an event source in a row before others get their turn.
const MAX_EMPTY: usize = 256;

pin_project! {
    /// A response body over a stream of events.
    ///
    /// It is an [`http_body::Body`] for hyper, axum and what is built on `http`, and a [`Stream`] of
    /// `Result<Bytes, _>` for actix-web, warp and poem. The stream under it may yield anything that is an
    /// [`Item`]: events, buffers or encoded bytes, each also in a `Result`.
    ///
    /// It **batches**: whatever is ready goes into one frame, up to [`batch`](Body::batch) bytes, and it
    /// waits only when nothing is. It sends a [`KeepAlive`] when there was nothing to send for 15 s.
    ///
    /// ```
    /// # #[cfg(feature = "tokio")] {
    /// use sse_wire::{Event, response::Body};
    ///
    /// let events = futures_util::stream::iter([Event::new().event("tick").data("1")]);
    /// let response = Body::new(events).into_response();
    /// assert_eq!(response.headers()["content-type"], "text/event-stream");
    /// # }
    /// ```
    #[must_use = "a body does nothing until a server sends it"]
    pub struct Body<S, T, E = fn(End), F = fn(SourceError<S>) -> Result<(), SourceError<S>>>
    where
        S: Stream,
        S::Item: Item,
        T: Timer,
        E: FnOnce(End),
    {
        // `None` once it has ended.
        #[pin]
        source: Option<S>,
        // Until the next keep-alive, or until the deadline of a shutdown.
        #[pin]
        sleep: Option<T::Sleep>,
        timer: T,
        keep_alive: KeepAlive,
        // Fields are dropped in order. This one stands ahead of `shutdown` because that may count the
        // stream as gone only after its callback was called.
        out: Out<SourceError<S>, E>,
        shutdown: Option<shutdown::Stream>,
        // Once a shutdown has begun.
        deadline: Option<shutdown::Deadline>,
        on_error: Option<F>,
    }
}

/// What the server has not taken yet, and what happens when it has taken the last.
struct Out<Error, E: FnOnce(End)> {
    batch: Batch,
    /// How many bytes are still taken from the source once it must stop.
    budget: usize,
    farewell: Bytes,
    failure: Option<Error>,
    /// Whether the server had time to write before it gets the failure.
    has_yielded: bool,
    /// Set once nothing is added any more.
    end: Option<End>,
    on_end: OnEnd<E>,
}

/// What there was in an event source.
enum Pulled<Error> {
    /// As much as a frame takes.
    Enough,
    /// All that was ready.
    Pending,
    Ended,
    Failed(Error),
}

impl<S, T> Body<S, T>
where
    S: Stream,
    S::Item: Item,
    T: Timer,
{
    /// A body that keeps its time with this timer: a closure from a [`Duration`] to a
    /// future.
    ///
    /// ```
    /// # mod async_io { pub struct Timer; impl Timer {
    /// #     pub fn after(_: std::time::Duration) -> std::future::Ready<()> { std::future::ready(()) }
    /// # } }
    /// # let events = futures_util::stream::pending::<sse_wire::Event>();
    /// let body = sse_wire::response::Body::with_timer(events, async_io::Timer::after);
    /// ```
    pub fn with_timer(events: S, timer: T) -> Self {
        Body {
            source: Some(events),
            sleep: None,
            timer,
            keep_alive: KeepAlive::default(),
            shutdown: None,
            deadline: None,
            on_error: Some(Err),
            out: Out {
                batch: Batch::new(BATCH),
                budget: MAX_BATCH,
                farewell: Bytes::new(),
                failure: None,
                has_yielded: false,
                end: None,
                on_end: OnEnd::new(|_| (), End::Dropped),
            },
        }
    }
}

#[cfg(feature = "tokio")]
impl<S> Body<S, TokioTimer>
where
    S: Stream,
    S::Item: Item,
{
    /// A body that keeps its time with tokio. It must be polled in a tokio runtime whose time is
    /// enabled, as it is by `#[tokio::main]`.
    pub fn new(events: S) -> Self {
        Self::with_timer(events, TokioTimer)
    }
}

impl<S> Body<S, NoTimer>
where
    S: Stream,
    S::Item: Item,
{
    /// A body without keep-alive, which needs no timer.
    pub fn without_timer(events: S) -> Self {
        Self::with_timer(events, NoTimer)
    }
}

impl<S, T, E, F> Body<S, T, E, F>
where
    S: Stream,
    S::Item: Item,
    T: Timer,
    E: FnOnce(End),
    F: FnOnce(SourceError<S>) -> Result<(), SourceError<S>>,
{
    /// What is sent after a time of silence. By default it is an empty comment every 15 seconds.
    pub fn keep_alive(mut self, keep_alive: KeepAlive) -> Self {
        self.keep_alive = keep_alive;
        self
    }

    /// How many bytes go into one frame at most: 16 KiB by default, and never more than 1 MiB. A single
    /// item is never split, so with 0 each item is a frame of its own.
    ///
    /// One frame is what one poll takes from a source that always has more, so this is also how long
    /// other tasks on the thread wait.
    pub fn batch(mut self, bytes: usize) -> Self {
        self.out.batch.limit = bytes.min(MAX_BATCH);
        self
    }

    /// Ends the body when the server shuts down. What the event source has ready then is sent first, and
    /// of a source that always has more, about 1 MiB.
    pub fn shutdown(mut self, handle: &Shutdown) -> Self {
        self.shutdown = Some(handle.register());
        self
    }

    /// Answers a request with this method: to `HEAD` the body is empty, and the event source is dropped
    /// without being polled.
    ///
    /// Most servers drop the body themselves; others would go on reading it, and sending nothing, for
    /// as long as the connection lasts.
    pub fn method(mut self, method: impl AsRef<str>) -> Self {
        if head::is_head(method.as_ref()) {
            self.source = None;
            self.out.end = Some(End::Finished);
            self.out.on_end.dropped = End::Finished;
        }
        self
    }

    /// Calls this once, with how the stream ended: when the server takes the last of it, or drops the
    /// body before that. See [what each server can see](crate::response#when-a-client-leaves).
    ///
    /// ```
    /// use sse_wire::{Event, response::{Body, End}};
    ///
    /// let events = futures_util::stream::pending::<Event>();
    /// let body = Body::without_timer(events).on_end(|end| assert_eq!(end, End::Dropped));
    /// drop(body);
    /// ```
    pub fn on_end<E2: FnOnce(End)>(self, callback: E2) -> Body<S, T, E2, F> {
        let on_end = self.out.on_end.replace(callback);
        let Out { batch, budget, farewell, failure, has_yielded, end, .. } = self.out;
        let out = Out { batch, budget, farewell, failure, has_yielded, end, on_end };
        let Body { source, sleep, timer, keep_alive, shutdown, deadline, on_error, .. } = self;
        Body { source, sleep, timer, keep_alive, shutdown, deadline, on_error, out }
    }

    /// Calls this if the event source yields an error, after which it is not polled again. With `Ok` the
    /// body ends as if the source had ended; with an error it fails, and the server cuts the connection
    /// off. What was ready before the error is sent first.
    ///
    /// Without this the body fails with the error. A client connects again in both cases. One that reads
    /// an answer to a `POST` can tell the two apart.
    ///
    /// ```
    /// use sse_wire::{Event, response::Body};
    ///
    /// let events = futures_util::stream::iter([Ok(Event::new().data("1")), Err("the database is gone")]);
    /// let body = Body::without_timer(events).on_error(|error| {
    ///     eprintln!("an event stream ended: {error}");
    ///     Ok(())
    /// });
    /// ```
    pub fn on_error<F2>(self, hook: F2) -> Body<S, T, E, F2>
    where
        F2: FnOnce(SourceError<S>) -> Result<(), SourceError<S>>,
    {
        let Body { source, sleep, timer, keep_alive, shutdown, deadline, out, .. } = self;
        Body { source, sleep, timer, keep_alive, shutdown, deadline, on_error: Some(hook), out }
    }

    /// The response: this body with the [headers](crate::response::headers) of an event stream.
    pub fn into_response(self) -> http::Response<Self> {
        head::with_headers(self)
    }

    fn poll_bytes(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, SourceError<S>>>> {
        let mut this = self.project();
        let Some(source) = this.source.as_mut().as_pin_mut() else {
            return this.out.poll_rest(cx);
        };

        let mut must_stop = false;
        if let Some(shutdown) = this.shutdown
            && let Some(deadline) = shutdown.poll_deadline(cx)
        {
            if this.deadline.replace(deadline) != Some(deadline) {
                let left = deadline.left();
                this.sleep.set(if left.is_zero() { None } else { sleep(this.timer, left) });
            }
            // Without a sleep there is no time left, or no timer, unless there is no end of the time.
            must_stop = !deadline.is_never()
                && this.sleep.as_mut().as_pin_mut().is_none_or(|sleep| sleep.poll(cx).is_ready());
            if must_stop {
                // A future that has completed must not be polled again.
                this.sleep.set(None);
            }
        }
        let is_stopping = this.deadline.is_some();

        let end = match pull(source, &mut this.out.batch, cx) {
            Pulled::Ended if is_stopping => Some(End::ShutDown),
            Pulled::Ended => Some(End::Finished),
            Pulled::Failed(error) => {
                this.out.on_end.dropped = End::Failed;
                // The source is not polled again, so the hook is still there.
                this.out.failure = this.on_error.take().and_then(|hook| hook(error).err());
                Some(End::Failed)
            }
            Pulled::Pending => must_stop.then_some(End::ShutDown),
            // When it must stop, what is ready still goes, frame by frame.
            Pulled::Enough => {
                let is_spent = this.out.batch.len() >= this.out.budget;
                (must_stop && is_spent).then_some(End::ShutDown)
            }
        };

        if let Some(end) = end {
            this.source.set(None);
            this.sleep.set(None);
            // When the body fails, the connection is cut off, and nothing can follow.
            if is_stopping
                && this.out.failure.is_none()
                && let Some(shutdown) = this.shutdown
            {
                this.out.farewell = shutdown.farewell().into();
            }
            this.out.end = Some(end);
            return this.out.poll_rest(cx);
        }
        if let Some(frame) = this.out.batch.take() {
            if must_stop {
                this.out.budget = this.out.budget.saturating_sub(frame.len());
            } else if !is_stopping {
                // The silence begins anew.
                this.sleep.set(None);
            }
            return Poll::Ready(Some(Ok(frame)));
        }
        if is_stopping {
            return Poll::Pending;
        }
        if this.sleep.is_none() {
            this.sleep.set(this.keep_alive.interval().and_then(|interval| sleep(this.timer, interval)));
        }
        if this.sleep.as_mut().as_pin_mut().is_none_or(|sleep| sleep.poll(cx).is_pending()) {
            return Poll::Pending;
        }
        this.sleep.set(None);
        this.out.batch.add(this.keep_alive.message());
        match this.out.batch.take() {
            Some(frame) => Poll::Ready(Some(Ok(frame))),
            None => {
                // An empty message: only the time begins anew.
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}

/// Waits for this long, unless that is later than the clock goes: timers add to the present, and some
/// panic then.
fn sleep<T: Timer>(timer: &T, duration: Duration) -> Option<T::Sleep> {
    Instant::now().checked_add(duration)?;
    timer.sleep(duration)
}

/// Takes what is ready.
fn pull<S>(mut source: Pin<&mut S>, batch: &mut Batch, cx: &mut Context<'_>) -> Pulled<SourceError<S>>
where
    S: Stream,
    S::Item: Item,
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

impl<Error, E: FnOnce(End)> Out<Error, E> {
    /// What the server gets once nothing is added any more.
    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        let next = match self.batch.take() {
            Some(frame) => Some(Ok(frame)),
            None if !self.farewell.is_empty() => Some(Ok(mem::take(&mut self.farewell))),
            None if self.failure.is_some() && !mem::replace(&mut self.has_yielded, true) => {
                // A server drops what it has not written yet when a body fails, and writes when it has
                // to wait.
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

    /// Whether the server has taken all, and nothing will follow.
    fn is_over(&self) -> bool {
        self.end.is_some() && self.batch.is_empty() && self.farewell.is_empty() && self.failure.is_none()
    }
}

impl<S, T, E, F> http_body::Body for Body<S, T, E, F>
where
    S: Stream,
    S::Item: Item,
    T: Timer,
    E: FnOnce(End),
    F: FnOnce(SourceError<S>) -> Result<(), SourceError<S>>,
{
    type Data = Bytes;
    type Error = SourceError<S>;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.poll_bytes(cx).map_ok(Frame::data)
    }

    fn is_end_stream(&self) -> bool {
        self.out.is_over()
    }
}

impl<S, T, E, F> Stream for Body<S, T, E, F>
where
    S: Stream,
    S::Item: Item,
    T: Timer,
    E: FnOnce(End),
    F: FnOnce(SourceError<S>) -> Result<(), SourceError<S>>,
{
    type Item = Result<Bytes, SourceError<S>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_bytes(cx)
    }
}

impl<S, T, E, F> fmt::Debug for Body<S, T, E, F>
where
    S: Stream,
    S::Item: Item,
    T: Timer,
    E: FnOnce(End),
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body")
            .field("batch", &self.out.batch)
            .field("keep_alive", &self.keep_alive)
            .field("is_stopping", &self.deadline.is_some())
            .field("end", &self.out.end)
            .finish_non_exhaustive()
    }
}
