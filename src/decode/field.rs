//! The fields of an event stream: what a line is, and where the values of an event lie.

use super::input::Value;

/// A line.
pub(super) enum Field<'l> {
    Data(&'l [u8]),
    Event(&'l [u8]),
    Id(&'l [u8]),
    Retry(&'l [u8]),
    Comment(&'l [u8]),
    Unknown,
}

impl<'l> Field<'l> {
    /// Parses a line that is not blank (WHATWG HTML, 9.2.6, steps for a line).
    #[inline(always)]
    pub(super) fn of(line: &'l [u8]) -> Field<'l> {
        if let Some(value) = value(line, b"data") {
            Field::Data(value)
        } else if let Some(value) = value(line, b"id") {
            Field::Id(value)
        } else if let Some(value) = value(line, b"event") {
            Field::Event(value)
        } else if let Some(value) = value(line, b"") {
            Field::Comment(value)
        } else if let Some(value) = value(line, b"retry") {
            Field::Retry(value)
        } else {
            Field::Unknown
        }
    }
}

/// The value of the field, if it has this name: what follows the colon and one space, or nothing if there is no colon.
#[inline(always)]
pub(crate) fn value<'l>(line: &'l [u8], name: &[u8]) -> Option<&'l [u8]> {
    match line.strip_prefix(name)? {
        [b':', b' ', value @ ..] | [b':', value @ ..] => Some(value),
        [] => Some(&[]),
        _ => None,
    }
}

/// The beginning of the value of a `data` line that has begun. Also `None` if too little has arrived to tell: the byte
/// after the colon may be a space, which must be dropped.
#[inline(always)]
pub(super) fn begun_data(text: &[u8]) -> Option<&[u8]> {
    value(text, b"data").filter(|_| text.len() >= b"data: ".len())
}

/// The fields of the current event that lie in one place: in a chunk, or in a line that was put together. Each of them
/// is newer than what the decoder keeps.
#[derive(Clone, Copy, Default)]
pub(super) struct Fields<'l> {
    pub(super) event: Option<Value<'l>>,
    pub(super) id: Option<Value<'l>>,
    pub(super) data: Option<Value<'l>>,
}
