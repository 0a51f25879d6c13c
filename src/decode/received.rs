//! What is recognised in an event stream that is received, also by code that only inspects it. What may be sent is
//! narrower: see `wire::field`.

#[cfg(feature = "channel")]
pub(crate) use super::field::value;
pub(crate) use super::message::DEFAULT_TYPE;
#[cfg(feature = "std")]
pub(crate) use super::open_line::BOM;

use core::time::Duration;

/// Whether an ID counts (WHATWG HTML, 9.2.6: "if the field value does not contain U+0000 NULL").
#[inline]
pub(crate) fn is_id(value: &[u8]) -> bool {
    !value.contains(&0)
}

/// The reconnection time, if it counts: "if the field value consists of only ASCII digits" (WHATWG HTML,
/// 9.2.6). The standard sets no maximum; a value that a `u64` cannot hold becomes its maximum.
pub(super) fn retry(value: &[u8]) -> Option<Duration> {
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| u64::from(byte - b'0'));
    let (first, rest) = value.split_first()?;
    let mut milliseconds = digit(first)?;
    for byte in rest {
        milliseconds = milliseconds.saturating_mul(10).saturating_add(digit(byte)?);
    }
    Some(Duration::from_millis(milliseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_received_as_a_retry() {
        for (text, ms) in [("0", 0), ("03000", 3000), ("18446744073709551615", u64::MAX)] {
            assert_eq!(retry(text.as_bytes()), Some(Duration::from_millis(ms)), "{text}");
        }
        for huge in ["18446744073709551616", "99999999999999999999", &"9".repeat(1000)] {
            assert_eq!(retry(huge.as_bytes()), Some(Duration::from_millis(u64::MAX)), "{huge}");
        }
        for text in ["", " 1", "1 ", "+1", "-1", "1x", "1.5", "0x1", "\u{663}", "99999999999999999999x"] {
            assert_eq!(retry(text.as_bytes()), None, "{text}");
        }
    }
}
