//! What may stand in a field: one check each for the event type and the event ID.

use super::{line, scan};
use crate::error::Field;

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

#[cfg(test)]
mod tests {
    use super::*;

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
}
