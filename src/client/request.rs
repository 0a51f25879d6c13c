//! What a client sends.

use alloc::{string::String, sync::Arc, vec::Vec};
use bytes::Bytes;
use core::{
    convert::Infallible,
    pin::Pin,
    sync::atomic::{AtomicUsize, Ordering},
    task::{Context, Poll},
    time::Duration,
};
use http::{HeaderName, HeaderValue, header};
use http_body::{Body, Frame, SizeHint};

/// How long a transport may take. Each request of a client carries this in its extensions.
///
/// A transport that sets no timeouts of its own reads them there:
///
/// ```
/// # let mut connection = sse_wire::client::Connection::builder("http://localhost/").build(0)?;
/// # let now = std::time::Instant::now();
/// # connection.next_step(now);
/// # let request = connection.request(now).unwrap();
/// use sse_wire::client::Timeouts;
///
/// let timeouts = request.extensions().get::<Timeouts>().unwrap();
/// assert_eq!(timeouts.connect(), Some(std::time::Duration::from_secs(10)));
/// # Ok::<(), sse_wire::client::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    pub(super) connect: Option<Duration>,
    pub(super) read: Option<Duration>,
}

impl Timeouts {
    /// How long it may take to establish the connection.
    #[must_use]
    pub fn connect(&self) -> Option<Duration> {
        self.connect
    }

    /// How long it may take until the next byte of the request is sent, and until the next byte of the response,
    /// its head or its body, arrives.
    #[must_use]
    pub fn read(&self) -> Option<Duration> {
        self.read
    }
}

/// Counts the bytes of a request's body that its transport has taken.
#[derive(Clone, Debug, Default)]
pub(super) struct Taken(Arc<AtomicUsize>);

impl Taken {
    pub(super) fn bytes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// The body of a request, which may be empty.
///
/// It is a [`Body`] that yields its bytes in pieces, so that the client sees that the request is still being sent, and
/// keeps waiting.
#[derive(Debug)]
pub struct RequestBody {
    rest: Bytes,
    taken: Taken,
}

impl RequestBody {
    /// The size of a piece in bytes. The larger it is, the longer a slow server seems not to read.
    const PIECE: usize = 16 * 1024;

    pub(super) fn new(bytes: Bytes, taken: Taken) -> RequestBody {
        RequestBody { rest: bytes, taken }
    }

    /// Returns all bytes, for transports that send them in one piece.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.rest
    }
}

impl From<RequestBody> for Vec<u8> {
    fn from(body: RequestBody) -> Vec<u8> {
        body.rest.into()
    }
}

impl From<RequestBody> for Bytes {
    fn from(body: RequestBody) -> Bytes {
        body.rest
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.rest.len().min(RequestBody::PIECE);
        let piece = self.rest.split_to(length);
        self.taken.0.fetch_add(length, Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

/// Whether this header says where the body ends (RFC 9112, 6). Only the transport may set it: with a different value,
/// some HTTP libraries wait forever for a body to write.
pub(super) fn is_framing(name: &str) -> bool {
    [header::CONTENT_LENGTH, header::TRANSFER_ENCODING]
        .iter()
        .any(|framing| name.eq_ignore_ascii_case(framing.as_str()))
}

/// Whether this header describes the body (WHATWG Fetch, "request-body-header name").
pub(super) fn is_about_the_body(name: &HeaderName) -> bool {
    name.as_str().starts_with("content-")
}

/// The text as the value of a header: without the white space around it, which is not part of the value (RFC 9110,
/// 5.5). `None` if no header can carry it.
pub(super) fn header_value(text: &str) -> Option<HeaderValue> {
    HeaderValue::from_bytes(text.trim_matches([' ', '\t', '\n', '\r']).as_bytes()).ok()
}

/// The value of an `Authorization` header (RFC 7617).
pub(super) fn basic_credentials(user: &[u8], password: &[u8]) -> HeaderValue {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut value = String::from("Basic ");
    let text = [user, b":", password].concat();
    for group in text.chunks(3) {
        let byte = |i: usize| u32::from(group.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * i)) as usize & 63];
            value.push(if i <= group.len() { char::from(digit) } else { '=' });
        }
    }
    let mut value = HeaderValue::try_from(value).unwrap_or_else(|_| HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_header_carries() {
        for (text, value) in [
            ("7", Some("7")),
            ("", Some("")),
            (" a b\t", Some("a b")),
            ("a\tb", Some("a\tb")),
            ("é…\u{80}", Some("é…\u{80}")),
            ("e5p3n<3k0k0s", Some("e5p3n<3k0k0s")),
            ("\r\n7", Some("7")),
            ("a\u{1}", None),
            ("a\u{7f}", None),
            ("a\nX: y", None),
            ("a\rb", None),
            ("\0", None),
        ] {
            let carried = header_value(text);
            assert_eq!(carried.as_ref().map(HeaderValue::as_bytes), value.map(str::as_bytes), "{text:?}");
        }
    }

    #[test]
    fn credentials() {
        for (user, password, value) in [
            ("Aladdin", "open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
            ("", "", "Basic Og=="),
            ("a", "", "Basic YTo="),
            ("a", "b", "Basic YTpi"),
            ("test", "123£", "Basic dGVzdDoxMjPCow=="),
        ] {
            assert_eq!(basic_credentials(user.as_bytes(), password.as_bytes()), value);
        }
    }
}
