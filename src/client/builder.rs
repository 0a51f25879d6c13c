//! Configures a client, whatever drives it.

use super::{
    BuildError, ClientError, Connection, Policy, Timeouts,
    connection::Settings,
    policy::LONGEST,
    request::{header_value, is_framing},
    url::Target,
};
use crate::decode::{Decoder, MessageEvent, Until};
use alloc::{boxed::Box, string::String, vec::Vec};
use bytes::Bytes;
use core::{fmt, marker::PhantomData, time::Duration};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header::CONTENT_TYPE};

/// Configures an [`EventSource`](crate::EventSource), an [`AsyncEventSource`](crate::AsyncEventSource), or a bare
/// [`Connection`].
///
/// Each of the three has a `builder` function, which determines what is built. Invalid settings are reported when it is
/// built.
///
/// ```
/// use sse_wire::client::{Connection, Policy};
/// use std::time::Duration;
///
/// let connection = Connection::builder("https://example.org/events")
///     .last_event_id("7")
///     .header("Authorization", "Bearer secret")
///     .read_timeout(Duration::from_secs(60))
///     .policy(Policy::new().max_attempts(5))
///     .build(0)?;
/// # Ok::<(), sse_wire::client::BuildError>(())
/// ```
#[must_use]
pub struct Builder<K: Kind> {
    url: String,
    method: Option<String>,
    headers: Vec<(String, String)>,
    body: Option<Bytes>,
    policy: Option<Policy>,
    decoder: Decoder,
    reconnection_time: Duration,
    timeouts: Timeouts,
    until: Until,
    dispatch_unfinished: bool,
    any_type: bool,
    compression: bool,
    max_error_body: usize,
    on_error: Option<super::connection::OnError>,
    /// What is computed for each attempt.
    pub(super) computed: Vec<(Part, K::Compute)>,
}

/// What a [`Builder`] builds.
pub trait Kind: sealed::Kind {}

impl<K: sealed::Kind> Kind for K {}

pub(super) mod sealed {
    pub trait Kind {
        /// The type of a function that computes a header or a URL.
        type Compute;
    }
}

/// A [`Builder`] of this kind builds a bare [`Connection`].
#[derive(Debug)]
pub struct Bare(PhantomData<()>);

impl sealed::Kind for Bare {
    type Compute = core::convert::Infallible;
}

/// The part of a request that a function computes.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Url,
    Header(String),
}

impl Connection {
    /// Returns a builder to configure a connection for the events of `url`.
    pub fn builder(url: impl Into<String>) -> Builder<Bare> {
        Builder::new(url.into())
    }
}

impl Builder<Bare> {
    /// Builds a client without I/O. The random delays after failures are derived from `seed`, which can be any number
    /// but should differ between connections.
    ///
    /// # Errors
    ///
    /// If a setting is invalid.
    pub fn build(self, seed: u64) -> Result<Connection, BuildError> {
        self.connection(seed)
    }
}

impl<K: Kind> Builder<K> {
    pub(super) fn new(url: String) -> Builder<K> {
        Builder {
            url,
            method: None,
            headers: Vec::new(),
            body: None,
            policy: None,
            decoder: Decoder::new().retries(true),
            reconnection_time: Duration::from_secs(2),
            timeouts: Timeouts {
                connect: Some(Duration::from_secs(10)),
                read: Some(Duration::from_secs(300)),
            },
            until: Until::default(),
            dispatch_unfinished: false,
            any_type: false,
            compression: false,
            max_error_body: 64 * 1024,
            on_error: None,
            computed: Vec::new(),
        }
    }

    /// Sets the last event ID to begin with, as if an event with it had been received.
    ///
    /// The last event ID is sent wherever redirects lead, even to other origins, as in browsers: its header belongs to
    /// the client, not to you. It is something that a server sent, so it should not be a secret. An ID that contains a
    /// control character, or is longer than 64 KiB, is not sent.
    pub fn last_event_id(mut self, id: impl Into<String>) -> Self {
        self.decoder = self.decoder.with_last_event_id(id);
        self
    }

    /// Adds a header to each request. It replaces a header that the client would send by itself. `Content-Length` and
    /// `Transfer-Encoding` cannot be set.
    ///
    /// After a redirect to another origin, it is no longer sent, and neither are the credentials of the URL.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the method: by default `GET`, or `POST` if there is a body.
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = Some(method.into());
        self
    }

    /// Sets the body of each request. It is up to you to set a `Content-Type`.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Sets whether and when to reconnect.
    ///
    /// The default is [`Policy::new`] for a request that may be repeated. For other requests, such as `POST`, it is
    /// [`Policy::never`], because a repeated request could take effect twice. [`Policy::until_open`] is for those that
    /// may be repeated until they are answered.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = Some(policy);
        self
    }

    /// Sets a function that is called for each error after which the client reconnects, for instance to log it. The
    /// iterator and the stream of messages return only final errors, so without this a misspelt host or an untrusted
    /// certificate would go unnoticed.
    ///
    /// ```
    /// use sse_wire::EventSource;
    ///
    /// let builder = EventSource::builder("https://example.org/events").on_error(|error| eprintln!("{error}"));
    /// ```
    pub fn on_error(mut self, call: impl FnMut(&ClientError) + Send + 'static) -> Self {
        self.on_error = Some(Box::new(call));
        self
    }

    /// Sets the reconnection time that applies until the server sets one with `retry`: 2 s by default.
    pub fn reconnection_time(mut self, time: Duration) -> Self {
        self.reconnection_time = time;
        self
    }

    /// Sets how long it may take to establish a connection (name resolution, TCP, TLS): 10 s by default.
    ///
    /// An async client does not see when the connection is established, so it waits for the head of the response for as
    /// long as both timeouts together. Without a connect timeout, only the read timeout counts, from the beginning.
    ///
    /// The time is limited to between 1 ms and 24.8 days.
    pub fn connect_timeout(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.timeouts.connect = time.into().map(timeout);
        self
    }

    /// Sets how long to wait for the next byte, whatever it is (a keep-alive counts), before the client reconnects:
    /// 5 minutes by default.
    ///
    /// It also limits how long a server may stop reading while the body of the request is sent. Without a read timeout,
    /// nothing limits how long the client waits for the head of a response, or for the next byte.
    ///
    /// With your own transport, an `EventSource` leaves both timeouts to the transport: it finds them as [`Timeouts`]
    /// in the request's extensions. The same limits apply as for the [`connect_timeout`](Self::connect_timeout).
    pub fn read_timeout(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.timeouts.read = time.into().map(timeout);
        self
    }

    /// Sets the largest size of an event in bytes: see [`Decoder::max_event_size`].
    pub fn max_event_size(mut self, bytes: usize) -> Self {
        self.decoder = self.decoder.max_event_size(bytes);
        self
    }

    /// Sets how many bytes are kept of the body of a response that is not an event stream: 64 KiB by default. See
    /// [`ClientError::body`].
    pub fn max_error_body(mut self, bytes: usize) -> Self {
        self.max_error_body = bytes;
        self
    }

    /// Sets whether comments are reported, as [`ClientEvent::Comment`](crate::client::ClientEvent::Comment). By default
    /// they are not.
    pub fn comments(mut self, report: bool) -> Self {
        self.decoder = self.decoder.comments(report);
        self
    }

    /// Sets the data of the message that marks the end, such as `[DONE]`. That message closes the client, and is not
    /// returned. You can set several.
    ///
    /// If the stream ends before any of the ends that you set, that is an error, even if the policy is never to
    /// reconnect.
    pub fn until_data(mut self, data: impl Into<String>) -> Self {
        self.until.data(data.into());
        self
    }

    /// Sets the type of the last event, such as `response.completed` or `message_stop`. That event closes the client
    /// once it has been returned. You can set several.
    ///
    /// If the stream ends before any of the ends that you set, that is an error, even if the policy is never to
    /// reconnect.
    pub fn until_event(mut self, event: impl Into<String>) -> Self {
        self.until.event(event.into());
        self
    }

    /// Sets a function that recognises the last message. That message closes the client once it has been returned. You
    /// can set several.
    ///
    /// If the stream ends before any of the ends that you set, that is an error, even if the policy is never to
    /// reconnect.
    pub fn until(mut self, is_last: impl FnMut(&MessageEvent) -> bool + Send + Sync + 'static) -> Self {
        self.until.predicate(is_last);
        self
    }

    /// Sets whether to dispatch an event that the end of the body cuts off before its blank line: see
    /// [`Decoder::finish`]. By default it is discarded, as the standard says; some servers do not send the last
    /// blank line.
    pub fn dispatch_unfinished(mut self, dispatch: bool) -> Self {
        self.dispatch_unfinished = dispatch;
        self
    }

    /// Sets whether a response with another content type, or without one, is read as an event stream. By default it is
    /// an error, as the standard says.
    pub fn any_content_type(mut self, any: bool) -> Self {
        self.any_type = any;
        self
    }

    /// Sets whether the HTTP library may ask for a compressed stream, as it would by default. The client normally sends
    /// `Accept-Encoding: identity`, because compression may delay events.
    ///
    /// The library must decode what it asked for: ureq and reqwest do with their own feature `gzip`.
    pub fn compression(mut self, may_compress: bool) -> Self {
        self.compression = may_compress;
        self
    }

    #[cfg(any(feature = "reqwest", feature = "ureq"))]
    pub(super) fn timeouts(&self) -> Timeouts {
        self.timeouts
    }

    pub(super) fn connection(self, seed: u64) -> Result<Connection, BuildError> {
        let target = Target::parse(&self.url)?;
        let mut headers = HeaderMap::new();
        for (name, value) in self.headers {
            let (name, value) = header(&name, &value)?;
            headers.try_append(name, value).map_err(|_| BuildError::TooManyHeaders)?;
        }
        for (part, _) in &self.computed {
            if let Part::Header(name) = part {
                header(name, "")?;
            }
        }
        let has_body = self.body.is_some();
        let method = match &self.method {
            Some(method) => normalize(method)?,
            None if has_body => Method::POST,
            None => Method::GET,
        };
        // RFC 9110, 9.2.2: a request that is not idempotent should not be repeated unless the user knows better.
        let may_repeat = ![Method::POST, Method::PATCH, Method::CONNECT].contains(&method);
        let policy = self.policy.unwrap_or(if may_repeat { Policy::new() } else { Policy::never() });
        let settings = Settings {
            target,
            method,
            headers,
            body: self.body.unwrap_or_default(),
            has_body,
            policy,
            reconnection_time: self.reconnection_time,
            timeouts: self.timeouts,
            until: self.until,
            dispatch_unfinished: self.dispatch_unfinished,
            any_type: self.any_type,
            compression: self.compression,
            max_error_body: self.max_error_body,
            on_error: self.on_error,
        };
        Ok(Connection::new(settings, self.decoder, seed))
    }
}

/// Checks a header that the user has set.
pub(super) fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), BuildError> {
    let wrong = || BuildError::Header { name: name.into() };
    let mut value = header_value(value).ok_or_else(wrong)?;
    let known = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
    if is_framing(name) {
        return Err(wrong());
    }
    // The value may be a secret, and `http` would print it otherwise.
    value.set_sensitive(known != CONTENT_TYPE);
    Ok((known, value))
}

/// Limits a timeout to what every socket and timer supports. For most of them a timeout of zero is an error, and
/// `Duration::MAX` overflows.
fn timeout(time: Duration) -> Duration {
    time.clamp(Duration::from_millis(1), LONGEST)
}

/// WHATWG Fetch, "normalize a method".
fn normalize(method: &str) -> Result<Method, BuildError> {
    let known = [Method::DELETE, Method::GET, Method::HEAD, Method::OPTIONS, Method::POST, Method::PUT];
    match known.into_iter().find(|known| known.as_str().eq_ignore_ascii_case(method)) {
        Some(known) => Ok(known),
        None => {
            Method::from_bytes(method.as_bytes()).map_err(|_| BuildError::Method { method: method.into() })
        }
    }
}

// Header values and the URL may contain secrets.
impl<K: Kind> fmt::Debug for Builder<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("method", &self.method)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
