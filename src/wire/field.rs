//! What may be sent in a field: the one check of event types, and the one of event IDs.

use super::{
    scan::{self, Class},
    utf8::REPLACEMENT,
};
use crate::error::Field;

impl Field {
    /// The position, from `from` on, of the first character in `text` that this field cannot carry.
    /// Each such character is one byte long.
    #[inline]
    pub(crate) const fn fault(self, text: &str, from: usize) -> Option<usize> {
        let text = text.as_bytes();
        let Some((_, rest)) = text.split_at_checked(from) else { return None };
        let found = match self {
            Field::EventType => scan::find(rest, Class::LineEndOrNul),
            // What a client could not send back unchanged in a request header.
            Field::EventId => match (scan::find(rest, Class::Control), rest) {
                (_, [b' ' | b'\t', ..]) if from == 0 => Some(0),
                (None, [.., b' ' | b'\t']) => Some(rest.len() - 1),
                (found, _) => found,
            },
        };
        match found {
            Some(i) => Some(from + i),
            None => None,
        }
    }

    /// What the methods that never fail replace such a character with.
    pub(crate) const fn replacement(self) -> &'static str {
        match self {
            Field::EventType => REPLACEMENT,
            // ASCII, because servers differ in what else they accept in a request header.
            Field::EventId => "?",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_event_type_carries() {
        for text in ["", "tick", " tick ", "a\t\u{7f}", "é\u{85}\u{2028}\u{feff}"] {
            assert_eq!(Field::EventType.fault(text, 0), None, "{text:?}");
        }
        for (text, at) in
            [("\n", 0), ("tick\r", 4), ("é\n\r", 2), ("\0", 0), ("ad\0min", 2), ("0123456\0", 7)]
        {
            assert_eq!(Field::EventType.fault(text, 0), Some(at), "{text:?}");
        }
    }

    #[test]
    fn what_an_event_id_carries() {
        for text in ["", "7", "a b", "1\t2", "é…", "\u{a0}x\u{a0}", "\u{80}\u{9f}", "\u{feff}"] {
            assert_eq!(Field::EventId.fault(text, 0), None, "{text:?}");
        }
        for (text, at) in [
            (" ", 0),
            ("\t", 0),
            (" 7", 0),
            ("\t7", 0),
            ("7 ", 1),
            ("7\t", 1),
            ("a b  ", 4),
            ("a\tb \t", 4),
            ("é\0", 2),
            ("\u{7f}", 0),
        ] {
            assert_eq!(Field::EventId.fault(text, 0), Some(at), "{text:?}");
        }
        for control in (0..0x20).chain([0x7f]).filter(|control| *control != b'\t') {
            let text = ["x", core::str::from_utf8(&[control]).unwrap(), "\t"].concat();
            assert_eq!(Field::EventId.fault(&text, 0), Some(1), "{text:?}");
            assert_eq!(Field::EventId.fault(&text, 2), Some(2), "{text:?}");
        }
    }
}
