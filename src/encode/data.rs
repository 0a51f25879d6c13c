//! What can be passed as data.

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
use private::Sealed;

/// What can be the data of a message.
///
/// * Text: `&str`, `String`, `Cow<str>`, `char`. A line end in it (CRLF, LF, or CR) begins a new line of data, and the
///   client reads it back as LF. (Firefox also deletes NUL from it.)
/// * `format_args!(..)`, which is formatted straight into the buffer.
/// * Integers, floats, and `bool`, as `Display` writes them.
/// * Lists of these: slices, arrays, `Vec`, `VecDeque`, `LinkedList`, `BTreeSet`, `HashSet`. Each item begins a new
///   line of data; an empty list is empty data.
/// * Bytes: `[u8]`, `[u8; N]`, and `Vec<u8>` are text in UTF-8, not lists of integers (other lists of `u8` are).
///   Invalid UTF-8 becomes U+FFFD, or an error in the methods that check.
/// * References to all of these, and `Box`, `Rc`, and `Arc`.
///
/// This trait is sealed. A value of another type does not compile; if it implements `Display`, pass
/// `format_args!("{value}")`.
///
/// ```
/// let mut sse = sse_wire::Sse::without_retry();
/// sse.add_data("two\nlines").add_data(["two", "lines"]).add_data(b"two\r\nlines");
/// assert_eq!(sse.to_string(), "data: two\ndata: lines\n\n".repeat(3));
/// ```
///
/// ```compile_fail,E0277
/// # let mut sse = sse_wire::Sse::without_retry();
/// sse.add_data(Some("an option has no text"));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the data of a message",
    note = "for a type that implements `Display`, write `format_args!(\"{{value}}\")`"
)]
pub trait Data: private::Sealed {}

mod private {
    use super::*;

    pub trait Sealed {
        fn write<B: Buffer>(&self, out: &mut DataWriter<'_, B>) -> Result<(), Error>;

        /// Writes a list of these, which for bytes is text.
        fn write_slice<B: Buffer>(items: &[Self], out: &mut DataWriter<'_, B>) -> Result<(), Error>
        where
            Self: Data + Sized,
        {
            write_list(items, out)
        }
    }
}

fn write_list<B: Buffer>(
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

impl Data for str {}
impl Sealed for str {
    #[inline]
    fn write<B: Buffer>(&self, out: &mut DataWriter<'_, B>) -> Result<(), Error> {
        out.text(self.as_bytes());
        Ok(())
    }
}

impl Data for char {}
impl Sealed for char {
    fn write<B: Buffer>(&self, out: &mut DataWriter<'_, B>) -> Result<(), Error> {
        self.encode_utf8(&mut [0; 4]).write(out)
    }
}

impl Data for bool {}
impl Sealed for bool {
    fn write<B: Buffer>(&self, out: &mut DataWriter<'_, B>) -> Result<(), Error> {
        if *self { "true" } else { "false" }.write(out)
    }
}

impl Data for fmt::Arguments<'_> {}
impl Sealed for fmt::Arguments<'_> {
    fn write<B: Buffer>(&self, out: &mut DataWriter<'_, B>) -> Result<(), Error> {
        match self.as_str() {
            Some(text) => text.write(out),
            None => out.display(self),
        }
    }
}

impl Data for u8 {}
impl Sealed for u8 {
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
        impl Data for $t {}
        impl Sealed for $t {
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
        impl Data for $t {}
        impl Sealed for $t {
            fn write<B: Buffer>(&self, out: &mut DataWriter<'_, B>) -> Result<(), Error> {
                out.display(self)
            }
        }
    )*};
}
displayed!(f32 f64);

macro_rules! behind_a_pointer {
    ($([$($generics:tt)*] $t:ty;)*) => {$(
        impl<$($generics)*> Data for $t {}
        impl<$($generics)*> Sealed for $t {
            #[inline]
            fn write<B: Buffer>(&self, out: &mut DataWriter<'_, B>) -> Result<(), Error> {
                (**self).write(out)
            }
        }
    )*};
}
behind_a_pointer! {
    [] String;
    [] Cow<'_, str>;
    [T: Data + ?Sized] &T;
    [T: Data + ?Sized] &mut T;
    [T: Data + ?Sized] Box<T>;
    [T: Data + ?Sized] Rc<T>;
    [T: Data + ?Sized] Arc<T>;
    [T: Data] Vec<T>;
}

impl<T: Data> Data for [T] {}
impl<T: Data> Sealed for [T] {
    fn write<B: Buffer>(&self, out: &mut DataWriter<'_, B>) -> Result<(), Error> {
        T::write_slice(self, out)
    }
}

impl<T: Data, const N: usize> Data for [T; N] {}
impl<T: Data, const N: usize> Sealed for [T; N] {
    fn write<B: Buffer>(&self, out: &mut DataWriter<'_, B>) -> Result<(), Error> {
        T::write_slice(self, out)
    }
}

macro_rules! lists {
    ($([$($generics:tt)*] $t:ty;)*) => {$(
        impl<$($generics)*> Data for $t {}
        impl<$($generics)*> Sealed for $t {
            fn write<B: Buffer>(&self, out: &mut DataWriter<'_, B>) -> Result<(), Error> {
                write_list(self, out)
            }
        }
    )*};
}
lists! {
    [T: Data] VecDeque<T>;
    [T: Data] LinkedList<T>;
    [T: Data] BTreeSet<T>;
}
#[cfg(feature = "std")]
lists! {
    [T: Data, S] std::collections::HashSet<T, S>;
}
