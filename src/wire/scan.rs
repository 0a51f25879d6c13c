//! A search that looks at eight bytes at a time. Below some 32 bytes it beats calling into a SIMD
//! search, and it needs no dependency.

/// A predicate on eight bytes at once: the high bit of each byte that matches is set in the result.
/// The lowest set bit must be exact; those above it may be false alarms.
pub(crate) trait Matcher: Copy + Fn(u64) -> u64 {}
impl<F: Copy + Fn(u64) -> u64> Matcher for F {}

const LOW_BITS: u64 = u64::from_ne_bytes([0x01; 8]);
pub(crate) const HIGH_BITS: u64 = u64::from_ne_bytes([0x80; 8]);

/// Marks the bytes of `word` that equal `byte`.
#[inline(always)]
pub(crate) fn equal(word: u64, byte: u8) -> u64 {
    let zero_where_equal = word ^ (LOW_BITS * byte as u64);
    zero_where_equal.wrapping_sub(LOW_BITS) & !zero_where_equal & HIGH_BITS
}

/// Marks the bytes of `word` that are below `limit`, which is at most 128.
#[inline(always)]
pub(crate) fn below(word: u64, limit: u8) -> u64 {
    word.wrapping_sub(LOW_BITS * limit as u64) & !word & HIGH_BITS
}

/// The position of the first byte that matches.
#[inline(always)]
pub(crate) fn find(bytes: &[u8], matches: impl Matcher) -> Option<usize> {
    let (words, tail) = bytes.as_chunks::<8>();
    for (i, word) in words.iter().enumerate() {
        let found = matches(u64::from_le_bytes(*word));
        if found != 0 {
            return Some(i * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    if tail.is_empty() {
        return None;
    }
    if let Some(last) = bytes.last_chunk::<8>() {
        // The tail is widened with bytes that are known not to match.
        let found = matches(u64::from_le_bytes(*last));
        return (found != 0).then(|| bytes.len() - 8 + found.trailing_zeros() as usize / 8);
    }
    find_short(tail, matches)
}

/// The same for fewer than eight bytes.
#[inline(always)]
fn find_short(bytes: &[u8], matches: impl Matcher) -> Option<usize> {
    // Two halves, which may overlap, put together to one word: the second is shifted to where it begins,
    // so that a byte which stands in both falls on itself.
    let (first, last, shift) = if let (Some(a), Some(b)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>())
    {
        (u32::from_le_bytes(*a) as u64, u32::from_le_bytes(*b) as u64, bytes.len() - 4)
    } else if let (Some(a), Some(b)) = (bytes.first_chunk::<2>(), bytes.last_chunk::<2>()) {
        (u16::from_le_bytes(*a) as u64, u16::from_le_bytes(*b) as u64, bytes.len() - 2)
    } else if let Some(&a) = bytes.first() {
        (a as u64, 0, 0)
    } else {
        return None;
    };
    let word = first | last << (shift * 8);
    let found = matches(word) & (u64::MAX >> (64 - bytes.len() * 8));
    (found != 0).then(|| found.trailing_zeros() as usize / 8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn every_length_and_place() {
        for len in 0..40 {
            assert_eq!(find(&vec![b'x'; len], |w| equal(w, b'!')), None, "length {len}");
            for at in 0..len {
                for other in [b'x', 0x00, 0x20, 0x22, 0x80, 0xa1, 0xff] {
                    let mut bytes = vec![other; len];
                    bytes[at] = b'!';
                    assert_eq!(find(&bytes, |w| equal(w, b'!')), Some(at), "{at} of {len}");
                    bytes[at..].fill(b'!');
                    assert_eq!(find(&bytes, |w| equal(w, b'!')), Some(at), "{at} to {len}");
                }
            }
        }
    }

    #[test]
    fn below_is_exact_for_every_byte() {
        for byte in 0..=255u8 {
            for len in 1..20 {
                let expected = (byte < 0x20).then_some(0);
                assert_eq!(find(&vec![byte; len], |w| below(w, 0x20)), expected, "{byte}");
            }
        }
    }
}
