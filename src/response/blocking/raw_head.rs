//! The head of a response, as bytes for a bare connection.

use super::Framing;
use crate::{
    response::head,
    wire::http::{header_fault, is_token},
};
use alloc::{string::String, vec::Vec};
use core::fmt;

/// A name and a value.
pub(super) type Header = (String, String);

/// The headers that an event stream has.
pub(super) fn defaults() -> Vec<Header> {
    head::headers().map(|(name, value)| (name.into(), value.into())).collect()
}

/// The head of a response with these headers, which have been checked. `None` if the server has sent it.
pub(super) fn encode(headers: &[Header], framing: Framing) -> Option<Vec<u8>> {
    let own = match framing {
        Framing::BodyOnly => return None,
        Framing::Chunked => "transfer-encoding: chunked\r\n",
        // A response that ends with the connection leaves no connection for another request (RFC 9112, section 9.3).
        // After a `HEAD` request the server may close the connection too, and then it must have said so.
        Framing::UntilClose | Framing::HeadersOnly if is_closing(headers) => "",
        Framing::UntilClose | Framing::HeadersOnly => "connection: close\r\n",
    };
    let mut head = Vec::from(*b"HTTP/1.1 200 OK\r\n");
    for (name, value) in headers {
        head.extend([name.as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    head.extend([own.as_bytes(), b"\r\n"].concat());
    Some(head)
}

fn is_closing(headers: &[Header]) -> bool {
    headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("connection"))
}

/// Checks that this can be a header of the response, next to those that say where the stream ends.
pub(super) fn check(name: &str, value: &str) -> Result<(), HeaderError> {
    let is = |own: &str| own.eq_ignore_ascii_case(name);

    if !is_token(name) {
        Err(HeaderError::Name)
    } else if let Some(position) = header_fault(value) {
        Err(HeaderError::Value { position })
    } else if is("content-length")
        || is("transfer-encoding")
        || is("connection") && !value.trim().eq_ignore_ascii_case("close")
    {
        Err(HeaderError::Framing)
    } else {
        Ok(())
    }
}

/// Why a header was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderError {
    /// The name is empty, or contains something other than letters, digits, and a few other characters.
    Name,
    /// The value contains a control character.
    #[non_exhaustive]
    Value {
        /// The position of the first one, in bytes.
        position: usize,
    },
    /// The header says where the response ends, and only the driver may set it.
    Framing,
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeaderError::Name => f.write_str(
                "the name of a header must be one or more letters, digits, and characters such as the hyphen",
            ),
            HeaderError::Value { position } => {
                write!(f, "the value of the header contains a control character at byte {position}")
            }
            HeaderError::Framing => {
                f.write_str("the header says where the response ends, and only the driver may set it")
            }
        }
    }
}

impl core::error::Error for HeaderError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_header_is_forged() {
        for (name, value, error) in [
            ("", "x", HeaderError::Name),
            ("a b", "x", HeaderError::Name),
            ("a:", "x", HeaderError::Name),
            ("x\r\n", "x", HeaderError::Name),
            ("é", "x", HeaderError::Name),
            ("x", "a\r\nb: c", HeaderError::Value { position: 1 }),
            ("x", "é\0", HeaderError::Value { position: 2 }),
            ("Transfer-Encoding", "identity", HeaderError::Framing),
            ("content-length", "1", HeaderError::Framing),
            ("Connection", "keep-alive", HeaderError::Framing),
            ("connection", "close, x", HeaderError::Framing),
        ] {
            assert_eq!(check(name, value), Err(error), "{name:?}: {value:?}");
        }
        for (name, value) in
            [("x-y_1", ""), ("a", "\t é "), ("cache-control", "no-store"), ("Connection", " Close")]
        {
            assert_eq!(check(name, value), Ok(()));
        }
    }

    #[test]
    fn a_connection_that_closes_says_so_once() {
        let own = [("Connection".into(), "close".into())];
        for (headers, framing, count) in [
            (&own[..], Framing::UntilClose, 1),
            (&own[..], Framing::HeadersOnly, 1),
            (&[], Framing::UntilClose, 1),
            (&[], Framing::HeadersOnly, 1),
            (&[], Framing::Chunked, 0),
        ] {
            let head = String::from_utf8(encode(headers, framing).unwrap()).unwrap();
            assert_eq!(head.to_lowercase().matches("connection: close\r\n").count(), count, "{head}");
        }
        assert_eq!(encode(&own, Framing::BodyOnly), None);
    }

    #[test]
    fn an_error_says_what_is_wrong() {
        for (error, text) in [
            (HeaderError::Name, "letters, digits"),
            (HeaderError::Value { position: 7 }, "control character at byte 7"),
            (HeaderError::Framing, "only the driver may set it"),
        ] {
            let sentence = alloc::format!("{error}");
            assert!(sentence.starts_with("the ") && sentence.contains(text), "{sentence}");
        }
    }
}
