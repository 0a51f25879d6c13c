//! Up to eight bytes as a number, so that a few instructions look at all of them, or move them.

pub(crate) const WORD: usize = 8;

/// The `i`-th eight bytes, with zeros for those that there are not.
#[inline(always)]
pub(crate) fn word(bytes: &[u8], i: usize) -> u64 {
    let at = i * WORD;
    match bytes.len().saturating_sub(at) {
        0 => 0,
        1..WORD if i == 0 => short_word(bytes),
        left @ 1..WORD => match bytes.last_chunk() {
            Some(last) => u64::from_le_bytes(*last) >> ((WORD - left) * 8),
            None => 0,
        },
        _ => match bytes.get(at..).and_then(|bytes| bytes.first_chunk()) {
            Some(word) => u64::from_le_bytes(*word),
            None => 0,
        },
    }
}

/// The same for up to seven bytes.
#[inline(always)]
pub(crate) const fn short_word(bytes: &[u8]) -> u64 {
    // Two halves, which may overlap: the second is shifted to where it begins, so that a byte which is in both falls
    // on itself.
    if let (Some(a), Some(b)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        u32::from_le_bytes(*a) as u64 | (u32::from_le_bytes(*b) as u64) << ((bytes.len() - 4) * 8)
    } else if let (Some(a), Some(b)) = (bytes.first_chunk::<2>(), bytes.last_chunk::<2>()) {
        u16::from_le_bytes(*a) as u64 | (u16::from_le_bytes(*b) as u64) << ((bytes.len() - 2) * 8)
    } else if let [byte] = bytes {
        *byte as u64
    } else {
        0
    }
}

/// Up to 16 bytes.
#[inline(always)]
pub(crate) fn two_words(bytes: &[u8]) -> u128 {
    u128::from(word(bytes, 0)) | u128::from(word(bytes, 1)) << 64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_that_there_are_and_zeros() {
        let bytes: [u8; 24] = core::array::from_fn(|i| i as u8 + 1);
        for len in 0..bytes.len() {
            let bytes = &bytes[..len];
            let byte_at = |i: usize| bytes.get(i).copied().unwrap_or(0);
            for i in 0..4 {
                let expected = core::array::from_fn(|byte| byte_at(i * WORD + byte));
                assert_eq!(word(bytes, i).to_le_bytes(), expected, "{i} of {len}");
            }
            if len < WORD {
                assert_eq!(short_word(bytes), word(bytes, 0));
            }
            if len <= 2 * WORD {
                assert_eq!(two_words(bytes).to_le_bytes(), core::array::from_fn(byte_at), "{len}");
            }
        }
    }
}
