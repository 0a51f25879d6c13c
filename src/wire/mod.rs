//! What both directions share: where a line ends, what a field may contain, what is UTF-8, and what HTTP can carry.

#[cfg(feature = "std")]
pub(crate) mod boundary;
pub(crate) mod field;
pub(crate) mod http;
pub(crate) mod inline;
#[cfg(feature = "std")]
pub(crate) mod io;
pub(crate) mod line;
mod scan;
pub(crate) mod utf8;
mod words;
