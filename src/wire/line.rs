//! The search for line ends, for both directions. A line ends at CRLF, LF or CR (WHATWG HTML, 9.2.5, `end-of-line`) and
//! at nothing else: U+2028, U+0085, VT and FF are ordinary characters. In a long incoming line, `utf8` first skips what
//! is plain ASCII, while it checks for ASCII.

use super::scan::{self, Class};

/// Splits text into lines, even if it arrives in pieces: a CRLF whose halves are in two pieces is one line end.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lines {
    /// Whether the last line ended at a CR, so that an LF right after it belongs to the same line end.
    after_cr: bool,
}

impl Lines {
    pub(crate) const fn new() -> Lines {
        Lines { after_cr: false }
    }

    /// Removes the first line from `input`, and returns it without its end. `None` if `input` ends before the line
    /// does; what is then left in it is the beginning of a line.
    #[inline(always)]
    pub(crate) fn next<'i>(&mut self, input: &mut &'i [u8]) -> Option<&'i [u8]> {
        self.next_with(input, find_end)
    }

    /// The same, with another search for the end of the line.
    #[inline(always)]
    pub(crate) fn next_with<'i>(
        &mut self,
        input: &mut &'i [u8],
        find_end: impl FnOnce(&'i [u8]) -> Option<usize>,
    ) -> Option<&'i [u8]> {
        if self.after_cr {
            let first = input.first()?;
            if *first == b'\n' {
                *input = &input[1..];
            }
            self.after_cr = false;
        }
        // Every event ends with a blank line, and this is the usual form.
        if let Some((b'\n', rest)) = input.split_first() {
            *input = rest;
            return Some(&[]);
        }
        let end = find_end(input)?;
        let (line, rest) = input.split_at_checked(end)?;
        let (line_end, rest) = rest.split_first()?;
        self.after_cr = *line_end == b'\r';
        *input = rest;
        Some(line)
    }
}

/// The position of the first CR or LF.
#[inline(always)]
pub(crate) fn find_end(bytes: &[u8]) -> Option<usize> {
    find_end_or(bytes, find_end_after_short)
}

/// The same. The other search gets all of the bytes if their first line is long.
#[inline(always)]
pub(crate) fn find_end_or<'i>(
    bytes: &'i [u8],
    of_long_line: impl FnOnce(&'i [u8]) -> Option<usize>,
) -> Option<usize> {
    let (blocks, _) = bytes.as_chunks::<BLOCK>();
    let mut at = 0;
    for block in blocks {
        if has_end(block) {
            return scan::find(block, Class::LineEnd).map(|i| at + i);
        }
        at += BLOCK;
        if at == SHORT {
            return of_long_line(bytes);
        }
    }
    scan::find(&bytes[at..], Class::LineEnd).map(|i| at + i)
}

/// The position of the first CR or LF after the first [`SHORT`] bytes.
#[inline(always)]
fn find_end_after_short(bytes: &[u8]) -> Option<usize> {
    let (_, rest) = bytes.split_at_checked(SHORT)?;
    #[cfg(feature = "memchr")]
    return memchr::memchr2(b'\n', b'\r', rest).map(|i| SHORT + i);
    #[cfg(not(feature = "memchr"))]
    {
        let (blocks, _) = rest.as_chunks::<BLOCK>();
        let at = BLOCK * blocks.iter().take_while(|block| !has_end(block)).count();
        scan::find(&rest[at..], Class::LineEnd).map(|i| SHORT + at + i)
    }
}

/// The position of the last CR or LF.
#[cfg(feature = "std")]
pub(crate) fn find_last_end(bytes: &[u8]) -> Option<usize> {
    #[cfg(feature = "memchr")]
    return memchr::memrchr2(b'\n', b'\r', bytes);
    #[cfg(not(feature = "memchr"))]
    bytes.iter().rposition(|byte| matches!(byte, b'\n' | b'\r'))
}

const BLOCK: usize = 32;

/// From this length on, a search with wide SIMD is faster; below it, it takes longer to start than to search.
const SHORT: usize = 96;

#[inline(always)]
fn has_end(block: &[u8; BLOCK]) -> bool {
    // Two loops without a branch, because compilers turn this form into SIMD.
    let (mut lf, mut cr) = (0, 0);
    for byte in block {
        lf |= u8::from(*byte == b'\n');
    }
    for byte in block {
        cr |= u8::from(*byte == b'\r');
    }
    lf | cr != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{vec, vec::Vec};

    /// The lines of `pieces`, and what is left after the last line end.
    fn split(pieces: &[&[u8]]) -> (Vec<Vec<u8>>, Vec<u8>) {
        let (mut lines, mut done, mut open) = (Lines::default(), Vec::new(), Vec::new());
        for piece in pieces {
            let mut input = *piece;
            while let Some(line) = lines.next(&mut input) {
                open.extend_from_slice(line);
                done.push(core::mem::take(&mut open));
            }
            open.extend_from_slice(input);
        }
        (done, open)
    }

    #[test]
    fn the_three_line_ends() {
        let expected = (vec![b"a".to_vec(), b"b".to_vec(), b"".to_vec(), b"c".to_vec()], b"d".to_vec());
        let text = b"a\r\nb\n\rc\rd";
        assert_eq!(split(&[text]), expected);
        for i in 0..=text.len() {
            let (a, b) = text.split_at(i);
            assert_eq!(split(&[a, b]), expected, "split at {i}");
            assert_eq!(split(&[a, b"", b]), expected, "split at {i}, with an empty piece");
        }
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(split(&bytes), expected);
    }

    #[test]
    fn nothing_else_ends_a_line() {
        let text = "a\u{b}\u{c}\u{1c}\u{85}\u{2028}\u{2029}z".as_bytes();
        assert_eq!(split(&[text]), (vec![], text.to_vec()));
    }

    #[test]
    fn the_first_end_wherever_it_is() {
        for len in 0..200 {
            let mut bytes = vec![0xff; len];
            assert_eq!(find_end(&bytes), None);
            for at in 0..len {
                for end in *b"\r\n" {
                    bytes.fill(b'x');
                    bytes[at] = end;
                    if at + 3 < len {
                        bytes[at + 3] = b'\n';
                    }
                    assert_eq!(find_end(&bytes), Some(at), "{at} of {len}");
                }
            }
        }
    }
}
