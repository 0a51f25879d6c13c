//! Where a redirect leads, and what goes there (WHATWG Fetch, "HTTP-redirect fetch").

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
    /// The request became one without a body, by a redirect with this status.
    pub(super) as_get: Option<StatusCode>,
    /// Another origin was among them: the user's own headers are not sent any more.
    pub(super) left_origin: bool,
}

/// A request that is redirected.
pub(super) struct Request<'r> {
    /// Where it went, if not to where it led before.
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
            return Err(wrong("which is not encrypted, as the request was"));
        }
        if count >= limit {
            return Err(Cause::TooManyRedirects { limit });
        }
        // The server does not choose the user's credentials.
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
        // Without its headers the body could not be understood, and it may be as private as they are.
        if left_origin && as_get.is_none() && self.has_body {
            return Err(wrong("which would carry the request's body to another origin"));
        }
        Ok(Redirected { url, uri, count: count + 1, as_get, left_origin })
    }
}
