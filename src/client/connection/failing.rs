//! What a connection does when an attempt has failed.

use super::{Connection, Refused, State};
use crate::client::{
    BoxError, Cause, ClientError, ClientEvent,
    error::{Inner, Outlook},
};
use bytes::Bytes;
use core::mem;
use http::HeaderMap;
use std::{
    io::{self, ErrorKind},
    time::Instant,
};

impl Connection {
    /// Reports that the request that is due cannot be made.
    pub(in crate::client) fn not_made(&mut self, cause: Cause, now: Instant) {
        if self.is_due(now) {
            self.begin_attempt();
            self.fail(cause, None, now);
        }
    }

    /// Reports that there will be no response, or that the connection broke. Pass an [`io::Error`] of the kind
    /// `TimedOut` or `WouldBlock` if the read timeout has passed.
    pub fn error(&mut self, error: impl Into<BoxError>, now: Instant) {
        let error = error.into();
        let cause = match &self.state {
            State::Sent { .. } => Cause::connect(error),
            State::Open { .. } => match (kind(&error), self.settings.timeouts.read) {
                (Some(ErrorKind::TimedOut | ErrorKind::WouldBlock), Some(time)) => Cause::ReadTimeout(time),
                _ => Cause::Read(error),
            },
            // What arrived before the error is still shown.
            State::Refused(_) => return self.refuse(now),
            State::Waiting { .. } | State::Closed => return,
        };
        self.fail(cause, None, now);
    }

    pub(super) fn refuse(&mut self, now: Instant) {
        let waiting = State::Waiting { until: None };
        if let State::Refused(refused) = mem::replace(&mut self.state, waiting) {
            let Refused { cause, headers, body, .. } = *refused;
            self.fail(cause, Some((headers, body.into())), now);
        }
    }

    /// An attempt has failed: decides whether and when to reconnect.
    pub(super) fn fail(&mut self, cause: Cause, answer: Option<(HeaderMap, Bytes)>, now: Instant) {
        let random = self.random.draw();
        let is_open = matches!(self.state, State::Open { .. });
        let failing_since = self.count_failure(&cause, now);
        let policy = &self.settings.policy;
        let delay = match cause {
            Cause::Status { retry_after: Some(time), .. } => policy.asked_delay(time),
            _ => policy.delay(self.failures, self.reconnection_time(), random),
        };
        let due = now.checked_add(delay).max(self.rate_allows()).unwrap_or(now);
        let elapsed = due.saturating_duration_since(failing_since);
        let reconnects = policy.may_reconnect(&cause, is_open) && !policy.gives_up(self.failures, elapsed);
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

    /// Counts a failure, unless it ended a healthy stream. Returns since when there have been failures in a row.
    fn count_failure(&mut self, cause: &Cause, now: Instant) -> Instant {
        let is_healthy = match self.state {
            State::Open { since, received, .. } => {
                let in_good_order = received && matches!(cause, Cause::Ended { .. });
                in_good_order || now.saturating_duration_since(since) >= self.settings.policy.healthy_after
            }
            _ => false,
        };
        if is_healthy {
            (self.failures, self.failing_since) = (0, None);
            return now;
        }
        self.failures = self.failures.saturating_add(1);
        *self.failing_since.get_or_insert(now)
    }

    pub(super) fn client_error(
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

fn kind(error: &BoxError) -> Option<ErrorKind> {
    error.downcast_ref::<io::Error>().map(io::Error::kind)
}
