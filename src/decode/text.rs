//! Text: what becomes of bytes when an event is dispatched.

use super::{Input, input::Value};
use crate::wire::utf8;
use alloc::string::String;
use core::ops::Range;

/// A field's value, decoded.
pub(super) enum Text<'t> {
    Valid(&'t str),
    /// It had to be copied, with U+FFFD in it, and is this part of the copies.
    Lossy(Range<usize>),
}

impl<'t> Text<'t> {
    /// Decodes a value from the chunk or, if it is not there, what was kept of earlier chunks. An error is
    /// the size of the copies, which would be larger than the limit.
    #[inline(always)]
    pub(super) fn new<'c: 't>(
        value: Option<Value<'c>>,
        kept: &'t [u8],
        input: &mut Input<'c>,
        lossy: &mut String,
        limit: usize,
    ) -> Result<Text<'t>, usize> {
        let (text, bytes) = match value {
            Some(value) => (input.text(value), value.bytes),
            None if kept.is_empty() => (Some(""), kept),
            None => (utf8::valid(kept), kept),
        };
        match text {
            Some(text) => Ok(Text::Valid(text)),
            None => replace_invalid(bytes, lossy, limit).map(Text::Lossy),
        }
    }

    #[inline(always)]
    pub(super) fn resolve(self, lossy: &'t str) -> &'t str {
        match self {
            Text::Valid(text) => text,
            Text::Lossy(range) => lossy.get(range).unwrap_or_default(),
        }
    }
}

/// The copy can be three times as long as the bytes, so the limit is looked at again, for all copies together,
/// and before there is memory for them.
#[cold]
fn replace_invalid(bytes: &[u8], lossy: &mut String, limit: usize) -> Result<Range<usize>, usize> {
    let len: usize = utf8::lossy(bytes).map(str::len).sum();
    let start = lossy.len();
    if len > limit.saturating_sub(start) {
        return Err(start.saturating_add(len));
    }
    lossy.reserve_exact(len);
    lossy.extend(utf8::lossy(bytes));
    Ok(start..lossy.len())
}
