//! What can be passed as an event ID.

use super::block::{self, Buffer};
use crate::error::{Error, Field};
use alloc::{borrow::Cow, boxed::Box, rc::Rc, string::String, sync::Arc};
use private::Sealed;

/// What can be an event ID: text (`&str`, `String`, `Cow<str>`, and references, `Box`, `Rc`, and `Arc` of these) or an
/// integer.
///
/// As usual, an integer literal is an `i32`: write `1_763_665_741_000_u64` for a time in milliseconds.
///
/// Clients return the ID in a request header, and servers differ in what they accept there. A few hundred bytes of
/// ASCII are safe everywhere. tiny_http, for one, closes the connection if a header is not ASCII, so a browser that was
/// given such an ID can never reconnect, however often it tries.
///
/// This trait is sealed. Convert an ID of another type to text.
///
/// ```compile_fail,E0277
/// # let mut sse = sse_wire::Sse::without_retry();
/// sse.set_event_id(2.5);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an event ID",
    note = "text and integers can; for another type, give its text, as in `value.to_string()`"
)]
pub trait EventId: private::Sealed {}

mod private {
    use super::*;

    pub trait Sealed {
        /// Whether the wire can carry it.
        fn check(&self) -> Result<(), Error> {
            Ok(())
        }

        /// Writes the `id` line.
        fn write<B: Buffer>(&self, out: &mut B);
    }
}

impl EventId for str {}
impl Sealed for str {
    fn check(&self) -> Result<(), Error> {
        block::check(Field::EventId, self)
    }

    #[inline]
    fn write<B: Buffer>(&self, out: &mut B) {
        block::event_id(out, self);
    }
}

macro_rules! text {
    ($([$($generics:tt)*] $t:ty;)*) => {$(
        impl<$($generics)*> EventId for $t {}
        impl<$($generics)*> Sealed for $t {
            fn check(&self) -> Result<(), Error> {
                (**self).check()
            }

            #[inline]
            fn write<B: Buffer>(&self, out: &mut B) {
                (**self).write(out)
            }
        }
    )*};
}
text! {
    [] String;
    [] Cow<'_, str>;
    [T: EventId + ?Sized] &T;
    [T: EventId + ?Sized] &mut T;
    [T: EventId + ?Sized] Box<T>;
    [T: EventId + ?Sized] Rc<T>;
    [T: EventId + ?Sized] Arc<T>;
}

macro_rules! integers {
    ($($t:ty)*) => {$(
        impl EventId for $t {}
        impl Sealed for $t {
            #[inline]
            fn write<B: Buffer>(&self, out: &mut B) {
                block::integer_id(out, *self);
            }
        }
    )*};
}
integers!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize);
