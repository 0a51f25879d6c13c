//! The settings of a client.

use super::{
    AsyncEventSource, AsyncTransport, Connection, EventSource, Policy, Transport,
    connection::{Header, Settings},
    error::{BoxError, BuildError},
    policy::LONGEST,
    request::{basic_credentials, header_value, is_framing},
    url::{hide_credentials, is_http, strip},
};
use crate::{
    decode::Decoder,
    wire::http::{is_token, percent_decode},
};
use alloc::{boxed::Box, string::String, sync::Arc, vec::Vec};
use bytes::Bytes;
use core::{fmt, time::Duration};
use url::Url;

/// The settings of an [`EventSource`] or an [`AsyncEventSource`].
///
/// What is wrong with them is said when it is built.
///
/// ```
/// use sse_wire::{EventSource, client::Policy};
/// use std::time::Duration;
///
/// let connection = EventSource::builder("https://example.org/events")
///     .last_event_id("7")
///     .header("Authorization", "Bearer secret")
///     .read_timeout(Duration::from_secs(60))
///     .policy(Policy::new().max_attempts(5))
///     .build_connection()?;
/// # Ok::<(), sse_wire::client::BuildError>(())
/// ```
#[must_use]
pub struct EventSourceBuilder {
    url: String,
    method: Option<String>,
    headers: Vec<(String, Header)>,
    body: Option<Vec<u8>>,
    policy: Option<Policy>,
    decoder: Decoder,
    reconnection_time: Duration,
    connect_timeout: Option<Duration>,
    read_timeout: Option<Duration>,
    terminator: Option<String>,
}

impl EventSourceBuilder {
    pub(super) fn new(url: String) -> EventSourceBuilder {
        EventSourceBuilder {
            url,
            method: None,
            headers: Vec::new(),
            body: None,
            policy: None,
            decoder: Decoder::new().comments(true).retries(true),
            reconnection_time: Duration::from_secs(2),
            connect_timeout: Some(Duration::from_secs(10)),
            read_timeout: Some(Duration::from_secs(300)),
            terminator: None,
        }
    }

    /// Sets the last event ID to begin with, as if an event with it had been received.
    ///
    /// The last event ID goes wherever redirects lead, to other origins too, as in browsers: it is the
    /// client's header and not one of yours. It is what a server said, and nothing that should be secret.
    /// One that holds a control character or more than 64 KiB is not sent.
    pub fn last_event_id(mut self, id: impl Into<String>) -> Self {
        self.decoder = self.decoder.with_last_event_id(id);
        self
    }

    /// Adds a header to each request. It replaces one that the client would send by itself, but for
    /// `Content-Length` and `Transfer-Encoding`, which cannot be set.
    ///
    /// A redirect to another origin drops it, as it drops the credentials of the URL.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), Header::Fixed(value.into())));
        self
    }

    /// Adds a header whose value is computed anew for each request: for tokens that expire.
    ///
    /// ```
    /// # let fetch_token = || Ok::<_, std::io::Error>("");
    /// let builder = sse_wire::EventSource::builder("https://example.org/events")
    ///     .header_with("Authorization", move || Ok(format!("Bearer {}", fetch_token()?)));
    /// ```
    pub fn header_with(
        mut self,
        name: impl Into<String>,
        value: impl FnMut() -> Result<String, BoxError> + Send + 'static,
    ) -> Self {
        self.headers.push((name.into(), Header::Computed(Box::new(value))));
        self
    }

    /// Sets the method. `GET` by default, or `POST` if there is a body.
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = Some(method.into());
        self
    }

    /// Sets the body of each request. A `Content-Type` is for you to set.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Sets whether and when to connect again.
    ///
    /// By default [`Policy::new`] for a request that may be repeated. For another one, such as `POST`, it
    /// is [`Policy::never`]: what it does would be done twice.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = Some(policy);
        self
    }

    /// Sets the reconnection time for as long as the server has not set one with `retry`. 2 s by default.
    pub fn reconnection_time(mut self, time: Duration) -> Self {
        self.reconnection_time = time;
        self
    }

    /// Sets how long it may take until a connection stands: name resolution, TCP, TLS. 10 s by default.
    ///
    /// An async client does not see when the connection stands, so it waits for the head of the answer as long
    /// as both timeouts together. Without this one only the read timeout counts, and from the beginning.
    ///
    /// Less than 1 ms is taken for 1 ms, and more than 24.8 days for that.
    pub fn connect_timeout(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.connect_timeout = time.into().map(timeout);
        self
    }

    /// Sets how long it may take until the next byte comes, whatever it is: a keep-alive counts. Then the
    /// client connects again. 5 minutes by default.
    ///
    /// It also limits how long a server may not read on while the body of the request is sent. Without it
    /// nothing limits how long the head of an answer, or the next byte, is waited for.
    ///
    /// It has the same bounds as the [`connect_timeout`](Self::connect_timeout).
    pub fn read_timeout(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.read_timeout = time.into().map(timeout);
        self
    }

    /// Sets the largest size of an event in bytes: see [`Decoder::max_event_size`].
    pub fn max_event_size(mut self, bytes: usize) -> Self {
        self.decoder = self.decoder.max_event_size(bytes);
        self
    }

    /// Sets the data of a message that says that all is done, such as `[DONE]`. It closes the client, and
    /// is not yielded.
    ///
    /// A stream that ends before it is an error, even if the policy is never to come back.
    pub fn until_data(mut self, data: impl Into<String>) -> Self {
        self.terminator = Some(data.into());
        self
    }

    /// Builds a client for sync code.
    ///
    /// # Errors
    ///
    /// When a setting is wrong, or the HTTP library does not start.
    #[cfg(feature = "ureq")]
    pub fn build(self) -> Result<EventSource, BuildError> {
        self.build_with(super::ureq::Ureq::default())
    }

    /// Builds a client for sync code over a transport of your own.
    ///
    /// # Errors
    ///
    /// When a setting is wrong.
    pub fn build_with(self, transport: impl Transport + 'static) -> Result<EventSource, BuildError> {
        Ok(EventSource::with_connection(self.build_connection()?, transport))
    }

    /// Builds a client for async code. It has to be used in a tokio runtime, one and the same, with its timer and
    /// its I/O: elsewhere tokio panics, also in timers of a runtime that has ended.
    ///
    /// # Errors
    ///
    /// When a setting is wrong, or the HTTP library does not start.
    #[cfg(feature = "reqwest")]
    pub fn build_async(self) -> Result<AsyncEventSource, BuildError> {
        let transport = super::reqwest::Reqwest::new(self.connect_timeout)?;
        self.build_async_with(transport)
    }

    /// Builds a client for async code over a transport of your own.
    ///
    /// # Errors
    ///
    /// When a setting is wrong.
    pub fn build_async_with(
        self,
        transport: impl AsyncTransport + 'static,
    ) -> Result<AsyncEventSource, BuildError> {
        Ok(AsyncEventSource::with_connection(self.build_connection()?, transport))
    }

    /// Builds the state alone.
    ///
    /// # Errors
    ///
    /// When a setting is wrong.
    pub fn build_connection(self) -> Result<Connection, BuildError> {
        let mut url = match Url::parse(&self.url) {
            Ok(url) if is_http(&url) => url,
            Ok(_) => return Err(url_error(self.url, "it does not begin with http:// or https://".into())),
            Err(error) => return Err(url_error(self.url, alloc::format!("{error}"))),
        };
        let mut headers = Vec::with_capacity(self.headers.len() + 1);
        for (name, value) in self.headers {
            let value = match value {
                Header::Fixed(value) => header_value(&value).map(|value| Header::Fixed(value.into())),
                computed => Some(computed),
            };
            match value {
                Some(value) if is_token(&name) && !is_framing(&name) => {
                    headers.push((Arc::from(name), value))
                }
                _ => return Err(BuildError::Header { name }),
            }
        }
        if !(url.username().is_empty() && url.password().is_none()) {
            let [user, password] = [url.username(), url.password().unwrap_or_default()]
                .map(|text| String::from_utf8_lossy(&percent_decode(text)).into_owned());
            let named = |(name, _): &(Arc<str>, _)| name.eq_ignore_ascii_case("authorization");
            if !headers.iter().any(named) {
                headers.push(("Authorization".into(), Header::Fixed(basic_credentials(&user, &password))));
            }
        }
        strip(&mut url);
        let method = match self.method {
            Some(method) if !is_token(&method) => return Err(BuildError::Method { method }),
            Some(method) => normalize(method),
            None if self.body.is_some() => "POST".into(),
            None => "GET".into(),
        };
        // RFC 9110, 9.2.2: what is not idempotent should not be sent again unless the user knows better.
        let may_repeat = !matches!(&*method, "POST" | "PATCH" | "CONNECT");
        let policy = self.policy.unwrap_or(if may_repeat { Policy::new() } else { Policy::never() });
        let settings = Settings {
            url,
            method,
            headers,
            body: self.body.map(Bytes::from),
            policy,
            reconnection_time: self.reconnection_time,
            connect_timeout: self.connect_timeout,
            read_timeout: self.read_timeout,
            terminator: self.terminator,
        };
        Ok(Connection::new(settings, self.decoder))
    }
}

/// A timeout that every socket and timer holds. For most of them none at all is an error, and `Duration::MAX`
/// lies behind the end of time.
fn timeout(time: Duration) -> Duration {
    time.clamp(Duration::from_millis(1), LONGEST)
}

fn url_error(url: String, reason: String) -> BuildError {
    BuildError::Url { url: hide_credentials(&url), reason }
}

/// WHATWG Fetch, "normalize a method".
fn normalize(method: String) -> Arc<str> {
    for known in ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"] {
        if method.eq_ignore_ascii_case(known) {
            return known.into();
        }
    }
    method.into()
}

// Header values and the URL may hold secrets.
impl fmt::Debug for EventSourceBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventSourceBuilder")
            .field("method", &self.method)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
