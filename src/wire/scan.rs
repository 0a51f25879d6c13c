//! A search that looks at eight bytes at a time. Below about 32 bytes it beats calling a SIMD search, it needs no
//! dependency, and it also runs at compile time.

use super::words::short_word;

/// What is searched for.
#[derive(Clone, Copy)]
pub(crate) enum Class {
    /// CR and LF.
    LineEnd,
    /// CR, LF and NUL.
    LineEndOrNul,
    /// The ASCII control characters other than the tab.
    Control,
    /// What is not [plain](is_plain).
    NotPlain,
}

pub(crate) const HIGH_BITS: u64 = all(0x80);

impl Class {
    /// Marks the bytes of `word` that belong to the class: sets the high bit of each. The lowest mark is exact;
    /// those above it may be false alarms.
    #[inline(always)]
    const fn marks(self, word: u64) -> u64 {
        match self {
            Class::LineEnd => equal(word, b'\n') | equal(word, b'\r'),
            Class::LineEndOrNul => Class::LineEnd.marks(word) | equal(word, b'\0'),
            Class::NotPlain => below(word, b'\r' + 1) | word & HIGH_BITS,
            Class::Control => below(word, b' ') & !below(word ^ all(b'\t'), 1) | equal(word, 0x7f),
        }
    }
}

/// A word with this byte eight times.
const fn all(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// Marks the bytes of `word` that equal `byte`. The lowest mark is exact.
#[inline]
const fn equal(word: u64, byte: u8) -> u64 {
    let zero_where_equal = word ^ all(byte);
    zero_where_equal.wrapping_sub(all(1)) & !zero_where_equal & HIGH_BITS
}

/// Marks the bytes of `word` that are below `limit`, which is at most 128. Every mark is exact.
#[inline]
const fn below(word: u64, limit: u8) -> u64 {
    // With its high bit set, no byte borrows from the next one.
    let not_below = (word | HIGH_BITS) - all(limit);
    !(not_below | word) & HIGH_BITS
}

/// The position of the first byte of this class.
#[inline(always)]
pub(crate) const fn find(bytes: &[u8], class: Class) -> Option<usize> {
    let (words, tail) = bytes.as_chunks::<8>();
    let mut i = 0;
    while i < words.len() {
        let found = class.marks(u64::from_le_bytes(words[i]));
        if found != 0 {
            return Some(i * 8 + found.trailing_zeros() as usize / 8);
        }
        i += 1;
    }
    if tail.is_empty() {
        return None;
    }
    let (word, at) = match bytes.last_chunk::<8>() {
        // The tail is widened with bytes that are known not to match.
        Some(last) => (u64::from_le_bytes(*last), bytes.len() - 8),
        // It is filled up with bytes that belong to no class.
        None => (short_word(tail) | all(b' ') << (tail.len() * 8), 0),
    };
    let found = class.marks(word);
    if found == 0 { None } else { Some(at + found.trailing_zeros() as usize / 8) }
}

/// Whether these bytes are ASCII without a line end. `false` says nothing: so that one comparison is enough for a byte,
/// all control characters up to CR count as line ends. The soundness of `utf8` depends on this function, and on the
/// marks of [`Class::NotPlain`].
#[inline(always)]
pub(crate) fn is_plain<const N: usize>(block: &[u8; N]) -> bool {
    // A loop without a branch, because compilers turn this form into SIMD.
    let mut others = 0;
    for byte in block {
        // A byte that is not ASCII is negative.
        others |= u8::from(byte.cast_signed() <= b'\r'.cast_signed());
    }
    others == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{vec, vec::Vec};

    const CLASSES: [Class; 4] = [Class::LineEnd, Class::LineEndOrNul, Class::Control, Class::NotPlain];

    fn is_in(class: Class, byte: u8) -> bool {
        match class {
            Class::LineEnd => matches!(byte, b'\r' | b'\n'),
            Class::LineEndOrNul => matches!(byte, b'\r' | b'\n' | b'\0'),
            Class::Control => byte.is_ascii_control() && byte != b'\t',
            Class::NotPlain => !byte.is_ascii() || byte <= b'\r',
        }
    }

    #[test]
    fn every_byte_at_every_place_of_every_length() {
        for class in CLASSES {
            let (found, others): (Vec<u8>, Vec<u8>) = (0..=255).partition(|byte| is_in(class, *byte));
            for len in 0..30 {
                for other in &others {
                    assert_eq!(find(&vec![*other; len], class), None, "{other:#x} {len} times");
                }
                for at in 0..len {
                    // Those next to the class would match if a byte borrowed from its neighbour.
                    for other in [b'\t', 0x0b, 0x0c, 0x0e, b' ', 0x7e, 0x80, 0x89, 0x8a, 0x8d, 0xff] {
                        for byte in &found {
                            let mut bytes = vec![if is_in(class, other) { b'x' } else { other }; len];
                            bytes[at] = *byte;
                            assert_eq!(find(&bytes, class), Some(at), "{byte:#x} at {at} of {len}");
                            bytes[at..].fill(*byte);
                            assert_eq!(find(&bytes, class), Some(at), "{byte:#x} from {at} of {len}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn every_pair_of_bytes() {
        for class in CLASSES {
            for pair in 0..=u16::MAX {
                let bytes = pair.to_be_bytes();
                let first = bytes.iter().position(|byte| is_in(class, *byte));
                assert_eq!(find(&bytes, class), first, "{pair:#06x}");
            }
        }
    }

    #[test]
    fn what_is_plain_is_ascii_without_a_line_end() {
        for byte in 0..=u8::MAX {
            for at in 0..32 {
                let mut block = [b' '; 32];
                block[at] = byte;
                assert_eq!(is_plain(&block), byte.is_ascii() && byte > b'\r', "{byte:#x} at {at}");
            }
        }
    }

    const _: () = assert!(matches!(find(b"at compile time\n", Class::LineEnd), Some(15)));
}
