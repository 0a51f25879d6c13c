//! A transport over hyper-util's client.

use bytes::Bytes;
use futures_core::Stream;
use hyper::{
    Request as HttpRequest,
    body::{Body, Incoming},
};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::TokioExecutor,
};
use sse_wire::client::{Answer, AsyncBody, AsyncTransport, BoxError, BoxFuture, Request, RequestBody};
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

#[derive(Clone, Debug)]
pub struct HyperClient {
    client: legacy::Client<HttpConnector, RequestBody>,
}

impl HyperClient {
    pub fn http1() -> HyperClient {
        HyperClient { client: legacy::Client::builder(TokioExecutor::new()).build_http() }
    }

    /// HTTP/2 without TLS and without asking first.
    pub fn http2() -> HyperClient {
        let client = legacy::Client::builder(TokioExecutor::new()).http2_only(true).build_http();
        HyperClient { client }
    }
}

impl AsyncTransport for HyperClient {
    fn open(&self, request: Request) -> BoxFuture<Result<Answer<AsyncBody>, BoxError>> {
        let client = self.client.clone();
        Box::pin(async move {
            let mut http = HttpRequest::builder().method(request.method()).uri(request.url());
            for (name, value) in request.headers() {
                http = http.header(name, value.as_bytes());
            }
            let http = http.body(request.body_pieces())?;
            let (head, body) = client.request(http).await?.into_parts();
            let body: AsyncBody = Box::pin(Frames(body));
            let answer = Answer::new(head.status.as_u16(), body);
            let headers = head.headers.iter();
            Ok(headers.fold(answer, |answer, (name, value)| answer.header(name.as_str(), value)))
        })
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<()> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }
}

struct Frames(Incoming);

impl Stream for Frames {
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let frame = match ready!(Pin::new(&mut self.0).poll_frame(context)) {
                Some(Ok(frame)) => frame.into_data(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                None => return Poll::Ready(None),
            };
            if let Ok(data) = frame {
                return Poll::Ready(Some(Ok(data)));
            }
        }
    }
}
