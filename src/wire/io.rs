//! Copies of I/O errors, which are not `Clone`.

use alloc::string::ToString;
use std::io;

/// A copy of the error, of the same kind and with the same text, for someone who must have one too.
pub(crate) fn copy(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}
