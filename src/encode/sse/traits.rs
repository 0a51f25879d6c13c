//! The standard library's traits for `Sse`, and what it converts into.

use super::Sse;
use crate::encode::{Chunk, Event, chunk::display_lossy};
use alloc::{string::String, vec::Vec};
use core::fmt;

/// Drains the buffer, one whole block at a time. Only the first item may be the rest of a block, if part of it has
/// already been sent.
///
/// What is not taken is kept. An ID that waits for a message is the last block, and can be taken like any other.
impl Iterator for Sse {
    type Item = Chunk;

    #[inline]
    fn next(&mut self) -> Option<Chunk> {
        if self.is_empty() {
            return None;
        }
        let block = &self.buf[self.sent..self.first_end()];
        let chunk = Chunk::new(block);
        self.advance(block.len());
        Some(chunk)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let blocks = if self.is_empty() { 0 } else { self.earlier_ends.len() - self.sent_blocks + 1 };
        (blocks, Some(blocks))
    }
}

/// Shows everything that is buffered, and drains nothing. If a block was cut inside a character, the part of that
/// character becomes U+FFFD; [`as_bytes`](Sse::as_bytes) returns it exactly.
impl fmt::Display for Sse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        display_lossy(self.as_bytes(), f)
    }
}

impl fmt::Debug for Sse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sse").field(&String::from_utf8_lossy(self.as_bytes())).finish()
    }
}

/// The same as [`Sse::new`].
impl Default for Sse {
    fn default() -> Self {
        Self::new()
    }
}

impl<'e> Extend<&'e Event> for Sse {
    fn extend<I: IntoIterator<Item = &'e Event>>(&mut self, events: I) {
        for event in events {
            self.push(event);
        }
    }
}

impl Extend<Event> for Sse {
    fn extend<I: IntoIterator<Item = Event>>(&mut self, events: I) {
        for event in events {
            self.push(&event);
        }
    }
}

/// Holds the events and no reconnection time.
impl<'e> FromIterator<&'e Event> for Sse {
    fn from_iter<I: IntoIterator<Item = &'e Event>>(events: I) -> Self {
        let mut sse = Self::without_retry();
        sse.extend(events);
        sse
    }
}

/// Holds the events and no reconnection time.
impl FromIterator<Event> for Sse {
    fn from_iter<I: IntoIterator<Item = Event>>(events: I) -> Self {
        let mut sse = Self::without_retry();
        sse.extend(events);
        sse
    }
}

/// Converts what is buffered. It is copied only if part of it has already been sent.
impl From<Sse> for Vec<u8> {
    fn from(sse: Sse) -> Self {
        let (mut buf, unsent) = sse.into_parts();
        buf.truncate(unsent.end);
        buf.drain(..unsent.start);
        buf
    }
}

/// Converts what is buffered to text, as `Display` shows it.
impl From<Sse> for String {
    fn from(sse: Sse) -> Self {
        String::from_utf8(sse.into())
            .unwrap_or_else(|cut| String::from_utf8_lossy(cut.as_bytes()).into_owned())
    }
}
