//! `Blocks` over a stream that fails, pauses and ends.

use super::body::Count;
use futures_core::Stream;
use futures_util::{StreamExt, stream};
use sse_wire::response::Blocks;
use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

/// Everything until the end, of a source that never waits.
fn all<S, E>(blocks: S) -> Vec<Result<String, E>>
where
    S: Stream<Item = Result<bytes::Bytes, E>>,
{
    let mut blocks = pin!(blocks);
    let mut seen = Vec::new();
    while let Poll::Ready(Some(block)) = blocks.as_mut().poll_next(&mut Context::from_waker(Waker::noop())) {
        seen.push(block.map(|bytes| String::from_utf8(bytes.into()).unwrap()));
    }
    seen
}

#[test]
fn a_block_that_was_cut_comes_before_those_after_it() {
    let pieces = ["data: 1\n", "\ndata: 2\n\ndata: 3\n\nda", "ta: 4\n\n", "data: cut"];
    let pieces = || stream::iter(pieces.map(|piece| Ok::<_, &str>(piece.as_bytes().to_vec())));
    let whole = ["data: 1\n\n", "data: 2\n\ndata: 3\n\n", "data: 4\n\n"].map(|block| Ok(block.to_owned()));
    assert_eq!(all(Blocks::new(pieces())), whole);
    let closed = all(Blocks::new(pieces()).close_unfinished(true));
    assert_eq!(closed[..3], whole);
    assert_eq!(closed[3..], [Ok("data: cut\n\n".to_owned())]);
}

#[test]
fn an_error_is_the_end() {
    let pieces = [Ok(b"data: 1\n\ndata: cut".to_vec()), Err("broken"), Ok(b"\n\n".to_vec())];
    let blocks = Blocks::new(stream::iter(pieces)).close_unfinished(true);
    assert_eq!(all(blocks), [Ok("data: 1\n\n".to_owned()), Err("broken")]);
}

#[test]
fn other_tasks_get_their_turn_while_no_block_is_whole() {
    let pieces = stream::repeat_with(|| b"x".to_vec()).take(600).chain(stream::iter([b"\n\n".to_vec()]));
    let mut blocks = pin!(Blocks::new(pieces));
    let count = Arc::new(Count::default());
    let waker = count.clone().into();
    let mut turns = 0;
    let block = loop {
        match blocks.as_mut().poll_next(&mut Context::from_waker(&waker)) {
            Poll::Ready(block) => break block.unwrap().unwrap(),
            Poll::Pending => turns += 1,
        }
    };
    assert_eq!((block.len(), turns, count.get()), (602, 2, 2));
}
