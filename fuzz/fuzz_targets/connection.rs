//! The client's state machine: whatever a server sends, whatever a network and a user do, and however time passes.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;

#[path = "../../tests/connection/invariants.rs"]
mod invariants;

use invariants::Act;

#[derive(Arbitrary, Debug)]
enum Call<'a> {
    Pass(u16),
    PassLong(u32),
    Open,
    Answer(u16),
    RetryAfter(u16, &'a [u8]),
    Location(u16, &'a [u8]),
    Bytes(&'a [u8]),
    End,
    Fail,
    Reconnect,
    Close,
}

impl Call<'_> {
    fn act(&self) -> Act {
        // Any status that is one.
        let status = |status: &u16| 100 + status % 900;
        let header =
            |name, value: &[u8]| http::HeaderValue::from_bytes(value).is_ok().then(|| (name, value.to_vec()));
        match self {
            Call::Pass(milliseconds) => Act::Pass((*milliseconds).into()),
            Call::PassLong(milliseconds) => Act::Pass((*milliseconds).into()),
            Call::Open => Act::Answer(200, None),
            Call::Answer(code) => Act::Answer(status(code), None),
            Call::RetryAfter(code, value) => Act::Answer(status(code), header("Retry-After", value)),
            Call::Location(code, value) => Act::Answer(status(code), header("Location", value)),
            Call::Bytes(bytes) => Act::Bytes(bytes.to_vec()),
            Call::End => Act::End,
            Call::Fail => Act::Fail,
            Call::Reconnect => Act::Reconnect,
            Call::Close => Act::Close,
        }
    }
}

fuzz_target!(|case: (Vec<Call<'_>>, u64, bool)| {
    let (calls, seed, until_open) = case;
    invariants::check(calls.iter().map(Call::act).collect(), seed, until_open);
});
