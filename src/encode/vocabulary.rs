//! `add_event_<name>` of the Python original, checked at compile time.

use crate::error::Field;

/// Declares a vocabulary of events: a trait that gives [`Sse`](crate::Sse) one method for each event
/// type, with the type of its data.
///
/// In the Python original, any method `add_event_<name>` comes into being when it is called. Here the names are
/// declared once, and a misspelt name, data of the wrong type, or an event type that an event stream cannot carry does
/// not compile.
///
/// The event type follows the data's type; without one, it is the method's name. The data can have any type that
/// implements [`Data`](crate::Data). To put a `#[cfg]` on a whole trait, put it on the macro, in front of `events!`.
///
/// A method does not compile if an `Sse` already has one with this name, be it its own, one of [`Iterator`], or one of
/// another trait in the prelude, because a call would reach that one instead.
///
/// ```
/// use sse_wire::{Sse, events};
///
/// events! {
///     /// What the dashboard listens for.
///     pub trait Dashboard {
///         /// A second has passed.
///         fn add_event_tick(u64) = "tick";
///         /// Prices, one a line.
///         fn add_event_prices(&[f64]) = "price-update";
///         fn log(&str);
///     }
/// }
///
/// let mut sse = Sse::without_retry();
/// sse.add_event_tick(1).add_event_prices(&[2.5, 3.0]).log("done");
/// assert_eq!(
///     sse.to_string(),
///     "event: tick\ndata: 1\n\nevent: price-update\ndata: 2.5\ndata: 3\n\nevent: log\ndata: done\n\n"
/// );
/// ```
///
/// ```compile_fail
/// sse_wire::events! {
///     trait Forged { fn forged(u64) = "tick\ndata: 2"; }
/// }
/// ```
/// ```compile_fail
/// sse_wire::events! {
///     trait TakesTheBuffer { fn take(usize); }
/// }
/// ```
#[macro_export]
macro_rules! events {
    ($(
        $(#[$trait_attribute:meta])*
        $visibility:vis trait $name:ident {
            $($(#[$attribute:meta])* fn $method:ident($data:ty) $(= $event:literal)?;)*
        }
    )*) => {$(
        $(#[$trait_attribute])*
        $visibility trait $name: ::core::borrow::BorrowMut<$crate::Sse> {
            $(
                $(#[$attribute])*
                #[inline]
                fn $method(&mut self, data: $data) -> &mut Self {
                    const EVENT: &::core::primitive::str = $crate::__event_type!($method $($event)?);
                    const _: () = ::core::assert!(
                        $crate::__vocabulary::is_event_type(EVENT),
                        "an event type must not contain CR, LF, or NUL"
                    );
                    let sse: &mut $crate::Sse = ::core::borrow::BorrowMut::borrow_mut(self);
                    sse.add_message(EVENT, data);
                    self
                }
            )*
        }

        impl $name for $crate::Sse {}

        // Calls each method once with a type that only it accepts, in a module where only those traits are in scope
        // that are in scope everywhere. This compiles only if it is the method that a call finds.
        const _: () = {
            #[allow(dead_code, deprecated, unused_imports)]
            mod check {
                use $crate::{Sse, __vocabulary::everywhere::*};

                struct SseHasAnotherMethodOfThisName;

                trait Vocabulary {
                    $(
                        $(#[$attribute])*
                        fn $method(
                            &mut self,
                            own: SseHasAnotherMethodOfThisName,
                        ) -> SseHasAnotherMethodOfThisName {
                            own
                        }
                    )*
                }

                impl Vocabulary for Sse {}

                $(
                    $(#[$attribute])*
                    fn $method(mut sse: Sse, own: SseHasAnotherMethodOfThisName) -> impl Sized {
                        sse.$method(own)
                    }
                )*
            }
        };
    )*};
}

#[doc(hidden)]
#[macro_export]
macro_rules! __event_type {
    ($method:ident $event:literal) => {
        $event
    };
    ($method:ident) => {
        $crate::__vocabulary::without_raw_prefix(::core::stringify!($method))
    };
}

/// The name of a method that is declared as `r#type`.
pub const fn without_raw_prefix(name: &str) -> &str {
    match name.as_bytes() {
        [b'r', b'#', ..] => name.split_at(2).1,
        _ => name,
    }
}

/// Whether an event stream can carry this event type.
pub const fn is_event_type(event: &str) -> bool {
    Field::EventType.fault(event, 0).is_none()
}

/// The traits of an `Sse` that are in scope without any imports, or that the macro needs.
pub mod everywhere {
    pub use alloc::{borrow::ToOwned, string::ToString};
    pub use core::{
        borrow::{Borrow, BorrowMut},
        clone::Clone,
        convert::{AsMut, AsRef, From, Into, TryFrom, TryInto},
        iter::{Extend, FromIterator, IntoIterator, Iterator},
    };
}
