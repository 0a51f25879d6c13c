//! What can go wrong between a server and Redis.
//!
//! Nothing here repeats the URL, a user name or a password, and no other crate's error is exposed.

use alloc::string::{String, ToString};
use core::fmt;
use redis::{ErrorKind, RedisError, ServerErrorKind};

/// Why Redis could not be reached, or did not reply as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The URL is not that of a Redis server.
    Url,
    /// The caller is not in a tokio runtime.
    NoRuntime,
    /// Nothing is listening at the address.
    ConnectionRefused,
    /// The address cannot be reached; the text says why.
    Unreachable(String),
    /// There was no reply within the [timeout](super::Redis::timeout).
    TimedOut,
    /// The connection was lost.
    Disconnected,
    /// The user name or the password is wrong, or the user lacks a permission.
    Denied,
    /// Redis replied with this error.
    Reply(String),
    /// Redis sent a reply that does not fit the command.
    UnexpectedReply,
    /// The maximum number of [topics](super::NodeBuilder::topics) is reached, and all of them are in use.
    TooManyTopics,
    /// The [node](super::Node) is closed.
    Closed,
}

impl Error {
    pub(super) fn new(error: &RedisError) -> Error {
        if error.is_connection_refusal() {
            return Error::ConnectionRefused;
        }
        if error.is_timeout() {
            return Error::TimedOut;
        }
        if error.is_connection_dropped() {
            return Error::Disconnected;
        }
        match error.kind() {
            ErrorKind::Io => Error::Unreachable(error.to_string()),
            ErrorKind::InvalidClientConfig => Error::Url,
            ErrorKind::AuthenticationFailed | ErrorKind::Server(ServerErrorKind::NoPerm) => Error::Denied,
            ErrorKind::Server(_) | ErrorKind::Extension => match error.code() {
                // The text that follows may name the user.
                Some("NOAUTH" | "WRONGPASS" | "NOPERM") => Error::Denied,
                code => {
                    let (code, detail) = (code.unwrap_or("ERR"), error.detail().unwrap_or(""));
                    let text = [code, " ", detail].concat();
                    Error::Reply(text.trim_end().chars().take(200).collect())
                }
            },
            _ => Error::UnexpectedReply,
        }
    }

    /// Whether this is a reply from Redis, after which the connection can still be used.
    pub(super) fn is_answer(&self) -> bool {
        matches!(self, Error::Reply(_) | Error::Denied)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Error::Url => "this is not the URL of a Redis server",
            Error::NoRuntime => "there is no tokio runtime on this thread",
            Error::ConnectionRefused => "Redis refused the connection",
            Error::Unreachable(reason) => return write!(f, "Redis cannot be reached: {reason}"),
            Error::TimedOut => "Redis did not reply in time",
            Error::Disconnected => "the connection to Redis was lost",
            Error::Denied => "Redis denied access",
            Error::Reply(text) => return write!(f, "Redis replied: {text}"),
            Error::UnexpectedReply => "Redis sent an unexpected reply",
            Error::TooManyTopics => "all topics are in use",
            Error::Closed => "the node is closed",
        })
    }
}

impl core::error::Error for Error {}

/// Why an event was not published, or may not have been.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublishError {
    /// Redis does not have it: the command was not sent, or was refused.
    NotPublished(Error),
    /// The command was sent, but there was no reply. Redis may or may not have the event; publishing it again may
    /// publish it twice.
    Ambiguous(Error),
    /// The topic is [finished](super::Publisher::finish).
    Finished,
    /// The event has an ID of its own. In Redis, an event's ID is that of its entry.
    OwnId,
    /// There is no event to publish.
    Empty,
}

impl PublishError {
    pub(super) fn new(error: Error, was_sent: bool) -> PublishError {
        match error {
            // Only `XADD` says this, after `EntryId::END`.
            Error::Reply(text) if text.contains("exhausted the last possible ID") => PublishError::Finished,
            error if was_sent && !error.is_answer() => PublishError::Ambiguous(error),
            error => PublishError::NotPublished(error),
        }
    }
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PublishError::NotPublished(_) => "the event was not published",
            PublishError::Ambiguous(_) => "it is not known whether the event was published",
            PublishError::Finished => "the topic is finished",
            PublishError::OwnId => "the event has an ID of its own",
            PublishError::Empty => "there is no event to publish",
        })
    }
}

impl core::error::Error for PublishError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            PublishError::NotPublished(error) | PublishError::Ambiguous(error) => Some(error),
            PublishError::Finished | PublishError::OwnId | PublishError::Empty => None,
        }
    }
}
