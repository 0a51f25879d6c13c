//! What may be given as data.

use super::block::{Buffer, DataWriter};
use crate::error::Error;
use alloc::{
    borrow::Cow,
    boxed::Box,
    collections::{BTreeSet, LinkedList, VecDeque},
    rc::Rc,
    string::String,
    sync::Arc,
    vec::Vec,
};
use core::fmt;

/// What can be the data of a message.
///
/// * Text: `&str`, `String`, `Cow<str>`, `char`. A line end in it (CRLF, LF or CR) begins a new line
///   of data, which the client reads back as LF. (Firefox also deletes NUL from it.)
/// * `format_args!(..)`, which is formatted straight into the buffer.
/// * Integers, floats, `bool`, as `Display` writes them.
/// * Lists of these: slices, arrays, `Vec`, `VecDeque`, `LinkedList`, `BTreeSet`, `HashSet`. Each item
///   begins a new line of data; a list without items is empty data.
/// * Bytes: `[u8]`, `[u8; N]` and `Vec<u8>` are text in UTF-8, not a list of integers (other lists of `u8`
///   are). What is invalid in them becomes U+FFFD, or an error in the methods that check.
/// * References to all these, and `Box`, `Rc` and `Arc`.
///
/// This trait is sealed. For a type of your own use `format_args!("{value}")`.
///
/// ```
/// let mut sse = sse_wire::Sse::without_retry();
/// sse.add_data("two\nlines").add_data(["two", "lines"]).add_data(b"two\r\nlines");
/// assert_eq!(sse.to_string(), "data: two\ndata: lines\n\n".repeat(3));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the data of a message",
    note = "for a type that implements `Display`, write `format_args!(\"{{value}}\")`"
)]
pub trait Data: sealed::Data {}
impl<T: sealed::Data + ?Sized> Data for T {}

pub(crate) mod sealed {
    use super::*;

    pub trait Data {
        fn write<B: Buffer>(&self, out: &mut DataWriter<'_, B>) -> Result<(), Error>;

        /// Writes a list of these, which for bytes is text.
        fn write_slice<B: Buffer>(items: &[Self], out: &mut DataWriter<'_, B>) -> Result<(), Error>
        where
            Self: Sized,
        {
            write_list(items, out)
        }
    }

    pub(super) fn write_list<B: Buffer>(
        items: impl IntoIterator<Item: Data>,
        out: &mut DataWriter<'_, B>,
    ) -> Result<(), Error> {
        let mut items = items.into_iter();
        if let Some(first) = items.next() {
            first.write(out)?;
        }
        for item in items {
            out.new_line();
            item.write(out)?;
        }
        Ok(())
    }
}

impl sealed::Data for str {
    #[inline(always)]
    fn write<B: Buffer>(&self, out: &mut DataWriter<'_, B>) -> Result<(), Error> {
        out.text(self.as_bytes());
        Ok(())
    }
}

impl sealed::Data for char {
    fn write<B: Buffer>(&self, out: &mut DataWriter<'_, B>) -> Result<(), Error> {
        self.encode_utf8(&mut [0; 4]).write(out)
    }
}

impl sealed::Data for bool {
    fn write<B: Buffer>(&self, out: &mut DataWriter<'_, B>) -> Result<(), Error> {
        if *self { "true" } else { "false" }.write(out)
    }
}

impl sealed::Data for fmt::Arguments<'_> {
    fn write<B: Buffer>(&self, out: &mut DataWriter<'_, B>) -> Result<(), Error> {
        match self.as_str() {
            Some(text) => text.write(out),
            None => out.display(self),
        }
    }
}

impl sealed::Data for u8 {
    fn write<B: Buffer>(&self, out: &mut DataWriter<'_, B>) -> Result<(), Error> {
        out.integer(*self);
        Ok(())
    }

    fn write_slice<B: Buffer>(bytes: &[u8], out: &mut DataWriter<'_, B>) -> Result<(), Error> {
        out.bytes(bytes)
    }
}

macro_rules! integers {
    ($($t:ty)*) => {$(
        impl sealed::Data for $t {
            #[inline]
            fn write<B: Buffer>(&self, out: &mut DataWriter<'_, B>) -> Result<(), Error> {
                out.integer(*self);
                Ok(())
            }
        }
    )*};
}
integers!(u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize);

macro_rules! displayed {
    ($($t:ty)*) => {$(
        impl sealed::Data for $t {
            fn write<B: Buffer>(&self, out: &mut DataWriter<'_, B>) -> Result<(), Error> {
                out.display(self)
            }
        }
    )*};
}
displayed!(f32 f64);

macro_rules! behind_a_pointer {
    ($([$($generics:tt)*] $t:ty;)*) => {$(
        impl<$($generics)*> sealed::Data for $t {
            #[inline(always)]
            fn write<B: Buffer>(&self, out: &mut DataWriter<'_, B>) -> Result<(), Error> {
                (**self).write(out)
            }
        }
    )*};
}
behind_a_pointer! {
    [] String;
    [] Cow<'_, str>;
    [T: sealed::Data + ?Sized] &T;
    [T: sealed::Data + ?Sized] &mut T;
    [T: sealed::Data + ?Sized] Box<T>;
    [T: sealed::Data + ?Sized] Rc<T>;
    [T: sealed::Data + ?Sized] Arc<T>;
    [T: sealed::Data] Vec<T>;
}

impl<T: sealed::Data> sealed::Data for [T] {
    fn write<B: Buffer>(&self, out: &mut DataWriter<'_, B>) -> Result<(), Error> {
        T::write_slice(self, out)
    }
}

impl<T: sealed::Data, const N: usize> sealed::Data for [T; N] {
    fn write<B: Buffer>(&self, out: &mut DataWriter<'_, B>) -> Result<(), Error> {
        T::write_slice(self, out)
    }
}

macro_rules! lists {
    ($([$($generics:tt)*] $t:ty;)*) => {$(
        impl<$($generics)*> sealed::Data for $t {
            fn write<B: Buffer>(&self, out: &mut DataWriter<'_, B>) -> Result<(), Error> {
                sealed::write_list(self, out)
            }
        }
    )*};
}
lists! {
    [T: sealed::Data] VecDeque<T>;
    [T: sealed::Data] LinkedList<T>;
    [T: sealed::Data] BTreeSet<T>;
}
#[cfg(feature = "std")]
lists! {
    [T: sealed::Data, S] std::collections::HashSet<T, S>;
}
