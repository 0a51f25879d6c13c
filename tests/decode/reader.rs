//! `MessageReader` over a source that fails, lies, or ends.

use sse_wire::{Decoder, IncomingRef, Input, MessageEvent, MessageReader, ReadError};
use std::io::{self, ErrorKind, Read};

/// What each call to `read` returns.
struct Script(Vec<io::Result<&'static [u8]>>);

impl Read for Script {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() {
            return Ok(0);
        }
        let bytes = self.0.remove(0)?;
        buffer[..bytes.len()].copy_from_slice(bytes);
        Ok(bytes.len())
    }
}

#[test]
fn an_error_of_the_source_loses_nothing() {
    let error = |kind: ErrorKind| Err(io::Error::from(kind));
    let source = Script(vec![
        Ok(b"data: 1\n\ndata: 2"),
        error(ErrorKind::WouldBlock),
        error(ErrorKind::Interrupted),
        Ok(b"3\n"),
        error(ErrorKind::ConnectionReset),
        Ok(b"\ndata: 4\n\n"),
    ]);
    let seen: Vec<_> = MessageReader::new(source)
        .map(|message| match message {
            Ok(message) => message.into_data(),
            Err(ReadError::Source(error)) => error.kind().to_string(),
            Err(error) => panic!("{error}"),
        })
        .collect();
    let blocked = ErrorKind::WouldBlock.to_string();
    let reset = ErrorKind::ConnectionReset.to_string();
    assert_eq!(seen, ["1", &blocked, &reset, "23", "4"]);
}

#[test]
fn a_too_large_event_is_an_error_after_which_reading_continues() {
    let decoder = Decoder::new().max_event_size(10).comments(true).retries(true);
    let stream: &[u8] = b":c\nretry: 1\n\ndata: 1234567890\n\ndata: 2\n\n";
    let mut messages = MessageReader::with_decoder(decoder, stream);
    let error = messages.next().unwrap().unwrap_err();
    let ReadError::TooLarge(too_large) = &error else { panic!() };
    assert_eq!(too_large.limit, 10);
    let error = io::Error::from(error);
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    assert_eq!(error.to_string(), "an event was skipped after 17 bytes, because it is larger than 10 bytes");
    assert_eq!(messages.next().unwrap().unwrap().data(), "2");
    assert!(messages.next().is_none());
}

#[test]
fn the_next_connection_continues_with_the_decoder() {
    let mut messages = MessageReader::new(&b"id: 1\ndata: 1\n\nid: 2\ndata: 2\n"[..]);
    assert_eq!(messages.by_ref().count(), 1);
    assert_eq!(messages.decoder().unfinished(), 14);
    let mut decoder = messages.into_decoder();
    decoder.reconnect();
    let mut messages = MessageReader::with_decoder(decoder, &b"data: 3\n\n"[..]);
    let message = messages.next().unwrap().unwrap();
    assert_eq!((message.data(), message.last_event_id()), ("3", "1"));
}

#[test]
fn the_end_is_final_and_the_parts_can_be_taken_back() {
    let mut messages = MessageReader::new(Script(vec![Ok(b"id: 1\ndata\n\n"), Ok(b""), Ok(b"data\n\n")]));
    assert_eq!(messages.by_ref().count(), 1);
    assert!(messages.next().is_none() && messages.next_incoming().is_none());
    let (decoder, source) = messages.into_parts();
    assert_eq!((decoder.last_event_id(), source.0.len()), ("1", 1));
    assert_eq!(MessageReader::new(source).into_inner().0.len(), 1);
}

/// A source that claims to have read more than there is room for.
#[test]
fn a_source_that_lies_does_no_harm() {
    struct Liar(bool);
    impl Read for Liar {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Ok(if std::mem::replace(&mut self.0, true) { 0 } else { usize::MAX })
        }
    }
    assert_eq!(MessageReader::new(Liar(false)).count(), 0);
}

/// What has arrived of an event is known to the decoder whenever the source fails, wherever it was cut.
#[test]
fn what_has_arrived_is_known_when_the_source_fails() {
    let blocked = || Err(io::Error::from(ErrorKind::WouldBlock));
    let source =
        Script(vec![Ok(b"id: 1\ndata: 1\n\n\r\nda"), blocked(), Ok(b"ta: 2\nid"), blocked(), Ok(b"\n\r\n")]);
    let mut messages = MessageReader::new(source);
    assert_eq!(messages.next().unwrap().unwrap().data(), "1");
    for (unfinished, start) in [(2, &b"da"[..]), (10, b"data: 2\nid")] {
        let error = messages.next().unwrap().unwrap_err();
        assert!(matches!(error, ReadError::Source(_)), "{error}");
        assert_eq!(
            (messages.decoder().unfinished(), messages.decoder().unfinished_start()),
            (unfinished, start)
        );
    }
    let message = messages.next().unwrap().unwrap();
    assert_eq!((message.data(), message.id()), ("2", Some("")));
    assert!(messages.next().is_none());
    assert_eq!(messages.decoder().unfinished(), 0);
}

/// An event that is too large is reported as soon as that is known, even if nothing more arrives.
#[test]
fn a_too_large_event_is_reported_before_it_has_arrived() {
    for (limit, piece, is_too_large) in
        [(9, "data: ab", false), (8, "data: ab", true), (8, "a\ndata: ", true)]
    {
        let source = Script(vec![Ok(b": c\n"), Ok(piece.as_bytes()), Err(ErrorKind::WouldBlock.into())]);
        let decoder = Decoder::new().max_event_size(limit);
        let error = MessageReader::with_decoder(decoder, source).next().unwrap().unwrap_err();
        assert_eq!(matches!(error, ReadError::TooLarge(_)), is_too_large, "{piece:?} with {limit}");
    }
}

/// What waits takes up room. However many pieces an event arrives in, it waits only for the second, even if the read is
/// interrupted.
#[test]
fn an_event_is_decoded_twice_at_most() {
    struct Source(Vec<usize>);
    impl Read for Source {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.push(buffer.len());
            let piece: &[u8] = match self.0.len() {
                1 | 4 | 5 | 7 => b"data:x",
                2 | 3 | 6 => return Err(ErrorKind::Interrupted.into()),
                8 => b"\n\ndata:y",
                9 => b"\n\n",
                _ => b"",
            };
            buffer[..piece.len()].copy_from_slice(piece);
            Ok(piece.len())
        }
    }
    let mut messages = MessageReader::new(Source(Vec::new()));
    let seen: Vec<_> = messages.by_ref().map(|message| message.unwrap().into_data()).collect();
    assert_eq!(seen, ["xdata:xdata:xdata:x", "y"]);
    let most = messages.get_ref().0[0];
    let waiting: Vec<_> = messages.get_ref().0.iter().map(|room| most - room).collect();
    assert_eq!(waiting, [0, 6, 6, 6, 0, 0, 0, 0, 8, 0]);
}

/// Events of all sizes, in pieces of all sizes up to more than what a reader lets wait, with and without CR.
#[test]
fn a_reader_and_a_decoder_see_the_same_however_events_are_cut() {
    let event = |i: usize| {
        let data = "x".repeat(i * 397 % 5000);
        let end = ["\n", "\r\n", "\r"][i % 3];
        format!(": {i}{end}id: {i}{end}data: {data}{end}retry: {i}{end}data: é{end}{end}")
    };
    let stream: String = (0..100).map(event).collect();
    let (mut decoder, mut input) = (Decoder::new(), Input::new(stream.as_bytes()));
    let mut expected = Vec::new();
    while let Some(Ok(IncomingRef::Message(message))) = decoder.next(&mut input) {
        expected.push(MessageEvent::from(message));
    }
    assert_eq!(expected.len(), 100);
    for size in (1..64).chain([100, 127, 128, 129, 1460, 4095, 4096, 4097, 16_384, 20_480, 100_000]) {
        let reader = MessageReader::new(Pieces(stream.as_bytes(), size));
        for (i, message) in reader.enumerate() {
            let message = message.unwrap();
            assert_eq!(message, expected[i], "{i} in pieces of {size}");
            assert_eq!(message.last_event_id(), i.to_string());
            assert_eq!(message.data().len(), i * 397 % 5000 + "\né".len());
        }
    }
}

/// A source that never returns more than this at once.
struct Pieces<'s>(&'s [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.1.min(buffer.len());
        self.0.read(&mut buffer[..len])
    }
}

/// Small or not, copied or handed over with its memory, a message has all its parts.
#[test]
fn an_owned_message_has_its_type_and_id_whatever_its_size() {
    let ids = ["".to_owned(), "7".to_owned(), "i".repeat(127), "i".repeat(128), "i".repeat(129)];
    let events = ["message", "tick", "a type of more than thirty-two bytes"];
    for size in [1, 40, 48, 49, 127, 128, 129, 1000, 2047, 2048, 20_000] {
        let data = "x".repeat(size);
        for (event, id) in events.iter().flat_map(|event| ids.iter().map(move |id| (*event, &**id))) {
            let stream = format!("event: {event}\nid: {id}\ndata: {data}\n\ndata: {data}\n\n");
            for cut in [64, 1460, usize::MAX] {
                let messages: Vec<_> =
                    MessageReader::new(Pieces(stream.as_bytes(), cut)).map(Result::unwrap).collect();
                let parts = messages.iter().map(|m| (m.event(), m.data(), m.last_event_id(), m.id()));
                assert_eq!(
                    parts.collect::<Vec<_>>(),
                    [(event, &*data, id, Some(id)), ("message", &*data, id, None)],
                    "{size} bytes in pieces of {cut}"
                );
            }
        }
    }
}
