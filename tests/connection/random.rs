//! The client's state machine under random responses, ends, commands, and steps of the clock: what is true whatever a
//! server, a network, and a user do.

use crate::invariants::{Act, check};
use proptest::{collection::vec, prelude::*};

fn act() -> impl Strategy<Value = Act> {
    let status = prop_oneof![4 => Just(200), 1 => Just(307), 1 => Just(503), 1 => Just(404), 1 => Just(204)];
    let header = prop_oneof![
        Just(None),
        Just(Some(("Retry-After", "0"))),
        Just(Some(("Retry-After", "7"))),
        Just(Some(("Retry-After", "99999999999"))),
        Just(Some(("Location", "/elsewhere")))
    ];
    let bytes = prop_oneof![
        Just("data: 1\n\n"),
        Just("id: 1\ndata: 1\n\n"),
        Just("id: 2\nda"),
        Just("ta: 2\n"),
        Just("\n"),
        Just("\r"),
        Just("retry: 0\n"),
        Just("retry: 700\n\n"),
        Just("id\n"),
        Just(": x\n"),
        Just("data:\n\n"),
        Just("stop\n"),
    ];
    prop_oneof![
        6 => prop_oneof![0u64..10, 0u64..2_000, 0u64..30_000].prop_map(Act::Pass),
        6 => (status, header).prop_map(|(status, header)| {
            Act::Answer(status, header.map(|(name, value)| (name, value.into())))
        }),
        8 => bytes.prop_map(|bytes: &str| Act::Bytes(bytes.into())),
        3 => Just(Act::End),
        3 => Just(Act::Fail),
        1 => Just(Act::Reconnect),
        1 => prop_oneof![9 => Just(Act::Reconnect), 1 => Just(Act::Close)],
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens(acts in vec(act(), 1..120), seed: u64, until_open: bool) {
        check(acts, seed, until_open);
    }
}
