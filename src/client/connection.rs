//! The connection's state: what to send, what an answer means, when to come back. Time and randomness
//! come in from outside, so that every path can be tested.

use super::{
    Policy,
    answer::AnswerHead,
    error::{BoxError, Cause, ClientError, Outlook},
    request::{Request, Taken, header_value},
    url::{excerpt, is_http, shown_in, strip},
};
use crate::{
    decode::{Decoder, MessageEvent},
    error::TooLarge,
};
use alloc::{collections::VecDeque, string::String, sync::Arc, vec::Vec};
use bytes::Bytes;
use core::{fmt, mem, time::Duration};
use std::time::Instant;
use url::Url;

/// A header that is sent with each request.
pub(super) enum Header {
    Fixed(String),
    /// Computed anew for each attempt.
    Computed(HeaderFn),
}

pub(super) type HeaderFn = alloc::boxed::Box<dyn FnMut() -> Result<String, BoxError> + Send>;

/// What stays the same over all attempts.
pub(super) struct Settings {
    pub(super) url: Url,
    pub(super) method: Arc<str>,
    pub(super) headers: Vec<(Arc<str>, Header)>,
    pub(super) body: Option<Bytes>,
    pub(super) policy: Policy,
    pub(super) reconnection_time: Duration,
    pub(super) connect_timeout: Option<Duration>,
    pub(super) read_timeout: Option<Duration>,
    pub(super) terminator: Option<String>,
}

/// The largest last event ID that is sent, in bytes. Servers take a few KiB, and HTTP libraries do not send any
/// head: with a larger ID the client would not come back, and the server would not even know.
const MAX_ID: usize = 64 * 1024;

/// The state of a client, without I/O and without a clock: what to send, what an answer means, when to
/// come back.
///
/// [`EventSource`](crate::EventSource) and [`AsyncEventSource`](crate::AsyncEventSource) drive one. Drive
/// it yourself to read event streams in an event loop of your own:
///
/// ```
/// use sse_wire::{EventSource, IncomingRef, Input, client::{Answer, Cause, Verdict}};
/// use std::time::{Duration, Instant};
///
/// let mut connection = EventSource::builder("http://localhost/events").build_connection()?;
/// let now = Instant::now();
/// assert_eq!(connection.wait(now), Some(Duration::ZERO));
/// let Ok(request) = connection.request(now) else { panic!() };
/// assert_eq!(request.url(), "http://localhost/events");
///
/// // … send it, and see what comes back:
/// let answer = Answer::new(200, "id: 7\ndata: 1\n\n").header("Content-Type", "text/event-stream");
/// let (head, body) = answer.into_parts();
/// let Verdict::Open(mut decoder) = connection.answer(&head, now) else { panic!() };
/// let mut input = Input::new(body.as_bytes());
/// while let Some(incoming) = decoder.next(&mut input) {
///     if let Ok(IncomingRef::Message(message)) = incoming {
///         connection.received(&message.into());
///     }
/// }
///
/// // The body ended: when to come back, and with what.
/// let error = connection.end(decoder, Cause::ended(), now, 0).unwrap();
/// assert_eq!(error.retry_in(), Some(Duration::from_secs(2)));
/// assert_eq!(connection.wait(now), error.retry_in());
/// assert_eq!(connection.last_event_id(), "7");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Connection {
    settings: Settings,
    /// Between two streams it is here, and with it the last event ID and the reconnection time.
    decoder: Decoder,
    state: State,
    attempt: u64,
    /// Where redirects have led in this attempt.
    redirected: Option<Redirected>,
    failures: u32,
    failing_since: Option<Instant>,
    /// When the last requests were sent, as many of them as may be sent in a second.
    sent: VecDeque<Instant>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Waiting { until: Option<Instant> },
    Sent,
    Open { since: Instant, received: bool },
    Closed,
}

/// Where redirects have led.
struct Redirected {
    url: Url,
    count: u32,
    /// The request became one without a body.
    as_get: bool,
    /// Another origin was among them: the user's own headers are not sent any more.
    left_origin: bool,
}

/// What an answer means.
#[derive(Debug)]
#[non_exhaustive]
#[allow(clippy::large_enum_variant, reason = "it is moved once a connection")]
pub enum Verdict {
    /// The stream is open. Its bytes are for this decoder, which goes back to
    /// [`Connection::end`] when they end.
    Open(Decoder),
    /// A redirect: ask [`Connection::wait`] and send the next [`Connection::request`].
    Redirect,
    /// The server wants no more requests (status 204). The connection is closed for good.
    NoContent,
    /// The answer is not what is wanted. Give this to [`Connection::fail`], with the first bytes of the
    /// body if you have them ([`Cause::with_body_start`]).
    Refused(Cause),
}

impl Connection {
    pub(super) fn new(settings: Settings, decoder: Decoder) -> Connection {
        Connection {
            settings,
            decoder,
            state: State::Waiting { until: None },
            attempt: 0,
            redirected: None,
            failures: 0,
            failing_since: None,
            sent: VecDeque::new(),
        }
    }

    /// How long to wait before the next [`request`](Connection::request) may be sent. `None` if the
    /// connection is closed.
    #[must_use]
    pub fn wait(&self, now: Instant) -> Option<Duration> {
        let until = match self.state {
            State::Closed => return None,
            State::Waiting { until } => until,
            State::Sent | State::Open { .. } => None,
        };
        let until = until.max(self.rate_allows());
        Some(until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now)))
    }

    /// When the policy's rate lets the next request out.
    fn rate_allows(&self) -> Option<Instant> {
        let oldest = self.sent.front().filter(|_| self.sent.len() >= self.settings.policy.max_rate)?;
        oldest.checked_add(Duration::from_secs(1))
    }

    /// The next request to send. It begins an attempt, or follows a redirect.
    ///
    /// # Errors
    ///
    /// When a header cannot be computed. The attempt has failed then: give the cause to
    /// [`fail`](Connection::fail).
    pub fn request(&mut self, now: Instant) -> Result<Request, Cause> {
        self.enter(State::Sent);
        if self.redirected.is_none() {
            self.attempt += 1;
        }
        while self.sent.len() >= self.settings.policy.max_rate {
            self.sent.pop_front();
        }
        self.sent.push_back(now);
        let mut headers = Vec::with_capacity(self.settings.headers.len() + 6);
        self.headers(&mut headers)?;
        let as_get = self.redirected.as_ref().is_some_and(|redirected| redirected.as_get);
        let settings = &self.settings;
        Ok(Request {
            method: if as_get { "GET".into() } else { settings.method.clone() },
            url: self.url().clone(),
            headers,
            body: settings.body.clone().filter(|_| !as_get),
            taken: Taken::default(),
            connect_timeout: settings.connect_timeout,
            read_timeout: settings.read_timeout,
        })
    }

    /// Says when the request really leaves: it may have taken a while to compute its headers.
    pub(super) fn sends(&mut self, now: Instant) {
        if let Some(last) = self.sent.back_mut() {
            *last = now;
        }
    }

    /// WHATWG HTML, 9.2.2, the constructor, steps 9 to 11, and 9.2.3, "reestablish the connection", 5.3.
    fn headers(&mut self, headers: &mut Vec<(Arc<str>, String)>) -> Result<(), Cause> {
        let redirected = self.redirected.as_ref();
        if !redirected.is_some_and(|redirected| redirected.left_origin) {
            let as_get = redirected.is_some_and(|redirected| redirected.as_get);
            for (name, header) in &mut self.settings.headers {
                // WHATWG Fetch, "HTTP-redirect fetch", step 12: what describes a body goes with it.
                if as_get && name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("content-")) {
                    continue;
                }
                let value = match header {
                    Header::Fixed(value) => value.clone(),
                    Header::Computed(compute) => compute()
                        .and_then(|value| match header_value(&value) {
                            Some(value) => Ok(value.into()),
                            None => Err("it holds a character that no header can carry".into()),
                        })
                        .map_err(|source| Cause::Header { name: (&**name).into(), source })?,
                };
                headers.push((name.clone(), value));
            }
        }
        for (name, value) in [
            ("Accept", "text/event-stream"),
            ("Cache-Control", "no-cache"),
            // Whoever compresses a stream may hold events back.
            ("Accept-Encoding", "identity"),
            ("User-Agent", concat!("sse-wire/", env!("CARGO_PKG_VERSION"))),
        ] {
            if !headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
                headers.push((name.into(), value.into()));
            }
        }
        // "If the last event ID string is not the empty string". An ID that no header can carry is left
        // out, but then an older one of the user's would be wrong too.
        let id = self.decoder.last_event_id();
        if !id.is_empty() {
            headers.retain(|(name, _)| !name.eq_ignore_ascii_case("last-event-id"));
        }
        if let Some(id) = header_value(id).filter(|id| (1..=MAX_ID).contains(&id.len())) {
            headers.push(("Last-Event-ID".into(), id.into()));
        }
        Ok(())
    }

    /// What an answer means (WHATWG HTML, 9.2.2, step 15).
    pub fn answer(&mut self, head: &AnswerHead, now: Instant) -> Verdict {
        let refused = match head.status() {
            200 => match head.encoding() {
                _ if !head.is_event_stream() => Cause::ContentType {
                    content_type: head.content_type().as_deref().map(excerpt),
                    body_start: String::new(),
                },
                Some(encoding) => Cause::ContentEncoding { encoding: excerpt(encoding) },
                None => {
                    self.enter(State::Open { since: now, received: false });
                    self.decoder.reconnect();
                    return Verdict::Open(mem::take(&mut self.decoder));
                }
            },
            // 9.2.3: "a client can be told to stop reconnecting using the HTTP 204 No Content response
            // code".
            204 => {
                self.close();
                return Verdict::NoContent;
            }
            status @ (301 | 302 | 303 | 307 | 308) if head.header("location").is_some() => {
                match self.redirect(status, head.header("location").unwrap_or_default()) {
                    Ok(()) => return Verdict::Redirect,
                    Err(cause) => cause,
                }
            }
            status => {
                let retry_after = matches!(status, 429 | 503).then(|| head.retry_after()).flatten();
                return Verdict::Refused(Cause::Status { status, retry_after, body_start: String::new() });
            }
        };
        Verdict::Refused(refused)
    }

    /// WHATWG Fetch, "HTTP-redirect fetch".
    fn redirect(&mut self, status: u16, location: &str) -> Result<(), Cause> {
        let (from, count, was_get, had_left) = match &self.redirected {
            Some(before) => (&before.url, before.count, before.as_get, before.left_origin),
            None => (&self.settings.url, 0, false, false),
        };
        let wrong = |reason| Err(Cause::Redirect { status, location: shown_in(from, location), reason });
        let Ok(mut url) = from.join(location) else {
            return wrong("which is not a URL");
        };
        if !is_http(&url) {
            return wrong("which is not HTTP");
        }
        if (from.scheme(), url.scheme()) == ("https", "http") {
            return wrong("which is not encrypted, as the request was");
        }
        let limit = self.settings.policy.max_redirects;
        if count >= limit {
            return Err(Cause::TooManyRedirects { limit });
        }
        // The server does not choose the user's credentials.
        strip(&mut url);
        let as_get = was_get
            || match (status, &*self.settings.method) {
                (301 | 302, method) => method == "POST",
                (303, method) => !matches!(method, "GET" | "HEAD"),
                _ => false,
            };
        let left_origin = had_left || url.origin() != from.origin();
        // Without its headers the body could not be understood, and it may be as private as they are.
        if left_origin && !as_get && self.settings.body.is_some() {
            return wrong("which would carry the request's body to another origin");
        }
        self.redirected = Some(Redirected { url, count: count + 1, as_get, left_origin });
        self.enter(State::Waiting { until: None });
        Ok(())
    }

    /// Says that a message has come. Returns whether it was the one that ends the stream
    /// ([`until_data`](crate::client::EventSourceBuilder::until_data)): the connection is closed then.
    #[inline]
    pub fn received(&mut self, message: &MessageEvent) -> bool {
        if let State::Open { received, .. } = &mut self.state {
            *received = true;
        }
        let ends = self.settings.terminator.as_deref().is_some_and(|terminator| terminator == message.data());
        if ends {
            self.close();
        }
        ends
    }

    /// The error to report for an event that was too large. The stream goes on.
    #[must_use]
    pub fn too_large(&self, error: TooLarge) -> ClientError {
        self.error(Cause::TooLarge(error), Outlook::ReadsOn)
    }

    /// Says that an open stream has ended: takes back its decoder, and says when to come back. `random` is
    /// any `u64`, each with equal probability.
    ///
    /// `None` if all is done: the stream has ended in good order, and the policy is never to come back.
    pub fn end(&mut self, decoder: Decoder, cause: Cause, now: Instant, random: u64) -> Option<ClientError> {
        let cause = match cause {
            Cause::Ended { .. } => Cause::Ended { unfinished: decoder.unfinished() },
            cause => cause,
        };
        self.decoder = decoder;
        if let State::Open { received: true, .. } = self.state
            && matches!(cause, Cause::Ended { unfinished: 0 })
            && !self.settings.policy.reconnect
            && self.settings.terminator.is_none()
        {
            self.close();
            return None;
        }
        Some(self.fail(cause, now, random))
    }

    /// Says that an attempt has failed, and says when to come back. `random` is any `u64`, each with equal
    /// probability.
    pub fn fail(&mut self, cause: Cause, now: Instant, random: u64) -> ClientError {
        let policy = &self.settings.policy;
        let is_healthy = match self.state {
            State::Closed => return self.error(cause, Outlook::GivesUp { failures: self.failures }),
            State::Open { since, received } => {
                let in_good_order = received && matches!(cause, Cause::Ended { .. });
                in_good_order || now.saturating_duration_since(since) >= policy.healthy_after
            }
            State::Waiting { .. } | State::Sent => false,
        };
        if is_healthy {
            self.failures = 0;
            self.failing_since = None;
        } else {
            self.failures = self.failures.saturating_add(1);
        }
        let failing_since = match is_healthy {
            true => now,
            false => *self.failing_since.get_or_insert(now),
        };
        let asked = match cause {
            Cause::Status { retry_after: Some(time), .. } => time,
            _ => Duration::ZERO,
        };
        let time = self.reconnection_time();
        let delay = policy.delay(self.failures, time, random).max(asked);
        let due = now.checked_add(delay).max(self.rate_allows()).unwrap_or(now);
        let elapsed = due.saturating_duration_since(failing_since);
        let comes_back = policy.reconnect
            && match &cause {
                Cause::Status { status, .. } => policy.retries_status(*status),
                Cause::ContentType { .. } => policy.retry_content_type,
                Cause::ContentEncoding { .. } | Cause::TooManyRedirects { .. } | Cause::Redirect { .. } => {
                    false
                }
                _ => true,
            }
            && !policy.gives_up(self.failures, elapsed);
        let outlook = match comes_back {
            true => Outlook::ComesBackIn(due.saturating_duration_since(now)),
            false => Outlook::GivesUp { failures: self.failures },
        };
        let error = self.error(cause, outlook);
        self.redirected = None;
        self.state = if comes_back { State::Waiting { until: Some(due) } } else { State::Closed };
        error
    }

    /// Begins anew at once, as far as the policy's rate allows. A stream that is open has to be dropped,
    /// and its decoder given back.
    pub fn restart(&mut self, decoder: Option<Decoder>) {
        self.decoder = decoder.unwrap_or_else(|| mem::take(&mut self.decoder));
        self.redirected = None;
        self.enter(State::Waiting { until: None });
    }

    /// Goes on, but not from [`State::Closed`]: an answer may come when the connection has been closed.
    fn enter(&mut self, state: State) {
        if !self.is_closed() {
            self.state = state;
        }
    }

    /// Closes the connection for good, whatever still comes.
    pub fn close(&mut self) {
        self.state = State::Closed;
    }

    /// Whether the connection is closed for good.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// The URL of the next request, or of the last one: after redirects the one that they led to.
    pub(super) fn url(&self) -> &Url {
        self.redirected.as_ref().map_or(&self.settings.url, |redirected| &redirected.url)
    }

    pub(super) fn read_timeout(&self) -> Option<Duration> {
        self.settings.read_timeout
    }

    /// The last event ID: what the next request will send as `Last-Event-ID`. While a stream is open, its
    /// decoder knows.
    #[must_use]
    pub fn last_event_id(&self) -> &str {
        self.decoder.last_event_id()
    }

    /// The reconnection time: the server's, or else the one that was set. While a stream is open, its
    /// decoder knows.
    #[must_use]
    pub fn reconnection_time(&self) -> Duration {
        self.decoder.reconnection_time().unwrap_or(self.settings.reconnection_time)
    }

    fn error(&self, cause: Cause, outlook: Outlook) -> ClientError {
        ClientError::new(cause, self.attempt, self.url().as_str(), outlook)
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("url", &self.url().as_str())
            .field("state", &self.state)
            .field("attempt", &self.attempt)
            .field("failures", &self.failures)
            .field("policy", &self.settings.policy)
            .finish_non_exhaustive()
    }
}
