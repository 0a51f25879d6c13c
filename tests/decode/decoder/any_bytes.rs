//! Arbitrary input in arbitrary chunks means what the oracle says.

use super::{items, own_ids, reported};
use crate::{
    engines,
    oracle::{self, Item},
};
use proptest::prelude::*;
use sse_wire::Decoder;
use std::time::Duration;

/// Bytes that look like an event stream, and some that look like nothing.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let text = prop_oneof![
        3 => "[ -~]{0,12}".prop_map(String::into_bytes),
        1 => "\\PC{0,6}".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..6),
        1 => prop::sample::select(vec![&b"\0"[..], b" ", b":", b"\xef\xbb\xbf", b"\xf0\x9f", b"\xe2\x80\xa8", b"\x80"])
            .prop_map(<[u8]>::to_vec),
        1 => "[0-9]{1,25}".prop_map(String::into_bytes),
        // Long lines are read in another way.
        1 => (0..300usize, prop::collection::vec(any::<u8>(), 0..3), 0..300usize)
            .prop_map(|(before, odd, after)| [vec![b'x'; before], odd, vec![b'x'; after]].concat()),
    ];
    let name = prop_oneof![
        8 => prop::sample::select(vec!["data", "event", "id", "retry", "", "Data", "dat", "dataa", " data"]),
    ];
    let colon = prop::sample::select(vec!["", ":", ": ", ":  "]);
    let end = prop_oneof![
        6 => prop::sample::select(vec!["\n", "\r\n", "\r"]),
        4 => prop::sample::select(vec!["\n\n", "\r\n\r\n", "\r\r", "\n\r\n"]),
        1 => Just(""),
    ];
    let line = (name, colon, text, end).prop_map(|(name, colon, text, end)| {
        [name.as_bytes(), colon.as_bytes(), &text, end.as_bytes()].concat()
    });
    let start = prop::sample::select(vec![&b""[..], b"", b"\xef\xbb\xbf", b"\xef\xbb", b"\xef"]);
    (start, prop::collection::vec(line, 0..24)).prop_map(|(start, lines)| [start, &lines.concat()].concat())
}

fn any_stream() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => stream(),
        1 => prop::collection::vec(any::<u8>(), 0..200),
        1 => prop::collection::vec(prop::sample::select(b"\r\n\n: dataeventidretry\0\xef\xbb\xbf0".to_vec()), 0..200),
    ]
}

/// `bytes` cut where `cuts` say.
fn cut<'b>(bytes: &'b [u8], cuts: &[prop::sample::Index]) -> Vec<&'b [u8]> {
    let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    at.sort_unstable();
    at.push(bytes.len());
    let mut start = 0;
    at.into_iter().map(|end| &bytes[std::mem::replace(&mut start, end)..end]).collect()
}

fn cuts() -> impl Strategy<Value = Vec<prop::sample::Index>> {
    prop::collection::vec(any::<prop::sample::Index>(), 0..30)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_in_any_chunks_mean_what_the_standard_says(
        bytes in any_stream(), cuts in cuts(), comments: bool, retries: bool, ids: bool, finish: bool,
        id in "[a-z]{0,2}",
    ) {
        let oracle = oracle::interpret_with(&bytes, &id, oracle::Options { finish, ..Default::default() });
        let expected = reported(oracle.items, comments, retries, ids);
        let make = || Decoder::new().comments(comments).retries(retries).ids(ids).with_last_event_id(&*id);
        for chunks in [cut(&bytes, &cuts), bytes.chunks(1).collect(), vec![&bytes[..]]] {
            engines::each_with(make, &chunks, finish, |engine, seen, decoder| {
                assert_eq!(items(&seen), expected, "{engine}");
                assert_eq!(own_ids(&seen), oracle.ids, "{engine}");
                assert_eq!(decoder.last_event_id(), oracle.last_event_id, "{engine}");
                assert_eq!(
                    decoder.reconnection_time(), oracle.reconnection_time.map(Duration::from_millis), "{engine}"
                );
            });
        }
    }

    #[test]
    fn so_they_do_within_a_limit(
        bytes in any_stream(), cuts in cuts(), limit in 0..60usize, comments: bool, finish: bool,
    ) {
        // U+FFFD counts differently before and after decoding, so that the oracle is exact only without.
        let bytes = String::from_utf8_lossy(&bytes).into_owned().into_bytes();
        let options = oracle::Options { limit, comments, finish };
        let expected = reported(oracle::interpret_with(&bytes, "", options).items, comments, true, true);
        let make = || Decoder::new().comments(comments).retries(true).ids(true).max_event_size(limit);
        for chunks in [cut(&bytes, &cuts), bytes.chunks(1).collect(), vec![&bytes[..]]] {
            engines::each_with(make, &chunks, finish, |engine, seen, _| {
                assert_eq!(items(&seen), expected, "{engine}");
            });
        }
    }

    #[test]
    fn invalid_bytes_within_a_limit_mean_the_same_in_any_chunks(
        bytes in any_stream(), cuts in cuts(), limit in 0..60usize,
    ) {
        let make = || Decoder::new().comments(true).retries(true).max_event_size(limit);
        let whole = items(&engines::decoder(make(), &[&bytes], false).0);
        for item in &whole {
            if let Item::Message(message) = item {
                assert!(message.data.len() <= limit && message.event.len() <= limit.max(7));
            }
        }
        for chunks in [cut(&bytes, &cuts), bytes.chunks(1).collect()] {
            engines::each(make, &chunks, |engine, seen, _| assert_eq!(items(&seen), whole, "{engine}"));
        }
    }

    #[test]
    fn reconnecting_anywhere_keeps_the_id_and_nothing_else(a in any_stream(), b in any_stream(), cuts in cuts()) {
        let mut decoder = engines::decoder(Decoder::new(), &cut(&a, &cuts), false).1;
        let first = oracle::interpret(&a, "");
        decoder.reconnect();
        prop_assert_eq!(decoder.unfinished(), 0);
        let (seen, decoder) = engines::decoder(decoder, &cut(&b, &cuts), false);
        let second = oracle::interpret(&b, &first.last_event_id);
        let messages = reported(second.items, false, false, false);
        prop_assert_eq!(items(&seen), messages);
        let retry = second.reconnection_time.or(first.reconnection_time).map(Duration::from_millis);
        prop_assert_eq!(decoder.reconnection_time(), retry);
    }
}
