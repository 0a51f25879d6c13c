//! The transport over reqwest.

use super::{BoxError, BoxFuture, BuildError, RequestBody, Timeouts, cause::NoTls};
use alloc::{
    boxed::Box,
    string::{String, ToString},
};
use bytes::Bytes;
use core::{
    error::Error,
    pin::Pin,
    task::{Context, Poll, ready},
};
use http::{Request, Response, Version};
use http_body::{Body, Frame};
use reqwest::{Client, redirect};
use std::io::{self, ErrorKind};

type Answer = BoxFuture<Result<Response<Checked>, BoxError>>;

pub(super) fn transport(
    timeouts: Timeouts,
) -> Result<impl FnMut(Request<RequestBody>) -> Answer + Send + 'static, BuildError> {
    let mut builder = Client::builder()
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .user_agent(concat!("sse-wire/", env!("CARGO_PKG_VERSION")));
    // Uses the TLS library of the enabled feature, whatever other crates enable in reqwest. With both features, rustls
    // is used, as with ureq.
    #[cfg(feature = "reqwest-rustls")]
    {
        builder = builder.tls_backend_rustls();
    }
    #[cfg(all(feature = "reqwest-native-tls", not(feature = "reqwest-rustls")))]
    {
        builder = builder.tls_backend_native();
    }
    if let Some(timeout) = timeouts.connect() {
        builder = builder.connect_timeout(timeout);
    }
    let wrong = |error: reqwest::Error| BuildError::Transport { reason: chain(&error) };
    let client = builder.build().map_err(wrong)?;
    Ok(move |request: Request<RequestBody>| -> Answer {
        let client = client.clone();
        Box::pin(async move {
            let request = to_reqwest(request).map_err(boxed)?;
            let answer = Response::<reqwest::Body>::from(client.execute(request).await.map_err(boxed)?);
            let version = answer.version();
            Ok(answer.map(|body| Checked { body, version }))
        })
    })
}

fn to_reqwest(request: Request<RequestBody>) -> Result<reqwest::Request, reqwest::Error> {
    let is_empty = request.body().as_bytes().is_empty();
    let mut request = reqwest::Request::try_from(request.map(reqwest::Body::wrap))?;
    if is_empty {
        *request.body_mut() = None;
    }
    Ok(request)
}

/// Converts an error: marks timeouts, and names the feature if a missing one is the reason.
fn boxed(error: reqwest::Error) -> BoxError {
    // A connector without TLS says this about an `https` URL.
    if chain(&error).ends_with("scheme is not http") {
        return NoTls { features: "reqwest-rustls or reqwest-native-tls" }.into();
    }
    let error = error.without_url();
    if error.is_timeout() { io::Error::new(ErrorKind::TimedOut, error).into() } else { error.into() }
}

fn chain(error: &dyn Error) -> String {
    match error.source() {
        Some(source) => [&error.to_string(), ": ", &chain(source)].concat(),
        None => error.to_string(),
    }
}

/// A body that knows whether it has ended or was cut.
pub(super) struct Checked {
    body: reqwest::Body,
    version: Version,
}

impl Body for Checked {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Poll::Ready(match ready!(Pin::new(&mut self.body).poll_frame(context)) {
            Some(frame) => Some(frame.map_err(boxed)),
            // hyper treats a stream that is reset with NO_ERROR as one that has ended, as after a client that sent too
            // much. But in that case END_STREAM has not arrived.
            None if self.version == Version::HTTP_2 && !self.body.is_end_stream() => {
                Some(Err(io::Error::new(ErrorKind::ConnectionReset, "the server reset the stream").into()))
            }
            None => None,
        })
    }
}
