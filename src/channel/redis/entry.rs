//! What an entry holds, and how it becomes a block of the log.
//!
//! The field names include a format version, so that nodes of different versions can share a stream: a node skips what
//! it does not know.

use super::{EntryId, PublishError};
use crate::{
    channel::{
        log::{Log, Mark, Values},
        publishable::{Block, Publishable, blocks, sealed::Sealed},
    },
    response::Encoded,
};
use alloc::vec::Vec;
use bytes::{BufMut, Bytes, BytesMut};

/// One event, as a block without an ID.
pub(super) const EVENT: &[u8] = b"e1";

/// The end of a topic.
pub(super) const FINISH: &[u8] = b"f1";

/// An entry of a stream.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: EntryId,
    pub(super) content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    /// One block, and where in it the value of its event type begins.
    Event(Vec<u8>, Option<usize>),
    Finish,
    /// Somebody else's entry, or one that is not exactly one whole event.
    Unknown,
}

impl Content {
    /// Reads the fields of an entry.
    pub(super) fn new(fields: impl Iterator<Item = (Vec<u8>, Vec<u8>)>) -> Content {
        for (name, value) in fields {
            match &*name {
                EVENT => return Content::event(value),
                FINISH => return Content::Finish,
                _ => {}
            }
        }
        Content::Unknown
    }

    /// Whoever can write to Redis can put anything there. Only what is exactly one block without an ID is sent, so
    /// that a client's stream stays intact, and its IDs are those of the entries.
    fn event(block: Vec<u8>) -> Content {
        let type_at = match blocks(&block).next() {
            Some(Block { bytes, values: Values { id_at: None, type_at } })
                if matches!(block.strip_prefix(bytes), Some(b"\n\n" | b"\r\n\r\n" | b"\r\r")) =>
            {
                type_at
            }
            _ => return Content::Unknown,
        };
        Content::Event(block, type_at)
    }
}

impl Entry {
    pub(super) fn is_event(&self) -> bool {
        matches!(self.content, Content::Event(..))
    }
}

/// The blocks of these events, each of which becomes an entry.
pub(super) fn encode(events: impl Encoded) -> Result<Vec<Vec<u8>>, PublishError> {
    let mut encoded = Vec::with_capacity(events.encoded_len());
    events.write(&mut encoded);
    let blocks: Vec<_> = blocks(&encoded)
        .map(|block| match block.values.id_at {
            Some(_) => Err(PublishError::OwnId),
            None => Ok([block.bytes, b"\n\n"].concat()),
        })
        .collect::<Result<_, _>>()?;
    if blocks.is_empty() { Err(PublishError::Empty) } else { Ok(blocks) }
}

/// Entries to be published as blocks of the log, with the IDs that Redis gave them.
pub(super) struct Entries<'e>(pub(super) &'e [Entry]);

impl Publishable for Entries<'_> {}
impl Sealed for Entries<'_> {
    fn append(self, log: &mut Log) {
        let mut field = Vec::new();
        for entry in self.0 {
            let Content::Event(block, type_at) = &entry.content else { continue };
            field.clear();
            entry.id.write_field(&mut field);
            let values = Values { id_at: Some("id: ".len()), type_at: type_at.map(|at| field.len() + at) };
            log.append(field.len() + block.len(), values, |out| {
                out.extend_from_slice(&field);
                out.extend_from_slice(block);
            });
        }
    }
}

/// The same blocks as one frame, for a client that does not read them from the log.
pub(super) fn frame(entries: &[Entry]) -> (Bytes, Vec<Mark>) {
    let (mut frame, mut marks) = (BytesMut::new(), Vec::new());
    for entry in entries {
        let Content::Event(block, type_at) = &entry.content else { continue };
        let start = frame.len();
        entry.id.write_field(&mut frame);
        let field_len = frame.len() - start;
        frame.put_slice(block);
        let type_at = type_at.map_or(0, |at| field_len + at);
        marks.push(Mark { end: frame.len(), id_at: "id: ".len(), type_at });
    }
    (frame.freeze(), marks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::{Event, Sse};

    fn content(block: &[u8]) -> Content {
        Content::new([(EVENT.to_vec(), block.to_vec())].into_iter())
    }

    #[test]
    fn what_was_encoded_is_one_event_each() {
        let blocks = encode(Sse::from_iter([
            Event::new().event("tick").data("1\r\n2\r3"),
            Event::new().data(""),
            Event::new().comment("c").retry(5),
        ]))
        .unwrap();
        assert_eq!(blocks.len(), 3);
        for block in &blocks {
            assert!(matches!(content(block), Content::Event(same, _) if same == *block));
        }
        assert!(matches!(encode(Event::new()), Err(PublishError::Empty)));
        assert!(matches!(encode(Event::new().id("1").data("")), Err(PublishError::OwnId)));
    }

    #[test]
    fn what_is_not_exactly_one_block_without_an_id_is_unknown() {
        for block in [
            &b""[..],
            b"\n",
            b"data: 1",
            b"data: 1\n",
            b"data: 1\n\ndata: 2\n\n",
            b"data: 1\r\rdata: 2\n\n",
            b"\ndata: 1\n\n",
            b"data: 1\n\n\n",
            b"id: 5\ndata: 1\n\n",
            b"data: 1\rid\r\n\r\n",
            b"\xef\xbb\xbfdata: 1\n\n",
        ] {
            assert!(
                matches!(content(block), Content::Unknown),
                "{:?}",
                alloc::string::String::from_utf8_lossy(block)
            );
        }
        assert!(matches!(content(b"data: \xff\r\n\r\n"), Content::Event(..)));
        assert!(matches!(Content::new([(b"a".to_vec(), b"b".to_vec())].into_iter()), Content::Unknown));
    }

    #[test]
    fn the_log_and_a_frame_get_the_same() {
        let entries: Vec<_> = [&b"event: a\ndata: 1\n\n"[..], b"x", b"data: 2\n\n"]
            .iter()
            .zip(["5-0", "6-0", "7-1"])
            .map(|(block, id)| Entry { id: EntryId::parse(id.as_bytes()).unwrap(), content: content(block) })
            .collect();
        let (frame, marks) = frame(&entries);
        assert_eq!(frame, "id: 5-0\nevent: a\ndata: 1\n\nid: 7-1\ndata: 2\n\n");
        assert_eq!(marks.last().unwrap().end, frame.len());
        assert!(frame[marks[0].type_at..].starts_with(b"a\n"));

        let channel = crate::channel::Channel::new();
        let mut subscriber = channel.subscribe().into_blocking();
        channel.publish(Entries(&entries)).unwrap();
        assert_eq!(subscriber.next().unwrap(), frame);
    }
}
