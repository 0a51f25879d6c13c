//! How a stream ended.

/// How a stream ended, as seen from the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum End {
    /// The event source ended, and the server took all that it had. So it is for a `HEAD` request,
    /// which has no stream.
    Finished,
    /// It was ended by a [`Shutdown`](crate::response::Shutdown).
    ShutDown,
    /// The event source returned an error. So it is also if the server drops the body after that.
    Failed,
    /// The server dropped the body before its end: the client left, or the server itself was dropped.
    Dropped,
    /// Events waited, and the client read nothing for as long as the send timeout.
    TimedOut,
}

/// Calls a function once with how the stream ended, at the latest when it is dropped.
#[cfg(feature = "http")]
pub(super) struct OnEnd<F: FnOnce(End)> {
    callback: Option<F>,
    /// What a drop means.
    pub(super) dropped: End,
}

#[cfg(feature = "http")]
impl<F: FnOnce(End)> OnEnd<F> {
    pub(super) fn new(callback: F, dropped: End) -> Self {
        OnEnd { callback: Some(callback), dropped }
    }

    /// Calls another function instead.
    pub(super) fn replace<G: FnOnce(End)>(mut self, callback: G) -> OnEnd<G> {
        self.callback = None;
        OnEnd::new(callback, self.dropped)
    }

    pub(super) fn call(&mut self, end: End) {
        if let Some(callback) = self.callback.take() {
            callback(end);
        }
    }
}

#[cfg(feature = "http")]
impl<F: FnOnce(End)> Drop for OnEnd<F> {
    fn drop(&mut self) {
        self.call(self.dropped);
    }
}
