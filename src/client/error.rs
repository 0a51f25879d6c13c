//! Why a client could not be built, and why a connection did not open, or ended.

use super::{Cause, request::is_framing, url};
use crate::{decode::excerpt, wire::http::is_token};
use ::url::Url;
use alloc::{
    boxed::Box,
    format,
    string::{String, ToString},
};
use bytes::Bytes;
use core::{error::Error, fmt, time::Duration};
use http::{HeaderMap, StatusCode};

/// An error of any kind, from a transport or from a function that computes a header.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// Why an [`EventSource`](crate::EventSource) could not be built.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildError {
    /// The URL is invalid.
    #[non_exhaustive]
    Url {
        /// The given URL, without what may be credentials, and without the values of its query.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The method is not a valid HTTP token.
    #[non_exhaustive]
    Method {
        /// The given method.
        method: String,
    },
    /// A header's name is invalid, or only the HTTP library may set it, or its value contains a control character.
    #[non_exhaustive]
    Header {
        /// The header's name. Its value may be a secret.
        name: String,
    },
    /// There are more headers than a request can hold, which is about 24,000.
    TooManyHeaders,
    /// The HTTP library did not start.
    #[non_exhaustive]
    Transport {
        /// The library's error message.
        reason: String,
    },
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BuildError::Url { url, reason } => {
                write!(f, "{url:?} is not a URL to read events from: {reason}")
            }
            BuildError::Method { method } => write!(f, "{method:?} is not an HTTP method"),
            BuildError::Header { name } if is_framing(name) => {
                write!(f, "the header {name} is set by the HTTP library, for the body that it sends")
            }
            BuildError::Header { name } if is_token(name) => {
                write!(f, "the value of the header {name} contains a character that no header can carry")
            }
            BuildError::Header { name } => write!(f, "{name:?} is not the name of a header"),
            BuildError::TooManyHeaders => f.write_str("there are more headers than a request can hold"),
            BuildError::Transport { reason } => write!(f, "the HTTP library did not start: {reason}"),
        }
    }
}

impl Error for BuildError {}

/// Why a connection did not open, or ended, or why a message is missing.
///
/// It says whether the client reconnects, and when. Its message includes the reason that the transport gave; the
/// transport's own error is its [`source`](Error::source), and [`into_cause`](ClientError::into_cause) returns it by
/// value. Neither its message nor its `Debug` output shows credentials or query values. The transport's own error is
/// returned as it is, so it may show the URL.
///
/// ```
/// use sse_wire::client::{Cause, ClientError};
///
/// fn needs_another_token(error: &ClientError) -> bool {
///     error.status() == Some(http::StatusCode::UNAUTHORIZED)
/// }
///
/// fn request_id(error: &ClientError) -> Option<&str> {
///     error.headers()?.get("x-request-id")?.to_str().ok()
/// }
///
/// fn transport_error(error: ClientError) -> Option<std::io::Error> {
///     match error.into_cause() {
///         Cause::Connect(error) | Cause::Read(error) => Some(*error.downcast().ok()?),
///         _ => None,
///     }
/// }
/// # let _ = (needs_another_token, request_id, transport_error);
/// ```
pub struct ClientError {
    // Boxed, because a result that could hold it is moved for each message.
    inner: Box<Inner>,
}

pub(super) struct Inner {
    pub(super) cause: Cause,
    pub(super) attempt: u64,
    pub(super) url: Url,
    pub(super) outlook: Outlook,
    /// The headers and body of a response that was not an event stream.
    pub(super) answer: Option<(HeaderMap, Bytes)>,
    /// The status of a redirect that turned a request with another method into a `GET`, and that method.
    pub(super) turned: Option<(StatusCode, http::Method)>,
}

/// What happens after an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outlook {
    /// The stream is open and continues.
    ReadsOn,
    ReconnectsIn(Duration),
    GivesUp {
        failures: u32,
    },
}

impl ClientError {
    pub(super) fn new(inner: Inner) -> ClientError {
        ClientError { inner: Box::new(inner) }
    }

    /// What went wrong.
    #[must_use]
    pub fn cause(&self) -> &Cause {
        &self.inner.cause
    }

    /// Returns what went wrong by value, including the transport's own error.
    #[must_use]
    pub fn into_cause(self) -> Cause {
        self.inner.cause
    }

    /// The number of this attempt to connect, counted from 1 since the client was built.
    #[must_use]
    pub fn attempt(&self) -> u64 {
        self.inner.attempt
    }

    /// The URL that was read, without credentials but with its query: after redirects, the last one.
    #[must_use]
    pub fn url(&self) -> &str {
        self.inner.url.as_str()
    }

    /// The status, if the server responded with one other than 200.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self.inner.cause {
            Cause::Status { status, .. } | Cause::Redirect { status, .. } => Some(status),
            _ => None,
        }
    }

    /// The headers of a response that was not an event stream: a request ID, `WWW-Authenticate`, rate limits.
    #[must_use]
    pub fn headers(&self) -> Option<&HeaderMap> {
        self.inner.answer.as_ref().map(|(headers, _)| headers)
    }

    /// The body of a response that was not an event stream: as much of it as arrived within a second, up to 64 KiB or
    /// the [configured size](crate::client::Builder::max_error_body). Empty if there is none.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.inner.answer.as_ref().map_or(&[], |(_, body)| body)
    }

    /// How long the client waits before it reconnects. `None` if it will not reconnect, or need not.
    #[must_use]
    pub fn retry_in(&self) -> Option<Duration> {
        match self.inner.outlook {
            Outlook::ReconnectsIn(delay) => Some(delay),
            _ => None,
        }
    }

    /// Whether the client has given up: nothing will follow.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        matches!(self.inner.outlook, Outlook::GivesUp { .. })
    }
}

impl fmt::Debug for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { cause, attempt, url, outlook, .. } = &*self.inner;
        f.debug_struct("ClientError")
            .field("cause", &format_args!("{}", url::redact(format!("{cause:?}"), url)))
            .field("attempt", attempt)
            .field("url", &url::shown(url))
            .field("outlook", outlook)
            .field("body", &self.body().len())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { cause, attempt, url, outlook, turned, .. } = &*self.inner;
        cause.describe(f, &url::shown(url))?;
        if let Some(source) = cause.source() {
            let reason = url::redact(root(source).to_string(), url);
            write!(f, ": {}", excerpt(&reason))?;
        }
        if !self.body().is_empty() {
            // Some servers repeat the URL.
            let body = url::redact(String::from_utf8_lossy(self.body()).into(), url);
            write!(f, " and a body that begins {:?}", excerpt(&body))?;
        }
        if let Some((status, method)) = turned {
            write!(f, ", after a redirect ({}) that turned {method} into GET", status.as_u16())?;
        }
        match outlook {
            Outlook::ReadsOn => Ok(()),
            Outlook::ReconnectsIn(delay) => {
                write!(f, " (attempt {attempt}); reconnecting in {} ms", delay.as_millis())
            }
            Outlook::GivesUp { failures: 0 | 1 } => write!(f, " (attempt {attempt}); giving up"),
            Outlook::GivesUp { failures } => {
                write!(f, " (attempt {attempt}); giving up after {failures} failures in a row")
            }
        }
    }
}

/// The error at the end of the chain, which caused all the others.
fn root<'e>(mut error: &'e (dyn Error + 'static)) -> &'e (dyn Error + 'static) {
    while let Some(source) = error.source() {
        error = source;
    }
    error
}

impl Error for ClientError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.inner.cause.source()
    }
}
