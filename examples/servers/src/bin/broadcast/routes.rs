//! The responses to requests.

use crate::{
    feeds::{Feeds, From, MAIN},
    metrics, query,
    refusal::Refusal,
    socket::Stall,
};
use bytes::Bytes;
use http_body_util::{BodyExt, Either, Full, LengthLimitError, Limited};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Body as _, Frame, Incoming},
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE},
};
use pin_project_lite::pin_project;
use sse_wire::{
    Event,
    channel::Subscriber,
    response::{Body, Shutdown, last_event_id},
};
use std::{
    borrow::Cow,
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::timeout;

/// The longest data of an event, in bytes.
const MAX_BODY: usize = 1024 * 1024;

/// How long a client may take for the body of a request.
const BODY_TIME: Duration = Duration::from_secs(30);

/// Nothing is boxed: the stream is stored in the task of its connection.
pub type Answer = Response<Either<Paced, Full<Bytes>>>;

pin_project! {
    /// A stream of events that waits while its client does not read.
    pub struct Paced {
        #[pin]
        body: Body<Subscriber>,
        stall: Stall,
    }
}

impl hyper::body::Body for Paced {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let paced = self.project();
        if paced.stall.is_on() { Poll::Pending } else { paced.body.poll_frame(cx) }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
}

const TEXT: &str = "text/plain; charset=utf-8";

/// Boxed, because hyper reserves room for this future for as long as the connection lasts: a few hundred bytes of
/// memory for each client.
pub fn answer(
    request: Request<Incoming>,
    feeds: Feeds,
    shutdown: Shutdown,
    stall: Stall,
) -> Pin<Box<dyn Future<Output = Result<Answer, Infallible>> + Send>> {
    Box::pin(async move { Ok(route(request, &feeds, &shutdown, stall).await.unwrap_or_else(refuse)) })
}

async fn route(
    request: Request<Incoming>,
    feeds: &Feeds,
    shutdown: &Shutdown,
    stall: Stall,
) -> Result<Answer, Refusal> {
    match (request.uri().path(), request.method()) {
        ("/", &Method::GET | &Method::HEAD) => {
            Ok(whole("text/html; charset=utf-8", include_str!("page.html")))
        }
        ("/events", &Method::GET | &Method::HEAD) => events(&request, feeds, shutdown, stall).await,
        ("/publish", &Method::POST) => publish(request, feeds).await,
        ("/metrics", &Method::GET | &Method::HEAD) => Ok(whole(metrics::CONTENT_TYPE, metrics::text(feeds))),
        ("/" | "/events" | "/metrics", _) => Err(Refusal::method("GET, HEAD")),
        ("/publish", _) => Err(Refusal::method("POST")),
        _ => Err(Refusal::new(
            StatusCode::NOT_FOUND,
            "there is nothing here; there are /, /events, /publish and /metrics",
        )),
    }
}

async fn events(
    request: &Request<Incoming>,
    feeds: &Feeds,
    shutdown: &Shutdown,
    stall: Stall,
) -> Result<Answer, Refusal> {
    let query = request.uri().query();
    let in_header = last_event_id::from_headers(request.headers()).map_err(Refusal::bad_request)?;
    let id = match in_header {
        Some(id) => Some(Cow::Borrowed(id)),
        None => last_event_id::from_query(query.unwrap_or_default(), "lastEventId")
            .map_err(Refusal::bad_request)?,
    };
    let from = match (&id, parameter(request, "from")?.as_deref()) {
        // A client that has received an event resumes after it, wherever it wanted to begin.
        (Some(id), _) => From::After(id),
        (None, Some("oldest")) => From::Oldest,
        (None, None) => From::Live,
        (None, Some(_)) => {
            return Err(Refusal::bad_request("the only value of the parameter from is oldest"));
        }
    };
    let channel = parameter(request, "channel")?;
    let subscriber = feeds.subscribe(channel.as_deref().unwrap_or(MAIN), from).await?;
    match subscriber {
        Some(subscriber) => {
            let body = Body::new(subscriber).shutdown(shutdown).method(request.method());
            Ok(body.into_http().map(|body| Either::Left(Paced { body, stall })))
        }
        None => {
            let mut nothing_more = Response::new(Either::Right(Full::default()));
            *nothing_more.status_mut() = StatusCode::NO_CONTENT;
            Ok(nothing_more)
        }
    }
}

async fn publish(request: Request<Incoming>, feeds: &Feeds) -> Result<Answer, Refusal> {
    let channel = parameter(&request, "channel")?;
    let (event_type, id) = (parameter(&request, "event")?, parameter(&request, "id")?);
    let mut event = Event::new();
    if let Some(event_type) = event_type {
        event = event.try_event(&event_type).map_err(Refusal::bad_request)?;
    }
    if let Some(id) = &id {
        event = event.try_id(id.as_str()).map_err(Refusal::bad_request)?;
    }
    let data = read(request.into_body()).await?;
    let data = str::from_utf8(&data).map_err(|error| {
        Refusal::bad_request(format_args!("the body is not UTF-8 after byte {}", error.valid_up_to()))
    })?;
    let of_channel = feeds.publish(channel.as_deref().unwrap_or(MAIN), event.data(data)).await?;
    Ok(whole(TEXT, id.unwrap_or(of_channel)))
}

async fn read(body: Incoming) -> Result<Bytes, Refusal> {
    let too_large = || {
        Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format_args!("the body has more than {MAX_BODY} bytes, which is the most that an event may have"),
        )
    };
    if body.size_hint().lower() > MAX_BODY as u64 {
        return Err(too_large());
    }
    match timeout(BODY_TIME, Limited::new(body, MAX_BODY).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(error)) => Err(Refusal::bad_request(format_args!("the body could not be read: {error}"))),
        Err(_) => Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time")),
    }
}

fn parameter(request: &Request<Incoming>, name: &str) -> Result<Option<String>, Refusal> {
    query::parameter(request.uri().query(), name).map_err(Refusal::bad_request)
}

fn whole(content_type: &'static str, body: impl Into<Bytes>) -> Answer {
    Response::builder()
        .header(CONTENT_TYPE, content_type)
        .header(CACHE_CONTROL, "no-store")
        .body(Either::Right(Full::new(body.into())))
        .expect("these headers are valid")
}

fn refuse(refusal: Refusal) -> Answer {
    let mut answer = whole(TEXT, refusal.reason + "\n");
    *answer.status_mut() = refusal.status;
    if let Some(allow) = refusal.allow {
        answer.headers_mut().insert(ALLOW, allow.parse().expect("a valid header"));
    }
    answer
}
