//! `BlockReader` over a source that fails.

use sse_wire::response::BlockReader;
use std::io;

#[test]
fn a_reader_of_blocks_reports_errors_and_continues_after_them() {
    struct Upstream<I>(I);

    impl<I: Iterator<Item = io::Result<&'static str>>> io::Read for Upstream<I> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let bytes = self.0.next().unwrap_or(Ok(""))?.as_bytes();
            buffer[..bytes.len()].copy_from_slice(bytes);
            Ok(bytes.len())
        }
    }

    let reads = [
        Ok("data: 1\n\nda"),
        Err(io::ErrorKind::Interrupted.into()),
        Ok("ta: 2\n\n"),
        Err(io::ErrorKind::WouldBlock.into()),
        Ok("data: 3\n\ndata: cut"),
    ];
    let blocks = BlockReader::new(Upstream(reads.into_iter()));
    let seen: Vec<_> =
        blocks.map(|block| block.map(|block| block.to_string()).map_err(|error| error.kind())).collect();
    let expected = [Ok("data: 1\n\n"), Ok("data: 2\n\n"), Err(io::ErrorKind::WouldBlock), Ok("data: 3\n\n")];
    assert_eq!(seen, expected.map(|block| block.map(str::to_string)));
}
