//! `add_event_<name>` of the Python original, checked at compile time.

/// Declares a vocabulary of events: a trait that gives [`Sse`](crate::Sse) one method for each event
/// type, with the type of its data.
///
/// The Python original makes up a method `add_event_<name>` when it is called. Here the names are
/// declared once, and a misspelt name, data of another type, or an event type that an event stream
/// cannot carry does not compile.
///
/// After the data's type comes the event type; without one it is the method's name. The data's type
/// is anything that implements [`Data`](crate::Data). A method cannot have a name that `Sse` has already. Put a
/// `#[cfg]` for a whole trait on the macro, in front of `events!`.
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
                    const _: () = {
                        ::core::assert!($crate::__is_event_type(EVENT), "an event type must not hold CR or LF");
                        ::core::assert!(
                            !$crate::__is_method_of_sse(::core::stringify!($method)),
                            "Sse has a method of this name, which would be called instead"
                        );
                    };
                    let sse: &mut $crate::Sse = ::core::borrow::BorrowMut::borrow_mut(self);
                    sse.add_message(EVENT, data);
                    self
                }
            )*
        }

        impl $name for $crate::Sse {}
    )*};
}

#[doc(hidden)]
#[macro_export]
macro_rules! __event_type {
    ($method:ident $event:literal) => {
        $event
    };
    ($method:ident) => {
        $crate::__without_raw_prefix(::core::stringify!($method))
    };
}

/// The name of a method that is declared as `r#type`.
#[doc(hidden)]
pub const fn __without_raw_prefix(name: &str) -> &str {
    match name.as_bytes() {
        [b'r', b'#', ..] => name.split_at(2).1,
        _ => name,
    }
}

/// Whether an `Sse` has a method of this name that takes one argument. A trait's would never be called.
#[doc(hidden)]
pub const fn __is_method_of_sse(name: &str) -> bool {
    matches!(
        name.as_bytes(),
        b"add_comment"
            | b"add_data"
            | b"advance"
            | b"push"
            | b"set_event_id"
            | b"set_retry"
            | b"start_message"
            | b"try_add_data"
            | b"try_set_event_id"
            | b"try_start_message"
            | b"write_to"
    )
}
