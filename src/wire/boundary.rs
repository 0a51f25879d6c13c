//! Where the blocks of an event stream end, in bytes that may be cut anywhere. A block ends at a blank line, which is a
//! line end that follows another one (WHATWG HTML, 9.2.5, `event`).

use super::line::{find_end, find_last_end};

/// How the bytes so far end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Boundary {
    place: Place,
    /// Whether the last byte is a CR, so that an LF right after it belongs to the same line end.
    after_cr: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// Nothing has begun: at the start of the stream, or after a blank line.
    #[default]
    BetweenBlocks,
    /// At the start of a line, inside a block.
    LineStart,
    InLine,
}

impl Boundary {
    /// Whether something else can be sent here without tearing a block.
    #[inline]
    pub(crate) fn is_between_blocks(self) -> bool {
        self.place == Place::BetweenBlocks
    }

    /// The bytes that end the block that has begun.
    pub(crate) fn closing(self) -> &'static [u8] {
        match self.place {
            Place::BetweenBlocks => b"",
            Place::LineStart if !self.after_cr => b"\n",
            // After a CR, the first LF is the second half of a CRLF.
            Place::LineStart | Place::InLine => b"\n\n",
        }
    }

    /// Moves to the end of these bytes. It looks only at the last four.
    #[inline]
    pub(crate) fn pass(&mut self, bytes: &[u8]) {
        if let [.., b'\n', b'\n'] = bytes {
            *self = Boundary::default();
            return;
        }
        // Four such bytes contain two line ends, whatever precedes them.
        let ends = bytes.iter().rev().take(4).take_while(|byte| is_end(byte)).count();
        let (ahead, ends) = bytes.split_at(bytes.len() - ends);
        if !ahead.is_empty() {
            *self = Boundary { place: Place::InLine, after_cr: false };
        }
        ends.iter().for_each(|byte| self.step(*byte));
    }

    fn step(&mut self, byte: u8) {
        match byte {
            // The second half of a CRLF does not end another line.
            b'\n' if self.after_cr => self.after_cr = false,
            b'\n' | b'\r' => {
                self.place =
                    if self.place == Place::InLine { Place::LineStart } else { Place::BetweenBlocks };
                self.after_cr = byte == b'\r';
            }
            _ => *self = Boundary { place: Place::InLine, after_cr: false },
        }
    }

    /// How many of these bytes, which continue a block, belong to it. `None` if it does not end in them.
    pub(crate) fn first_end(mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        loop {
            if self.place == Place::InLine {
                at += find_end(bytes.get(at..)?)?;
            }
            self.step(*bytes.get(at)?);
            at += 1;
            if self.is_between_blocks() {
                let is_crlf = self.after_cr && bytes.get(at) == Some(&b'\n');
                return Some(at + usize::from(is_crlf));
            }
        }
    }
}

/// How many of these bytes, which begin between two blocks, are whole blocks. It searches from the end, so it looks
/// only at the block that is not whole.
pub(crate) fn last_end(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let Some(last) = find_last_end(rest) {
        let ends = rest[..=last].iter().rev().take(3).take_while(|byte| is_end(byte)).count();
        let (ahead, ends) = rest[..=last].split_at(last + 1 - ends);
        let is_one_line_end = matches!(ends, b"\n" | b"\r" | b"\r\n");
        // At the start, a single line end is a blank line.
        if ahead.is_empty() || !is_one_line_end {
            return last + 1;
        }
        rest = ahead;
    }
    0
}

fn is_end(byte: &u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{vec, vec::Vec};

    /// Every text of up to this many bytes, over the three kinds of bytes.
    fn texts(len: usize) -> Vec<Vec<u8>> {
        let mut all = vec![Vec::new()];
        let mut start = 0;
        for _ in 0..len {
            let end = all.len();
            for i in start..end {
                for byte in *b"x\r\n" {
                    let mut text = all[i].clone();
                    text.push(byte);
                    all.push(text);
                }
            }
            start = end;
        }
        all
    }

    /// The places between blocks, found byte by byte as the standard describes: an empty line ends a block.
    fn between(text: &[u8]) -> Vec<bool> {
        let mut places = vec![true];
        let (mut line, mut is_between) = (0, true);
        for (i, byte) in text.iter().enumerate() {
            match byte {
                b'\n' if i > 0 && text[i - 1] == b'\r' => {}
                b'\r' | b'\n' => {
                    is_between = line == 0;
                    line = 0;
                }
                _ => {
                    is_between = false;
                    line += 1;
                }
            }
            places.push(is_between);
        }
        places
    }

    #[test]
    fn every_text_cut_anywhere() {
        for text in texts(7) {
            let between = between(&text);
            for at in 0..=text.len() {
                let mut boundary = Boundary::default();
                boundary.pass(&text[..at]);
                assert_eq!(boundary.is_between_blocks(), between[at], "{text:?} at {at}");
                let first = (at + 1..=text.len()).find(|end| between[*end]);
                if !between[at] {
                    let end = boundary.first_end(&text[at..]).map(|end| at + end);
                    // Including the second half of a CRLF.
                    let end = end.map(|end| if first == Some(end - 1) { end - 1 } else { end });
                    assert_eq!(end, first, "{text:?} from {at}");
                }
                let mut closed = boundary;
                closed.pass(boundary.closing());
                assert!(closed.is_between_blocks(), "{text:?} closed at {at}");
                boundary.pass(&text[at..]);
                assert_eq!(boundary.is_between_blocks(), between[text.len()], "{text:?} cut at {at}");
            }
            let last = (0..=text.len()).rev().find(|end| between[*end]).unwrap();
            let last = last + usize::from(text[..last].ends_with(b"\r") && text.get(last) == Some(&b'\n'));
            assert_eq!(last_end(&text), last, "{text:?}");
        }
    }

    #[test]
    fn long_lines() {
        let text = [&b"data: "[..], &[b'x'; 500], b"\n\nid: 1\n"].concat();
        assert_eq!(last_end(&text), 508);
        let mut boundary = Boundary::default();
        boundary.pass(&text[..3]);
        assert_eq!(boundary.first_end(&text[3..]), Some(505));
        boundary.pass(&text[3..]);
        assert!(!boundary.is_between_blocks());
    }
}
