//! The connection's state: what to do next, what an answer means, when to reconnect. Time and randomness
//! come in from outside, so that every path can be tested.

use super::{
    BuildError, Cause, ClientError, ClientEvent, Opened, Policy, RequestBody, Timeouts,
    error::{BoxError, Inner, Outlook},
    policy::Reconnects,
    redirect::{self, Redirected},
    request::{Taken, header_value, is_about_the_body},
    retry_after::retry_after,
    url::{Target, shown},
};
use crate::{
    decode::{Decoder, Incoming, Input, Judged, MessageEvent, Until, check},
    error::TooLarge,
};
use alloc::{boxed::Box, collections::VecDeque, format, string::String, vec::Vec};
use bytes::Bytes;
use core::{fmt, str, time::Duration};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header, response::Parts};
use std::{
    io::{self, ErrorKind},
    time::Instant,
};
use url::Url;

/// What stays the same over all attempts, but for what the user sets anew.
pub(super) struct Settings {
    pub(super) target: Target,
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) has_body: bool,
    pub(super) policy: Policy,
    pub(super) reconnection_time: Duration,
    pub(super) timeouts: Timeouts,
    pub(super) until: Until,
    pub(super) dispatch_unfinished: bool,
    pub(super) any_type: bool,
    pub(super) compression: bool,
    pub(super) max_error_body: usize,
    pub(super) on_error: Option<OnError>,
}

pub(super) type OnError = Box<dyn FnMut(&ClientError) + Send>;

/// The largest last event ID that is sent, in bytes. Servers take a few KiB, and HTTP libraries do not send any
/// head: with a larger ID the client would not reconnect, and the server would not even know.
const MAX_ID: usize = 64 * 1024;

/// For how long the body of an answer that is no event stream is read.
const BODY_PATIENCE: Duration = Duration::from_secs(1);

/// A client without I/O and without a clock: it says what to do next, and is told what happened.
///
/// [`EventSource`](crate::EventSource) and [`AsyncEventSource`](crate::AsyncEventSource) drive one. Drive
/// it yourself to read event streams in an event loop of your own: ask for the [`next_step`](Self::next_step)
/// whenever something has happened or a time is over.
///
/// ```
/// use sse_wire::{Input, client::{ClientEvent, Connection, Step}};
/// use std::time::{Duration, Instant};
///
/// let mut connection = Connection::builder("http://localhost/events").build(rand())?;
/// let now = Instant::now();
/// assert!(matches!(connection.next_step(now), Step::Send));
/// let request = connection.request(now).expect("it is due");
/// assert_eq!(request.uri(), "http://localhost/events");
///
/// // … send it, and say what the answer is:
/// let answer = http::Response::builder().header("Content-Type", "text/event-stream").body(())?;
/// connection.answer(answer.into_parts().0, now);
/// let Step::Event(ClientEvent::Open(_)) = connection.next_step(now) else { panic!() };
/// let Step::Read(_) = connection.next_step(now) else { panic!() };
/// let mut input = Input::new(b"id: 7\ndata: 1\n\n");
/// while let Some(ClientEvent::Message(message)) = connection.read(&mut input) {
///     assert_eq!(message.data(), "1");
/// }
///
/// // The body ended: when to connect again.
/// connection.end(now);
/// let Step::Event(ClientEvent::Error(error)) = connection.next_step(now) else { panic!() };
/// assert_eq!(error.retry_in(), Some(Duration::from_secs(2)));
/// let Step::Wait(until) = connection.next_step(now) else { panic!() };
/// assert_eq!(until, now + Duration::from_secs(2));
/// assert_eq!(connection.last_event_id(), "7");
/// # fn rand() -> u64 { 0 }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Connection {
    settings: Settings,
    decoder: Decoder,
    state: State,
    /// What has happened and was not told.
    events: VecDeque<ClientEvent>,
    attempt: u64,
    /// Where redirects have led in this attempt.
    redirected: Option<Redirected>,
    failures: u32,
    failing_since: Option<Instant>,
    /// When the last requests were sent, as many of them as may be sent in a second.
    sent: VecDeque<Instant>,
    random: u64,
}

/// What to do next.
#[derive(Debug)]
#[non_exhaustive]
pub enum Step {
    /// Something happened. There may be more.
    Event(ClientEvent),
    /// Nothing is to be done until this time.
    Wait(Instant),
    /// Take the [`request`](Connection::request) and send it, in an attempt of its own or where a redirect leads.
    Send,
    /// Wait for the head of the answer, until this time if there is one, and say what it is: an
    /// [`answer`](Connection::answer) or an [`error`](Connection::error).
    Answer(Option<Instant>),
    /// Wait for bytes of the body, until this time if there is one, and say what came: bytes to
    /// [`read`](Connection::read), an [`end`](Connection::end) or an [`error`](Connection::error).
    Read(Option<Instant>),
    /// The connection is closed for good. What is open can be dropped.
    Closed,
}

enum State {
    /// Whatever was open can be dropped.
    Waiting {
        until: Option<Instant>,
    },
    Sent {
        waiting_since: Option<Instant>,
        taken: Taken,
        seen: usize,
    },
    Open {
        since: Instant,
        received: bool,
        waiting_since: Option<Instant>,
    },
    /// The body of an answer that is no event stream is read, to show it.
    Refused(Box<Refused>),
    Closed,
}

struct Refused {
    cause: Cause,
    headers: HeaderMap,
    body: Vec<u8>,
    until: Instant,
}

impl Connection {
    pub(super) fn new(settings: Settings, decoder: Decoder, seed: u64) -> Connection {
        Connection {
            settings,
            decoder,
            state: State::Waiting { until: None },
            events: VecDeque::new(),
            attempt: 0,
            redirected: None,
            failures: 0,
            failing_since: None,
            sent: VecDeque::new(),
            random: seed,
        }
    }

    /// What to do next, and what happened before that. A time that is over at `now` has its consequences here.
    pub fn next_step(&mut self, now: Instant) -> Step {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Step::Event(event);
            }
            let rate_allows = self.rate_allows();
            match &mut self.state {
                State::Closed => return Step::Closed,
                State::Waiting { until } => {
                    return match (*until).max(rate_allows).filter(|until| *until > now) {
                        Some(until) => Step::Wait(until),
                        None => Step::Send,
                    };
                }
                State::Sent { waiting_since, taken, seen } => {
                    // The request goes on its way.
                    if *seen != taken.bytes() {
                        *seen = taken.bytes();
                        *waiting_since = None;
                    }
                    let Some(limit) = answer_within(self.settings.timeouts) else {
                        return Step::Answer(None);
                    };
                    match due(*waiting_since.get_or_insert(now), limit, now) {
                        Due::Over => {
                            let text = format!("no answer came within {limit:?}");
                            let error = io::Error::new(ErrorKind::TimedOut, text);
                            self.fail(Cause::Connect(error.into()), None, now);
                        }
                        Due::At(until) => return Step::Answer(until),
                    }
                }
                State::Open { waiting_since, .. } => {
                    let Some(limit) = self.settings.timeouts.read else { return Step::Read(None) };
                    match due(*waiting_since.get_or_insert(now), limit, now) {
                        Due::Over => self.fail(Cause::ReadTimeout(limit), None, now),
                        Due::At(until) => return Step::Read(until),
                    }
                }
                State::Refused(refused) => {
                    let is_full = refused.body.len() >= self.settings.max_error_body;
                    if !is_full && refused.until > now {
                        return Step::Read(Some(refused.until));
                    }
                    self.refuse(now);
                }
            }
        }
    }

    /// When the policy's rate lets the next request out.
    fn rate_allows(&self) -> Option<Instant> {
        let oldest = self.sent.front().filter(|_| self.sent.len() >= self.settings.policy.max_rate)?;
        oldest.checked_add(Duration::from_secs(1))
    }

    /// The next request, which leaves at `now`. It begins an attempt, or follows a redirect. `None` if none is
    /// due, of which [`next_step`](Connection::next_step) tells.
    ///
    /// It has all headers but those that belong to the transport: `Host`, `Content-Length`, `Transfer-Encoding`,
    /// `User-Agent`. How long the transport may take is in its extensions, as [`Timeouts`]. A transport follows no
    /// redirects and takes no status for an error: both are judged here.
    pub fn request(&mut self, now: Instant) -> Option<Request<RequestBody>> {
        if !self.is_due(now) {
            return None;
        }
        self.begin_attempt();
        while self.sent.len() >= self.settings.policy.max_rate {
            self.sent.pop_front();
        }
        self.sent.push_back(now);
        let headers = match self.headers() {
            Ok(headers) => headers,
            Err(error) => {
                self.fail(Cause::Connect(error.into()), None, now);
                return None;
            }
        };
        let redirected = self.redirected.as_ref();
        let (method, body) = match redirected.and_then(|redirected| redirected.as_get) {
            Some(_) => (Method::GET, Bytes::new()),
            None => (self.settings.method.clone(), self.settings.body.clone()),
        };
        let taken = Taken::default();
        let mut request = Request::new(RequestBody::new(body, taken.clone()));
        *request.method_mut() = method;
        *request.uri_mut() =
            redirected.map_or(&self.settings.target.uri, |redirected| &redirected.uri).clone();
        *request.headers_mut() = headers;
        request.extensions_mut().insert(self.settings.timeouts);
        self.state = State::Sent { waiting_since: None, taken, seen: 0 };
        Some(request)
    }

    /// Whether a request may leave.
    fn is_due(&self, now: Instant) -> bool {
        match self.state {
            State::Waiting { until } => until.max(self.rate_allows()).is_none_or(|until| until <= now),
            _ => false,
        }
    }

    fn begin_attempt(&mut self) {
        if self.redirected.is_none() {
            self.attempt += 1;
        }
    }

    /// WHATWG HTML, 9.2.2, the constructor, steps 9 to 11, and 9.2.3, "reestablish the connection", 5.3.
    fn headers(&self) -> Result<HeaderMap, header::MaxSizeReached> {
        let settings = &self.settings;
        let redirected = self.redirected.as_ref();
        let mut headers = HeaderMap::new();
        if self.sends_own_headers() {
            headers = settings.headers.clone();
            // WHATWG Fetch, "HTTP-redirect fetch", step 12: what describes a body goes with it.
            if redirected.is_some_and(|redirected| redirected.as_get.is_some()) {
                let names: Vec<_> = headers.keys().filter(|name| is_about_the_body(name)).cloned().collect();
                for name in names {
                    headers.remove(name);
                }
            }
            if let Some(value) = &settings.target.authorization
                && !headers.contains_key(header::AUTHORIZATION)
            {
                headers.try_insert(header::AUTHORIZATION, value.clone())?;
            }
        }
        for (name, value, is_wanted) in [
            (header::ACCEPT, "text/event-stream", true),
            (header::CACHE_CONTROL, "no-cache", true),
            // Whoever compresses a stream may hold events back.
            (header::ACCEPT_ENCODING, "identity", !settings.compression),
        ] {
            if is_wanted && !headers.contains_key(&name) {
                headers.try_insert(name, HeaderValue::from_static(value))?;
            }
        }
        // "If the last event ID string is not the empty string". An ID that no header can carry is left
        // out, but then an older one of the user's would be wrong too.
        const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
        let id = self.decoder.last_event_id();
        if !id.is_empty() {
            headers.remove(LAST_EVENT_ID);
        }
        if let Some(id) = header_value(id).filter(|id| (1..=MAX_ID).contains(&id.len())) {
            headers.try_insert(LAST_EVENT_ID, id)?;
        }
        Ok(headers)
    }

    /// Whether the user's own headers go where the next request goes.
    pub(super) fn sends_own_headers(&self) -> bool {
        self.redirected.as_ref().is_none_or(|redirected| !redirected.left_origin)
    }

    /// Whether the next request follows a redirect.
    pub(super) fn is_redirected(&self) -> bool {
        self.redirected.is_some()
    }

    /// Sets the URL of the next attempt and of those after it: for cursors and tokens in a query.
    ///
    /// # Errors
    ///
    /// When it is not one.
    pub fn set_url(&mut self, url: &str) -> Result<(), BuildError> {
        self.settings.target = Target::parse(url)?;
        Ok(())
    }

    /// Sets or, with `None`, removes a header of the next request and of those after it: for tokens that expire.
    ///
    /// # Errors
    ///
    /// When it is not one, or there are too many.
    pub fn set_header(&mut self, name: &str, value: Option<&str>) -> Result<(), BuildError> {
        let (name, value) = super::builder::header(name, value.unwrap_or_default())
            .map(|(name, text)| (name, value.map(|_| text)))?;
        match value {
            Some(value) => {
                self.settings.headers.try_insert(name, value).map_err(|_| BuildError::TooManyHeaders)?;
            }
            None => drop(self.settings.headers.remove(name)),
        }
        Ok(())
    }

    /// Says that the request that is due cannot be made.
    pub(super) fn not_made(&mut self, cause: Cause, now: Instant) {
        if self.is_due(now) {
            self.begin_attempt();
            self.fail(cause, None, now);
        }
    }

    /// Says that the head of the answer has come (WHATWG HTML, 9.2.2, step 15).
    ///
    /// A `Retry-After` may be a date. It is compared with the `Date` of the answer, or if there is none with a
    /// [`SystemTime`](std::time::SystemTime) in its extensions: when it was received.
    pub fn answer(&mut self, head: Parts, now: Instant) {
        if !matches!(self.state, State::Sent { .. }) {
            return;
        }
        let is_redirect = matches!(head.status.as_u16(), 301 | 302 | 303 | 307 | 308);
        let cause = match check(&head, self.settings.any_type) {
            Ok(()) => {
                self.state = State::Open { since: now, received: false, waiting_since: None };
                self.decoder.reconnect();
                self.events.push_back(ClientEvent::Open(Opened::new(self.url(), head)));
                return;
            }
            // 9.2.3: "a client can be told to stop reconnecting using the HTTP 204 No Content response
            // code".
            Err(_) if head.status == StatusCode::NO_CONTENT => {
                self.state = State::Closed;
                return;
            }
            Err(_) if is_redirect && head.headers.contains_key(header::LOCATION) => {
                match self.follow(&head) {
                    Ok(redirected) => {
                        self.redirected = Some(redirected);
                        self.state = State::Waiting { until: None };
                        return;
                    }
                    Err(cause) => cause,
                }
            }
            Err(error) => Cause::response(error, retry_after(&head)),
        };
        let until = now.checked_add(BODY_PATIENCE).unwrap_or(now);
        self.state =
            State::Refused(Box::new(Refused { cause, headers: head.headers, body: Vec::new(), until }));
    }

    fn follow(&self, head: &Parts) -> Result<Redirected, Cause> {
        let location = head.headers.get(header::LOCATION).map(HeaderValue::as_bytes).unwrap_or_default();
        let settings = &self.settings;
        let request = redirect::Request {
            url: &settings.target.url,
            before: self.redirected.as_ref(),
            method: &settings.method,
            has_body: settings.has_body,
        };
        request.follow(head.status, &String::from_utf8_lossy(location), settings.policy.max_redirects)
    }

    /// Reads bytes of the body, up to the next thing that happens in them. `None` means that all of `input` has
    /// been read, or that the connection reads no more: see [`next_step`](Connection::next_step).
    #[inline]
    pub fn read(&mut self, input: &mut Input<'_>) -> Option<ClientEvent> {
        let State::Open { waiting_since, .. } = &mut self.state else {
            self.read_refused(input);
            return None;
        };
        *waiting_since = None;
        let incoming = self.decoder.next_owned(input)?;
        self.judge(incoming)
    }

    /// What this is for whoever drives the connection.
    #[inline]
    fn judge(&mut self, incoming: Result<Incoming, TooLarge>) -> Option<ClientEvent> {
        Some(match incoming {
            Ok(Incoming::Message(message)) => {
                if let State::Open { received, .. } = &mut self.state {
                    *received |= !message.data().is_empty();
                }
                match self.settings.until.judge(&message) {
                    Judged::GoesOn => ClientEvent::Message(message),
                    judged => return self.last(message, judged),
                }
            }
            Ok(Incoming::Comment(text)) => ClientEvent::Comment(text),
            Ok(Incoming::Retry(time)) => ClientEvent::Retry(time),
            // The decoder was not told to report these.
            Ok(Incoming::Id(_)) => return None,
            Err(error) => self.too_large(error),
        })
    }

    /// Closes the connection, because its answer has ended with this message.
    fn last(&mut self, message: MessageEvent, judged: Judged) -> Option<ClientEvent> {
        self.state = State::Closed;
        (judged == Judged::Last).then_some(ClientEvent::Message(message))
    }

    /// The stream goes on.
    fn too_large(&self, error: TooLarge) -> ClientEvent {
        ClientEvent::Error(self.client_error(Cause::TooLarge(error), Outlook::ReadsOn, None))
    }

    fn read_refused(&mut self, input: &mut Input<'_>) {
        let bytes = input.take_rest();
        if let State::Refused(refused) = &mut self.state {
            let wanted = self.settings.max_error_body.saturating_sub(refused.body.len());
            refused.body.extend_from_slice(bytes.get(..wanted).unwrap_or(bytes));
        }
    }

    /// How many bytes of the body of an answer that is no event stream are wanted, and for how long.
    pub(super) fn wants_error_body(&self) -> Option<(usize, Duration)> {
        match self.state {
            State::Refused(_) => Some((self.settings.max_error_body, BODY_PATIENCE)),
            _ => None,
        }
    }

    /// Whether the body of an answer is wanted.
    #[inline]
    pub(super) fn is_reading(&self) -> bool {
        match &self.state {
            State::Open { .. } => self.events.is_empty(),
            State::Refused(refused) => refused.body.len() < self.settings.max_error_body,
            _ => false,
        }
    }

    /// Says that the body has ended, in good order as far as HTTP knows.
    pub fn end(&mut self, now: Instant) {
        match self.state {
            State::Open { .. } => self.end_stream(now),
            State::Refused(_) => self.refuse(now),
            State::Sent { .. } => self.error(io::Error::from(ErrorKind::UnexpectedEof), now),
            State::Waiting { .. } | State::Closed => {}
        }
    }

    fn end_stream(&mut self, now: Instant) {
        if self.settings.dispatch_unfinished
            && let Some(incoming) = self.decoder.finish_owned()
        {
            let event = self.judge(incoming);
            self.events.extend(event);
        }
        let State::Open { received, .. } = self.state else { return };
        let unfinished = self.decoder.unfinished();
        let start = String::from_utf8_lossy(self.decoder.unfinished_start()).into_owned();
        let policy = &self.settings.policy;
        if received
            && unfinished == 0
            && policy.reconnects != Reconnects::Always
            && self.settings.until.is_empty()
        {
            self.state = State::Closed;
            return;
        }
        self.fail(Cause::Ended { unfinished, start }, None, now);
    }

    /// Says that there will be no answer, or that the connection broke. When the read timeout was over, an
    /// [`io::Error`] of the kind `TimedOut` or `WouldBlock` says so.
    pub fn error(&mut self, error: impl Into<BoxError>, now: Instant) {
        let error = error.into();
        let cause = match &self.state {
            State::Sent { .. } => Cause::connect(error),
            State::Open { .. } => match (kind(&error), self.settings.timeouts.read) {
                (Some(ErrorKind::TimedOut | ErrorKind::WouldBlock), Some(time)) => Cause::ReadTimeout(time),
                _ => Cause::Read(error),
            },
            // What came before the error is shown all the same.
            State::Refused(_) => return self.refuse(now),
            State::Waiting { .. } | State::Closed => return,
        };
        self.fail(cause, None, now);
    }

    fn refuse(&mut self, now: Instant) {
        let waiting = State::Waiting { until: None };
        if let State::Refused(refused) = core::mem::replace(&mut self.state, waiting) {
            let Refused { cause, headers, body, .. } = *refused;
            self.fail(cause, Some((headers, body.into())), now);
        }
    }

    /// An attempt has failed: decides when to reconnect.
    fn fail(&mut self, cause: Cause, answer: Option<(HeaderMap, Bytes)>, now: Instant) {
        let random = self.draw();
        let policy = &self.settings.policy;
        let (is_open, is_healthy) = match self.state {
            State::Open { since, received, .. } => {
                let in_good_order = received && matches!(cause, Cause::Ended { .. });
                (true, in_good_order || now.saturating_duration_since(since) >= policy.healthy_after)
            }
            _ => (false, false),
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
        let delay = match cause {
            Cause::Status { retry_after: Some(time), .. } => policy.asked_delay(time),
            _ => policy.delay(self.failures, self.reconnection_time(), random),
        };
        let due = now.checked_add(delay).max(self.rate_allows()).unwrap_or(now);
        let elapsed = due.saturating_duration_since(failing_since);
        let may_reconnect = match policy.reconnects {
            Reconnects::Always => true,
            Reconnects::UntilOpen => !is_open,
            Reconnects::Never => false,
        };
        let reconnects = may_reconnect
            && match &cause {
                Cause::Status { status, .. } => policy.retries_status(status.as_u16()),
                Cause::ContentType { .. } => policy.retry_content_type,
                Cause::ContentEncoding { .. }
                | Cause::TooManyRedirects { .. }
                | Cause::Redirect { .. }
                | Cause::NoTls { .. } => false,
                _ => true,
            }
            && !policy.gives_up(self.failures, elapsed);
        let outlook = match reconnects {
            true => Outlook::ReconnectsIn(due.saturating_duration_since(now)),
            false => Outlook::GivesUp { failures: self.failures },
        };
        let error = self.client_error(cause, outlook, answer);
        if reconnects && let Some(on_error) = &mut self.settings.on_error {
            on_error(&error);
        }
        self.redirected = None;
        self.state = if reconnects { State::Waiting { until: Some(due) } } else { State::Closed };
        self.events.push_back(ClientEvent::Error(error));
    }

    /// A number with equal probability (SplitMix64).
    fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Begins anew at once, as far as the policy's rate allows. What is open can be dropped, and what has happened
    /// and was not told is not told any more.
    pub fn reconnect(&mut self) {
        if !self.is_closed() {
            self.events.clear();
            self.redirected = None;
            self.state = State::Waiting { until: None };
        }
    }

    /// Closes the connection for good. What has happened and was not told is not told any more.
    pub fn close(&mut self) {
        self.events.clear();
        self.state = State::Closed;
    }

    /// Whether the connection is closed for good. It may still have something to tell.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// The URL of the next request, or of the last one: after redirects the one that they led to.
    fn url(&self) -> &Url {
        self.redirected.as_ref().map_or(&self.settings.target.url, |redirected| &redirected.url)
    }

    /// The last event ID: what the next request will send as `Last-Event-ID`. An ID counts when the event that has
    /// it is complete.
    #[must_use]
    pub fn last_event_id(&self) -> &str {
        self.decoder.last_event_id()
    }

    /// The reconnection time: the server's, or else the one that was set.
    #[must_use]
    pub fn reconnection_time(&self) -> Duration {
        self.decoder.reconnection_time().unwrap_or(self.settings.reconnection_time)
    }

    fn client_error(
        &self,
        cause: Cause,
        outlook: Outlook,
        answer: Option<(HeaderMap, Bytes)>,
    ) -> ClientError {
        let turned = self.redirected.as_ref().and_then(|redirected| redirected.as_get);
        ClientError::new(Inner {
            cause,
            attempt: self.attempt,
            url: self.url().clone(),
            outlook,
            turned: turned.map(|status| (status, self.settings.method.clone())),
            answer,
        })
    }
}

/// How long the head of an answer is waited for. Nobody tells when the connection is established, so until the
/// head has come both timeouts may pass.
fn answer_within(timeouts: Timeouts) -> Option<Duration> {
    Some(timeouts.read?.saturating_add(timeouts.connect.unwrap_or_default()))
}

enum Due {
    Over,
    /// `None`: at the end of time.
    At(Option<Instant>),
}

fn due(since: Instant, limit: Duration, now: Instant) -> Due {
    match since.checked_add(limit) {
        Some(until) if until <= now => Due::Over,
        until => Due::At(until),
    }
}

fn kind(error: &BoxError) -> Option<ErrorKind> {
    error.downcast_ref::<io::Error>().map(io::Error::kind)
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Waiting { .. } => "waiting",
            State::Sent { .. } => "sent",
            State::Open { .. } => "open",
            State::Refused(_) => "refused",
            State::Closed => "closed",
        };
        f.debug_struct("Connection")
            .field("url", &shown(self.url()))
            .field("state", &state)
            .field("attempt", &self.attempt)
            .field("failures", &self.failures)
            .field("policy", &self.settings.policy)
            .finish_non_exhaustive()
    }
}
