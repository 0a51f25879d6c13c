//! What both directions share: where a line ends, what a field may hold, and what is UTF-8.

pub(crate) mod field;
pub(crate) mod inline;
pub(crate) mod line;
mod scan;
pub(crate) mod utf8;
