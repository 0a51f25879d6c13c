//! Where a client wants to resume.
//!
//! A client that received an event with an ID sends that ID when it reconnects, in the header
//! `Last-Event-ID`. A polyfill that cannot set headers sends it in the query.
//!
//! The ID comes from the client, so it may be one that this server never sent. These functions check only that it is
//! text of at most [`MAX_LEN`] bytes. What it means, and whether it still means anything, is up to the event source.
//! Do not copy it unchecked into a page, a header, or a log: an ID from a query may contain any character, including
//! line ends.

use crate::wire::http::form_decode;
use alloc::{borrow::Cow, string::String};
use core::{fmt, str::FromStr};

/// The longest last event ID that is accepted, in bytes.
pub const MAX_LEN: usize = 4096;

/// Why a last event ID was not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LastEventIdError {
    /// The ID is longer than [`MAX_LEN`].
    #[non_exhaustive]
    TooLong {
        /// Its length in bytes.
        len: usize,
    },
    /// The ID is not UTF-8.
    #[non_exhaustive]
    Utf8 {
        /// Where the first invalid sequence begins: a byte offset in the value as it was passed or, for a query, in the
        /// decoded value.
        position: usize,
    },
    /// The ID cannot be parsed to the expected type, so this server never sent it.
    #[non_exhaustive]
    Unparsable {
        /// The ID, cut after 64 characters. It may contain any character, so print it with `Debug`.
        id: String,
    },
}

impl fmt::Display for LastEventIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LastEventIdError::Unparsable { id } => {
                write!(f, "the last event ID is not one that this server sends: {id:?}")
            }
            LastEventIdError::TooLong { len } => {
                write!(f, "the last event ID is {len} bytes long; at most {MAX_LEN} are accepted")
            }
            LastEventIdError::Utf8 { position } => {
                write!(
                    f,
                    "the last event ID is not UTF-8: the first invalid sequence begins at byte {position}"
                )
            }
        }
    }
}

impl core::error::Error for LastEventIdError {}

/// Reads the last event ID from the value of a `Last-Event-ID` header. An empty value means that there is none.
///
/// ```
/// use sse_wire::response::last_event_id;
///
/// assert_eq!(last_event_id::from_bytes("7-é".as_bytes()), Ok(Some("7-é")));
/// assert_eq!(last_event_id::from_bytes(b""), Ok(None));
/// assert_eq!(
///     last_event_id::from_bytes(b"7\xff").unwrap_err().to_string(),
///     "the last event ID is not UTF-8: the first invalid sequence begins at byte 1"
/// );
/// ```
///
/// # Errors
/// If it is longer than [`MAX_LEN`] or not UTF-8.
pub fn from_bytes(value: &[u8]) -> Result<Option<&str>, LastEventIdError> {
    // White space around a header's value is not part of it (RFC 9110, section 5.5).
    let id = trim(value);
    check_len(id.len())?;
    match core::str::from_utf8(id) {
        Ok(id) => Ok((!id.is_empty()).then_some(id)),
        Err(error) => {
            // Includes what was trimmed at the start.
            let ahead = value.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
            Err(LastEventIdError::Utf8 { position: ahead + error.valid_up_to() })
        }
    }
}

fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

fn check_len(len: usize) -> Result<(), LastEventIdError> {
    if len > MAX_LEN { Err(LastEventIdError::TooLong { len }) } else { Ok(()) }
}

/// Reads the last event ID from the headers of a request. If there are several, the first one counts.
///
/// ```
/// use sse_wire::response::last_event_id;
///
/// let request = http::Request::builder().header("Last-Event-ID", "7").body(())?;
/// assert_eq!(last_event_id::from_headers(request.headers()), Ok(Some("7")));
/// # Ok::<(), http::Error>(())
/// ```
///
/// # Errors
/// If it is longer than [`MAX_LEN`] or not UTF-8.
#[cfg(feature = "http")]
pub fn from_headers(headers: &http::HeaderMap) -> Result<Option<&str>, LastEventIdError> {
    headers.get("last-event-id").map_or(Ok(None), |value| from_bytes(value.as_bytes()))
}

/// Reads the last event ID from the headers of a request, and parses it to a number or any other type that is
/// [`FromStr`].
///
/// ```
/// use sse_wire::response::last_event_id;
///
/// let mut headers = http::HeaderMap::new();
/// assert_eq!(last_event_id::parse::<u64>(&headers), Ok(None));
/// headers.insert("Last-Event-ID", "7".parse()?);
/// assert_eq!(last_event_id::parse::<u64>(&headers), Ok(Some(7)));
/// headers.insert("Last-Event-ID", "7x".parse()?);
/// assert_eq!(
///     last_event_id::parse::<u64>(&headers).unwrap_err().to_string(),
///     "the last event ID is not one that this server sends: \"7x\""
/// );
/// # Ok::<(), http::header::InvalidHeaderValue>(())
/// ```
///
/// For an unknown ID, a server may start from the beginning (`unwrap_or_default`) or respond with `400 Bad Request`.
/// An `EventSource` then gives up, so its page has to create a new one.
///
/// # Errors
/// If it is longer than [`MAX_LEN`], not UTF-8, or cannot be parsed.
#[cfg(feature = "http")]
pub fn parse<T: FromStr>(headers: &http::HeaderMap) -> Result<Option<T>, LastEventIdError> {
    from_headers(headers)?.map(parse_text).transpose()
}

/// Reads the last event ID from the value of a `Last-Event-ID` header, and parses it. An empty value means that there
/// is none.
///
/// ```
/// use sse_wire::response::last_event_id;
///
/// assert_eq!(last_event_id::parse_bytes(b" 7"), Ok(Some(7)));
/// assert_eq!(last_event_id::parse_bytes::<u64>(b""), Ok(None));
/// ```
///
/// # Errors
/// If it is longer than [`MAX_LEN`], not UTF-8, or cannot be parsed.
pub fn parse_bytes<T: FromStr>(value: &[u8]) -> Result<Option<T>, LastEventIdError> {
    from_bytes(value)?.map(parse_text).transpose()
}

/// How many characters of an ID that cannot be parsed are kept.
const SHOWN: usize = 64;

fn parse_text<T: FromStr>(id: &str) -> Result<T, LastEventIdError> {
    id.parse().map_err(|_| LastEventIdError::Unparsable { id: id.chars().take(SHOWN).collect() })
}

/// Reads the last event ID from this parameter of a query string (without the `?`).
///
/// Polyfills use different names: `lastEventId` and `lastEventID` are common. The query is read as browsers write it
/// (`application/x-www-form-urlencoded`). The first parameter with that name counts, even if it is empty. As in a
/// header, spaces and tabs around the ID are not part of it.
///
/// ```
/// use sse_wire::response::last_event_id;
///
/// let query = "topic=news&lastEventId=7%2Da";
/// assert_eq!(last_event_id::from_query(query, "lastEventId")?.as_deref(), Some("7-a"));
/// assert_eq!(last_event_id::from_query("", "lastEventId")?, None);
/// # Ok::<(), sse_wire::response::LastEventIdError>(())
/// ```
///
/// # Errors
/// If it is longer than [`MAX_LEN`] or not UTF-8.
pub fn from_query<'q>(query: &'q str, parameter: &str) -> Result<Option<Cow<'q, str>>, LastEventIdError> {
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if *form_decode(name) != *parameter.as_bytes() {
            continue;
        }
        let id = match form_decode(value) {
            Cow::Borrowed(_) => from_bytes(value.as_bytes())?.map(Cow::Borrowed),
            Cow::Owned(value) => from_bytes(&value)?.map(|id| Cow::Owned(id.into())),
        };
        return Ok(id);
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn any_text_up_to_the_limit() {
        let longest = "é".repeat(MAX_LEN / 2);
        for (value, id) in [
            ("7", Some("7")),
            ("", None),
            (" \t", None),
            ("\t a b ", Some("a b")),
            ("日本\u{2028}", Some("日本\u{2028}")),
            (&*longest, Some(&*longest)),
        ] {
            assert_eq!(from_bytes(value.as_bytes()), Ok(id));
        }
        assert_eq!(from_bytes(&vec![b'x'; MAX_LEN + 1]), Err(LastEventIdError::TooLong { len: 4097 }));
        assert_eq!(from_bytes(b" \t7\xff "), Err(LastEventIdError::Utf8 { position: 3 }));
        assert_eq!(
            from_bytes("aé".as_bytes().split_last().unwrap().1),
            Err(LastEventIdError::Utf8 { position: 1 })
        );
    }

    #[test]
    fn none_unparsable_and_valid_are_three_cases() {
        let unparsable = |id: &str| Err(LastEventIdError::Unparsable { id: id.into() });
        for (value, id) in [
            ("", Ok(None)),
            (" 7\t", Ok(Some(7))),
            ("-7", unparsable("-7")),
            ("7\n", unparsable("7\n")),
            (&"é".repeat(65), unparsable(&"é".repeat(64))),
        ] {
            assert_eq!(parse_bytes::<u64>(value.as_bytes()), id);
        }
        assert_eq!(parse_bytes::<u64>(b"\xff"), Err(LastEventIdError::Utf8 { position: 0 }));
        assert!(matches!(parse_bytes::<u64>(&[b'7'; MAX_LEN + 1]), Err(LastEventIdError::TooLong { .. })));
    }

    #[cfg(feature = "http")]
    #[test]
    fn the_first_header_counts() {
        let mut headers = http::HeaderMap::new();
        assert_eq!((from_headers(&headers), parse::<u64>(&headers)), (Ok(None), Ok(None)));
        for value in ["7", "8"] {
            headers.append("last-event-id", http::HeaderValue::from_static(value));
        }
        assert_eq!((from_headers(&headers), parse(&headers)), (Ok(Some("7")), Ok(Some(7))));
        assert!(parse::<bool>(&headers).is_err());
    }

    #[test]
    fn an_error_says_what_is_wrong() {
        for (error, sentence) in [
            (
                from_bytes(&[b'x'; MAX_LEN + 1]),
                "the last event ID is 4097 bytes long; at most 4096 are accepted",
            ),
            (
                from_bytes(b"7\xff"),
                "the last event ID is not UTF-8: the first invalid sequence begins at byte 1",
            ),
            (
                parse_bytes::<u64>(b"\x1b7").map(|_| None),
                "the last event ID is not one that this server sends: \"\\u{1b}7\"",
            ),
        ] {
            assert_eq!(alloc::format!("{}", error.unwrap_err()), sentence);
        }
    }

    #[test]
    fn a_query_is_read_as_a_browser_wrote_it() {
        for (query, id) in [
            ("id=7", Some("7")),
            ("a=b&id=7&id=8", Some("7")),
            ("i%64=7", Some("7")),
            ("id=a+b", Some("a b")),
            ("id=%E6%97%A5%e6%9c%ac", Some("日本")),
            ("id=100%", Some("100%")),
            ("id=%zz%4", Some("%zz%4")),
            ("id=a=b", Some("a=b")),
            ("id=", None),
            ("id=&id=7", None),
            ("id=%20+7%09", Some("7")),
            ("id", None),
            ("", None),
            ("&&", None),
            ("ID=7", None),
        ] {
            assert_eq!(from_query(query, "id").unwrap().as_deref(), id, "{query}");
        }
        assert_eq!(from_query("id=%ff", "id"), Err(LastEventIdError::Utf8 { position: 0 }));
        let long: String = "x".repeat(MAX_LEN + 1);
        assert!(from_query(&["id=", &long].concat(), "id").is_err());
    }
}
