//! Writers that accept one byte at a time, refuse, or fail: nothing is lost, nothing is repeated, and no event merges
//! with one that was cut.

use proptest::prelude::*;
use sse_wire::{Event, Sse};
use std::{
    collections::VecDeque,
    io::{self, ErrorKind, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::LazyLock,
};

/// What a writer does in one call.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// It accepts at most this many bytes.
    Take(usize),
    /// It accepts nothing, and returns this error.
    Nothing,
    Fail(ErrorKind),
}
use Step::{Fail, Nothing, Take};

/// A writer that does what it is told, one step in each call, and then accepts everything.
#[derive(Default)]
struct Scripted {
    steps: VecDeque<Step>,
    taken: Vec<u8>,
}

impl Scripted {
    fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Scripted { steps: steps.into_iter().collect(), taken: Vec::new() }
    }
}

impl Write for Scripted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = match self.steps.pop_front() {
            Some(Take(n)) => n.min(bytes.len()),
            Some(Nothing) => 0,
            Some(Fail(kind)) => return Err(kind.into()),
            None => bytes.len(),
        };
        self.taken.extend(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        panic!("when to flush is the caller's decision")
    }
}

/// The blocks of [`sample`].
const BLOCKS: [&str; 5] = [
    "retry: 2000\n\n",
    "id: é1\nevent: tick\ndata: 1\n\n",
    ": still\n: here\n\n",
    "data: two…\ndata:   lines 😀\ndata: \n\n",
    "id: 2\ndata: \n\n",
];

fn whole() -> &'static str {
    static WHOLE: LazyLock<String> = LazyLock::new(|| BLOCKS.concat());
    &WHOLE
}

fn sample() -> Sse {
    let mut sse = Sse::new();
    sse.set_event_id("é1").add_message("tick", 1).add_comment("still\nhere").add_data("two…\r\n  lines 😀\r");
    sse.set_event_id(2).add_data("");
    assert_eq!(sse.to_string(), whole());
    sse
}

/// Every position at which the sample can be cut, and where the block that is cut there ends (or the
/// cut itself, if it falls between two blocks).
fn cuts() -> impl Iterator<Item = (usize, usize)> {
    let ends = BLOCKS.iter().scan(0, |end, block| {
        *end += block.len();
        Some(*end)
    });
    let ends: Vec<usize> = [0].into_iter().chain(ends).collect();
    (0..=ends[BLOCKS.len()]).map(move |cut| (cut, ends[ends.partition_point(|end| *end < cut)]))
}

/// A sample of which a writer accepted `cut` bytes before it would block.
fn cut_at(cut: usize) -> Sse {
    let whole = whole().as_bytes();
    let mut sse = sample();
    let mut writer = Scripted::new([Take(cut), Fail(ErrorKind::WouldBlock)]);
    let result = sse.write_to(&mut writer);
    match cut {
        // A writer that accepts nothing has refused, which is a different error.
        0 => assert_eq!(result.map_err(|error| error.kind()), Err(ErrorKind::WriteZero)),
        _ if cut == whole.len() => assert!(result.is_ok()),
        _ => assert_eq!(result.map_err(|error| error.kind()), Err(ErrorKind::WouldBlock)),
    }
    assert_eq!(writer.taken, whole[..cut]);
    assert_eq!(sse.as_bytes(), &whole[cut..]);
    assert_eq!(sse.is_empty(), cut == whole.len());
    sse
}

fn drain(sse: &mut Sse) -> Vec<u8> {
    let mut writer = Scripted::default();
    sse.write_to(&mut writer).expect("a writer that takes everything");
    assert!(sse.is_empty());
    assert_eq!(sse.as_bytes(), b"");
    writer.taken
}

// --- what the writer does ---

#[test]
fn one_byte_at_a_time() {
    let mut sse = sample();
    let mut writer = Scripted::new([Take(1); 200]);
    sse.write_to(&mut writer).expect("it takes everything");
    assert!(sse.is_empty());
    assert_eq!(String::from_utf8_lossy(&writer.taken), whole());
    // One call for each byte, and none when there is nothing left.
    assert_eq!(writer.steps.len(), 200 - whole().len());
    sse.write_to(&mut writer).expect("there is nothing to take");
    assert_eq!(writer.steps.len(), 200 - whole().len());
}

#[test]
fn interrupted_before_every_byte() {
    let mut sse = sample();
    let mut writer = Scripted::new([Fail(ErrorKind::Interrupted), Take(1)].repeat(200));
    sse.write_to(&mut writer).expect("an interruption is not an error");
    assert_eq!(String::from_utf8_lossy(&writer.taken), whole());
}

#[test]
fn would_block_before_every_byte() {
    let mut sse = sample();
    let mut writer = Scripted::new([Fail(ErrorKind::WouldBlock), Take(1)].repeat(200));
    let mut blocked = 0;
    while let Err(error) = sse.write_to(&mut writer) {
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        blocked += 1;
        assert_eq!(writer.taken.len() + sse.as_bytes().len(), whole().len());
    }
    assert_eq!(blocked, whole().len());
    assert_eq!(String::from_utf8_lossy(&writer.taken), whole());
}

#[test]
fn a_writer_that_takes_nothing() {
    let mut sse = sample();
    let mut writer = Scripted::new([Take(5), Nothing]);
    let error = sse.write_to(&mut writer).expect_err("it took nothing");
    assert_eq!(error.kind(), ErrorKind::WriteZero);
    assert_eq!(error.to_string(), "the writer took no more of the event stream");
    sse.write_to(&mut writer).expect("now it does");
    assert_eq!(String::from_utf8_lossy(&writer.taken), whole());
}

#[test]
fn a_slice_that_is_too_short() {
    let mut sse = sample();
    let mut space = [0; 20];
    let error = sse.write_to(&mut space.as_mut_slice()).expect_err("it is full");
    assert_eq!(error.kind(), ErrorKind::WriteZero);
    assert_eq!(space, whole().as_bytes()[..20]);
    assert_eq!(sse.as_bytes(), &whole().as_bytes()[20..]);
}

#[test]
fn the_error_is_the_writers_own() {
    let mut sse = sample();
    let mut writer = Scripted::new([Take(7), Fail(ErrorKind::Interrupted), Fail(ErrorKind::BrokenPipe)]);
    assert_eq!(sse.write_to(&mut writer).expect_err("it fails").kind(), ErrorKind::BrokenPipe);
    assert_eq!(writer.taken.len(), 7);
    assert_eq!(sse.as_bytes().len(), whole().len() - 7);
}

#[test]
fn a_writer_behind_a_pointer() {
    let mut taken = Vec::new();
    let writer: &mut dyn Write = &mut taken;
    sample().write_to(writer).expect("a Vec takes everything");
    assert_eq!(taken, whole().as_bytes());
}

#[test]
fn display_into_a_hesitant_writer_drains_nothing() {
    let sse = sample();
    let mut writer = Scripted::new([Fail(ErrorKind::Interrupted), Take(1)].repeat(200));
    write!(writer, "{sse}").expect("write! tries again");
    assert_eq!(String::from_utf8_lossy(&writer.taken), whole());
    assert_eq!(sse.as_bytes(), whole().as_bytes());
}

#[test]
fn a_socket_that_would_block() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a listener");
    let mut client = TcpStream::connect(listener.local_addr().expect("an address")).expect("a connection");
    let (mut server, _) = listener.accept().expect("a connection");
    server.set_nonblocking(true).expect("non-blocking");

    let mut sse = Sse::without_retry();
    let (mut sent, mut received) = (Vec::new(), Vec::new());
    let mut add = |sse: &mut Sse| {
        let event = Event::new().id(sent.len()).data("as much as the kernel holds\n".repeat(1000));
        sent.extend(Vec::from(event.clone()));
        sse.push(&event);
    };
    // Until the socket is full.
    while sse.is_empty() {
        add(&mut sse);
        if let Err(error) = sse.write_to(&mut server) {
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
        }
    }
    // Then it accepts as much as the client reads.
    add(&mut sse);
    while let Err(error) = sse.write_to(&mut server) {
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        let mut bytes = [0; 10_000];
        let n = client.read(&mut bytes).expect("what the server wrote");
        received.extend(&bytes[..n]);
    }
    drop(server);
    client.read_to_end(&mut received).expect("the rest");
    assert!(received == sent);
}

// --- what happens after a cut, at every position ---

#[test]
fn what_was_not_taken_is_written_next() {
    for (cut, _) in cuts() {
        assert_eq!(drain(&mut cut_at(cut)), &whole().as_bytes()[cut..], "cut at {cut}");
    }
}

#[test]
fn what_is_added_comes_after_the_rest() {
    for (cut, _) in cuts() {
        let mut sse = cut_at(cut);
        sse.set_event_id(3).add_message("next", "3");
        let expected = [&whole().as_bytes()[cut..], b"id: 3\nevent: next\ndata: 3\n\n"].concat();
        assert_eq!(drain(&mut sse), expected, "cut at {cut}");
    }
}

#[test]
fn flush_keeps_the_rest_of_the_block_that_was_cut() {
    for (cut, end) in cuts() {
        let rest = &whole().as_bytes()[cut..end];
        let mut sse = cut_at(cut);
        sse.flush();
        assert_eq!(sse.as_bytes(), rest, "cut at {cut}");
        assert_eq!(sse.is_empty(), rest.is_empty(), "cut at {cut}");
        // Again, with an event that has not begun.
        sse.add_message("dropped", "").flush();
        assert_eq!(sse.as_bytes(), rest, "cut at {cut}");

        sse.add_message("next", "3");
        assert_eq!(drain(&mut sse), [rest, b"event: next\ndata: 3\n\n"].concat(), "cut at {cut}");
    }
}

#[test]
fn clear_begins_a_new_connection() {
    for (cut, _) in cuts() {
        let mut sse = cut_at(cut);
        sse.clear();
        assert!(sse.is_empty());
        assert_eq!(sse.as_bytes(), b"");
        sse.add_message("next", "3");
        assert_eq!(drain(&mut sse), b"event: next\ndata: 3\n\n", "cut at {cut}");
    }
}

#[test]
fn iteration_continues_with_the_rest_and_then_whole_blocks() {
    for (cut, end) in cuts() {
        let mut sse = cut_at(cut);
        let mut expected: Vec<&[u8]> = Vec::new();
        let mut start = cut;
        if cut < end {
            expected.push(&whole().as_bytes()[cut..end]);
            start = end;
        }
        let mut position = 0;
        for block in BLOCKS {
            if position >= start {
                expected.push(block.as_bytes());
            }
            position += block.len();
        }
        assert_eq!(sse.size_hint(), (expected.len(), Some(expected.len())), "cut at {cut}");
        let chunks: Vec<_> = sse.by_ref().collect();
        assert_eq!(chunks.iter().map(|chunk| chunk.as_bytes()).collect::<Vec<_>>(), expected, "cut at {cut}");
        assert!(sse.is_empty());
        assert_eq!(sse.next(), None);
    }
}

#[test]
fn advance_counts_as_written() {
    for (cut, _) in cuts() {
        let mut sse = sample();
        // In two steps, so that the first ends in the middle of a block that was cut before.
        sse.advance(cut / 2);
        sse.advance(cut - cut / 2);
        assert_eq!(sse.as_bytes(), &whole().as_bytes()[cut..]);
        assert_eq!(drain(&mut sse), &whole().as_bytes()[cut..], "cut at {cut}");
    }
    let mut sse = sample();
    sse.advance(usize::MAX);
    assert!(sse.is_empty());
    sse.advance(1);
    sse.add_data("1");
    assert_eq!(sse.to_string(), "data: 1\n\n");
}

#[test]
fn chunks_and_bytes_can_be_mixed() {
    let mut sse = sample();
    let mut sent = sse.next().expect("a block").to_vec();
    sse.advance(3);
    sent.extend(&BLOCKS[1].as_bytes()[..3]);
    sent.extend(&*sse.next().expect("the rest of a block"));
    assert_eq!(sent, BLOCKS[..2].concat().as_bytes());
    sent.extend(drain(&mut sse));
    assert_eq!(sent, whole().as_bytes());
}

/// An ID that waits for its message is shown as a separate block. Once a byte of it has been sent, it is one.
#[test]
fn an_id_that_waits_and_is_cut() {
    let id = "id: 7\n\n";
    for cut in 0..=id.len() {
        let cut_id = || {
            let mut sse = Sse::without_retry();
            sse.set_event_id(7).advance(cut);
            assert_eq!(sse.to_string(), id[cut..]);
            sse
        };

        let mut sse = cut_id();
        sse.add_data("1");
        let expected =
            if cut == 0 { "id: 7\ndata: 1\n\n".into() } else { format!("{}data: 1\n\n", &id[cut..]) };
        assert_eq!(String::from_utf8_lossy(&drain(&mut sse)), expected, "cut at {cut}");

        // Another ID does not replace one that is being sent.
        let mut sse = cut_id();
        sse.set_event_id(8).add_data("1");
        let rest = if cut == 0 { "" } else { &id[cut..] };
        let expected = format!("{rest}id: 8\ndata: 1\n\n");
        assert_eq!(String::from_utf8_lossy(&drain(&mut sse)), expected, "cut at {cut}");

        let mut sse = cut_id();
        sse.flush().add_data("1");
        assert_eq!(String::from_utf8_lossy(&drain(&mut sse)), format!("{rest}data: 1\n\n"), "cut at {cut}");
    }
}

// --- cuts inside a character ---

#[test]
fn a_cut_inside_a_character_is_shown_lossily_and_kept_exactly() {
    // "data: 😀é\n\n", of which the first 1, 2 or 3 bytes of the emoji have been sent.
    for taken in 1..4 {
        let rest = &"😀é\n\n".as_bytes()[taken..];
        let cut = || {
            let mut sse = Sse::without_retry();
            sse.add_data("😀é").advance("data: ".len() + taken);
            sse
        };
        let shown = String::from_utf8_lossy(rest);
        assert!(shown.starts_with('\u{fffd}') && shown.ends_with("é\n\n"));

        assert_eq!(cut().as_bytes(), rest);
        assert_eq!(cut().to_string(), shown);
        assert_eq!(String::from(cut()), shown);
        assert!(format!("{:?}", cut()).contains("é"));
        assert_eq!(Vec::from(cut()), rest);
        let mut read = Vec::new();
        cut().into_reader().read_to_end(&mut read).expect("a reader of bytes");
        assert_eq!(read, rest);
        #[cfg(feature = "http")]
        assert_eq!(bytes::Bytes::from(cut()), rest);

        let chunk = cut().next().expect("the rest of a block");
        assert_eq!(chunk.as_bytes(), rest);
        assert_eq!(chunk.to_string(), shown);

        // What was added later is not affected.
        let mut sse = cut();
        sse.add_data("…");
        assert_eq!(sse.to_string(), format!("{shown}data: …\n\n"));
        assert_eq!(drain(&mut sse), [rest, "data: …\n\n".as_bytes()].concat());
    }
}

// --- everything at once ---

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1..40_usize).prop_map(Take),
        1 => Just(Nothing),
        1 => Just(Fail(ErrorKind::WouldBlock)),
        1 => Just(Fail(ErrorKind::Interrupted)),
    ]
}

proptest! {
    #[test]
    fn nothing_is_lost_or_repeated(
        batches in prop::collection::vec(prop::collection::vec(".{0,30}", 0..4), 1..8),
        steps in prop::collection::vec(step(), 0..60),
    ) {
        let mut sse = Sse::without_retry();
        let mut writer = Scripted::new(steps);
        let mut expected = String::new();
        // Each batch is added while part of the previous one may still be waiting.
        for (n, batch) in batches.iter().enumerate() {
            for data in batch {
                let event = Event::new().id(n).event(data).data(data);
                expected += &event.to_string();
                sse.push(&event);
            }
            match sse.write_to(&mut writer) {
                Ok(()) => prop_assert!(sse.is_empty()),
                Err(error) => {
                    prop_assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::WriteZero));
                }
            }
            let sent_and_kept = [&writer.taken, sse.as_bytes()].concat();
            prop_assert_eq!(String::from_utf8_lossy(&sent_and_kept), expected.as_str());
        }
        writer.taken.extend(drain(&mut sse));
        prop_assert_eq!(String::from_utf8_lossy(&writer.taken), expected);
    }
}
