use super::*;
use alloc::{string::ToString, vec};

#[test]
fn it_says_what_std_says() {
    // NUL, because nothing but the piece then decides what all bytes have in common.
    for (len, filler) in (0..200).flat_map(|len| b"x\0".map(|filler| (len, filler))) {
        let mut bytes = vec![filler; len];
        for at in 0..len {
            for piece in [&b"\0"[..], b"\x7f", b"\x80", b"\xc3\xa9", b"\xc3", b"\xff", "\u{1f600}".as_bytes()]
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
const SEARCHES: [Search; 2] =
    [find_end_of_long_line, |bytes, ascii| find_end_and_check(bytes, ascii, count_plain)];

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
                if bytes.len() >= WIDE && line.iter().all(u8::is_ascii_graphic) {
                    assert!(is_found, "{byte:#x} at {at} of {len}");
                }
            }
            bytes[at..].fill(b'x');
        }
    }
}

/// Not even if much of the line follows it.
#[test]
fn a_long_line_with_a_byte_that_is_not_ascii_is_not_ascii() {
    for (before, after) in (0..300).step_by(3).flat_map(|before| (0..300).map(move |after| (before, after))) {
        for byte in [0x80, 0xff] {
            let line = [&vec![b'x'; before][..], &[byte], &vec![b'x'; after]].concat();
            for (bytes, end) in [([&line[..], b"\nx"].concat(), Some(line.len())), (line.clone(), None)] {
                for search in SEARCHES {
                    let mut ascii = "";
                    assert_eq!(search(&bytes, &mut ascii), end, "{before}, {after}");
                    assert_eq!(ascii, "", "{before}, {after}");
                }
            }
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
fn short_texts_are_what_they_were() {
    let text = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ";
    for [first, second, third] in (0..text.len()).flat_map(|a| {
        (0..18)
            .flat_map(move |b| (0..18).map(move |c| [&text[..a], &text[text.len() - b..], &text[20..20 + c]]))
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

/// What is pushed as a text need not be checked, wherever other bytes are before and after it.
#[test]
fn pieces_are_a_text_if_all_of_them_together_are() {
    let pieces: [Result<&str, &[u8]>; 7] =
        [Ok("a"), Ok("é"), Ok(""), Err(b"b"), Err(b"\xc3"), Err(b"\xa9"), Err(b"\xff")];
    let add = |all: &mut PartlyChecked, piece| match piece {
        Ok(text) => all.push_text(text),
        Err(bytes) => all.push(bytes),
    };
    for [a, b, c, d] in (0..pieces.len().pow(4)).map(|mut i| {
        [(); 4].map(|()| {
            let piece = pieces[i % pieces.len()];
            i /= pieces.len();
            piece
        })
    }) {
        let mut all = PartlyChecked::new();
        let mut bytes = Vec::new();
        for piece in [a, b, c, d] {
            add(&mut all, piece);
            bytes.extend_from_slice(piece.map_or_else(|bytes| bytes, str::as_bytes));
            // What is known is never more than what is there, and only whole characters.
            assert!(bytes.starts_with(all.text().as_bytes()));
        }
        assert_eq!(*all, *bytes);
        let expected = core::str::from_utf8(&bytes);
        assert_eq!(all.check(), expected.is_ok(), "{:?}", [a, b, c, d]);
        if let Ok(text) = expected {
            assert_eq!(all.text(), text);
            // A check in between changes nothing.
            add(&mut all, d);
            bytes.extend_from_slice(d.map_or_else(|bytes| bytes, str::as_bytes));
            assert_eq!(all.check(), core::str::from_utf8(&bytes).is_ok());
            let known = all.text().to_string();
            assert_eq!(all.clone().into_text(), known);
            assert!(bytes.starts_with(known.as_bytes()));
        }
        all.push_text("x");
        all.clear();
        all.push(b"\xff\xff");
        assert!(all.text().is_empty() && !all.check());
        all.clear();
        assert!(all.is_empty() && all.text().is_empty() && all.check());
        all.push_text("x");
        assert_eq!(all.text(), "x");
    }
}

/// If the beginning of a character is removed, the rest of it is not a text.
#[test]
fn what_is_left_is_checked_again() {
    let mut all = PartlyChecked::new();
    all.push_text("aé");
    all.remove_first(2);
    assert_eq!((&*all, all.text()), (&b"\xa9"[..], ""));
    assert!(!all.check());
    all.remove_first(5);
    assert!(all.is_empty());
}

#[test]
fn long_pieces_are_pushed_whole() {
    for len in [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 5] {
        let text = "é".repeat(len);
        let mut all = PartlyChecked::new();
        all.push_text("a");
        all.push_text(&text);
        assert_eq!(all.text(), ["a", &text].concat());
        all.push(text.as_bytes());
        assert!(all.check());
        assert_eq!(all.into_text(), ["a", &text, &text].concat());
    }
}
