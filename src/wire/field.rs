//! What may stand in a field: one check each for the event type, the event ID and the reconnection
//! time.

use super::{line, scan};
use core::{fmt, time::Duration};

/// A field of an event whose text is not free.
///
/// An event's data carries any text, so it is not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Field {
    /// The `event` field: any text without a line end.
    EventType,
    /// The `id` field: any text that a client can send back unchanged in its `Last-Event-ID` request
    /// header. That excludes the ASCII control characters (NUL and the line ends among them) and a
    /// space at either end.
    EventId,
}

impl Field {
    /// The position, from `from` on, of the first character in `text` that this field cannot carry.
    /// Each such character is one byte long.
    #[inline(always)]
    pub(crate) fn fault(self, text: &str, from: usize) -> Option<usize> {
        let bytes = text.as_bytes();
        match self {
            Field::EventType => line::find_end(&bytes[from..]).map(|i| from + i),
            Field::EventId => {
                if from == 0 && bytes.first() == Some(&b' ') {
                    return Some(0);
                }
                let control = |word| scan::below(word, b' ') | scan::equal(word, 0x7f);
                match scan::find(&bytes[from..], control) {
                    Some(i) => Some(from + i),
                    None if bytes[from..].last() == Some(&b' ') => Some(bytes.len() - 1),
                    None => None,
                }
            }
        }
    }
}

/// Whether [`Field::EventType`] carries `event`: the same check once more, because the search for line ends does
/// not run at compile time.
#[doc(hidden)]
pub const fn __is_event_type(event: &str) -> bool {
    let mut bytes = event.as_bytes();
    while let [first, rest @ ..] = bytes {
        if matches!(first, b'\n' | b'\r') {
            return false;
        }
        bytes = rest;
    }
    true
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Field::EventType => "event type",
            Field::EventId => "event ID",
        })
    }
}

/// Whether a received ID counts (WHATWG HTML, 9.2.6: "if the field value does not contain U+0000 NULL").
#[inline(always)]
pub(crate) fn is_received_id(value: &[u8]) -> bool {
    !value.contains(&0)
}

/// A received reconnection time, if it counts: "if the field value consists of only ASCII digits" (WHATWG
/// HTML, 9.2.6). The standard knows no largest value; what a `u64` cannot hold becomes its maximum.
pub(crate) fn received_retry(value: &[u8]) -> Option<Duration> {
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| u64::from(byte - b'0'));
    let (first, rest) = value.split_first()?;
    let mut milliseconds = digit(first)?;
    for byte in rest {
        milliseconds = milliseconds.saturating_mul(10).saturating_add(digit(byte)?);
    }
    Some(Duration::from_millis(milliseconds))
}

/// A reconnection time: whole milliseconds as a `u64`, or a [`Duration`], which rounds up to the next
/// millisecond.
///
/// Clients wait this long before they connect again. Their timers hold less than 2<sup>31</sup> ms
/// (24.8 days), so what is longer is sent as 2<sup>31</sup> − 1 ms.
///
/// This trait is sealed: it is implemented for `u64`, which an integer literal becomes, and for
/// [`Duration`].
pub trait Retry: sealed::Retry {}
impl<T: sealed::Retry> Retry for T {}

/// The longest delay that `setTimeout`, and with it the usual client, can wait for.
const LONGEST_RETRY: u32 = i32::MAX as u32;

mod sealed {
    use super::{Duration, LONGEST_RETRY};

    pub trait Retry {
        /// In milliseconds.
        fn to_wire(&self) -> u32;
    }

    impl Retry for u64 {
        #[inline]
        fn to_wire(&self) -> u32 {
            u32::try_from(*self).map_or(LONGEST_RETRY, |ms| ms.min(LONGEST_RETRY))
        }
    }

    impl Retry for Duration {
        fn to_wire(&self) -> u32 {
            u64::try_from(self.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX).to_wire()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{sealed::Retry, *};

    #[test]
    fn what_an_event_type_carries() {
        for text in ["", "tick", " tick ", "a\0\t\u{7f}", "é\u{85}\u{2028}\u{feff}"] {
            assert_eq!(Field::EventType.fault(text, 0), None, "{text:?}");
            assert!(__is_event_type(text));
        }
        for (text, at) in [("\n", 0), ("tick\r", 4), ("é\n\r", 2)] {
            assert_eq!(Field::EventType.fault(text, 0), Some(at), "{text:?}");
            assert!(!__is_event_type(text));
        }
    }

    #[test]
    fn what_an_event_id_carries() {
        for text in ["", "7", "a b", "é…", "\u{a0}x\u{a0}", "\u{80}\u{9f}", "\u{feff}"] {
            assert_eq!(Field::EventId.fault(text, 0), None, "{text:?}");
        }
        for (text, at) in
            [(" ", 0), (" 7", 0), ("7 ", 1), ("a b  ", 4), ("é\0", 2), ("1\t2", 1), ("\u{7f}", 0)]
        {
            assert_eq!(Field::EventId.fault(text, 0), Some(at), "{text:?}");
        }
        for control in (0..0x20).chain([0x7f]) {
            let text = ["x", core::str::from_utf8(&[control]).unwrap(), " "].concat();
            assert_eq!(Field::EventId.fault(&text, 0), Some(1), "{text:?}");
            assert_eq!(Field::EventId.fault(&text, 2), Some(2), "{text:?}");
        }
    }

    #[test]
    fn what_is_received_as_a_retry() {
        for (text, ms) in [("0", 0), ("03000", 3000), ("18446744073709551615", u64::MAX)] {
            assert_eq!(received_retry(text.as_bytes()), Some(Duration::from_millis(ms)), "{text}");
        }
        for huge in ["18446744073709551616", "99999999999999999999", &"9".repeat(1000)] {
            assert_eq!(received_retry(huge.as_bytes()), Some(Duration::from_millis(u64::MAX)), "{huge}");
        }
        for text in ["", " 1", "1 ", "+1", "-1", "1x", "1.5", "0x1", "\u{663}", "99999999999999999999x"] {
            assert_eq!(received_retry(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_retry_is_whole_milliseconds_that_a_timer_can_hold() {
        for (ms, wire) in
            [(0, 0), (2000, 2000), ((1 << 31) - 1, 2147483647), (1 << 31, 2147483647), (u64::MAX, 2147483647)]
        {
            assert_eq!(ms.to_wire(), wire);
            assert_eq!(Duration::from_millis(ms).to_wire(), wire);
        }
        assert_eq!(Duration::from_nanos(1).to_wire(), 1);
        assert_eq!(Duration::from_micros(2001).to_wire(), 3);
        assert_eq!(Duration::MAX.to_wire(), 2147483647);
    }
}
