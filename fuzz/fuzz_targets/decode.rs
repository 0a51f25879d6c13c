//! Any bytes at any chunking, with and without a limit: the decoder, the reader and the oracle agree.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use sse_wire::{Decoder, Incoming, Input, MessageReader};
use std::io::{self, Read};

#[path = "../../tests/oracle/mod.rs"]
mod oracle;

use oracle::Item;

#[derive(Arbitrary, Debug)]
struct Case<'a> {
    bytes: &'a [u8],
    /// The sizes of the chunks, over and over.
    sizes: [u8; 4],
    limit: Option<u8>,
    comments: bool,
    retries: bool,
}

fn item(incoming: Incoming) -> Item {
    match incoming {
        Incoming::Message(message) => Item::Message(oracle::Message {
            event: message.event().into(),
            data: message.data().into(),
            last_event_id: message.last_event_id().into(),
        }),
        Incoming::TooLarge(_) => Item::TooLarge,
        Incoming::Comment(text) => Item::Comment(text),
        Incoming::Retry(time) => Item::Retry(time.as_millis().try_into().unwrap()),
        _ => unreachable!(),
    }
}

/// Gives a chunk a call. An empty one would be the end, and is left out.
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
    let expected = oracle::interpret_within(case.bytes, "", limit, case.comments);
    let expected_items: Vec<Item> = expected
        .items
        .into_iter()
        .filter_map(|item| match item {
            Item::Comment(text) => {
                case.comments.then(|| Item::Comment(text.strip_prefix(' ').unwrap_or(&text).into()))
            }
            Item::Retry(_) => case.retries.then_some(item),
            item => Some(item),
        })
        .collect();
    let make = || Decoder::new().max_event_size(limit).comments(case.comments).retries(case.retries);

    let mut decoder = make();
    let (mut seen, mut chunks) = (Vec::new(), Vec::new());
    let mut rest = case.bytes;
    for size in case.sizes.iter().cycle() {
        // Zero among the sizes is an empty chunk, unless there is nothing else.
        let size = if case.sizes == [0; 4] { 1 } else { usize::from(*size) };
        let (chunk, later) = rest.split_at(size.min(rest.len()));
        let mut input = Input::new(chunk);
        while let Some(incoming) = decoder.next(&mut input) {
            seen.push(item(incoming.into()));
        }
        assert!(input.is_empty());
        chunks.push(chunk);
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    let mut reader = MessageReader::with_decoder(make(), Chunks(chunks.into_iter()));
    let mut read = Vec::new();
    while let Some(incoming) = reader.next_incoming() {
        read.push(item(incoming.unwrap()));
    }
    assert_eq!(seen, read);
    assert_eq!(decoder.last_event_id(), reader.decoder().last_event_id());
    assert_eq!(decoder.unfinished(), reader.decoder().unfinished());
    if is_exact {
        assert_eq!(seen, expected_items);
        assert_eq!(decoder.last_event_id(), expected.last_event_id);
    }
    decoder.reconnect();
    assert_eq!(decoder.unfinished(), 0);
});
