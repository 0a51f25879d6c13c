//! The IDs that a channel makes.

use crate::sync::random::random;
use alloc::string::String;
use core::{fmt, str};

/// Digits and lower-case letters without `i`, `l`, `o` and `u`, which people misread.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// How many characters an epoch has.
const EPOCH_LEN: usize = 8;

/// What all IDs of one channel begin with: 40 random bits and a hyphen, as text.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Epoch([u8; EPOCH_LEN + 1]);

impl Epoch {
    pub(super) fn random() -> Epoch {
        let mut bits = random();
        let mut text = [b'-'; EPOCH_LEN + 1];
        for character in &mut text[..EPOCH_LEN] {
            *character = ALPHABET[(bits % 32) as usize];
            bits /= 32;
        }
        Epoch(text)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The position in an ID of this epoch.
    pub(super) fn parse(&self, id: &str) -> Option<u64> {
        number(id.as_bytes().strip_prefix(&self.0)?)
    }

    /// Whether the ID looks like one that a channel made, in whatever epoch.
    pub(super) fn is_similar(id: &str) -> bool {
        let (epoch, position) = id.split_at_checked(EPOCH_LEN).unwrap_or_default();
        let digits = position.strip_prefix('-').unwrap_or_default();
        epoch.bytes().all(|byte| ALPHABET.contains(&byte))
            && !digits.is_empty()
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    }
}

/// Reads a number in exactly the form in which it is displayed, so that each event has only one ID.
pub(super) fn number(digits: &[u8]) -> Option<u64> {
    let is_canonical = digits.iter().all(u8::is_ascii_digit) && (digits == b"0" || !digits.starts_with(b"0"));
    if is_canonical { str::from_utf8(digits).ok()?.parse().ok() } else { None }
}

/// The place of an event in its channel, and its event ID unless it was published with one.
///
/// Clients see its text form: the channel's epoch, drawn at random when the channel was created, and the event's
/// number, counted from 1, as in `k3v9x2ma-17`. Number 0 is the place before the first event.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Id {
    pub(super) epoch: Epoch,
    pub(super) number: u64,
}

impl Id {
    /// The number of the event in its channel, counted from 1.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.epoch, self.number)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Id({self})")
    }
}

impl From<Id> for String {
    fn from(id: Id) -> String {
        alloc::format!("{id}")
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| fmt::Write::write_char(f, char::from(*byte)))
    }
}

impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::{String, ToString};
    use std::collections::HashSet;

    #[test]
    fn an_id_is_read_as_it_was_written_and_in_no_other_form() {
        let (epoch, other) = (Epoch::random(), Epoch::random());
        assert_ne!(epoch, other);
        for number in [0, 1, 17, u64::MAX] {
            let text = Id { epoch, number }.to_string();
            assert_eq!(epoch.parse(&text), Some(number));
            assert_eq!(String::from(Id { epoch, number }), text);
            assert_eq!(other.parse(&text), None);
            assert!(Epoch::is_similar(&text));
        }
        for tail in ["", "01", "00", "+1", "-1", " 1", "1 ", "1x", "18446744073709551616", "\u{661}"] {
            assert_eq!(epoch.parse(&[&epoch.to_string(), tail].concat()), None, "{tail}");
        }
        // As many as there are bits: no character depends on another.
        let texts: HashSet<String> = (0..40).map(|_| Epoch::random().to_string()).collect();
        assert_eq!(texts.len(), 40);
        for text in ["", "-", "17", "k3v9x2ma", "k3v9x2ma-", "k3v9x2mu-1", "k3v9x2m\u{e9}-1", "k3v9x2ma-1x"] {
            assert!(!Epoch::is_similar(text), "{text}");
        }
    }
}
