//! The check for UTF-8, what becomes of bytes that fail it, and the only unsafe code of the crate.
//!
//! Most event streams are ASCII, and to look for that takes a fraction of the time of std's check for UTF-8,
//! which is a third of the work of reading a long line. With this, an event of one 1 KiB line takes a fifth
//! less time; the bench `decode` shows it. std has a safe way from ASCII bytes to `&str`, `as_ascii`, which
//! is not stable yet.

#![allow(unsafe_code)]

use super::scan::HIGH_BITS;
use alloc::{string::String, vec::Vec};

/// The bytes as text, if they are UTF-8.
#[inline]
pub(crate) fn valid(bytes: &[u8]) -> Option<&str> {
    // A short text is checked before a SIMD check has begun.
    #[cfg(feature = "simdutf8")]
    if bytes.len() >= 64 {
        return simdutf8::basic::from_utf8(bytes).ok();
    }
    if is_long_ascii(bytes) {
        // SAFETY: every sequence of ASCII bytes is UTF-8.
        return Some(unsafe { core::str::from_utf8_unchecked(bytes) });
    }
    core::str::from_utf8(bytes).ok()
}

/// The bytes as text of its own, or else as they came.
#[inline]
pub(crate) fn into_string(bytes: Vec<u8>) -> Result<String, Vec<u8>> {
    if valid(&bytes).is_none() {
        return Err(bytes);
    }
    // SAFETY: the check is done.
    Ok(unsafe { String::from_utf8_unchecked(bytes) })
}

/// What stands for what is no text, or cannot be sent: U+FFFD.
pub(crate) const REPLACEMENT: &str = "\u{fffd}";

/// The bytes as pieces of text, with [`REPLACEMENT`] for what is not UTF-8: one for each maximal subpart of an
/// invalid sequence, as the UTF-8 decode algorithm of the WHATWG Encoding standard has it. std does the same.
pub(crate) fn lossy(bytes: &[u8]) -> impl Iterator<Item = &str> {
    bytes.utf8_chunks().flat_map(|chunk| {
        let replacement = if chunk.invalid().is_empty() { "" } else { REPLACEMENT };
        [chunk.valid(), replacement]
    })
}

/// Whether this is ASCII, and long enough for the answer to come sooner than that of std's check. (std's own
/// `is_ascii` looks at up to 31 bytes at the end one by one.)
#[inline]
fn is_long_ascii(bytes: &[u8]) -> bool {
    let is_ascii = |block: &[u8; BLOCK]| {
        let (words, _) = block.as_chunks::<8>();
        words.iter().fold(0, |all, word| all | u64::from_ne_bytes(*word)) & HIGH_BITS == 0
    };
    let (blocks, _) = bytes.as_chunks();
    // The last block overlaps the one before.
    blocks.iter().all(is_ascii) && bytes.last_chunk().is_some_and(is_ascii)
}

const BLOCK: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn it_says_what_std_says() {
        for len in 0..200 {
            let mut bytes = vec![b'x'; len];
            for at in 0..len {
                for piece in
                    [&b"\0"[..], b"\x7f", b"\x80", b"\xc3\xa9", b"\xc3", b"\xff", "\u{1f600}".as_bytes()]
                {
                    let end = len.min(at + piece.len());
                    bytes[at..end].copy_from_slice(&piece[..end - at]);
                    assert_eq!(valid(&bytes), core::str::from_utf8(&bytes).ok(), "{at} of {len}, {piece:?}");
                    bytes[at..end].fill(b'x');
                }
            }
            assert_eq!(valid(&bytes), core::str::from_utf8(&bytes).ok());
        }
    }

    #[test]
    fn what_is_not_utf8_is_replaced() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"a", "a"),
            (b"\xff", "\u{fffd}"),
            (b"a\xffb\x80", "a\u{fffd}b\u{fffd}"),
            // One for a character that is cut, one for each byte that begins none.
            (b"\xf0\x9f\x98a\xe2\x82", "\u{fffd}a\u{fffd}"),
            (b"\xed\xa0\x80", "\u{fffd}\u{fffd}\u{fffd}"),
        ] {
            assert_eq!(lossy(bytes).collect::<Vec<_>>().concat(), text, "{bytes:?}");
        }
    }

    #[test]
    fn every_pair_of_bytes() {
        for pair in 0..=u16::MAX {
            let bytes: Vec<u8> = [b"0123456", &pair.to_be_bytes()[..]].concat();
            assert_eq!(valid(&bytes), core::str::from_utf8(&bytes).ok(), "{pair:#06x}");
        }
    }
}
