//! Why a connection did not open, or ended.

use super::{request::is_framing, url::excerpt};
use crate::{error::TooLarge, wire::http::is_token};
use alloc::{boxed::Box, string::String};
use core::{error::Error, fmt, time::Duration};

/// An error of any kind, from a transport or from a function that computes a header.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// Why an [`EventSource`](crate::EventSource) could not be made.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildError {
    /// The URL is not one.
    #[non_exhaustive]
    Url {
        /// The URL that was given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The method is not a word.
    #[non_exhaustive]
    Method {
        /// The method that was given.
        method: String,
    },
    /// A header's name is not a word, or is for the HTTP library to set, or its value holds a control character.
    #[non_exhaustive]
    Header {
        /// The header's name. Its value may be a secret.
        name: String,
    },
    /// The HTTP library did not start.
    #[non_exhaustive]
    Transport {
        /// What it said.
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
                write!(f, "the value of the header {name} holds a character that no header can carry")
            }
            BuildError::Header { name } => write!(f, "{name:?} is not the name of a header"),
            BuildError::Transport { reason } => write!(f, "the HTTP library did not start: {reason}"),
        }
    }
}

impl Error for BuildError {}

/// Why a connection did not open, or ended, or why a message is missing.
///
/// It says whether the client comes back, and when. The transport's own error is its
/// [`source`](Error::source).
pub struct ClientError {
    // On the heap, because results with it are moved for each message.
    inner: Box<Inner>,
}

#[derive(Debug)]
struct Inner {
    cause: Cause,
    attempt: u64,
    url: String,
    outlook: Outlook,
}

/// What happens after an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outlook {
    /// The stream is open and goes on.
    ReadsOn,
    ComesBackIn(Duration),
    GivesUp {
        failures: u32,
    },
}

/// What went wrong.
#[derive(Debug)]
#[non_exhaustive]
pub enum Cause {
    /// The stream ended.
    #[non_exhaustive]
    Ended {
        /// How many bytes had come of an event that was not finished, and that is discarded.
        unfinished: usize,
    },
    /// The stream was open, and nothing came for as long as the read timeout.
    ReadTimeout(Duration),
    /// The connection did not come about, or the request found no answer. If a timeout was over, the error is
    /// an [`io::Error`](std::io::Error) of the kind `TimedOut` for the transports of this crate.
    Connect(BoxError),
    /// The connection broke while the stream was read.
    Read(BoxError),
    /// The status was not 200.
    #[non_exhaustive]
    Status {
        /// The status.
        status: u16,
        /// How long the server wants to be left alone: `Retry-After` of a 429 or a 503, as far as a timer
        /// holds it (24.8 days).
        retry_after: Option<Duration>,
        /// The first bytes of the body.
        body_start: String,
    },
    /// The answer is not an event stream.
    #[non_exhaustive]
    ContentType {
        /// Its `Content-Type`, if it had one, cut short if it is long.
        content_type: Option<String>,
        /// The first bytes of the body.
        body_start: String,
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
        status: u16,
        /// Where it leads, without credentials, and cut short if it is long.
        location: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A header could not be computed for this attempt.
    #[non_exhaustive]
    Header {
        /// The header's name.
        name: String,
        /// What the function said that computes it.
        source: BoxError,
    },
    /// An event was too large and has been skipped.
    TooLarge(TooLarge),
}

impl Cause {
    /// The stream ended. [`Connection::end`](crate::client::Connection::end) adds whether it did inside an event.
    #[must_use]
    pub fn ended() -> Cause {
        Cause::Ended { unfinished: 0 }
    }

    /// Adds the first bytes of a body that is not an event stream.
    #[must_use]
    pub fn with_body_start(mut self, bytes: &[u8]) -> Cause {
        if let Cause::Status { body_start, .. } | Cause::ContentType { body_start, .. } = &mut self {
            *body_start = String::from_utf8_lossy(bytes).into_owned();
        }
        self
    }
}

impl ClientError {
    pub(super) fn new(cause: Cause, attempt: u64, url: &str, outlook: Outlook) -> ClientError {
        ClientError { inner: Box::new(Inner { cause, attempt, url: url.into(), outlook }) }
    }

    /// What went wrong.
    #[must_use]
    pub fn cause(&self) -> &Cause {
        &self.inner.cause
    }

    /// Which attempt to connect this was, counted from 1 since the client was made.
    #[must_use]
    pub fn attempt(&self) -> u64 {
        self.inner.attempt
    }

    /// The URL that was read, without credentials: after redirects the last one.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.inner.url
    }

    /// The status, if the server answered with another one than 200.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self.inner.cause {
            Cause::Status { status, .. } | Cause::Redirect { status, .. } => Some(status),
            _ => None,
        }
    }

    /// After how long the client connects again. `None` if it will not, or need not.
    #[must_use]
    pub fn retry_in(&self) -> Option<Duration> {
        match self.inner.outlook {
            Outlook::ComesBackIn(delay) => Some(delay),
            _ => None,
        }
    }

    /// Whether the client has given up: nothing will come any more.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        matches!(self.inner.outlook, Outlook::GivesUp { .. })
    }
}

impl fmt::Debug for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { cause, attempt, url, outlook } = &*self.inner;
        f.debug_struct("ClientError")
            .field("cause", cause)
            .field("attempt", attempt)
            .field("url", url)
            .field("outlook", outlook)
            .finish()
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { cause, attempt, url, outlook } = &*self.inner;
        // A server may have chosen it, by a redirect.
        let url = excerpt(url);
        match cause {
            Cause::Ended { unfinished: 0 } => write!(f, "the stream from {url} ended"),
            Cause::Ended { unfinished } => {
                write!(f, "the stream from {url} ended, {unfinished} bytes into an event")
            }
            Cause::ReadTimeout(time) => write!(f, "nothing came from {url} for {time:?}"),
            Cause::Connect(_) => write!(f, "there was no answer from {url}"),
            Cause::Read(_) => write!(f, "the stream from {url} broke"),
            Cause::Status { status, body_start, .. } => {
                write!(f, "the answer from {url} has status {status}{}", Quoted(body_start))
            }
            Cause::ContentType { content_type, body_start } => {
                write!(f, "the answer from {url} is no event stream: it has ")?;
                match content_type {
                    Some(content_type) => write!(f, "the content type {content_type:?}")?,
                    None => f.write_str("no content type")?,
                }
                write!(f, "{}", Quoted(body_start))
            }
            Cause::ContentEncoding { encoding } => {
                write!(f, "the answer from {url} has the encoding {encoding:?}, which was not asked for")
            }
            Cause::TooManyRedirects { limit } => {
                write!(f, "the answer from {url} is a redirect after {limit} others")
            }
            Cause::Redirect { status, location, reason } => {
                write!(f, "the answer from {url} is a redirect ({status}) to {location:?}, {reason}")
            }
            Cause::Header { name, .. } => {
                write!(f, "the header {name} for {url} could not be computed")
            }
            Cause::TooLarge(error) => write!(f, "in the stream from {url} {error}"),
        }?;
        match outlook {
            Outlook::ReadsOn => Ok(()),
            Outlook::ComesBackIn(delay) => {
                write!(f, " (attempt {attempt}); connecting again in {} ms", delay.as_millis())
            }
            Outlook::GivesUp { failures: 0 | 1 } => write!(f, " (attempt {attempt}); giving up"),
            Outlook::GivesUp { failures } => {
                write!(f, " (attempt {attempt}); giving up after {failures} failures in a row")
            }
        }
    }
}

impl Error for ClientError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.inner.cause {
            Cause::Connect(source) | Cause::Read(source) | Cause::Header { source, .. } => {
                Some(source.as_ref())
            }
            _ => None,
        }
    }
}

/// The first bytes of a body, on one line.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, " and a body that begins {:?}", self.0) }
    }
}
