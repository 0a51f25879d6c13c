//! The ID of an entry.

use crate::channel::id::number;
use core::fmt;

/// The ID of an entry in a Redis stream, and the event ID that clients get: milliseconds and a sequence number, as
/// in `1763665741000-0`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId {
    millis: u64,
    sequence: u64,
}

impl EntryId {
    /// The place before every entry.
    pub(super) const START: EntryId = EntryId { millis: 0, sequence: 0 };

    /// The highest possible ID. The entry that finishes a topic has it, so that Redis itself refuses to add another one
    /// after it.
    pub(super) const END: EntryId = EntryId { millis: u64::MAX, sequence: u64::MAX };

    /// Reads an ID in exactly the form in which it is displayed, so that each event has only one ID.
    pub(super) fn parse(text: &[u8]) -> Option<EntryId> {
        let hyphen = text.iter().position(|byte| *byte == b'-')?;
        Some(EntryId { millis: number(&text[..hyphen])?, sequence: number(&text[hyphen + 1..])? })
    }

    /// The time at which Redis added the entry, in milliseconds since 1970, unless its publisher chose the ID.
    #[must_use]
    pub fn millis(&self) -> u64 {
        self.millis
    }

    /// The number that distinguishes entries of the same millisecond.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Appends the `id` field.
    pub(super) fn write_field(self, out: &mut impl Extend<u8>) {
        let mut digits = itoa::Buffer::new();
        out.extend(*b"id: ");
        out.extend(digits.format(self.millis).bytes());
        out.extend(*b"-");
        out.extend(digits.format(self.sequence).bytes());
        out.extend(*b"\n");
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.millis, self.sequence)
    }
}

impl fmt::Debug for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EntryId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{string::ToString, vec::Vec};

    #[test]
    fn an_id_is_read_as_it_was_written_and_in_no_other_form() {
        for id in [EntryId::START, EntryId { millis: 1763665741000, sequence: 7 }, EntryId::END] {
            assert_eq!(EntryId::parse(id.to_string().as_bytes()), Some(id));
            let mut field = Vec::new();
            id.write_field(&mut field);
            assert_eq!(field, alloc::format!("id: {id}\n").as_bytes());
        }
        for text in
            ["", "-", "1", "1-", "-1", "01-0", "1-00", "+1-0", "1- 0", "1-0-0", "18446744073709551616-0"]
        {
            assert_eq!(EntryId::parse(text.as_bytes()), None, "{text}");
        }
    }
}
