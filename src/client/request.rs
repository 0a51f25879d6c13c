//! What to send.

use crate::wire::http::header_fault;
use alloc::{string::String, sync::Arc, vec::Vec};
use bytes::Bytes;
use core::{
    fmt,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

/// A request, ready to be sent by a [`Transport`](crate::client::Transport) or an
/// [`AsyncTransport`](crate::client::AsyncTransport).
///
/// All headers are in it that have to be sent, but for those that belong to the transport: `Host`,
/// `Content-Length`, `Transfer-Encoding`. A transport follows no redirects and takes no status for an
/// error: both are for the [`Connection`](crate::client::Connection) to judge.
#[derive(Clone)]
pub struct Request {
    pub(super) method: Arc<str>,
    pub(super) url: url::Url,
    pub(super) headers: Vec<(Arc<str>, String)>,
    pub(super) body: Option<Bytes>,
    pub(super) taken: Taken,
    pub(super) connect_timeout: Option<Duration>,
    pub(super) read_timeout: Option<Duration>,
}

impl Request {
    /// The method.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The URL: absolute, `http` or `https`, with neither credentials nor fragment.
    #[must_use]
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// The host of the URL; an IPv6 address is in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// The port of the URL, or the one of its scheme.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or_default()
    }

    /// The path and the query of the URL, as they go into a request line.
    #[must_use]
    pub fn target(&self) -> &str {
        let url = self.url();
        url.get(self.url.path_start()..).unwrap_or("/")
    }

    /// The headers. A value holds no control characters but tabs; characters that are not ASCII are sent
    /// as UTF-8.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (&**name, value.as_str()))
    }

    /// The body, if there is one.
    #[must_use]
    pub fn body(&self) -> Option<&[u8]> {
        self.body.as_deref()
    }

    /// The body in pieces, or nothing. While an [`AsyncTransport`](crate::client::AsyncTransport) takes them one
    /// after the other, the client sees that the request is still on its way, and goes on waiting.
    ///
    /// With one of the features `http` and `reqwest` this is an `http_body::Body`.
    #[must_use]
    pub fn body_pieces(&self) -> RequestBody {
        RequestBody { rest: self.body.clone().unwrap_or_default(), taken: self.taken.clone() }
    }

    /// How long it may take until the connection stands.
    #[must_use]
    pub fn connect_timeout(&self) -> Option<Duration> {
        self.connect_timeout
    }

    /// How long it may take until the next byte of the request is sent, and until the next one of the answer
    /// comes, of the head and of the body.
    #[must_use]
    pub fn read_timeout(&self) -> Option<Duration> {
        self.read_timeout
    }
}

// Header values may be secrets.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers().map(|(name, _)| name).collect();
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("url", &self.url())
            .field("headers", &names)
            .field("body", &self.body.as_ref().map(|body| body.len()))
            .finish_non_exhaustive()
    }
}

/// How many bytes of a request's body its transport has taken.
#[derive(Clone, Debug, Default)]
pub(super) struct Taken(Arc<AtomicUsize>);

impl Taken {
    pub(super) fn bytes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// The body of a [`Request`] in pieces: see [`Request::body_pieces`].
#[derive(Debug)]
pub struct RequestBody {
    rest: Bytes,
    taken: Taken,
}

impl RequestBody {
    /// The size of a piece in bytes: the less often there is one, the longer a slow server seems not to read.
    const PIECE: usize = 16 * 1024;
}

impl Iterator for RequestBody {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        if self.rest.is_empty() {
            return None;
        }
        let piece = self.rest.split_to(self.rest.len().min(RequestBody::PIECE));
        self.taken.0.fetch_add(piece.len(), Ordering::Relaxed);
        Some(piece)
    }
}

#[cfg(any(feature = "http", feature = "reqwest"))]
impl http_body::Body for RequestBody {
    type Data = Bytes;
    type Error = core::convert::Infallible;

    fn poll_frame(
        mut self: core::pin::Pin<&mut Self>,
        _: &mut core::task::Context<'_>,
    ) -> core::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        core::task::Poll::Ready(self.next().map(|piece| Ok(http_body::Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(self.rest.len() as u64)
    }
}

trait PathStart {
    fn path_start(&self) -> usize;
}

impl PathStart for url::Url {
    fn path_start(&self) -> usize {
        self[..url::Position::BeforePath].len()
    }
}

/// Whether this header tells where the body ends (RFC 9112, 6). It is for the transport to set: with another one
/// than that, some HTTP libraries wait forever for a body to write.
pub(super) fn is_framing(name: &str) -> bool {
    ["content-length", "transfer-encoding"].iter().any(|framing| name.eq_ignore_ascii_case(framing))
}

/// The text as a header carries it: without the white space around it, which is not part of a value (RFC
/// 9110, 5.5). `None` if no header can carry it.
pub(super) fn header_value(text: &str) -> Option<&str> {
    let value = text.trim_matches([' ', '\t', '\n', '\r']);
    header_fault(value).is_none().then_some(value)
}

/// The value of an `Authorization` header (RFC 7617).
pub(super) fn basic_credentials(user: &str, password: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut value = String::from("Basic ");
    let text = [user, ":", password].concat();
    for group in text.as_bytes().chunks(3) {
        let byte = |i: usize| u32::from(group.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * i)) as usize & 63];
            value.push(if i <= group.len() { char::from(digit) } else { '=' });
        }
    }
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
            assert_eq!(header_value(text), value, "{text:?}");
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
            assert_eq!(basic_credentials(user, password), value);
        }
    }
}
