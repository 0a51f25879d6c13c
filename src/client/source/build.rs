//! How an EventSource is built.

use super::{BUFFER_SIZE, BoxRead, Compute, EventSource};
use crate::{
    client::{
        BoxError, BuildError, Builder, Stop,
        builder::{Part, sealed},
        driver::Driver,
    },
    sync::random::random,
};
use alloc::{boxed::Box, string::String, vec, vec::Vec};
use core::marker::PhantomData;
use http::{Request, Response};
use std::io::Read;

/// A [`Builder`] of this kind builds an [`EventSource`].
#[derive(Debug)]
pub struct Blocking(PhantomData<()>);

impl sealed::Kind for Blocking {
    type Compute = Compute;
}

impl Builder<Blocking> {
    /// Adds a header whose value is computed for each request, including those after a redirect: for tokens that
    /// expire. `None` leaves the header out. It replaces other headers with this name.
    ///
    /// ```
    /// # let fetch_token = || Ok::<_, std::io::Error>("");
    /// let builder = sse_wire::EventSource::builder("https://example.org/events")
    ///     .header_with("Authorization", move || Ok(Some(format!("Bearer {}", fetch_token()?))));
    /// ```
    pub fn header_with(
        mut self,
        name: impl Into<String>,
        value: impl FnMut() -> Result<Option<String>, BoxError> + Send + 'static,
    ) -> Self {
        self.computed.push((Part::Header(name.into()), Box::new(value)));
        self
    }

    /// Computes the URL for each attempt: for cursors and tokens in a query.
    ///
    /// ```
    /// # let cursor = || "7".to_owned();
    /// let builder = sse_wire::EventSource::builder("https://example.org/events")
    ///     .url_with(move || Ok(format!("https://example.org/events?after={}", cursor())));
    /// ```
    pub fn url_with(mut self, mut url: impl FnMut() -> Result<String, BoxError> + Send + 'static) -> Self {
        self.computed.push((Part::Url, Box::new(move || url().map(Some))));
        self
    }

    /// Builds a client over ureq.
    ///
    /// # Errors
    ///
    /// If a setting is invalid.
    #[cfg(feature = "ureq")]
    pub fn build(self) -> Result<EventSource, BuildError> {
        let timeouts = self.timeouts();
        self.build_with(crate::client::ureq::transport(timeouts))
    }

    /// Builds a client over your own HTTP library, with its proxies, cookies, and certificates. `transport` is a
    /// function that sends a request, and returns when the head of the response has arrived. The body is read as it
    /// arrives.
    ///
    /// The transport must not follow redirects, nor treat any status as an error: the client handles both. It should
    /// respect the [`Timeouts`](crate::client::Timeouts) in the request's extensions, or have its own; the read timeout
    /// also applies while it sends. If the read timeout passes while the body is read, it must return an
    /// [`io::Error`](std::io::Error) of the kind `TimedOut` or `WouldBlock`. If the body ends too early, for example
    /// inside a chunk, that must be an error too.
    ///
    /// ```no_run
    /// use sse_wire::{EventSource, client::Stop};
    ///
    /// let agent = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().new_agent();
    /// let source = EventSource::builder("http://localhost/events").build_with(
    ///     move |request: http::Request<Vec<u8>>, _: &Stop| {
    ///         let answer = agent.run(request)?;
    ///         Ok::<_, ureq::Error>(answer.map(ureq::Body::into_reader))
    ///     },
    /// )?;
    /// # Ok::<(), sse_wire::client::BuildError>(())
    /// ```
    ///
    /// A ureq agent takes a stream that is cut off by a reset for one that ends, unless it has a `CutDetector` of
    /// [`client`](crate::client) (feature `ureq`). [`close`](crate::client::EventSourceHandle::close) takes effect when
    /// the function, or the body that is being read, returns: tell the [`Stop`] how to make them return at once.
    ///
    /// # Errors
    ///
    /// If a setting is invalid.
    pub fn build_with<F, B, E>(mut self, mut transport: F) -> Result<EventSource, BuildError>
    where
        F: FnMut(Request<Vec<u8>>, &Stop) -> Result<Response<B>, E> + Send + 'static,
        B: Read + Send + 'static,
        E: Into<BoxError>,
    {
        let computed = core::mem::take(&mut self.computed);
        Ok(EventSource {
            driver: Driver::new(self.connection(random())?),
            transport: Box::new(move |request, stop| {
                let answer = transport(request, stop).map_err(Into::into)?;
                Ok(answer.map(|body| Box::new(body) as BoxRead))
            }),
            computed,
            body: None,
            buffer: vec![0; BUFFER_SIZE].into_boxed_slice(),
            chunk: 0..0,
        })
    }
}
