//! Makes a body something that an axum handler can return.
//!
//! The feature is named after the release of axum-core, so that it can stay unchanged next to a feature for a later
//! one.

use super::Body;
use crate::response::{BodyTimer, Item};
use axum_core::{
    BoxError,
    response::{IntoResponse, Response},
};
use futures_core::Stream;

/// Responds with the [headers](crate::response::headers) of an event stream.
///
/// ```
/// use axum_core::response::IntoResponse;
/// use sse_wire::{Event, response::Body};
///
/// async fn handler() -> impl IntoResponse {
///     Body::without_timer(futures_util::stream::iter([Event::new().data("1")]))
/// }
/// ```
impl<S, T, E> IntoResponse for Body<S, T, E>
where
    S: Stream + Send + 'static,
    S::Item: Item<Error = E>,
    T: BodyTimer + Send + 'static,
    E: Into<BoxError> + Send + 'static,
{
    fn into_response(self) -> Response {
        self.into_http().map(axum_core::body::Body::new)
    }
}
