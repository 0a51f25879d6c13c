//! The bytes on the wire for each call, and the conversions.

use sse_wire::{Error, Field, Sse};

/// What `fill` writes into an empty buffer.
fn wire(fill: impl FnOnce(&mut Sse)) -> String {
    let mut sse = Sse::without_retry();
    fill(&mut sse);
    sse.to_string()
}

macro_rules! table {
    ($($wire:literal = |$sse:ident| $calls:expr;)*) => {$(
        assert_eq!(wire(|$sse| { $calls; }), $wire, "{}", stringify!($calls));
    )*};
}

/// The field, the character and the position that an error names.
fn fault<T>(result: Result<T, Error>) -> (Field, char, usize) {
    match result.err().expect("an error") {
        Error::Character { field, character, position, .. } => (field, character, position),
        error => panic!("{error}"),
    }
}

// After the macro, so that they have it.
mod checked;
mod conversions;
mod draining;
mod events;
mod filling;
#[cfg(feature = "json")]
mod json;
