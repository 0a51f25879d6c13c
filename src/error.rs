//! What can be wrong with input.

use core::fmt;

/// Why a method refused its input. An [`Sse`](crate::Sse) whose method returns this is unchanged.
///
/// ```
/// let mut sse = sse_wire::Sse::without_retry();
/// let error = sse.try_add_message("tick\ndata: forged", "1").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "the event type contains U+000A (line feed) at byte 4: a line end or NUL cannot be part of one"
/// );
/// assert!(sse.is_empty());
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A field contains a character that it cannot carry.
    #[non_exhaustive]
    Character {
        /// The field.
        field: Field,
        /// The first such character.
        character: char,
        /// Its position in the given text, in bytes.
        position: usize,
    },
    /// The bytes passed as data are not UTF-8.
    #[non_exhaustive]
    Utf8 {
        /// Where the first invalid sequence begins, in bytes, in the item that contains it.
        position: usize,
    },
    /// A `Display` implementation in the data returned an error.
    Format,
    /// A value could not be written as JSON. The reason is this error's
    /// [`source`](core::error::Error::source).
    #[cfg(feature = "json")]
    #[non_exhaustive]
    Json {
        /// The error of the serializer.
        source: alloc::boxed::Box<dyn core::error::Error + Send + Sync>,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Character { field, character, position } => {
                let code = u32::from(*character);
                let name = match (character, position) {
                    ('\n', _) => "line feed",
                    ('\r', _) => "carriage return",
                    ('\0', _) => "NUL",
                    (' ', 0) => "a leading space",
                    (' ', _) => "a trailing space",
                    ('\t', 0) => "a leading tab",
                    ('\t', _) => "a trailing tab",
                    _ => "a control character",
                };
                let reason = match field {
                    Field::EventType => "a line end or NUL cannot be part of one",
                    Field::EventId => "a client could not send it back unchanged in a Last-Event-ID header",
                };
                write!(f, "the {field} contains U+{code:04X} ({name}) at byte {position}: {reason}")
            }
            Error::Utf8 { position } => {
                write!(f, "the data is not UTF-8: the first invalid sequence begins at byte {position}")
            }
            Error::Format => f.write_str("a Display implementation in the data returned an error"),
            #[cfg(feature = "json")]
            Error::Json { .. } => f.write_str("the data could not be written as JSON"),
        }
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            #[cfg(feature = "json")]
            Error::Json { source } => Some(source.as_ref()),
            _ => None,
        }
    }
}

/// A field of an event that cannot carry every text.
///
/// Data is not one of them, because it can carry any text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Field {
    /// The `event` field: any text without CR, LF, and NUL.
    ///
    /// A line end would begin another field. Firefox deletes NUL, so an event for `ad\0min` would reach the
    /// listeners of `admin`.
    EventType,
    /// The `id` field: any text that a client can send back unchanged in its `Last-Event-ID` request header.
    ///
    /// That excludes ASCII control characters, except for a tab in the middle, and white space (a space or a tab) at
    /// either end. Not every server accepts this header if it is not ASCII: see [`EventId`](crate::EventId).
    EventId,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Field::EventType => "event type",
            Field::EventId => "event ID",
        })
    }
}

/// An incoming event, or a comment, was larger than the decoder's
/// [`max_event_size`](crate::Decoder::max_event_size). It has been skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TooLarge {
    /// How many bytes of it had arrived when it was given up, counting each line end as one byte, or how many bytes it
    /// would have had with invalid UTF-8 replaced. More may have followed.
    pub size: usize,
    /// The limit, in bytes.
    pub limit: usize,
    /// Whether it was only a comment, so that no event was skipped.
    pub is_comment: bool,
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TooLarge { size, limit, is_comment } = self;
        let what = if *is_comment { "a comment" } else { "an event" };
        write!(f, "{what} was skipped after {size} bytes, because it is larger than {limit} bytes")
    }
}

impl core::error::Error for TooLarge {}

/// The error of a source of bytes: any error, boxed.
#[cfg(any(feature = "std", feature = "stream"))]
type BoxError = alloc::boxed::Box<dyn core::error::Error + Send + Sync>;

/// Why a `MessageReader` (feature `std`) or a `MessageStream` (feature `stream`) returned no message. You can ask for
/// the next message after any of these.
///
/// A reader returns the [`io::Error`](std::io::Error) of its source. A stream returns the error of its source in a
/// `Box`, whether or not it was boxed already; use `downcast_ref` to find out which error it is.
#[cfg(any(feature = "std", feature = "stream"))]
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadError<E = BoxError> {
    /// The source of the bytes failed.
    Source(E),
    /// An event was too large. The next one will be read.
    TooLarge(TooLarge),
    /// The source ended too early: none of the ends that you set, for example with `until_data`, had arrived.
    Cut,
}

#[cfg(any(feature = "std", feature = "stream"))]
impl<E> From<TooLarge> for ReadError<E> {
    fn from(error: TooLarge) -> ReadError<E> {
        ReadError::TooLarge(error)
    }
}

#[cfg(any(feature = "std", feature = "stream"))]
impl<E: fmt::Display> fmt::Display for ReadError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Source(error) => error.fmt(f),
            ReadError::TooLarge(error) => error.fmt(f),
            ReadError::Cut => f.write_str("the stream ended before its last message"),
        }
    }
}

// Both its message and its `source` are those of the source's error.
#[cfg(feature = "stream")]
impl core::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            ReadError::Source(error) => error.source(),
            ReadError::TooLarge(_) | ReadError::Cut => None,
        }
    }
}

#[cfg(feature = "std")]
impl core::error::Error for ReadError<std::io::Error> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            ReadError::Source(error) => error.source(),
            ReadError::TooLarge(_) | ReadError::Cut => None,
        }
    }
}

#[cfg(feature = "std")]
impl From<ReadError<std::io::Error>> for std::io::Error {
    fn from(error: ReadError<std::io::Error>) -> std::io::Error {
        match error {
            ReadError::Source(error) => error,
            ReadError::TooLarge(error) => std::io::Error::new(std::io::ErrorKind::InvalidData, error),
            ReadError::Cut => std::io::Error::new(std::io::ErrorKind::UnexpectedEof, error),
        }
    }
}

/// A message's data is not the expected JSON.
///
/// The reason is this error's [`source`](core::error::Error::source).
#[cfg(feature = "json")]
#[derive(Debug)]
pub struct JsonError {
    event: alloc::string::String,
    last_event_id: alloc::string::String,
    source: serde_json::Error,
}

#[cfg(feature = "json")]
impl JsonError {
    pub(crate) fn new(event: &str, last_event_id: &str, source: serde_json::Error) -> JsonError {
        JsonError { event: event.into(), last_event_id: last_event_id.into(), source }
    }

    /// Returns the line of the data, counted from 1, on which parsing stopped.
    #[must_use]
    pub fn line(&self) -> usize {
        self.source.line()
    }

    /// Returns the column on that line, in bytes, counted from 1. It is 0 if parsing stopped before the first column.
    #[must_use]
    pub fn column(&self) -> usize {
        self.source.column()
    }
}

#[cfg(feature = "json")]
impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the data of the event {:?}", self.event)?;
        if !self.last_event_id.is_empty() {
            write!(f, " with the ID {:?}", self.last_event_id)?;
        }
        let (line, column) = (self.line(), self.column());
        write!(f, " is not the expected JSON: line {line}, column {column}")
    }
}

#[cfg(feature = "json")]
impl core::error::Error for JsonError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.source)
    }
}
