//! What precedes the stream: status and headers.

/// Returns the headers of an event stream as pairs of a lower-case name and a value, for any server.
///
/// ```
/// let headers: Vec<_> = sse_wire::response::headers().collect();
/// assert_eq!(
///     headers,
///     [
///         ("content-type", "text/event-stream"),
///         ("cache-control", "no-cache, no-transform"),
///         ("x-accel-buffering", "no"),
///     ]
/// );
/// ```
///
/// `no-transform` asks proxies not to compress the stream, which would delay events, and
/// `X-Accel-Buffering: no` asks nginx not to buffer it. There is no `Connection` header: setting it is up to the
/// server, and HTTP/2 forbids it.
pub fn headers() -> Headers<'static> {
    Headers { cache_control: "no-cache, no-transform", next: 0 }
}

/// The iterator that [`headers`] returns.
#[derive(Clone, Debug)]
pub struct Headers<'a> {
    cache_control: &'a str,
    next: u8,
}

impl<'a> Headers<'a> {
    /// Replaces the value of `Cache-Control`. It is not checked here: the server that sends the headers checks them.
    ///
    /// ```
    /// let mut headers = sse_wire::response::headers().cache_control("no-store");
    /// assert!(headers.any(|pair| pair == ("cache-control", "no-store")));
    /// ```
    pub fn cache_control(self, value: &'a str) -> Headers<'a> {
        Headers { cache_control: value, ..self }
    }
}

impl<'a> Iterator for Headers<'a> {
    type Item = (&'static str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let pair = match self.next {
            0 => ("content-type", "text/event-stream"),
            1 => ("cache-control", self.cache_control),
            2 => ("x-accel-buffering", "no"),
            _ => return None,
        };
        self.next += 1;
        Some(pair)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = 3 - usize::from(self.next);
        (left, Some(left))
    }
}

impl ExactSizeIterator for Headers<'_> {}
impl core::iter::FusedIterator for Headers<'_> {}

/// Whether a request with this method is answered with headers only.
#[cfg(feature = "std")]
pub(super) fn is_head(method: &str) -> bool {
    // Methods are case-sensitive (RFC 9110, section 9.1).
    method == "HEAD"
}

/// Returns a response with the headers of an event stream.
///
/// ```
/// let mut sse = sse_wire::Sse::new();
/// sse.add_message("tick", "1");
/// let mut response = sse_wire::response::with_headers(sse.into_body());
/// assert_eq!(response.headers()["content-type"], "text/event-stream");
/// response.headers_mut().insert("cache-control", http::HeaderValue::from_static("no-store"));
/// ```
#[cfg(feature = "http")]
pub fn with_headers<B>(body: B) -> http::Response<B> {
    use http::{HeaderName, HeaderValue};
    let mut response = http::Response::new(body);
    let pairs =
        headers().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
    response.headers_mut().extend(pairs);
    response
}
