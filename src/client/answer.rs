//! What a server answered.

use super::policy::LONGEST;
use alloc::{string::String, vec::Vec};
use core::{fmt, time::Duration};
use std::time::SystemTime;

/// What a server answered: a status, headers and a body to read.
///
/// A [`Transport`](crate::client::Transport) makes one, whatever its HTTP library calls it.
///
/// ```
/// use sse_wire::client::Answer;
///
/// let body: &[u8] = b"data: 1\n\n";
/// let answer = Answer::new(200, body).header("Content-Type", "text/event-stream");
/// assert_eq!(answer.head().header("content-type"), Some("text/event-stream"));
/// ```
pub struct Answer<B> {
    head: AnswerHead,
    body: B,
}

impl<B> Answer<B> {
    /// An answer without headers.
    #[must_use]
    pub fn new(status: u16, body: B) -> Answer<B> {
        Answer { head: AnswerHead { status, headers: Vec::new(), received: None }, body }
    }

    /// Adds a header as it was received.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl AsRef<[u8]>) -> Answer<B> {
        self.head.headers.push((name.into(), String::from_utf8_lossy(value.as_ref()).into_owned()));
        self
    }

    /// Says when it was received: a `Retry-After` may be a date. Without this, and without a `Date` of the
    /// server's, which goes before, such a date means nothing. [`EventSource`](crate::EventSource) and
    /// [`AsyncEventSource`](crate::AsyncEventSource) say it.
    #[must_use]
    pub fn received(mut self, time: SystemTime) -> Answer<B> {
        self.head.received = Some(time);
        self
    }

    /// The status and the headers.
    #[must_use]
    pub fn head(&self) -> &AnswerHead {
        &self.head
    }

    /// The two parts.
    #[must_use]
    pub fn into_parts(self) -> (AnswerHead, B) {
        (self.head, self.body)
    }
}

impl<B> fmt::Debug for Answer<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("head", &self.head).finish_non_exhaustive()
    }
}

/// The status and the headers of an [`Answer`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerHead {
    status: u16,
    headers: Vec<(String, String)>,
    received: Option<SystemTime>,
}

impl AnswerHead {
    /// The status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The value of the first header of this name, whose case does not matter. What is not UTF-8 in it is
    /// U+FFFD.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// All headers, in the order of the answer.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers().filter(move |(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Whether this is an event stream: "if `res`'s `Content-Type` is not `text/event-stream`", whatever
    /// its parameters (WHATWG HTML, 9.2.2, step 15). Of several types the last one holds (WHATWG Fetch,
    /// "extract a MIME type").
    pub(super) fn is_event_stream(&self) -> bool {
        let types = self.all("content-type").flat_map(|value| value.split(','));
        let essence =
            types.filter_map(|value| value.split(';').next()).map(str::trim).filter(|t| !t.is_empty()).last();
        essence.is_some_and(|essence| essence.eq_ignore_ascii_case("text/event-stream"))
    }

    /// All of its types, as in one header.
    pub(super) fn content_type(&self) -> Option<String> {
        let types: Vec<_> = self.all("content-type").collect();
        (!types.is_empty()).then(|| types.join(", "))
    }

    /// How long the server wants to be left alone (RFC 9110, 10.2.3): seconds or a date, which is compared
    /// with the server's own clock, or with ours if it does not tell the time (6.6.1).
    pub(super) fn retry_after(&self) -> Option<Duration> {
        let value = self.header("retry-after")?.trim();
        if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
            let seconds = value.parse().map_or(LONGEST, Duration::from_secs);
            return Some(seconds.min(LONGEST));
        }
        let date = |text: &str| httpdate::parse_http_date(text.trim()).ok();
        let now = self.header("date").and_then(date).or(self.received)?;
        Some(date(value)?.duration_since(now).ok()?.min(LONGEST))
    }

    /// An encoding of the body that the transport has not undone.
    pub(super) fn encoding(&self) -> Option<&str> {
        let mut codings = self.all("content-encoding").flat_map(|value| value.split(',')).map(str::trim);
        codings.find(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("identity"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(headers: &[(&str, &str)]) -> AnswerHead {
        let empty = Answer::new(200, ());
        headers.iter().fold(empty, |answer, (name, value)| answer.header(*name, value)).into_parts().0
    }

    #[test]
    fn what_is_an_event_stream() {
        for (value, is) in [
            ("text/event-stream", true),
            ("TEXT/Event-Stream", true),
            (" text/event-stream ", true),
            ("text/event-stream;", true),
            ("text/event-stream; charset=utf-8", true),
            ("text/event-stream;charset=windows-1251;x=\"y\"", true),
            ("text/html, text/event-stream", true),
            ("text/event-stream, text/html", false),
            ("text/event-stream, ", true),
            ("text/x-bogus", false),
            ("x bogus", false),
            ("text/event-streams", false),
            ("text/event-stream x", false),
            ("", false),
        ] {
            assert_eq!(head(&[("Content-type", value)]).is_event_stream(), is, "{value:?}");
        }
        assert!(!head(&[]).is_event_stream());
        assert!(head(&[("content-type", "a/b"), ("CONTENT-TYPE", "text/event-stream")]).is_event_stream());
    }

    #[test]
    fn what_is_encoded() {
        assert_eq!(head(&[]).encoding(), None);
        assert_eq!(head(&[("content-encoding", "identity, ")]).encoding(), None);
        assert_eq!(head(&[("content-encoding", "identity, br")]).encoding(), Some("br"));
    }

    #[test]
    fn headers_are_found_whatever_their_case() {
        let head = head(&[("X-One", "1"), ("x-one", "2")]);
        assert_eq!(head.header("x-ONE"), Some("1"));
        assert_eq!(head.header("x-two"), None);
        assert_eq!(head.headers().count(), 2);
    }
}
