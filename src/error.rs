//! What can be wrong with input.

use crate::Field;
use core::fmt;

/// Why something was not taken. An [`Sse`](crate::Sse) that returns it is as it was before.
///
/// ```
/// let mut sse = sse_wire::Sse::without_retry();
/// let error = sse.try_add_message("tick\ndata: forged", "1").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "the event type holds U+000A (line feed) at byte 4, which an event stream cannot carry there"
/// );
/// assert!(sse.is_empty());
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A field holds a character that it cannot carry.
    #[non_exhaustive]
    Character {
        /// The field.
        field: Field,
        /// The first such character.
        character: char,
        /// Where it stands in the text that was given, in bytes.
        position: usize,
    },
    /// The bytes given as data are not UTF-8.
    #[non_exhaustive]
    Utf8 {
        /// Where the first invalid sequence begins, in bytes, in the item that holds it.
        position: usize,
    },
    /// A `Display` implementation among the data returned an error.
    Format,
    /// A value could not be written as JSON. The reason is this error's
    /// [`source`](core::error::Error::source).
    #[cfg(feature = "serde")]
    #[non_exhaustive]
    Json {
        /// What the serializer said.
        source: alloc::boxed::Box<dyn core::error::Error + Send + Sync>,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Character { field, character, position } => {
                let code = u32::from(*character);
                let name = match character {
                    '\n' => "line feed",
                    '\r' => "carriage return",
                    '\0' => "NUL",
                    ' ' if *position == 0 => "a leading space",
                    ' ' => "a trailing space",
                    _ => "a control character",
                };
                write!(
                    f,
                    "the {field} holds U+{code:04X} ({name}) at byte {position}, which an event stream cannot carry there"
                )
            }
            Error::Utf8 { position } => {
                write!(f, "the data is not UTF-8: the first invalid sequence begins at byte {position}")
            }
            Error::Format => f.write_str("a Display implementation among the data returned an error"),
            #[cfg(feature = "serde")]
            Error::Json { .. } => f.write_str("the data could not be written as JSON"),
        }
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            #[cfg(feature = "serde")]
            Error::Json { source } => Some(source.as_ref()),
            _ => None,
        }
    }
}
