//! What a client does as time passes. A fake transport and tokio's clock, which stands still except for sleeps, so that
//! no test waits, and none depends on the machine.

use bytes::Bytes;
use futures_core::Stream;
use futures_util::stream;
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, StreamBody};
use sse_wire::{
    AsyncEventSource,
    client::{Async, BoxError, BoxFuture, Builder, Cause, ClientError, ClientEvent, RequestBody, Timer},
};
use std::{
    error::Error,
    io, mem,
    sync::{Arc, Mutex},
    task::Poll,
    time::{Duration, Instant},
};
use tokio::time;

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

type Answer = Response<std::pin::Pin<Box<dyn Body<Data = Bytes, Error = BoxError> + Send>>>;
type Outcome = Result<Answer, BoxError>;

fn source<A>(
    settings: Builder<Async>,
    open: impl Fn(Request<RequestBody>) -> A + Send + 'static,
) -> AsyncEventSource
where
    A: Future<Output = Outcome> + Send + 'static,
{
    settings.build_with(open).unwrap()
}

fn builder() -> Builder<Async> {
    AsyncEventSource::builder("http://localhost/")
}

fn answer(status: u16, body: impl Stream<Item = Result<Bytes, BoxError>> + Send + 'static) -> Answer {
    use futures_util::StreamExt;

    let frames = body.map(|chunk| chunk.map(Frame::data));
    let mut answer = Response::new(Box::pin(StreamBody::new(frames)) as _);
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    answer.headers_mut().insert("Content-Type", "text/event-stream".parse().unwrap());
    answer
}

/// Chunks, each of which arrives after this time.
fn chunks(chunks: &'static [&'static str], after: Duration) -> impl Stream<Item = Result<Bytes, BoxError>> {
    stream::unfold(chunks, move |chunks| async move {
        let (chunk, rest) = chunks.split_first()?;
        time::sleep(after).await;
        Some((Ok(Bytes::from(*chunk)), rest))
    })
}

/// The next error, and how long it took to arrive.
async fn error(source: &mut AsyncEventSource) -> (ClientError, Duration) {
    let start = time::Instant::now();
    loop {
        match source.next_event().await {
            Some(ClientEvent::Error(error)) => return (error, start.elapsed()),
            Some(_) => {}
            None => panic!("the client ended without an error"),
        }
    }
}

fn is_timeout(error: &ClientError) -> bool {
    let source = error.source().and_then(|error| error.downcast_ref::<io::Error>());
    matches!(error.cause(), Cause::Connect(_))
        && source.is_some_and(|error| error.kind() == io::ErrorKind::TimedOut)
}

#[tokio::test(start_paused = true)]
async fn each_byte_counts_and_only_bytes_do() {
    let settings = || builder().read_timeout(secs(10));
    // A byte every nine seconds, for more than a minute.
    let bytes = &[":", " ", "w", "\n", "\n", "d", "a", "t", "a", ":", "1", "\n", "\n"];
    let mut client = source(settings(), |_| async { Ok(answer(200, chunks(bytes, secs(9)))) });
    assert_eq!(client.next().await.unwrap().unwrap().data(), "1");
    assert!(matches!(error(&mut client).await.0.cause(), Cause::Ended { .. }));
    // One second more is too long.
    let mut client = source(settings(), |_| async { Ok(answer(200, chunks(bytes, secs(11)))) });
    let (cause, after) = error(&mut client).await;
    assert!(matches!(cause.cause(), Cause::ReadTimeout(time) if *time == secs(10)), "{cause:?}");
    assert_eq!(after, secs(10));
}

#[tokio::test(start_paused = true)]
async fn how_long_an_answer_is_waited_for() {
    for (connect, read, limit) in [
        (Some(secs(3)), Some(secs(10)), Some(secs(13))),
        (None, Some(secs(10)), Some(secs(10))),
        (Some(secs(3)), None, None),
        (None, None, None),
    ] {
        let settings = builder().connect_timeout(connect).read_timeout(read);
        let mut client = source(settings, |_| std::future::pending());
        match (limit, time::timeout(secs(1 << 20), error(&mut client)).await) {
            (Some(limit), Ok((error, after))) => {
                assert_eq!(after, limit);
                assert!(is_timeout(&error), "{error:?}");
                let text = error.source().unwrap().to_string();
                assert_eq!(text, format!("no response arrived within {limit:?}"));
            }
            (limit, seen) => assert!(limit.is_none() && seen.is_err(), "{limit:?} {seen:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_may_take_long_as_long_as_it_progresses() {
    let body: Vec<u8> = (0..100_000).map(|i| i as u8).collect();
    let settings = |body: &[u8]| {
        builder().body(body.to_vec()).connect_timeout(secs(1)).read_timeout(secs(9)).until_data("done")
    };
    // Longer than the limit in total, but not between one piece and the next.
    let expected = body.clone();
    let mut client = source(settings(&body), move |request| {
        let expected = expected.clone();
        async move {
            let (mut body, mut sent) = (request.into_body(), Vec::new());
            assert_eq!(body.as_bytes(), expected);
            while let Some(frame) = body.frame().await {
                time::sleep(secs(9)).await;
                sent.extend_from_slice(&frame.unwrap().into_data().unwrap());
            }
            assert!(sent == expected);
            Ok(answer(200, chunks(&["data: done\n\n"], secs(0))))
        }
    });
    let start = time::Instant::now();
    assert!(client.next().await.is_none());
    assert_eq!(start.elapsed(), secs(9 * 7));
    // A server that stops reading.
    let mut client = source(settings(&body), |request| async move {
        let mut body = request.into_body();
        body.frame().await;
        time::sleep(secs(9)).await;
        body.frame().await;
        std::future::pending().await
    });
    let (error, after) = error(&mut client).await;
    assert!(is_timeout(&error) && error.is_fatal(), "{error:?}");
    assert_eq!(after, secs(9 + 10));
}

#[tokio::test(start_paused = true)]
async fn a_token_is_fetched_by_a_future() {
    let settings = builder().until_data("done").header_with("Authorization", || async {
        time::sleep(secs(5)).await;
        Ok(Some("Bearer 1".into()))
    });
    let mut client = source(settings, |request| async move {
        assert_eq!(request.headers()["authorization"], "Bearer 1");
        Ok(answer(200, chunks(&["data: done\n\n"], secs(0))))
    });
    let start = time::Instant::now();
    assert!(client.next().await.is_none());
    assert_eq!(start.elapsed(), secs(5));
    // While it is being fetched, the client can be closed.
    let settings = builder().url_with(std::future::pending);
    let mut client = source(settings, |_| async { Err("there is no request".into()) });
    let handle = client.handle();
    let (event, ()) = futures_util::future::join(client.next_event(), async { handle.close() }).await;
    assert!(matches!(event, Some(ClientEvent::Closed)), "{event:?}");
}

#[tokio::test(start_paused = true)]
async fn chunks_of_no_bytes_are_nothing() {
    // A task that is always ready stops the clock, so this one sleeps from time to time.
    fn empty() -> impl Stream<Item = Result<Bytes, BoxError>> {
        stream::unfold(0, |count| async move {
            if count % 1000 == 999 {
                time::sleep(Duration::from_millis(100)).await;
            }
            Some((Ok(Bytes::new()), count + 1))
        })
    }
    let mut client = source(builder().read_timeout(secs(10)), |_| async { Ok(answer(200, empty())) });
    let (cause, after) = error(&mut client).await;
    assert!(matches!(cause.cause(), Cause::ReadTimeout(_)), "{cause:?}");
    assert_eq!(after, secs(10));
    // A body that is shown is not waited for any longer either.
    let mut client = source(builder(), |_| async { Ok(answer(404, empty())) });
    assert_eq!(error(&mut client).await.1, secs(1));
    let body = || chunks(&["", "n", "", "o", ""], secs(0));
    let mut client = source(builder(), move |_| async move { Ok(answer(404, body())) });
    let (cause, _) = error(&mut client).await;
    assert!(cause.to_string().contains("body that begins \"no\""), "{cause}");
}

#[tokio::test]
async fn an_endless_row_of_chunks_without_a_message_lets_others_run() {
    for (status, chunk) in [(200, ""), (404, ""), (200, "\n")] {
        let mut client = source(builder(), move |_| async move {
            Ok(answer(status, stream::repeat_with(move || Ok(Bytes::from(chunk)))))
        });
        let polled = std::future::poll_fn(|context| {
            while let Poll::Ready(event) = client.poll_next_event(context) {
                assert!(matches!(event, Some(ClientEvent::Open(_))), "{event:?}");
            }
            Poll::Ready(())
        });
        polled.await;
    }
}

/// A clock that stands still except for sleeps and for whoever moves it.
#[derive(Clone)]
struct Clock(Arc<Mutex<Instant>>);

impl Clock {
    fn go_on(&self, time: Duration) {
        *self.0.lock().unwrap() += time;
    }
}

impl Timer for Clock {
    fn sleep(&self, duration: Duration) -> BoxFuture<()> {
        let clock = self.clone();
        Box::pin(async move { clock.go_on(duration) })
    }

    fn now(&self) -> Instant {
        *self.0.lock().unwrap()
    }
}

#[tokio::test]
async fn what_takes_long_to_compute_lets_no_more_requests_leave() {
    let clock = Clock(Arc::new(Mutex::new(Instant::now())));
    let seen = Arc::<Mutex<Vec<_>>>::default();
    let (in_header, mut first) = (clock.clone(), true);
    let settings = builder().header_with("Authorization", move || {
        if mem::take(&mut first) {
            in_header.go_on(secs(1));
        }
        async { Ok(Some("Bearer token".into())) }
    });
    let (log, at) = (seen.clone(), clock.clone());
    let redirects = move |_| {
        log.lock().unwrap().push(at.now());
        async {
            let mut answer = answer(302, stream::empty());
            answer.headers_mut().insert("Location", "/".parse().unwrap());
            Ok::<_, BoxError>(answer)
        }
    };
    let mut client = settings.build_with_timer(redirects, clock).unwrap();
    assert!(matches!(client.next().await.unwrap().unwrap_err().cause(), Cause::TooManyRedirects { .. }));
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 21);
    for eleven in seen.windows(11) {
        assert!(eleven[10] - eleven[0] >= secs(1), "{eleven:?}");
    }
}
