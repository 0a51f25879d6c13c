//! What a client needs of an HTTP library.

use super::{Answer, BoxError, Request, Stop};
use alloc::boxed::Box;
use bytes::Bytes;
use core::{future::Future, pin::Pin, time::Duration};
use futures_core::Stream;
use std::{io::Read, time::Instant};

/// Sends requests for an [`EventSource`](crate::EventSource), with whatever HTTP library.
///
/// Implemented for functions: see [`EventSourceBuilder::build_with`](crate::client::EventSourceBuilder::build_with).
pub trait Transport: Send + Sync {
    /// Sends a request, and returns when the head of the answer has come. The body is read as it arrives.
    ///
    /// It follows no redirects, and no status is an error. It respects the request's timeouts, the read timeout
    /// also while it sends: one that is over while the body is read is an [`io::Error`](std::io::Error) of the
    /// kind `TimedOut` or `WouldBlock`. An end of the body before its time, inside a chunk for example, is an
    /// error too.
    ///
    /// # Errors
    ///
    /// When there is no answer.
    fn open(&self, request: &Request, stop: &Stop) -> Result<Answer<Box<dyn Read + Send>>, BoxError>;
}

impl<F> Transport for F
where
    F: Fn(&Request, &Stop) -> Result<Answer<Box<dyn Read + Send>>, BoxError> + Send + Sync,
{
    fn open(&self, request: &Request, stop: &Stop) -> Result<Answer<Box<dyn Read + Send>>, BoxError> {
        self(request, stop)
    }
}

/// A future on the heap.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The body of an [`Answer`] that is read without blocking.
pub type AsyncBody = Pin<Box<dyn Stream<Item = Result<Bytes, BoxError>> + Send>>;

/// Sends requests for an [`AsyncEventSource`](crate::AsyncEventSource), with whatever HTTP library and
/// runtime.
///
/// Dropping a future or a body gives it up.
pub trait AsyncTransport: Send + Sync {
    /// Sends a request, and is ready when the head of the answer has come. The body yields bytes as they
    /// arrive.
    ///
    /// It follows no redirects, and no status is an error. The connect timeout is for it to respect; the
    /// read timeout is the client's, which counts anew whenever a piece of the request's body is taken
    /// ([`Request::body_pieces`]).
    fn open(&self, request: Request) -> BoxFuture<Result<Answer<AsyncBody>, BoxError>>;

    /// The runtime's timer.
    fn sleep(&self, duration: Duration) -> BoxFuture<()>;

    /// The time that the timer goes by: for a runtime whose clock can be stopped, as tokio's in tests.
    fn now(&self) -> Instant {
        Instant::now()
    }
}
