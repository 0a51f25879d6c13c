//! How a stream ended.

/// How a stream ended, as seen from the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum End {
    /// The event source ended, and the server took everything it had sent. The response to a `HEAD` request, which has
    /// no stream, ends like this too.
    Finished,
    /// A [`Shutdown`](crate::response::Shutdown) ended it.
    ShutDown,
    /// The event source returned an error. This also applies if the server drops the body after that.
    Failed,
    /// The server dropped the body before its end: the client left, or the server itself was dropped.
    Dropped,
    /// Events were waiting, and the client read nothing for as long as the send timeout.
    TimedOut,
}
