//! Whole blocks from a reader.

use super::{Cut, Cutter, settings};
use crate::encode::Chunk;
use alloc::{boxed::Box, vec};
use core::{fmt, iter::FusedIterator, ops::Range};
use std::io::{self, Read};

/// How many bytes are read at once, at most.
const BUFFER: usize = 16 * 1024;

/// Reads whole blocks from anything that is [`Read`], such as the body of an upstream response. Each item is one or
/// several blocks, byte for byte as they arrived, cut at blank lines; pass it to a
/// [`Sender`](crate::response::Sender). A byte order mark at the start is dropped.
///
/// ```
/// use sse_wire::response::BlockReader;
///
/// let upstream = "id: 1\ndata: a\n\ndata: b\n\nda";
/// let blocks: Vec<_> = BlockReader::new(upstream.as_bytes()).collect::<Result<_, _>>()?;
/// assert_eq!(blocks, ["id: 1\ndata: a\n\ndata: b\n\n"]);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// Those of the reader. An error loses nothing that was read before it: after a timeout, reading can continue.
pub struct BlockReader<R> {
    /// `None` once it has ended.
    reader: Option<R>,
    cutter: Cutter,
    buffer: Box<[u8]>,
    /// Where in the buffer the next blocks are, after the block that was returned last.
    then: Range<usize>,
}

impl<R: Read> BlockReader<R> {
    /// Reads the whole blocks from this reader.
    pub fn new(reader: R) -> Self {
        BlockReader {
            reader: Some(reader),
            cutter: Cutter::new(),
            buffer: vec![0; BUFFER].into(),
            then: 0..0,
        }
    }
}

settings!(BlockReader);

impl<R: Read> Iterator for BlockReader<R> {
    type Item = io::Result<Chunk>;

    fn next(&mut self) -> Option<io::Result<Chunk>> {
        loop {
            let then = core::mem::take(&mut self.then);
            if !then.is_empty() {
                return Some(Ok(Chunk::new(&self.buffer[then])));
            }
            match self.reader.as_mut()?.read(&mut self.buffer) {
                Ok(0) => {
                    self.reader = None;
                    return self.cutter.finish().map(|rest| Ok(Chunk::from_vec(rest)));
                }
                Ok(len) => {
                    let Cut { first, then } = self.cutter.cut(&self.buffer[..len]);
                    self.then = then;
                    if let Some(first) = first {
                        return Some(Ok(Chunk::from_vec(first)));
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

impl<R: Read> FusedIterator for BlockReader<R> {}

impl<R> fmt::Debug for BlockReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockReader").field("cutter", &self.cutter).finish_non_exhaustive()
    }
}
