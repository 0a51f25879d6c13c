//! Any bytes, in any chunks, with and without a limit: the decoder, the reader, and the oracle agree; and what was read
//! can be sent on.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use sse_wire::{Decoder, Event, Incoming, Input, MessageReader, ReadError, Sse, TooLarge};
use std::io::{self, Read};

#[path = "../../tests/oracle/mod.rs"]
mod oracle;

use oracle::Item;

#[derive(Arbitrary, Debug)]
struct Case<'a> {
    bytes: &'a [u8],
    /// The sizes of the chunks, repeated.
    sizes: [u8; 4],
    limit: Option<u8>,
    comments: bool,
    retries: bool,
    ids: bool,
    finish: bool,
}

fn item(incoming: &Result<Incoming, TooLarge>) -> Item {
    match incoming {
        Ok(Incoming::Message(message)) => Item::Message(oracle::Message {
            event: message.event().into(),
            data: message.data().into(),
            last_event_id: message.last_event_id().into(),
        }),
        Ok(Incoming::Id(id)) => Item::Id(id.clone()),
        Ok(Incoming::Comment(text)) => Item::Comment(text.clone()),
        Ok(Incoming::Retry(time)) => Item::Retry(time.as_millis().try_into().unwrap()),
        Ok(_) => unreachable!(),
        Err(error) => {
            assert!(error.size > error.limit);
            if error.is_comment { Item::CommentTooLarge } else { Item::TooLarge }
        }
    }
}

/// The IDs that the messages themselves carried.
fn ids(seen: &[Result<Incoming, TooLarge>]) -> Vec<Option<String>> {
    let ids = seen.iter().filter_map(|item| match item {
        Ok(Incoming::Message(message)) => Some(message.id().map(String::from)),
        _ => None,
    });
    ids.collect()
}

/// Returns one chunk in each call. An empty one would be the end, and is left out.
struct Chunks<'c>(std::vec::IntoIter<&'c [u8]>);

impl Read for Chunks<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let chunk = self.0.find(|chunk| !chunk.is_empty()).unwrap_or_default();
        buffer[..chunk.len()].copy_from_slice(chunk);
        Ok(chunk.len())
    }
}

fuzz_target!(|case: Case<'_>| {
    // With a limit, the oracle is exact only for what is UTF-8.
    let is_exact = case.limit.is_none() || std::str::from_utf8(case.bytes).is_ok();
    let limit = case.limit.map_or(usize::MAX, usize::from);
    let options = oracle::Options { limit, comments: case.comments, finish: case.finish };
    let expected = oracle::interpret_with(case.bytes, "", options);
    let expected_items: Vec<Item> = expected
        .items
        .into_iter()
        .filter_map(|item| match item {
            Item::Comment(text) => {
                case.comments.then(|| Item::Comment(text.strip_prefix(' ').unwrap_or(&text).into()))
            }
            Item::Retry(_) => case.retries.then_some(item),
            Item::Id(_) => case.ids.then_some(item),
            item => Some(item),
        })
        .collect();
    let make =
        || Decoder::new().max_event_size(limit).comments(case.comments).retries(case.retries).ids(case.ids);

    let mut decoder = make();
    let (mut seen, mut chunks) = (Vec::new(), Vec::new());
    let mut rest = case.bytes;
    for size in case.sizes.iter().cycle() {
        // A size of zero makes an empty chunk, unless all sizes are zero.
        let size = if case.sizes == [0; 4] { 1 } else { usize::from(*size) };
        let (chunk, later) = rest.split_at(size.min(rest.len()));
        let mut input = Input::new(chunk);
        while let Some(incoming) = decoder.next(&mut input) {
            seen.push(incoming.map(Incoming::from));
        }
        assert!(input.is_empty());
        chunks.push(chunk);
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    let unfinished = decoder.unfinished();
    assert_eq!(unfinished > 0, !decoder.unfinished_start().is_empty());
    if case.finish {
        seen.extend(decoder.finish().map(|incoming| incoming.map(Incoming::from)));
        assert_eq!(decoder.finish(), None);
        assert_eq!(decoder.unfinished(), 0);
    }
    let reader = MessageReader::with_decoder(make(), Chunks(chunks.into_iter()));
    let mut reader = reader.dispatch_unfinished(case.finish).into_incoming();
    let read: Vec<_> = reader
        .by_ref()
        .map(|item| {
            item.map_err(|error| match error {
                ReadError::TooLarge(error) => error,
                error => panic!("{error}"),
            })
        })
        .collect();
    assert_eq!(seen, read);
    assert_eq!(ids(&seen), ids(&read));
    let reader = reader.into_inner();
    assert_eq!(decoder.last_event_id(), reader.decoder().last_event_id());
    assert_eq!(decoder.unfinished(), reader.decoder().unfinished());
    if is_exact {
        assert_eq!(seen.iter().map(item).collect::<Vec<_>>(), expected_items);
        assert_eq!(ids(&seen), expected.ids);
        assert_eq!(decoder.last_event_id(), expected.last_event_id);
    }
    decoder.reconnect();
    assert_eq!(decoder.unfinished(), 0);

    // The next client gets the same messages, except for a NUL in a type, and IDs that it could not send back.
    let messages = |seen: Vec<Result<Incoming, TooLarge>>| -> Vec<_> {
        let messages = seen.into_iter().filter_map(|item| match item {
            Ok(Incoming::Message(message)) => {
                Some((message.event().replace('\0', "\u{fffd}"), message.into_data()))
            }
            _ => None,
        });
        messages.collect()
    };
    let sent: Sse = seen.iter().flatten().cloned().map(Event::from).collect();
    let (mut decoder, mut input) = (Decoder::new(), Input::new(sent.as_bytes()));
    let mut received = Vec::new();
    while let Some(incoming) = decoder.next(&mut input) {
        received.push(incoming.map(Incoming::from));
    }
    assert_eq!(messages(received), messages(seen));
});
