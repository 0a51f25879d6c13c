//! A last event ID comes from a client: whatever it is, it is either read or refused.

use proptest::prelude::*;
use sse_wire::response::last_event_id::{self, MAX_LEN};

/// As a browser writes a query, but with everything encoded that may be.
fn encode(text: &str) -> String {
    text.bytes().map(|byte| if byte == b' ' { "+".into() } else { format!("%{byte:02X}") }).collect()
}

proptest! {
    #[test]
    fn any_text_survives_a_query(id in ".*", parameter in ".+") {
        let query = format!("a=b&{}={}&c", encode(&parameter), encode(&id));
        let trimmed = id.trim_matches([' ', '\t']);
        let expected = (!trimmed.is_empty()).then_some(trimmed);
        prop_assume!(!["a", "c"].contains(&&*parameter));
        let read = last_event_id::from_query(&query, &parameter).unwrap();
        prop_assert_eq!(read.as_deref(), expected);
    }

    #[test]
    fn any_bytes_are_an_id_or_an_error(bytes: Vec<u8>) {
        match last_event_id::from_bytes(&bytes) {
            Ok(id) => prop_assert!(id.unwrap_or_default().len() <= MAX_LEN),
            Err(error) => prop_assert!(std::str::from_utf8(&bytes).is_err(), "{}", error),
        }
    }

    #[test]
    fn any_query_is_read(query in "[a%+&=0-9é]*") {
        let _ = last_event_id::from_query(&query, "a");
    }
}
