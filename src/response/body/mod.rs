//! The response of an async server.

#[cfg(feature = "axum-core-0_5")]
mod axum;
mod batch;
mod hook;
mod poll;
mod timer;

pub use timer::{FnTimer, NoTimer, Timer, TokioTimer};

use super::{
    End, Item, KeepAlive, LastEvents, Shutdown, head,
    shutdown::{Deadline, Memberships},
};
use batch::Batch;
use bytes::Bytes;
use core::{
    convert::Infallible,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use futures_core::Stream;
use hook::OnError;
use http_body::Frame;
use pin_project_lite::pin_project;
use poll::Rest;

/// How large a frame may become by default, in bytes: what one frame of HTTP/2 and one record of TLS
/// carry.
const BATCH: usize = 16 * 1024;

/// How large a frame may become at most, in bytes, which bounds what one poll does. At a shutdown it is
/// also about how much is still taken from a source that always has more.
const MAX_BATCH: usize = 1024 * 1024;

pin_project! {
    /// A response body over a stream of events.
    ///
    /// It is an [`http_body::Body`] for hyper, axum and what is built on `http`, and a [`Stream`] of
    /// `Result<Bytes, _>` for actix-web, warp and poem. The items of the stream under it are anything that is an
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
    /// let response = Body::new(events).into_http();
    /// assert_eq!(response.headers()["content-type"], "text/event-stream");
    /// # }
    /// ```
    ///
    /// # Its type
    /// `S` is the stream, `T` the [`Timer`], and `E` the error of the stream's items, [`Infallible`] where they
    /// are not a `Result`. None of them is bounded here, so a struct that holds a body needs no bounds either:
    ///
    /// ```
    /// # #[cfg(feature = "tokio")] {
    /// use sse_wire::{Event, response::{Body, NoTimer, TokioTimer}};
    /// use futures_util::stream::Pending;
    ///
    /// struct Answer<S> {
    ///     body: Body<S>,
    /// }
    ///
    /// let answer = Answer { body: Body::new(futures_util::stream::pending::<Event>()) };
    /// type Fallible = Body<Pending<Result<Event, std::io::Error>>, TokioTimer, std::io::Error>;
    /// let body: Fallible = Body::new(futures_util::stream::pending());
    /// # }
    /// ```
    ///
    /// # With extension traits
    /// `BodyExt` of http-body-util and `StreamExt` or `TryStreamExt` of futures-util share the names of some
    /// methods. Where both are imported, say which one you mean:
    ///
    /// ```
    /// use futures_util::{StreamExt, TryStreamExt};
    /// use http_body_util::BodyExt;
    /// use sse_wire::{Event, response::Body};
    ///
    /// # futures_util::FutureExt::now_or_never(async {
    /// let events = || futures_util::stream::iter([Event::new().data("1")]);
    /// let bytes = BodyExt::collect(Body::without_timer(events())).await?.to_bytes();
    /// let frames: Vec<_> = StreamExt::collect(Body::without_timer(events())).await;
    /// let fallible = TryStreamExt::map_err(Body::without_timer(events()), |never| -> std::io::Error { match never {} });
    /// # drop((bytes, frames, fallible));
    /// # Ok::<_, std::convert::Infallible>(()) });
    /// ```
    #[must_use = "a body does nothing until a server sends it"]
    #[project = Projected]
    pub struct Body<S, T = TokioTimer, E = Infallible> {
        // `None` once it has ended.
        #[pin]
        source: Option<S>,
        #[pin]
        timer: T,
        keep_alive: KeepAlive,
        on_error: Option<OnError<E>>,
        // Fields are dropped in order. This one is ahead of `shutdowns` because they may count the stream as
        // gone only after its callback was called.
        rest: Rest<E>,
        shutdowns: Memberships,
        // The first of all shutdowns that have begun.
        deadline: Option<Deadline>,
    }
}

#[cfg(feature = "tokio")]
impl<S, E> Body<S, TokioTimer, E>
where
    S: Stream,
    S::Item: Item<Error = E>,
{
    /// A body that uses tokio's timer. It must be polled in a tokio runtime whose time driver is
    /// enabled, as it is by `#[tokio::main]`.
    pub fn new(events: S) -> Self {
        Self::over(events, TokioTimer::new())
    }
}

impl<S, F, Sleep, E> Body<S, FnTimer<F, Sleep>, E>
where
    S: Stream,
    S::Item: Item<Error = E>,
    F: Fn(Duration) -> Sleep,
    Sleep: Future,
{
    /// A body that uses this timer: a function from a [`Duration`] to a future. It reads no
    /// other clock, unless a shutdown gives it [some time](Shutdown::begin_within).
    ///
    /// ```
    /// # mod async_io { pub struct Timer; impl Timer {
    /// #     pub fn after(_: std::time::Duration) -> std::future::Ready<()> { std::future::ready(()) }
    /// # } }
    /// # let events = futures_util::stream::pending::<sse_wire::Event>();
    /// let body = sse_wire::response::Body::with_timer(events, async_io::Timer::after);
    /// ```
    pub fn with_timer(events: S, timer: F) -> Self {
        Self::over(events, FnTimer::new(timer))
    }
}

impl<S, E> Body<S, NoTimer, E>
where
    S: Stream,
    S::Item: Item<Error = E>,
{
    /// A body without keep-alive, which needs no timer and reads no clock.
    pub fn without_timer(events: S) -> Self {
        Self::over(events, NoTimer)
    }
}

impl<S, T, E> Body<S, T, E> {
    fn over(events: S, timer: T) -> Self {
        Body {
            source: Some(events),
            timer,
            keep_alive: KeepAlive::default(),
            on_error: None,
            rest: Rest::new(Batch::new(BATCH), MAX_BATCH),
            shutdowns: Memberships::default(),
            deadline: None,
        }
    }

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
        self.rest.batch.limit = bytes.min(MAX_BATCH);
        self
    }

    /// Ends the body when this shutdown begins. What the event source has ready is sent first: at
    /// most about 1 MiB, if it always has more.
    ///
    /// A body may be under several, see [Several handles](Shutdown#several-handles).
    pub fn shutdown(mut self, handle: &Shutdown) -> Self {
        self.shutdowns.join(handle);
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
            self.rest.end = Some(End::Finished);
            self.rest.on_end.dropped = End::Finished;
        }
        self
    }

    /// Calls this once, with how the stream ended: when the server takes the last of it, or drops the
    /// body before that. See [what each server can see](crate::response#when-a-client-leaves). If it is set
    /// twice, the last one counts.
    ///
    /// ```
    /// use sse_wire::{Event, response::{Body, End}};
    ///
    /// let events = futures_util::stream::pending::<Event>();
    /// let body = Body::without_timer(events).on_end(|end| assert_eq!(end, End::Dropped));
    /// drop(body);
    /// ```
    pub fn on_end(mut self, callback: impl FnOnce(End) + Send + 'static) -> Self {
        self.rest.on_end.set(callback);
        self
    }

    /// Calls this if the event source returns an error, after which it is not polled again. What was ready
    /// before the error is sent first. What follows depends on what the hook returns:
    ///
    /// * `Ok(())` ends the body as if the source had ended;
    /// * `Ok(events)` sends these last: an [`Event`](crate::Event) that tells the client, or anything that is
    ///   [`Encoded`](crate::response::Encoded). If the source broke off within a block, there is no place for
    ///   them, and they are left out;
    /// * `Err(error)` fails the body, and the server cuts the connection off, as it does without a hook.
    ///
    /// In each case [`on_end`](Body::on_end) is told [`End::Failed`]. An `EventSource` reconnects in each case;
    /// a client that reads an answer to a `POST` can tell them apart.
    ///
    /// ```
    /// use sse_wire::{Event, response::Body};
    ///
    /// let events = futures_util::stream::iter([Ok(Event::new().data("1")), Err("the database is gone")]);
    /// let body = Body::without_timer(events).on_error(|error| {
    ///     eprintln!("an event stream ended: {error}");
    ///     Ok(Event::new().event("error").data("try again later"))
    /// });
    /// ```
    pub fn on_error<L: LastEvents>(mut self, hook: impl FnOnce(E) -> Result<L, E> + Send + 'static) -> Self {
        self.on_error = Some(OnError::new(|error| Ok(hook(error)?.into_last())));
        self
    }

    /// The response: this body with the [headers](crate::response::headers) of an event stream. axum takes it
    /// too; with the feature `axum-core-0_5` a handler may also return the body itself.
    pub fn into_http(self) -> http::Response<Self> {
        head::with_headers(self)
    }
}

impl<S, T, E> http_body::Body for Body<S, T, E>
where
    S: Stream,
    S::Item: Item<Error = E>,
    T: Timer,
{
    type Data = Bytes;
    type Error = E;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, E>>> {
        self.poll_bytes(cx).map_ok(Frame::data)
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_over()
    }
}

impl<S, T, E> Stream for Body<S, T, E>
where
    S: Stream,
    S::Item: Item<Error = E>,
    T: Timer,
{
    type Item = Result<Bytes, E>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_bytes(cx)
    }
}

impl<S, T, E> fmt::Debug for Body<S, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body")
            .field("batch", &self.rest.batch)
            .field("keep_alive", &self.keep_alive)
            .field("is_draining", &self.deadline.is_some())
            .field("end", &self.rest.end)
            .finish_non_exhaustive()
    }
}
