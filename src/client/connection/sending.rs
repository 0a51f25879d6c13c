//! The requests of a connection.

use super::{Connection, State};
use crate::client::{
    BuildError, Cause, RequestBody, builder,
    request::{Taken, header_value, is_about_the_body},
    url::Target,
};
use alloc::vec::Vec;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};
use std::time::Instant;

/// The largest last event ID that is sent, in bytes. Servers accept a few KiB, and HTTP libraries limit the size of the
/// head that they send: with a larger ID the client could never reconnect, and the server would not even know.
const MAX_ID: usize = 64 * 1024;

impl Connection {
    /// Returns the next request, which is sent at `now`. It begins an attempt, or follows a redirect. `None` means that
    /// none is due; [`next_step`](Connection::next_step) says when one is.
    ///
    /// It has all headers except those that the transport sets: `Host`, `Content-Length`, `Transfer-Encoding`,
    /// `User-Agent`. Its extensions say how long the transport may take, as [`Timeouts`](crate::client::Timeouts). A
    /// transport must not follow redirects, nor treat any status as an error: the connection handles both.
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

    pub(super) fn begin_attempt(&mut self) {
        if self.redirected.is_none() {
            self.attempt += 1;
        }
    }

    /// WHATWG HTML, 9.2.2, the constructor, steps 9 to 11, and 9.2.3, "reestablish the connection", 5.3.
    pub(super) fn headers(&self) -> Result<HeaderMap, header::MaxSizeReached> {
        let settings = &self.settings;
        let redirected = self.redirected.as_ref();
        let mut headers = HeaderMap::new();
        if self.sends_own_headers() {
            headers = settings.headers.clone();
            // WHATWG Fetch, "HTTP-redirect fetch", step 12: headers that describe a body are dropped with it.
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
            // A compressor may hold events back.
            (header::ACCEPT_ENCODING, "identity", !settings.compression),
        ] {
            if is_wanted && !headers.contains_key(&name) {
                headers.try_insert(name, HeaderValue::from_static(value))?;
            }
        }
        // "If the last event ID string is not the empty string". An ID that no header can carry is left
        // out, and then an older one that the user has set would be wrong too.
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

    /// Whether the user's own headers are sent with the next request.
    pub(in crate::client) fn sends_own_headers(&self) -> bool {
        self.redirected.as_ref().is_none_or(|redirected| !redirected.left_origin)
    }

    /// Whether the next request follows a redirect.
    pub(in crate::client) fn is_redirected(&self) -> bool {
        self.redirected.is_some()
    }

    /// Sets the URL of the next attempt and of those after it: for cursors and tokens in a query.
    ///
    /// # Errors
    ///
    /// If the URL is invalid.
    pub fn set_url(&mut self, url: &str) -> Result<(), BuildError> {
        self.settings.target = Target::parse(url)?;
        Ok(())
    }

    /// Sets a header of the next request and of those after it, or removes it with `None`: for tokens that expire.
    ///
    /// # Errors
    ///
    /// If the header is invalid, or there are too many headers.
    pub fn set_header(&mut self, name: &str, value: Option<&str>) -> Result<(), BuildError> {
        let (name, value) = builder::header(name, value.unwrap_or_default())
            .map(|(name, text)| (name, value.map(|_| text)))?;
        match value {
            Some(value) => {
                self.settings.headers.try_insert(name, value).map_err(|_| BuildError::TooManyHeaders)?;
            }
            None => drop(self.settings.headers.remove(name)),
        }
        Ok(())
    }
}
