//! The check for UTF-8, what becomes of bytes that fail it, and the only unsafe code of the crate.
//!
//! Most event streams are ASCII, and checking for that takes a fraction of the time of std's UTF-8 check, which is a
//! large part of the work of reading a long line. With AVX2, which compilers do not use unless they are told to, an
//! event with one line of 1 KiB takes another tenth less time; the bench `decode` shows it. std has a safe conversion
//! from ASCII bytes to `&str`, `as_ascii`, but it is not stable yet.

#![allow(unsafe_code)]

use super::{
    line,
    scan::{self, Class, HIGH_BITS},
    words::{self, WORD, short_word, two_words},
};
use alloc::{string::String, vec::Vec};
use core::ops::Deref;

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
            find_end_and_check(bytes, ascii, |block| count_plain_with_avx2(block))
        }
        if std::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2.
            return unsafe { with_avx2(bytes, ascii) };
        }
    }
    find_end_and_check(bytes, ascii, count_plain)
}

/// The search, with a function that counts the plain bytes at the beginning of a block.
#[inline(always)]
fn find_end_and_check<'b>(
    bytes: &'b [u8],
    ascii: &mut &'b str,
    count_plain: impl Fn(&[u8; WIDE]) -> usize,
) -> Option<usize> {
    let (blocks, _) = bytes.as_chunks::<WIDE>();
    let plain = WIDE * blocks.iter().take_while(|block| scan::is_plain(block)).count();
    // The block that is not plain. If all of them are, it is the last one, which overlaps the one before.
    let at = plain.min(bytes.len().saturating_sub(WIDE));
    let plain = match bytes.get(at..)?.first_chunk() {
        Some(block) => at + count_plain(block),
        None => 0,
    };
    let (before, rest) = bytes.split_at_checked(plain)?;
    if let None | Some(b'\n' | b'\r') = rest.first() {
        // SAFETY: what is plain is ASCII.
        *ascii = unsafe { core::str::from_utf8_unchecked(before) };
        return rest.first().map(|_| plain);
    }
    let end = line::find_end(rest).map(|i| plain + i);
    let (before, _) = bytes.split_at_checked(end.unwrap_or(bytes.len()))?;
    let last_block = || before.last_chunk::<WIDE>().is_some_and(is_ascii_block);
    if before.len() <= plain + WIDE && last_block() {
        // SAFETY: what is plain is ASCII, and the rest of it is in its last block.
        *ascii = unsafe { core::str::from_utf8_unchecked(before) };
    }
    end
}

/// How many bytes at the beginning of the block are plain.
fn count_plain(block: &[u8; WIDE]) -> usize {
    scan::find(block, Class::NotPlain).unwrap_or(WIDE)
}

/// The same without a branch. A branch that depends on the length of a line is often mispredicted, and that takes
/// longer than all of this.
#[cfg(all(feature = "std", target_arch = "x86_64"))]
#[target_feature(enable = "avx2")]
#[inline]
fn count_plain_with_avx2(block: &[u8; WIDE]) -> usize {
    use core::arch::x86_64::{_mm256_cmpgt_epi8, _mm256_movemask_epi8, _mm256_set1_epi8, _mm256_setr_epi64x};
    let mut plain = 0;
    for (i, quarter) in block.as_chunks::<32>().0.iter().enumerate() {
        let [a, b, c, d] = [0, 1, 2, 3].map(|i| words::word(quarter, i).cast_signed());
        let is_plain =
            _mm256_cmpgt_epi8(_mm256_setr_epi64x(a, b, c, d), _mm256_set1_epi8(b'\r'.cast_signed()));
        plain |= u128::from(_mm256_movemask_epi8(is_plain).cast_unsigned()) << (i * 32);
    }
    plain.trailing_ones() as usize
}

/// Bytes that arrive in pieces, and are expected to be a text. A prefix of them is known to be one already.
#[derive(Clone, Debug, Default)]
pub(crate) struct PartlyChecked {
    bytes: Vec<u8>,
    /// How many bytes, from the beginning up to the end of a character, have been found to be UTF-8.
    checked: usize,
}

/// How much is copied at once. glibc copies 2 KiB or more with `rep movsb`, which takes several times as long if, in
/// the lower bits of the addresses, the destination is a few bytes after the source.
pub(crate) const PIECE: usize = 1984;

impl PartlyChecked {
    pub(crate) const fn new() -> PartlyChecked {
        PartlyChecked { bytes: Vec::new(), checked: 0 }
    }

    #[inline]
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if bytes.len() <= PIECE {
            self.bytes.extend_from_slice(bytes);
        } else {
            self.push_long(bytes);
        }
    }

    fn push_long(&mut self, bytes: &[u8]) {
        self.bytes.reserve(bytes.len());
        bytes.chunks(PIECE).for_each(|piece| self.bytes.extend_from_slice(piece));
    }

    /// Like [`push`](PartlyChecked::push), and what is pushed need not be checked again.
    pub(crate) fn push_text(&mut self, text: &str) {
        let all_checked = self.checked == self.bytes.len();
        self.push(text.as_bytes());
        if all_checked {
            self.checked = self.bytes.len();
        }
    }

    /// Checks what has not been checked before. Returns whether all bytes are a text.
    pub(crate) fn check(&mut self) -> bool {
        let (_, rest) = self.bytes.split_at_checked(self.checked).unwrap_or_default();
        let is_text = rest.is_empty() || valid(rest).is_some();
        if is_text {
            self.checked = self.bytes.len();
        }
        is_text
    }

    /// The bytes that are known to be a text.
    #[inline]
    pub(crate) fn text(&self) -> &str {
        let checked = self.bytes.get(..self.checked).unwrap_or_default();
        // SAFETY: these bytes have been found to be UTF-8.
        unsafe { core::str::from_utf8_unchecked(checked) }
    }

    /// The same with their memory. The others are dropped.
    pub(crate) fn into_text(mut self) -> String {
        self.bytes.truncate(self.checked);
        // SAFETY: these bytes have been found to be UTF-8.
        unsafe { String::from_utf8_unchecked(self.bytes) }
    }

    #[inline]
    pub(crate) fn clear(&mut self) {
        self.checked = 0;
        self.bytes.clear();
    }

    pub(crate) fn remove_first(&mut self, bytes: usize) {
        self.checked = 0;
        self.bytes.drain(..bytes.min(self.bytes.len()));
    }

    #[inline]
    pub(crate) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    pub(crate) fn reserve_exact(&mut self, bytes: usize) {
        self.bytes.reserve_exact(bytes);
    }

    pub(crate) fn shrink_to(&mut self, bytes: usize) {
        self.bytes.shrink_to(bytes);
    }
}

impl Deref for PartlyChecked {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Three short texts and a flag, stored inline, or something else with a number.
///
/// The texts are assembled in registers and written a word at a time, and what is stored instead of them begins where
/// their words do: data that is written in smaller pieces than it is read takes several times as long to move soon
/// after.
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
mod tests;
