//! The body of a response that is read without blocking, whatever its type.

use super::BoxError;
use alloc::boxed::Box;
use bytes::{Buf, Bytes};
use core::{
    pin::Pin,
    task::{Context, Poll, ready},
};
use http_body::Body;

/// The chunks of a body.
pub(super) trait Chunks: Send {
    fn poll_chunk(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>>;
}

impl<B> Chunks for B
where
    B: Body<Data: Buf, Error: Into<BoxError>> + Send,
{
    fn poll_chunk(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BoxError>>> {
        loop {
            return Poll::Ready(match ready!(self.as_mut().poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    // Not copied if they are `Bytes` already.
                    Ok(mut data) => Some(Ok(data.copy_to_bytes(data.remaining()))),
                    Err(_trailers) => continue,
                },
                Some(Err(error)) => Some(Err(error.into())),
                None => None,
            });
        }
    }
}

/// A body of any type.
pub(super) type BoxBody = Pin<Box<dyn Chunks>>;
