//! Whether a response is an event stream.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};
use core::{error::Error, fmt, str};
use http::{HeaderMap, HeaderValue, StatusCode, header, response::Parts};

/// Checks that a response is an event stream that can be read: its status, its content type, and its encoding.
///
/// Call it if you have a response from an HTTP library and read its body with a [`MessageStream`](crate::MessageStream)
/// or a [`MessageReader`](crate::MessageReader). Without this check, an error in JSON, or a compressed body, would look
/// like a stream that ended without messages.
///
/// ```
/// use sse_wire::{ResponseError, check_response};
///
/// let (head, _) = http::Response::builder()
///     .header("Content-Type", "text/event-stream; charset=utf-8")
///     .body(())?
///     .into_parts();
/// assert_eq!(check_response(&head), Ok(()));
///
/// let (head, _) = http::Response::builder().status(503).body(())?.into_parts();
/// let error = check_response(&head).unwrap_err();
/// assert!(matches!(error, ResponseError::Status { .. }));
/// assert_eq!(error.to_string(), "the response has status 503, not 200");
/// # Ok::<(), http::Error>(())
/// ```
///
/// # Errors
///
/// The first problem found.
pub fn check_response(head: &Parts) -> Result<(), ResponseError> {
    check(head, false)
}

/// The same check. With `any_type`, it accepts a response of any content type, or without one.
pub(crate) fn check(head: &Parts, any_type: bool) -> Result<(), ResponseError> {
    if head.status != StatusCode::OK {
        return Err(ResponseError::Status { status: head.status });
    }
    if !any_type && !is_event_stream(&head.headers) {
        let content_type = content_type(&head.headers);
        return Err(ResponseError::ContentType { content_type });
    }
    match encoding(&head.headers) {
        Some(encoding) => Err(ResponseError::ContentEncoding { encoding: excerpt(encoding) }),
        None => Ok(()),
    }
}

/// Why a response is not an event stream: see [`check_response`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseError {
    /// The status is not 200.
    #[non_exhaustive]
    Status {
        /// The status.
        status: StatusCode,
    },
    /// The content type is not `text/event-stream`.
    #[non_exhaustive]
    ContentType {
        /// The `Content-Type`, if there is one, cut short if it is long.
        content_type: Option<String>,
    },
    /// The body is compressed, and the HTTP library has not decompressed it.
    #[non_exhaustive]
    ContentEncoding {
        /// The encoding.
        encoding: String,
    },
}

impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ResponseError::Status { status } => {
                write!(f, "the response has status {}, not 200", status.as_u16())
            }
            ResponseError::ContentType { content_type: Some(content_type) } => {
                write!(f, "the response is not an event stream: it has the content type {content_type:?}")
            }
            ResponseError::ContentType { content_type: None } => {
                f.write_str("the response is not an event stream: it has no content type")
            }
            ResponseError::ContentEncoding { encoding } => {
                write!(
                    f,
                    "the response has the encoding {encoding:?}, which the HTTP library has not decoded"
                )
            }
        }
    }
}

impl Error for ResponseError {}

/// The values of a header that are text.
fn values(headers: &HeaderMap, name: header::HeaderName) -> impl Iterator<Item = &str> {
    headers.get_all(name).into_iter().filter_map(|value: &HeaderValue| str::from_utf8(value.as_bytes()).ok())
}

/// "If `res`'s `Content-Type` is not `text/event-stream`", whatever its parameters (WHATWG HTML, 9.2.2, step
/// 15). If there are several types, the last one counts (WHATWG Fetch, "extract a MIME type").
fn is_event_stream(headers: &HeaderMap) -> bool {
    let types = values(headers, header::CONTENT_TYPE).flat_map(|value| value.split(','));
    let essences = types.filter_map(|value| value.split(';').next()).map(str::trim);
    let last = essences.filter(|essence| !essence.is_empty()).last();
    last.is_some_and(|essence| essence.eq_ignore_ascii_case("text/event-stream"))
}

/// All content types, as if they were in one header.
fn content_type(headers: &HeaderMap) -> Option<String> {
    let types: Vec<_> = values(headers, header::CONTENT_TYPE).collect();
    (!types.is_empty()).then(|| excerpt(&types.join(", ")))
}

/// An encoding of the body that the transport has not decoded.
fn encoding(headers: &HeaderMap) -> Option<&str> {
    let codings = values(headers, header::CONTENT_ENCODING).flat_map(|value| value.split(','));
    codings.map(str::trim).find(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("identity"))
}

/// The beginning of a server's text, to be shown. The text may be long.
pub(crate) fn excerpt(text: &str) -> String {
    const LENGTH: usize = 256;
    if text.len() <= LENGTH {
        return text.to_string();
    }
    let end = (0..=LENGTH).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    [&text[..end], "…"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_text_the_beginning_is_shown() {
        for text in [String::new(), "x".repeat(256)] {
            assert_eq!(excerpt(&text), text);
        }
        assert_eq!(excerpt(&"x".repeat(257)), "x".repeat(256) + "…");
        // Not half a character.
        assert_eq!(excerpt(&("x".to_string() + &"é".repeat(200))), "x".to_string() + &"é".repeat(127) + "…");
    }

    fn headers(headers: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = headers.iter().map(|(name, value)| {
            (header::HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_static(value))
        });
        pairs.fold(HeaderMap::new(), |mut map, (name, value)| {
            map.append(name, value);
            map
        })
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
            assert_eq!(is_event_stream(&headers(&[("Content-type", value)])), is, "{value:?}");
        }
        assert!(!is_event_stream(&headers(&[])));
        assert!(is_event_stream(&headers(&[("content-type", "a/b"), ("CONTENT-TYPE", "text/event-stream")])));
    }

    #[test]
    fn what_would_look_like_a_stream_without_messages() {
        for (status, pairs, text) in [
            (200, &[("content-type", "text/event-stream")][..], ""),
            (200, &[("content-type", "application/json")], "has the content type \"application/json\""),
            (200, &[], "has no content type"),
            (
                200,
                &[("content-type", "text/event-stream"), ("content-encoding", "gzip")],
                "encoding \"gzip\"",
            ),
            (429, &[("content-type", "text/event-stream")], "has status 429"),
        ] {
            let (mut head, ()) = http::Response::new(()).into_parts();
            (head.status, head.headers) = (StatusCode::from_u16(status).unwrap(), headers(pairs));
            match check_response(&head) {
                Ok(()) => assert_eq!(text, ""),
                Err(error) => assert!(!text.is_empty() && error.to_string().contains(text), "{error}"),
            }
        }
    }

    #[test]
    fn what_is_encoded() {
        assert_eq!(encoding(&headers(&[])), None);
        assert_eq!(encoding(&headers(&[("content-encoding", "identity, ")])), None);
        assert_eq!(encoding(&headers(&[("content-encoding", "identity, br")])), Some("br"));
    }
}
