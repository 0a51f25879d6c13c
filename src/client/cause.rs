//! What went wrong in an attempt.

use super::{BoxError, ClientError};
use crate::{decode::ResponseError, error::TooLarge};
use alloc::string::String;
use core::{error::Error, fmt, time::Duration};
use http::StatusCode;

/// What went wrong.
#[derive(Debug)]
#[non_exhaustive]
pub enum Cause {
    /// The stream ended.
    #[non_exhaustive]
    Ended {
        /// How many bytes of an unfinished event, which is discarded, had arrived.
        unfinished: usize,
        /// The first of them, up to 128.
        start: String,
    },
    /// The stream was open, and nothing arrived for as long as the read timeout.
    ReadTimeout(Duration),
    /// No connection was established, or the request found no answer. If it timed out, the error is
    /// an [`io::Error`](std::io::Error) of the kind `TimedOut` for the transports of this crate.
    Connect(BoxError),
    /// The connection broke while the stream was read.
    Read(BoxError),
    /// The status was not 200.
    #[non_exhaustive]
    Status {
        /// The status.
        status: StatusCode,
        /// How long the server wants to be left alone: `Retry-After`, as far as a timer holds it (24.8 days).
        retry_after: Option<Duration>,
    },
    /// The answer is not an event stream.
    #[non_exhaustive]
    ContentType {
        /// Its `Content-Type`, if it had one, cut short if it is long.
        content_type: Option<String>,
    },
    /// The body is compressed in a way that the transport does not know.
    #[non_exhaustive]
    ContentEncoding {
        /// The encoding.
        encoding: String,
    },
    /// There were too many redirects in a row.
    #[non_exhaustive]
    TooManyRedirects {
        /// How many were followed.
        limit: u32,
    },
    /// A redirect leads nowhere that a client may go.
    #[non_exhaustive]
    Redirect {
        /// The status.
        status: StatusCode,
        /// Where it leads, without credentials and the values of its query, and cut short if it is long.
        location: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A header could not be computed for this attempt, or no header can carry its value.
    #[non_exhaustive]
    Header {
        /// The header's name.
        name: String,
        /// What the function said that computes it.
        source: BoxError,
    },
    /// The URL could not be computed for this attempt, or it is none.
    #[non_exhaustive]
    Url {
        /// What the function said that computes it.
        source: BoxError,
    },
    /// The URL begins with `https`, and no feature with TLS is enabled.
    #[non_exhaustive]
    NoTls {
        /// The features of this crate, one of which it takes.
        features: &'static str,
    },
    /// An event was too large and has been skipped.
    TooLarge(TooLarge),
}

impl Cause {
    /// What others said.
    pub(super) fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Cause::Connect(source)
            | Cause::Read(source)
            | Cause::Header { source, .. }
            | Cause::Url { source } => Some(source.as_ref()),
            _ => None,
        }
    }

    /// Why there was no answer.
    pub(super) fn connect(error: BoxError) -> Cause {
        match error.downcast::<NoTls>() {
            Ok(no_tls) => Cause::NoTls { features: no_tls.features },
            Err(error) => Cause::Connect(error),
        }
    }

    /// Writes what happened, at this URL.
    pub(super) fn describe(&self, f: &mut fmt::Formatter<'_>, url: &str) -> fmt::Result {
        match self {
            Cause::Ended { unfinished: 0, .. } => write!(f, "the stream from {url} ended"),
            Cause::Ended { unfinished, start } => {
                write!(
                    f,
                    "the stream from {url} ended, {unfinished} bytes into an event that begins {start:?}"
                )
            }
            Cause::ReadTimeout(time) => write!(f, "nothing came from {url} for {time:?}"),
            Cause::Connect(_) => write!(f, "there was no answer from {url}"),
            Cause::Read(_) => write!(f, "the stream from {url} broke"),
            Cause::Status { status, .. } => write!(f, "the answer from {url} has status {}", status.as_u16()),
            Cause::ContentType { content_type: Some(content_type) } => {
                write!(
                    f,
                    "the answer from {url} is no event stream: it has the content type {content_type:?}"
                )
            }
            Cause::ContentType { content_type: None } => {
                write!(f, "the answer from {url} is no event stream: it has no content type")
            }
            Cause::ContentEncoding { encoding } => {
                write!(f, "the answer from {url} has the encoding {encoding:?}, which was not asked for")
            }
            Cause::TooManyRedirects { limit } => {
                write!(f, "the answer from {url} is a redirect after {limit} others")
            }
            Cause::Redirect { status, location, reason } => {
                let status = status.as_u16();
                write!(f, "the answer from {url} is a redirect ({status}) to {location:?}, {reason}")
            }
            Cause::Header { name, .. } => write!(f, "the header {name} for {url} could not be computed"),
            Cause::Url { .. } => write!(f, "the URL that follows {url} could not be computed"),
            Cause::NoTls { features } => {
                write!(f, "{url} needs TLS, which the feature {features} of sse-wire adds")
            }
            Cause::TooLarge(error) => write!(f, "in the stream from {url} {error}"),
        }
    }
}

impl From<ClientError> for Cause {
    fn from(error: ClientError) -> Cause {
        error.into_cause()
    }
}

/// What a transport of this crate says of `https`, if it cannot.
#[derive(Debug)]
pub(super) struct NoTls {
    pub(super) features: &'static str,
}

impl fmt::Display for NoTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "https needs the feature {}", self.features)
    }
}

impl Error for NoTls {}

impl Cause {
    pub(super) fn response(error: ResponseError, retry_after: Option<Duration>) -> Cause {
        match error {
            ResponseError::Status { status } => Cause::Status { status, retry_after },
            ResponseError::ContentType { content_type } => Cause::ContentType { content_type },
            ResponseError::ContentEncoding { encoding } => Cause::ContentEncoding { encoding },
        }
    }
}
