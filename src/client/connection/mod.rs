//! The connection's state: what to do next, what a response means, when to reconnect. Time and randomness
//! are passed in from outside, so that every path can be tested.
//!
//! This file decides what is due; `sending` makes the requests, `reading` takes the responses, and `failing` decides
//! what follows when an attempt has failed.

mod failing;
mod reading;
mod sending;
mod step;

pub use step::Step;

use super::{
    Cause, ClientError, ClientEvent, Policy, Timeouts,
    redirect::Redirected,
    request::Taken,
    url::{Target, shown},
};
use crate::{
    decode::{Decoder, Until},
    sync::random::SplitMix64,
};
use alloc::{boxed::Box, collections::VecDeque, format, vec::Vec};
use bytes::Bytes;
use core::{fmt, time::Duration};
use http::{HeaderMap, Method};
use std::{
    io::{self, ErrorKind},
    time::Instant,
};
use url::Url;

/// What stays the same for all attempts, unless the user changes it.
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

/// A client without I/O or a clock: it says what to do next, and is told what happened.
///
/// [`EventSource`](crate::EventSource) and [`AsyncEventSource`](crate::AsyncEventSource) each drive one. Drive one
/// yourself to read event streams in your own event loop: ask for the [`next_step`](Self::next_step) whenever something
/// has happened or a time has passed.
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
/// // … send it, and pass in the response:
/// let answer = http::Response::builder().header("Content-Type", "text/event-stream").body(())?;
/// connection.response(answer.into_parts().0, now);
/// let Step::Event(ClientEvent::Open(_)) = connection.next_step(now) else { panic!() };
/// let Step::Read(_) = connection.next_step(now) else { panic!() };
/// let mut input = Input::new(b"id: 7\ndata: 1\n\n");
/// while let Some(ClientEvent::Message(message)) = connection.read(&mut input) {
///     assert_eq!(message.data(), "1");
/// }
///
/// // The body has ended: when to reconnect?
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
    /// What has happened but has not been reported yet.
    events: VecDeque<ClientEvent>,
    attempt: u64,
    /// Where redirects have led in this attempt.
    redirected: Option<Redirected>,
    failures: u32,
    failing_since: Option<Instant>,
    /// When the last requests were sent: as many of them as may be sent in one second.
    sent: VecDeque<Instant>,
    random: SplitMix64,
}

enum State {
    /// Any open connection can be dropped.
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
    /// The body of a response that is not an event stream is being read, to be shown.
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
            random: SplitMix64(seed),
        }
    }

    /// Returns what has happened and, after that, what to do next. Timeouts that have passed by `now` take effect here.
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
                    // The transport has taken more of the request's body.
                    if *seen != taken.bytes() {
                        *seen = taken.bytes();
                        *waiting_since = None;
                    }
                    let Some(limit) = answer_within(self.settings.timeouts) else {
                        return Step::Response(None);
                    };
                    match due(*waiting_since.get_or_insert(now), limit, now) {
                        Due::Over => {
                            let text = format!("no response arrived within {limit:?}");
                            let error = io::Error::new(ErrorKind::TimedOut, text);
                            self.fail(Cause::Connect(error.into()), None, now);
                        }
                        Due::At(until) => return Step::Response(until),
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

    /// When the policy's rate allows the next request.
    fn rate_allows(&self) -> Option<Instant> {
        let oldest = self.sent.front().filter(|_| self.sent.len() >= self.settings.policy.max_rate)?;
        oldest.checked_add(Duration::from_secs(1))
    }

    /// Whether a request may be sent.
    fn is_due(&self, now: Instant) -> bool {
        match self.state {
            State::Waiting { until } => until.max(self.rate_allows()).is_none_or(|until| until <= now),
            _ => false,
        }
    }

    /// Reconnects at once, or as soon as the policy's rate allows. Any open connection can be dropped. What has
    /// happened but has not been reported yet will not be reported.
    pub fn reconnect(&mut self) {
        if !self.is_closed() {
            self.events.clear();
            self.redirected = None;
            self.state = State::Waiting { until: None };
        }
    }

    /// Closes the connection for good. What has happened but has not been reported yet will not be reported.
    pub fn close(&mut self) {
        self.events.clear();
        self.state = State::Closed;
    }

    /// Whether the connection is closed for good. It may still have something to report.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// The URL of the next or the last request: after redirects, the one that they led to.
    fn url(&self) -> &Url {
        self.redirected.as_ref().map_or(&self.settings.target.url, |redirected| &redirected.url)
    }

    /// Returns the last event ID, which the next request will send as `Last-Event-ID`. An ID counts once the event that
    /// carries it is complete.
    #[must_use]
    pub fn last_event_id(&self) -> &str {
        self.decoder.last_event_id()
    }

    /// Returns the reconnection time: the server's, or else the configured one.
    #[must_use]
    pub fn reconnection_time(&self) -> Duration {
        self.decoder.reconnection_time().unwrap_or(self.settings.reconnection_time)
    }
}

/// How long to wait for the head of a response. Nobody reports when the connection is established, so the wait may take
/// as long as both timeouts together.
fn answer_within(timeouts: Timeouts) -> Option<Duration> {
    Some(timeouts.read?.saturating_add(timeouts.connect.unwrap_or_default()))
}

enum Due {
    Over,
    /// `None` means: never.
    At(Option<Instant>),
}

fn due(since: Instant, limit: Duration, now: Instant) -> Due {
    match since.checked_add(limit) {
        Some(until) if until <= now => Due::Over,
        until => Due::At(until),
    }
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
