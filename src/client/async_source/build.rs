//! How an AsyncEventSource is built.

use super::{AsyncEventSource, Compute, Phase};
use crate::{
    client::{
        BoxError, BoxFuture, BuildError, Builder, RequestBody, Timer,
        body::BoxBody,
        builder::{Part, sealed},
        driver::{Computed, Driver},
    },
    sync::random::random,
};
use alloc::{boxed::Box, string::String};
use bytes::Buf;
use core::{future::Future, marker::PhantomData};
use http::{Request, Response};
use http_body::Body;

/// A [`Builder`] of this kind builds an [`AsyncEventSource`].
#[derive(Debug)]
pub struct Async(PhantomData<()>);

impl sealed::Kind for Async {
    type Compute = Compute;
}

impl Builder<Async> {
    /// Adds a header whose value is computed by a future for each request, including those after a redirect: for tokens
    /// that expire. `None` leaves the header out. It replaces other headers with this name.
    ///
    /// ```
    /// # async fn fetch_token() -> Result<String, std::io::Error> { Ok(String::new()) }
    /// let builder = sse_wire::AsyncEventSource::builder("https://example.org/events")
    ///     .header_with("Authorization", || async { Ok(Some(format!("Bearer {}", fetch_token().await?))) });
    /// ```
    pub fn header_with<F, T>(mut self, name: impl Into<String>, mut value: F) -> Self
    where
        F: FnMut() -> T + Send + 'static,
        T: Future<Output = Result<Option<String>, BoxError>> + Send + 'static,
    {
        self.computed.push((Part::Header(name.into()), Box::new(move || Box::pin(value()))));
        self
    }

    /// Computes the URL for each attempt with a future: for cursors and tokens in a query.
    ///
    /// ```
    /// # let cursor = || "7".to_owned();
    /// let builder = sse_wire::AsyncEventSource::builder("https://example.org/events").url_with(move || {
    ///     let url = format!("https://example.org/events?after={}", cursor());
    ///     async move { Ok(url) }
    /// });
    /// ```
    pub fn url_with<F, T>(mut self, mut url: F) -> Self
    where
        F: FnMut() -> T + Send + 'static,
        T: Future<Output = Result<String, BoxError>> + Send + 'static,
    {
        let compute = move || -> BoxFuture<Computed> {
            let url = url();
            Box::pin(async move { url.await.map(Some) })
        };
        self.computed.push((Part::Url, Box::new(compute)));
        self
    }

    /// Builds a client over reqwest. It must always be used in the same tokio runtime, with its timer and I/O enabled:
    /// anywhere else, and after that runtime has ended, tokio panics.
    ///
    /// # Errors
    ///
    /// If a setting is invalid, or the HTTP library does not start.
    #[cfg(feature = "reqwest")]
    pub fn build(self) -> Result<AsyncEventSource, BuildError> {
        let transport = crate::client::reqwest::transport(self.timeouts())?;
        self.build_with(transport)
    }

    /// Builds a client over your own HTTP library, with its proxies, cookies, and certificates, and with tokio's timer.
    /// `transport` is a function that sends a request. Its future completes when the head of the response has arrived,
    /// and the body yields bytes as they arrive.
    ///
    /// The transport must not follow redirects, nor treat any status as an error: the client handles both. It should
    /// respect the connect timeout. The client itself enforces the read timeout, and restarts it whenever a piece of
    /// the request's body is taken. Dropping the future or the body must abort the request.
    ///
    #[cfg_attr(feature = "reqwest", doc = "```no_run")]
    #[cfg_attr(not(feature = "reqwest"), doc = "```ignore")]
    /// use sse_wire::{AsyncEventSource, client::RequestBody};
    ///
    /// # fn client() -> reqwest::Client { unimplemented!() }
    /// let client: reqwest::Client = client();
    /// let settings = AsyncEventSource::builder("http://localhost/events");
    /// let source = settings.build_with(move |request: http::Request<RequestBody>| {
    ///     let request = request.map(reqwest::Body::wrap).try_into().map(|request| client.execute(request));
    ///     async move { Ok::<http::Response<reqwest::Body>, reqwest::Error>(request?.await?.into()) }
    /// })?;
    /// # Ok::<(), sse_wire::client::BuildError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If a setting is invalid.
    #[cfg(feature = "tokio")]
    pub fn build_with<F, T, B, E>(self, transport: F) -> Result<AsyncEventSource, BuildError>
    where
        F: FnMut(Request<RequestBody>) -> T + Send + 'static,
        T: Future<Output = Result<Response<B>, E>> + Send + 'static,
        B: Body<Data: Buf, Error: Into<BoxError>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.build_with_timer(transport, crate::client::timer::TokioTimer)
    }

    /// Builds a client over your own HTTP library and for your own runtime.
    ///
    /// # Errors
    ///
    /// If a setting is invalid.
    pub fn build_with_timer<F, T, B, E>(
        mut self,
        mut transport: F,
        timer: impl Timer,
    ) -> Result<AsyncEventSource, BuildError>
    where
        F: FnMut(Request<RequestBody>) -> T + Send + 'static,
        T: Future<Output = Result<Response<B>, E>> + Send + 'static,
        B: Body<Data: Buf, Error: Into<BoxError>> + Send + 'static,
        E: Into<BoxError>,
    {
        let computed = core::mem::take(&mut self.computed);
        Ok(AsyncEventSource {
            driver: Driver::new(self.connection(random())?),
            transport: Box::new(move |request| {
                let answer = transport(request);
                Box::pin(async move {
                    let answer = answer.await.map_err(Into::into)?;
                    Ok(answer.map(|body| Box::pin(body) as BoxBody))
                })
            }),
            timer: Box::new(timer),
            computed,
            phase: Phase::Idle,
            sleep: None,
        })
    }
}
