//! The responses that a connection gets, and their bodies.

use super::{Connection, Refused, State};
use crate::{
    client::{
        Cause, ClientEvent, Opened,
        error::Outlook,
        policy::Reconnects,
        redirect::{self, Redirected},
        retry_after::retry_after,
    },
    decode::{Incoming, Input, Judged, MessageEvent, check},
    error::TooLarge,
};
use alloc::{boxed::Box, string::String, vec::Vec};
use core::time::Duration;
use http::{HeaderValue, StatusCode, header, response::Parts};
use std::{
    io::{self, ErrorKind},
    time::Instant,
};

/// For how long the body of a response that is not an event stream is read.
const BODY_PATIENCE: Duration = Duration::from_secs(1);

impl Connection {
    /// Reports that the head of the response has arrived (WHATWG HTML, 9.2.2, step 15).
    ///
    /// A `Retry-After` may be a date. It is compared with the `Date` of the response or, if there is none, with a
    /// [`SystemTime`](std::time::SystemTime) in its extensions that says when it was received.
    pub fn response(&mut self, head: Parts, now: Instant) {
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

    /// Reads bytes of the body, up to the next client event. `None` means that all of `input` has been read, or that
    /// the connection has stopped reading: see [`next_step`](Connection::next_step).
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

    /// Decides what to report to whoever drives the connection.
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
            // The decoder is not set to report these.
            Ok(Incoming::Id(_)) => return None,
            Err(error) => self.too_large(error),
        })
    }

    /// Closes the connection, because this message was the last.
    fn last(&mut self, message: MessageEvent, judged: Judged) -> Option<ClientEvent> {
        self.state = State::Closed;
        (judged == Judged::Last).then_some(ClientEvent::Message(message))
    }

    /// Reports an event that was too large. The stream continues.
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

    /// How many bytes of the body of a response that is not an event stream are wanted, and for how long to read it.
    pub(in crate::client) fn wants_error_body(&self) -> Option<(usize, Duration)> {
        match self.state {
            State::Refused(_) => Some((self.settings.max_error_body, BODY_PATIENCE)),
            _ => None,
        }
    }

    /// Whether more of the response's body is wanted.
    #[inline]
    pub(in crate::client) fn is_reading(&self) -> bool {
        match &self.state {
            State::Open { .. } => self.events.is_empty(),
            State::Refused(refused) => refused.body.len() < self.settings.max_error_body,
            _ => false,
        }
    }

    /// Reports that the body has ended: properly, as far as HTTP can tell.
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
}
