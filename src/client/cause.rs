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
        /// How many bytes had arrived of an unfinished event, which was discarded.
        unfinished: usize,
        /// The first of them, up to 128.
        start: String,
    },
    /// The stream was open, but nothing arrived before the read timeout.
    ReadTimeout(Duration),
    /// No connection was established, or there was no response to the request. With the transports of this crate, a
    /// timeout is an [`io::Error`](std::io::Error) of the kind `TimedOut`.
    Connect(BoxError),
    /// The connection broke while the stream was being read.
    Read(BoxError),
    /// The status was not 200.
    #[non_exhaustive]
    Status {
        /// The status.
        status: StatusCode,
        /// How long the server wants to be left alone: its `Retry-After`, up to what a timer supports (24.8 days).
        retry_after: Option<Duration>,
    },
    /// The response is not an event stream.
    #[non_exhaustive]
    ContentType {
        /// Its `Content-Type`, if it had one, cut short if it is long.
        content_type: Option<String>,
    },
    /// The body has an encoding that the transport has not decoded.
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
    /// A redirect leads to a place that the client must not follow.
    #[non_exhaustive]
    Redirect {
        /// The status.
        status: StatusCode,
        /// Where it leads, without credentials and query values, and cut short if it is long.
        location: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A header could not be computed for this attempt, or its value is not valid in a header.
    #[non_exhaustive]
    Header {
        /// The header's name.
        name: String,
        /// The error of the function that computes the header.
        source: BoxError,
    },
    /// The URL could not be computed for this attempt, or is invalid.
    #[non_exhaustive]
    Url {
        /// The error of the function that computes the URL.
        source: BoxError,
    },
    /// The URL begins with `https`, and no TLS feature is enabled.
    #[non_exhaustive]
    NoTls {
        /// The features of this crate of which one is needed.
        features: &'static str,
    },
    /// An event was too large and has been skipped.
    TooLarge(TooLarge),
}

impl Cause {
    /// The underlying error, if there is one.
    pub(super) fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Cause::Connect(source)
            | Cause::Read(source)
            | Cause::Header { source, .. }
            | Cause::Url { source } => Some(source.as_ref()),
            _ => None,
        }
    }

    /// Why there was no response.
    pub(super) fn connect(error: BoxError) -> Cause {
        match error.downcast::<NoTls>() {
            Ok(no_tls) => Cause::NoTls { features: no_tls.features },
            Err(error) => Cause::Connect(error),
        }
    }

    /// Why a response is not read as an event stream.
    pub(super) fn response(error: ResponseError, retry_after: Option<Duration>) -> Cause {
        match error {
            ResponseError::Status { status } => Cause::Status { status, retry_after },
            ResponseError::ContentType { content_type } => Cause::ContentType { content_type },
            ResponseError::ContentEncoding { encoding } => Cause::ContentEncoding { encoding },
        }
    }

    /// Describes what happened at this URL.
    pub(super) fn describe(&self, f: &mut fmt::Formatter<'_>, url: &str) -> fmt::Result {
        match self {
            Cause::Ended { unfinished: 0, .. } => write!(f, "the stream from {url} ended"),
            Cause::Ended { unfinished, start } => {
                write!(
                    f,
                    "the stream from {url} ended, {unfinished} bytes into an event that begins {start:?}"
                )
            }
            Cause::ReadTimeout(time) => write!(f, "nothing arrived from {url} for {time:?}"),
            Cause::Connect(_) => write!(f, "there was no response from {url}"),
            Cause::Read(_) => write!(f, "the stream from {url} broke"),
            Cause::Status { status, .. } => {
                write!(f, "the response from {url} has status {}", status.as_u16())
            }
            Cause::ContentType { content_type: Some(content_type) } => {
                write!(
                    f,
                    "the response from {url} is not an event stream: it has the content type {content_type:?}"
                )
            }
            Cause::ContentType { content_type: None } => {
                write!(f, "the response from {url} is not an event stream: it has no content type")
            }
            Cause::ContentEncoding { encoding } => {
                write!(f, "the response from {url} has the encoding {encoding:?}, which was not requested")
            }
            Cause::TooManyRedirects { limit } => {
                write!(f, "the response from {url} is a redirect after {limit} others")
            }
            Cause::Redirect { status, location, reason } => {
                let status = status.as_u16();
                write!(f, "the response from {url} is a redirect ({status}) to {location:?}, {reason}")
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

/// The error of this crate's transports for an `https` URL, if no TLS feature is enabled.
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
