//! Any header and any query: an ID or an error, and the same as an independent parser of queries reads.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use sse_wire::response::{
    LastEventIdError,
    last_event_id::{self, MAX_LEN},
};

#[derive(Arbitrary, Debug)]
struct Case<'a> {
    header: &'a [u8],
    query: &'a str,
    parameter: &'a str,
}

const SPACE: [char; 2] = [' ', '\t'];

/// What is read of these bytes: an ID or, if it is not UTF-8, where; `None` if it is too long.
fn expected(value: &[u8]) -> Option<Result<&str, usize>> {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let ahead = value.iter().take_while(|byte| is_space(byte)).count();
    let behind = value[ahead..].iter().rev().take_while(|byte| is_space(byte)).count();
    let id = &value[ahead..value.len() - behind];
    if id.len() > MAX_LEN {
        return None;
    }
    Some(std::str::from_utf8(id).map_err(|error| ahead + error.valid_up_to()))
}

fuzz_target!(|case: Case<'_>| {
    let Case { header, query, parameter } = case;
    match (last_event_id::from_bytes(header), expected(header)) {
        (Ok(Some(seen)), Some(Ok(id))) => assert!(seen == id && !id.is_empty()),
        (Ok(None), Some(Ok(""))) => {}
        (Err(LastEventIdError::Utf8 { position, .. }), Some(Err(expected))) => assert_eq!(position, expected),
        (Err(LastEventIdError::TooLong { .. }), None) => {}
        (seen, expected) => panic!("{seen:?} is not {expected:?}"),
    }

    // The other parser replaces what is not UTF-8, so that it cannot tell all names and values apart.
    const REPLACED: char = '\u{fffd}';
    if parameter.contains(REPLACED) {
        return;
    }
    let mut pairs =
        query.split('&').map(|pair| form_urlencoded::parse(pair.as_bytes()).next().unwrap_or_default());
    let value = pairs.find(|(name, _)| name == parameter).map(|(_, value)| value);
    let seen = last_event_id::from_query(query, parameter);
    match (&seen, &value) {
        (Ok(id), Some(value)) if !value.contains(REPLACED) => {
            assert_eq!(id.as_deref().unwrap_or_default(), value.trim_matches(SPACE));
        }
        (Ok(None), None) => {}
        (Err(LastEventIdError::Utf8 { .. }), Some(value)) => assert!(value.contains(REPLACED)),
        (Err(LastEventIdError::TooLong { len, .. }), Some(_)) => assert!(*len > MAX_LEN),
        (Ok(Some(_)), Some(_)) => {}
        _ => panic!("{seen:?}, {value:?}"),
    }

    // An ID that is sent in a query comes back.
    if let Ok(Some(id)) = last_event_id::from_bytes(header) {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair(&format!("not {parameter}"), "x")
            .append_pair(parameter, id)
            .finish();
        assert_eq!(last_event_id::from_query(&query, parameter).unwrap().as_deref(), Some(id));
    }
});
