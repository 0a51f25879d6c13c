//! The transport over reqwest.

use super::{Answer, AsyncBody, AsyncTransport, BoxError, BoxFuture, BuildError, Request};
use alloc::{boxed::Box, string::ToString, sync::Arc, vec};
use bytes::Bytes;
use core::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use futures_core::Stream;
use http_body::Body;
use reqwest::{
    Client, Method, Url,
    header::{HeaderName, HeaderValue},
    redirect,
};
use rustls::crypto::{CryptoProvider, ring};
use std::{
    io::{self, ErrorKind},
    time::Instant,
};

pub(super) struct Reqwest {
    client: Client,
}

impl Reqwest {
    pub(super) fn new(connect_timeout: Option<Duration>) -> Result<Reqwest, BuildError> {
        Reqwest::build(connect_timeout).map_err(|error| BuildError::Transport { reason: error.to_string() })
    }

    fn build(connect_timeout: Option<Duration>) -> Result<Reqwest, BoxError> {
        let mut builder = Client::builder()
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .tls_backend_preconfigured(tls()?);
        if let Some(timeout) = connect_timeout {
            builder = builder.connect_timeout(timeout);
        }
        Ok(Reqwest { client: builder.build()? })
    }

    fn to_reqwest(&self, request: &Request) -> Result<reqwest::Request, BoxError> {
        let method = Method::from_bytes(request.method().as_bytes())?;
        let mut http = reqwest::Request::new(method, Url::parse(request.url())?);
        for (name, value) in request.headers() {
            let name = HeaderName::from_bytes(name.as_bytes())?;
            http.headers_mut().try_append(name, HeaderValue::from_bytes(value.as_bytes())?)?;
        }
        if request.body().is_some() {
            *http.body_mut() = Some(reqwest::Body::wrap(request.body_pieces()));
        }
        Ok(http)
    }
}

/// TLS with the system's root certificates. Whoever has set a provider of cryptography for the process gets
/// that one; the other ones would take minutes to compile.
fn tls() -> Result<rustls::ClientConfig, BoxError> {
    let provider = match CryptoProvider::get_default() {
        Some(provider) => provider.clone(),
        None => Arc::new(ring::default_provider()),
    };
    let verifier = rustls_platform_verifier::Verifier::new(provider.clone())?;
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

impl AsyncTransport for Reqwest {
    fn open(&self, request: Request) -> BoxFuture<Result<Answer<AsyncBody>, BoxError>> {
        let http = self.to_reqwest(&request);
        let client = self.client.clone();
        Box::pin(async move {
            let answer = client.execute(http?).await.map_err(boxed)?;
            let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
            let body: AsyncBody = Box::pin(Frames(answer.into()));
            let answer = Answer::new(status, body);
            Ok(headers.iter().fold(answer, |answer, (name, value)| answer.header(name.as_str(), value)))
        })
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<()> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }
}

/// Says which errors are timeouts.
fn boxed(error: reqwest::Error) -> BoxError {
    let error = error.without_url();
    if error.is_timeout() { io::Error::new(ErrorKind::TimedOut, error).into() } else { error.into() }
}

/// The data of a body.
struct Frames(reqwest::Body);

impl Stream for Frames {
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let item = match ready!(Pin::new(&mut self.0).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => Some(Ok(data)),
                    Err(_trailers) => continue,
                },
                Some(Err(error)) => Some(Err(boxed(error))),
                None => None,
            };
            return Poll::Ready(item);
        }
    }
}
