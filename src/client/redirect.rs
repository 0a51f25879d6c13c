//! Where a redirect leads, and what is sent there (WHATWG Fetch, "HTTP-redirect fetch").

use super::{
    Cause,
    url::{is_http, shown_in, strip, uri},
};
use http::{Method, StatusCode, Uri};
use url::Url;

/// Where redirects have led in an attempt.
pub(super) struct Redirected {
    pub(super) url: Url,
    pub(super) uri: Uri,
    count: u32,
    /// The status of the redirect that turned the request into a `GET` without a body.
    pub(super) as_get: Option<StatusCode>,
    /// Whether a redirect led to another origin, so that the user's own headers are no longer sent.
    pub(super) left_origin: bool,
}

/// A request that is redirected.
pub(super) struct Request<'r> {
    /// Where the first request went.
    pub(super) url: &'r Url,
    pub(super) before: Option<&'r Redirected>,
    pub(super) method: &'r Method,
    pub(super) has_body: bool,
}

impl Request<'_> {
    pub(super) fn follow(&self, status: StatusCode, location: &str, limit: u32) -> Result<Redirected, Cause> {
        let (from, count, was_get, had_left) = match self.before {
            Some(before) => (&before.url, before.count, before.as_get, before.left_origin),
            None => (self.url, 0, None, false),
        };
        let wrong = |reason| Cause::Redirect { status, location: shown_in(from, location), reason };
        let mut url = from.join(location).map_err(|_| wrong("which is not a URL"))?;
        if !is_http(&url) {
            return Err(wrong("which is not HTTP"));
        }
        if (from.scheme(), url.scheme()) == ("https", "http") {
            return Err(wrong("which is not encrypted, unlike the request"));
        }
        if count >= limit {
            return Err(Cause::TooManyRedirects { limit });
        }
        // The server must not choose the user's credentials.
        strip(&mut url);
        let uri = uri(&url).map_err(|_| wrong("which no request line can carry"))?;
        // Step 12.
        let becomes_get = match status {
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => self.method == Method::POST,
            StatusCode::SEE_OTHER => self.method != Method::GET && self.method != Method::HEAD,
            _ => false,
        };
        let as_get = was_get.or(becomes_get.then_some(status));
        let left_origin = had_left || url.origin() != from.origin();
        // The body could not be understood without its headers, and may be as private as they are.
        if left_origin && as_get.is_none() && self.has_body {
            return Err(wrong("which would carry the request's body to another origin"));
        }
        Ok(Redirected { url, uri, count: count + 1, as_get, left_origin })
    }
}
