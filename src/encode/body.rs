//! The contents of an `Sse` as a response body.

use super::Sse;
use bytes::Bytes;
use core::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};
use futures_core::Stream;
use http_body::{Body, Frame, SizeHint};

/// The contents of an [`Sse`] as a response body, which then ends.
///
/// It is a [`Body`] for hyper, axum, and other servers built on the `http` crate, and a [`Stream`] of [`Bytes`] for
/// actix-web and warp. It consists of one frame, which is not copied. (If you import the extension traits of both,
/// `BodyExt` and `StreamExt`, you have to say which `collect` you mean.)
///
/// ```
/// use sse_wire::{Sse, SseBody};
///
/// let mut sse = Sse::new();
/// sse.add_message("tick", "1");
/// let response: http::Response<SseBody> = http::Response::builder()
///     .header("Content-Type", "text/event-stream")
///     .body(sse.into_body())?;
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SseBody(Bytes);

impl Sse {
    /// Converts what is buffered into a response body, which then ends. The client will wait for the reconnection time
    /// and reconnect.
    pub fn into_body(self) -> SseBody {
        SseBody(self.into())
    }

    /// Takes everything that is buffered, in one piece. The buffer keeps its allocation.
    ///
    /// ```
    /// let mut sse = sse_wire::Sse::without_retry();
    /// sse.add_data("1").add_data("2");
    /// assert_eq!(sse.take_bytes(), "data: 1\n\ndata: 2\n\n");
    /// assert!(sse.is_empty());
    /// ```
    pub fn take_bytes(&mut self) -> Bytes {
        let bytes = Bytes::copy_from_slice(self.as_bytes());
        self.clear();
        bytes
    }
}

/// Converts what is buffered, without copying it.
impl From<Sse> for Bytes {
    fn from(sse: Sse) -> Self {
        let (buf, unsent) = sse.into_parts();
        Bytes::from(buf).slice(unsent)
    }
}

impl SseBody {
    fn take(&mut self) -> Option<Bytes> {
        (!self.0.is_empty()).then(|| core::mem::take(&mut self.0))
    }
}

impl Body for SseBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.len() as u64)
    }
}

impl Stream for SseBody {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.take().map(Ok))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let frames = usize::from(!self.0.is_empty());
        (frames, Some(frames))
    }
}
