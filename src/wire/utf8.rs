//! The check for UTF-8, what becomes of bytes that fail it, and the only unsafe code of the crate.
//!
//! Most event streams are ASCII, and checking for that takes a fraction of the time of std's UTF-8 check, which is a
//! large part of the work of reading a long line. With AVX2, which compilers do not use unless they are told to, an
//! event with one line of 1 KiB takes another tenth less time; the bench `decode` shows it. std has a safe conversion
//! from ASCII bytes to `&str`, `as_ascii`, but it is not stable yet.

#![allow(unsafe_code)]

use super::{
    line,
    scan::{self, HIGH_BITS},
    words::{self, WORD, short_word, two_words},
};
use alloc::{string::String, vec::Vec};

/// The bytes as text, if they are UTF-8.
// Not inlined, because a decoder does this in many places.
#[inline(never)]
pub(crate) fn valid(bytes: &[u8]) -> Option<&str> {
    // The check of a short text is done before a SIMD check would have started.
    if bytes.len() >= BLOCK {
        return valid_long(bytes);
    }
    if is_short_ascii(bytes) {
        // SAFETY: every sequence of ASCII bytes is UTF-8.
        return Some(unsafe { core::str::from_utf8_unchecked(bytes) });
    }
    core::str::from_utf8(bytes).ok()
}

#[inline(never)]
fn valid_long(bytes: &[u8]) -> Option<&str> {
    #[cfg(feature = "simdutf8")]
    return simdutf8::basic::from_utf8(bytes).ok();
    #[cfg(not(feature = "simdutf8"))]
    if is_ascii(bytes) {
        // SAFETY: every sequence of ASCII bytes is UTF-8.
        Some(unsafe { core::str::from_utf8_unchecked(bytes) })
    } else {
        core::str::from_utf8(bytes).ok()
    }
}

/// The position of the first line end in bytes that begin with a long line. That line, or what there is of it, is
/// stored in `ascii` if it is found to be ASCII. Looking for both in one pass takes no longer than looking for line
/// ends alone.
#[inline(never)]
pub(crate) fn find_end_of_long_line<'b>(bytes: &'b [u8], ascii: &mut &'b str) -> Option<usize> {
    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    {
        #[target_feature(enable = "avx2")]
        fn with_avx2<'b>(bytes: &'b [u8], ascii: &mut &'b str) -> Option<usize> {
            find_end_and_check(bytes, ascii)
        }
        if std::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2.
            return unsafe { with_avx2(bytes, ascii) };
        }
    }
    find_end_and_check(bytes, ascii)
}

#[inline(always)]
fn find_end_and_check<'b>(bytes: &'b [u8], ascii: &mut &'b str) -> Option<usize> {
    let (blocks, _) = bytes.as_chunks::<WIDE>();
    let plain = WIDE * blocks.iter().take_while(|block| scan::is_plain(block)).count();
    let (_, rest) = bytes.split_at_checked(plain)?;
    // The last block overlaps the one before.
    let all_plain = rest.len() < WIDE && bytes.last_chunk::<WIDE>().is_some_and(scan::is_plain);
    let end = if all_plain { None } else { line::find_end(rest).map(|i| plain + i) };
    let (before, _) = bytes.split_at_checked(end.unwrap_or(bytes.len()))?;
    let last_block = || before.last_chunk::<WIDE>().is_some_and(is_ascii_block);
    if all_plain || before.len() <= plain + WIDE && last_block() {
        // SAFETY: what is plain is ASCII, and the rest of it is in its last block.
        *ascii = unsafe { core::str::from_utf8_unchecked(before) };
    }
    end
}

/// The bytes as owned text, or unchanged if they are not UTF-8.
#[inline]
pub(crate) fn into_string(bytes: Vec<u8>) -> Result<String, Vec<u8>> {
    if valid(&bytes).is_none() {
        return Err(bytes);
    }
    // SAFETY: the check is done.
    Ok(unsafe { String::from_utf8_unchecked(bytes) })
}

/// Three short texts and a flag, stored inline, or something else with a number.
///
/// The texts are assembled in registers and written a word at a time, and what is stored instead of them begins where
/// their words do: data that is written in smaller pieces than it is read takes several times as long to move soon after.
#[derive(Clone)]
pub(crate) struct ShortTextsOr<T>(Stored<T>);

// A tag as wide as what is next to it is moved with it.
#[derive(Clone)]
#[repr(u32)]
enum Stored<T> {
    Texts {
        /// The lengths, one in each byte of this number, and the flag. The first text begins with the first word. The
        /// other two follow it together, from the next free word on.
        lens: u32,
        words: Words,
    },
    Other {
        number: u32,
        other: T,
    },
}

#[derive(Clone, Copy)]
#[repr(align(8))]
struct Words([[u8; WORD]; WORDS]);

const WORDS: usize = 6;

impl<T> ShortTextsOr<T> {
    #[inline(always)]
    pub(crate) fn other(number: u32, other: T) -> Self {
        ShortTextsOr(Stored::Other { number, other })
    }

    /// `None` if the texts do not fit.
    #[inline(always)]
    pub(crate) fn new([first, second, third]: [&str; 3], flag: bool) -> Option<Self> {
        let mut words = [0; WORDS];
        let tail_len = second.len() + third.len();
        let tail_at = first.len().div_ceil(WORD);
        if tail_len > 2 * WORD || tail_at + tail_len.div_ceil(WORD) > WORDS {
            return None;
        }
        for (i, word) in words.iter_mut().enumerate() {
            *word = words::word(first.as_bytes(), i);
        }
        if tail_len > 0 {
            let third = two_words(third.as_bytes()).checked_shl(second.len() as u32 * 8).unwrap_or(0);
            let tail = two_words(second.as_bytes()) | third;
            for (i, word) in words.iter_mut().enumerate() {
                match i.wrapping_sub(tail_at) {
                    0 => *word = tail as u64,
                    1 => *word = (tail >> 64) as u64,
                    _ => {}
                }
            }
        }
        // No length is larger than the size of the words.
        let [first, second, third] = [first, second, third].map(|text| text.len() as u8);
        let lens = u32::from_le_bytes([first, second, third, u8::from(flag)]);
        Some(ShortTextsOr(Stored::Texts { lens, words: Words(words.map(u64::to_le_bytes)) }))
    }

    /// The texts, or what is stored instead.
    #[inline(always)]
    pub(crate) fn get(&self) -> Result<([&str; 3], bool), (u32, &T)> {
        let (lens, words) = match &self.0 {
            Stored::Texts { lens, words } => (lens, words),
            Stored::Other { number, other } => return Err((*number, other)),
        };
        let [first, second, third, flag] = lens.to_le_bytes().map(usize::from);
        let after_first = first.next_multiple_of(WORD);
        let bytes = words.0.as_flattened();
        let text = |from: usize, len: usize| {
            let bytes = bytes.get(from..from + len).unwrap_or_default();
            // SAFETY: only `new` creates such a value, and it has put a text of this length there.
            unsafe { core::str::from_utf8_unchecked(bytes) }
        };
        Ok(([text(0, first), text(after_first, second), text(after_first + second, third)], flag != 0))
    }

    /// What is stored instead of texts, or the texts unchanged.
    #[inline]
    pub(crate) fn into_other(self) -> Result<T, Self> {
        match self.0 {
            Stored::Other { other, .. } => Ok(other),
            texts => Err(ShortTextsOr(texts)),
        }
    }
}

/// How much is copied at once. glibc copies 2 KiB or more with `rep movsb`, which takes several times as long if, in
/// the lower bits of the addresses, the destination is a few bytes after the source.
pub(crate) const PIECE: usize = 1984;

/// Appends a text, which may be long.
#[inline(always)]
pub(crate) fn push(text: &mut String, more: &str) {
    if more.len() <= PIECE { text.push_str(more) } else { push_long(text, more) }
}

fn push_long(text: &mut String, mut more: &str) {
    text.reserve(more.len());
    while more.len() > PIECE {
        let end = (0..=PIECE).rev().find(|at| more.is_char_boundary(*at)).unwrap_or_default();
        let (piece, rest) = more.split_at(end);
        text.push_str(piece);
        more = rest;
    }
    text.push_str(more);
}

/// The replacement for what is not text, or cannot be sent: U+FFFD.
pub(crate) const REPLACEMENT: &str = "\u{fffd}";

/// The bytes as pieces of text, with [`REPLACEMENT`] for what is not UTF-8: one for each maximal subpart of an
/// invalid sequence, as in the UTF-8 decode algorithm of the WHATWG Encoding standard. std does the same.
pub(crate) fn lossy(bytes: &[u8]) -> impl Iterator<Item = &str> {
    bytes.utf8_chunks().flat_map(|chunk| {
        let replacement = if chunk.invalid().is_empty() { "" } else { REPLACEMENT };
        [chunk.valid(), replacement]
    })
}

#[inline(always)]
fn is_short_ascii(bytes: &[u8]) -> bool {
    let (words, _) = bytes.as_chunks();
    // The last word overlaps the one before.
    let last = bytes.last_chunk().map_or_else(|| short_word(bytes), |last| u64::from_le_bytes(*last));
    words.iter().fold(last, |all, word| all | u64::from_le_bytes(*word)) & HIGH_BITS == 0
}

/// Whether a text of at least one [`BLOCK`] is ASCII. (std's own `is_ascii` looks at up to 31 bytes at the end one by
/// one.)
#[cfg(not(feature = "simdutf8"))]
#[inline(always)]
fn is_ascii(bytes: &[u8]) -> bool {
    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    {
        #[target_feature(enable = "avx2")]
        fn with_avx2(bytes: &[u8]) -> bool {
            are_ascii_blocks::<WIDE>(bytes)
        }
        if bytes.len() >= WIDE && std::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2.
            return unsafe { with_avx2(bytes) };
        }
    }
    are_ascii_blocks::<BLOCK>(bytes)
}

#[cfg(not(feature = "simdutf8"))]
#[inline(always)]
fn are_ascii_blocks<const N: usize>(bytes: &[u8]) -> bool {
    let (blocks, _) = bytes.as_chunks::<N>();
    // The last block overlaps the one before.
    blocks.iter().all(is_ascii_block) && bytes.last_chunk::<N>().is_some_and(is_ascii_block)
}

#[inline(always)]
fn is_ascii_block<const N: usize>(block: &[u8; N]) -> bool {
    block.iter().fold(0, |all, byte| all | byte) < 0x80
}

/// How many bytes are looked at before the next branch.
const BLOCK: usize = 64;

/// The same for AVX2, and for the search in long lines.
const WIDE: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn it_says_what_std_says() {
        // NUL, because nothing but the piece then decides what all bytes have in common.
        for (len, filler) in (0..200).flat_map(|len| b"x\0".map(|filler| (len, filler))) {
            let mut bytes = vec![filler; len];
            for at in 0..len {
                for piece in
                    [&b"\0"[..], b"\x7f", b"\x80", b"\xc3\xa9", b"\xc3", b"\xff", "\u{1f600}".as_bytes()]
                {
                    let end = len.min(at + piece.len());
                    bytes[at..end].copy_from_slice(&piece[..end - at]);
                    assert_eq!(valid(&bytes), core::str::from_utf8(&bytes).ok(), "{at} of {len}, {piece:?}");
                    bytes[at..end].fill(filler);
                }
            }
            assert_eq!(valid(&bytes), core::str::from_utf8(&bytes).ok());
        }
    }

    #[test]
    fn a_block_is_ascii_if_each_of_its_bytes_is() {
        for byte in 0..=u8::MAX {
            for at in 0..WIDE {
                let mut block = [0; WIDE];
                block[at] = byte;
                assert_eq!(is_ascii_block(&block), byte.is_ascii(), "{byte:#x} at {at}");
            }
        }
    }

    /// Both ways to compile the search for the end of a long line.
    const SEARCHES: [Search; 2] = [find_end_of_long_line, find_end_and_check];

    type Search = for<'b> fn(&'b [u8], &mut &'b str) -> Option<usize>;

    #[test]
    fn the_end_of_a_long_line_and_whether_it_is_ascii() {
        for (len, byte) in (0..420).flat_map(|len| b"\n\r\t\0\x0e\x7f\x80\xff".map(|byte| (len, byte))) {
            let mut bytes = vec![b'x'; len];
            for at in (0..len).rev().step_by(7) {
                bytes[at] = byte;
                // What follows the end does not matter.
                bytes[(at + 40).min(len)..].fill(0xff);
                let expected = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
                let line = &bytes[..expected.unwrap_or(len)];
                for search in SEARCHES {
                    let mut ascii = "";
                    assert_eq!(search(&bytes, &mut ascii), expected, "{byte:#x} at {at} of {len}");
                    let is_found = ascii.as_bytes() == line && line.is_ascii();
                    assert!(ascii.is_empty() || is_found, "{byte:#x} at {at} of {len}");
                    if line.len() >= WIDE && line.iter().all(u8::is_ascii_graphic) {
                        assert!(is_found, "{byte:#x} at {at} of {len}");
                    }
                }
                bytes[at..].fill(b'x');
            }
        }
    }

    #[test]
    fn what_is_not_utf8_is_replaced() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"a", "a"),
            (b"\xff", "\u{fffd}"),
            (b"a\xffb\x80", "a\u{fffd}b\u{fffd}"),
            // One for a character that is cut short, and one for each byte that cannot begin a character.
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

    #[test]
    fn a_long_text_is_appended_whole() {
        for text in ["x", "é", "…", "\u{1f600}"] {
            for len in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3000] {
                let more = text.repeat(len);
                let mut all = String::from("a");
                push(&mut all, &more);
                assert_eq!(all, ["a", &more].concat());
            }
        }
    }

    #[test]
    fn short_texts_are_what_they_were() {
        let text = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ";
        for [first, second, third] in (0..text.len()).flat_map(|a| {
            (0..18).flat_map(move |b| {
                (0..18).map(move |c| [&text[..a], &text[text.len() - b..], &text[20..20 + c]])
            })
        }) {
            let tail = second.len() + third.len();
            let fits = tail <= 16 && first.len().next_multiple_of(8) + tail.next_multiple_of(8) <= 48;
            for flag in [false, true] {
                let short = ShortTextsOr::<()>::new([first, second, third], flag);
                assert_eq!(
                    short.as_ref().map(ShortTextsOr::get),
                    fits.then_some(Ok(([first, second, third], flag)))
                );
            }
        }
        let short = ShortTextsOr::<()>::new(["é", "…", "\u{1f600}"], true).unwrap();
        assert_eq!(short.get(), Ok((["é", "…", "\u{1f600}"], true)));
        assert_eq!(ShortTextsOr::other(7, "other").get(), Err((7, &"other")));
    }
}
