//! The response body of an async server.

#[cfg(feature = "axum-core-0_5")]
mod axum;
mod batch;
mod hook;
mod poll;
mod timer;

pub use timer::{BodyTimer, FnTimer, NoTimer, TokioTimer};

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
use poll::Outbox;

/// How large a frame may become by default, in bytes: as much as an HTTP/2 frame or a TLS record carries.
const BATCH: usize = 16 * 1024;

/// How large a frame may become at most, in bytes, which limits how much one poll does. At a shutdown, this is also
/// roughly how much is still taken from a source that always has more.
const MAX_BATCH: usize = 1024 * 1024;

pin_project! {
    /// A response body over a stream of events.
    ///
    /// It is an [`http_body::Body`] for hyper, axum, and other servers built on the `http` crate, and a [`Stream`] of
    /// `Result<Bytes, _>` for actix-web, warp, and poem. The inner stream may have any [`Item`]: events, buffers, or
    /// encoded bytes, or a `Result` of one of them.
    ///
    /// A body **batches**: it puts everything that is ready into one frame, up to [`batch`](Body::batch) bytes, and
    /// waits only when nothing is ready. When there has been nothing to send for 15 s, it sends a [`KeepAlive`].
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
    /// # Type parameters
    /// `S` is the stream, `T` the [`BodyTimer`], and `E` the error of the stream's items, which is [`Infallible`] if
    /// they are not a `Result`. The struct puts no bounds on them, so a struct that holds a body needs no bounds
    /// either:
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
    /// `BodyExt` of http-body-util and `StreamExt` or `TryStreamExt` of futures-util have some method names in common.
    /// If both are imported, say which one you mean:
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
        // Fields are dropped in order. This one precedes `shutdowns`, which must not count the stream as gone before
        // its callback was called.
        outbox: Outbox<E>,
        shutdowns: Memberships,
        // The earliest deadline of the shutdowns that have begun.
        deadline: Option<Deadline>,
    }
}

#[cfg(feature = "tokio")]
impl<S, E> Body<S, TokioTimer, E>
where
    S: Stream,
    S::Item: Item<Error = E>,
{
    /// Creates a body that uses tokio's timer. It must be polled in a tokio runtime whose time driver is enabled, as
    /// with `#[tokio::main]`.
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
    /// Creates a body that uses this timer: a function from a [`Duration`] to a future. The body reads no other clock,
    /// unless a shutdown [has a deadline](Shutdown::begin_within).
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
    /// Creates a body without keep-alives, which needs no timer and reads no clock.
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
            outbox: Outbox::new(Batch::new(BATCH), MAX_BATCH),
            shutdowns: Memberships::default(),
            deadline: None,
        }
    }

    /// Sets what is sent when the stream is silent. By default it is an empty comment every 15 seconds.
    pub fn keep_alive(mut self, keep_alive: KeepAlive) -> Self {
        self.keep_alive = keep_alive;
        self
    }

    /// Sets how many bytes go into one frame at most: 16 KiB by default, and never more than 1 MiB. A single item is
    /// never split, so with 0 each item becomes a separate frame.
    ///
    /// One poll takes one frame from a source that always has more, so this also determines how long other tasks on the
    /// thread have to wait.
    pub fn batch(mut self, bytes: usize) -> Self {
        self.outbox.batch.limit = bytes.min(MAX_BATCH);
        self
    }

    /// Ends the body when this shutdown begins. What the event source has ready is sent first, but at most about 1 MiB
    /// if it always has more. Once the time of the shutdown is over, a source that has nothing ready twice in a row
    /// ends the body. So of a block that [`Blocks`](crate::response::Blocks) is still collecting, at most 512 more
    /// pieces are taken, even if all of them are ready: if they do not complete it, it is dropped.
    ///
    /// A body may have several handles: see [Several handles](Shutdown#several-handles).
    pub fn shutdown(mut self, handle: &Shutdown) -> Self {
        self.shutdowns.join(handle);
        self
    }

    /// Sets the method of the request. For `HEAD`, the body is empty, and the event source is dropped without being
    /// polled.
    ///
    /// Most servers drop the body of such a response themselves. Others would keep reading it, and send nothing, for as
    /// long as the connection lasts.
    pub fn method(mut self, method: impl AsRef<str>) -> Self {
        if head::is_head(method.as_ref()) {
            self.source = None;
            self.outbox.end = Some(End::Finished);
            self.outbox.on_end.dropped = End::Finished;
        }
        self
    }

    /// Sets a function that is called once with how the stream ended: when the server takes the last of it, or drops
    /// the body before that. See [what each server can see](crate::response#when-a-client-leaves). If it is set twice,
    /// the last function counts.
    ///
    /// ```
    /// use sse_wire::{Event, response::{Body, End}};
    ///
    /// let events = futures_util::stream::pending::<Event>();
    /// let body = Body::without_timer(events).on_end(|end| assert_eq!(end, End::Dropped));
    /// drop(body);
    /// ```
    pub fn on_end(mut self, callback: impl FnOnce(End) + Send + 'static) -> Self {
        self.outbox.on_end.set(callback);
        self
    }

    /// Sets a function that is called if the event source returns an error, after which the source is not polled again.
    /// What was ready before the error is sent first. What follows depends on what the function returns:
    ///
    /// * `Ok(())` ends the body as if the source had ended;
    /// * `Ok(events)` sends these last: an [`Event`](crate::Event) that tells the client, or anything that is
    ///   [`Encoded`](crate::response::Encoded). If the source failed inside a block, there is no place for them, and
    ///   they are left out;
    /// * `Err(error)` fails the body, and the server cuts off the connection, as it does without such a function.
    ///
    /// In each case, [`on_end`](Body::on_end) gets [`End::Failed`], and an `EventSource` reconnects. A client that
    /// reads the response to a `POST` can distinguish the cases.
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

    /// Returns a response: this body with the [headers](crate::response::headers) of an event stream. An axum handler
    /// can return it; with the feature `axum-core-0_5`, it can also return the body itself.
    pub fn into_http(self) -> http::Response<Self> {
        head::with_headers(self)
    }
}

impl<S, T, E> http_body::Body for Body<S, T, E>
where
    S: Stream,
    S::Item: Item<Error = E>,
    T: BodyTimer,
{
    type Data = Bytes;
    type Error = E;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, E>>> {
        self.poll_bytes(cx).map_ok(Frame::data)
    }

    fn is_end_stream(&self) -> bool {
        self.outbox.is_over()
    }
}

impl<S, T, E> Stream for Body<S, T, E>
where
    S: Stream,
    S::Item: Item<Error = E>,
    T: BodyTimer,
{
    type Item = Result<Bytes, E>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_bytes(cx)
    }
}

impl<S, T, E> fmt::Debug for Body<S, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body")
            .field("batch", &self.outbox.batch)
            .field("keep_alive", &self.keep_alive)
            .field("is_draining", &self.deadline.is_some())
            .field("end", &self.outbox.end)
            .finish_non_exhaustive()
    }
}
