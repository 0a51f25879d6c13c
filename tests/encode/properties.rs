//! Any calls in any order with any text: a client sees exactly the events that were added.
//!
//! A simple model of the wire accompanies the buffer, step by step. The bytes must be those of the model, and the
//! oracle must read from them what was added.

use crate::oracle::{self, Client, Message};
use proptest::{collection::vec, prelude::*};
use sse_wire::{Event, Sse};
use std::{fmt::Write as _, io};

// --- the model ---

/// What a client reads back from `text`.
fn read_back(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

fn carried_as_type(text: &str) -> String {
    text.replace(['\r', '\n', '\0'], "\u{fffd}")
}

fn carried_as_id(text: &str) -> String {
    let last = text.chars().count().saturating_sub(1);
    let carried = |(i, c): (usize, char)| {
        let in_the_middle = i != 0 && i != last;
        let carried = if matches!(c, ' ' | '\t') { in_the_middle } else { !c.is_ascii_control() };
        if carried { c } else { '?' }
    };
    text.chars().enumerate().map(carried).collect()
}

/// One block: its fields, in the order in which they are sent.
#[derive(Clone, Debug, Default)]
struct Block(Vec<(&'static str, String)>);

impl Block {
    fn new(event: &str, data: &str) -> Self {
        let event = Some(("event", carried_as_type(event))).filter(|(_, event)| !event.is_empty());
        Block(event.into_iter().chain([("data", read_back(data))]).collect())
    }

    fn wire(&self) -> String {
        let mut wire = String::new();
        for (name, value) in &self.0 {
            match *name {
                "" if value.is_empty() => wire.push_str(":\n"),
                _ => {
                    for line in value.split('\n') {
                        writeln!(wire, "{name}: {line}").unwrap();
                    }
                }
            }
        }
        if !wire.is_empty() {
            wire.push('\n');
        }
        wire
    }

    fn is_message(&self) -> bool {
        self.0.iter().any(|(name, _)| ["event", "data"].contains(name))
    }

    fn last(&self, field: &str) -> Option<&String> {
        self.0.iter().rev().find(|(name, _)| *name == field).map(|(_, value)| value)
    }

    /// What the client does with it.
    fn apply(&self, client: &mut Client) {
        if let Some(id) = self.last("id") {
            client.last_event_id = id.clone();
        }
        if let Some(retry) = self.last("retry") {
            client.reconnection_time = Some(retry.parse().unwrap());
        }
        for (_, comment) in self.0.iter().filter(|(name, _)| name.is_empty()) {
            let lines = comment
                .split('\n')
                .map(|line| if comment.is_empty() { "".into() } else { format!(" {line}") });
            client.comments.extend(lines);
        }
        let data: Vec<_> =
            self.0.iter().filter(|(name, _)| *name == "data").map(|(_, data)| &**data).collect();
        if self.is_message() {
            client.messages.push(Message {
                event: self
                    .last("event")
                    .filter(|event| !event.is_empty())
                    .map_or("message".into(), Clone::clone),
                data: data.join("\n"),
                last_event_id: client.last_event_id.clone(),
            });
        }
    }
}

/// What the buffer should hold, and what the client should have received on this connection.
#[derive(Default)]
struct Model {
    /// With the number of bytes of each that have been sent. Only for the first can it be more than 0.
    blocks: Vec<Block>,
    sent_of_first: usize,
    id: Option<String>,
    /// Blocks that have been sent completely.
    received: Vec<Block>,
}

impl Model {
    fn message(&mut self, mut block: Block) {
        if let Some(id) = self.id.take() {
            block.0.insert(0, ("id", id));
        }
        self.blocks.push(block);
    }

    fn push(&mut self, block: Block) {
        if block.last("id").is_some() {
            self.id = None;
        }
        if block.is_message() {
            self.message(block);
        } else if !block.0.is_empty() {
            self.blocks.push(block);
        }
    }

    fn wire(&self) -> String {
        let id = self.id.iter().map(|id| format!("id: {id}\n\n"));
        self.blocks.iter().map(Block::wire).chain(id).collect()
    }

    fn unsent(&self) -> Vec<u8> {
        self.wire().as_bytes()[self.sent_of_first..].to_vec()
    }

    fn advance(&mut self, n: usize) {
        self.sent_of_first += n;
        let of_blocks: usize = self.blocks.iter().map(|block| block.wire().len()).sum();
        if self.sent_of_first > of_blocks {
            self.blocks.push(Block(vec![("id", self.id.take().unwrap())]));
        }
        while let Some(first) = self.blocks.first()
            && first.wire().len() <= self.sent_of_first
        {
            self.sent_of_first -= first.wire().len();
            self.received.push(self.blocks.remove(0));
        }
    }
}

// --- the calls ---

#[derive(Clone, Debug)]
enum Call {
    AddMessage(String, String),
    TryAddMessage(String, String),
    AddData(String),
    AddList(String, Vec<String>),
    AddFormatted(String, String, u64),
    AddFailing(String, String),
    TryAddFailing(String),
    AddBytes(Vec<u8>),
    AddComment(String),
    SetId(String),
    SetIntegerId(i64),
    TrySetId(String),
    ResetId,
    SetRetry(u64),
    Push(Vec<EventCall>),
    /// Writes the pieces, and finishes or drops or forgets the message.
    Write(String, Vec<String>, Ending),
    Flush,
    Clear,
    TakeBlocks(usize),
    Advance(usize),
    /// Into a writer that takes this many bytes in total, and at most this many at once.
    WriteTo(usize, usize),
}

#[derive(Clone, Debug)]
enum EventCall {
    Type(String),
    Id(String),
    Retry(u64),
    Comment(String),
    Data(String),
}

#[derive(Clone, Copy, Debug)]
enum Ending {
    Finish,
    Drop,
    Forget,
}

fn text() -> impl Strategy<Value = String> {
    let special = prop::sample::select(vec![
        '\r', '\n', '\r', '\n', '\0', '\t', ' ', ':', '\u{b}', '\u{c}', '\u{7f}', '\u{85}', '\u{feff}',
        '\u{2028}', '\u{2029}', '\u{fffd}', 'é', '𝄞',
    ]);
    let short = vec(prop_oneof![3 => special, 2 => prop::char::range('a', 'z'), 1 => any::<char>()], 0..12);
    let line_end = prop::sample::select(vec!["\r\n", "\n", "\r", "\n\r", ""]);
    prop_oneof![
        4 => short.prop_map(String::from_iter),
        1 => Just("data: x\n\nevent: forged\rdata: y\r\n\r\n".to_string()),
        1 => (0..300usize, line_end, 0..300usize).prop_map(|(a, end, b)| ["a".repeat(a), end.into(), "b".repeat(b)].concat()),
    ]
}

fn call() -> impl Strategy<Value = Call> {
    let event_call = prop_oneof![
        text().prop_map(EventCall::Type),
        text().prop_map(EventCall::Id),
        any::<u64>().prop_map(EventCall::Retry),
        text().prop_map(EventCall::Comment),
        text().prop_map(EventCall::Data),
    ];
    let ending = prop::sample::select(vec![Ending::Finish, Ending::Finish, Ending::Drop, Ending::Forget]);
    prop_oneof![
        4 => (text(), text()).prop_map(|(e, d)| Call::AddMessage(e, d)),
        1 => (text(), text()).prop_map(|(e, d)| Call::TryAddMessage(e, d)),
        1 => text().prop_map(Call::AddData),
        1 => (text(), vec(text(), 0..4)).prop_map(|(e, d)| Call::AddList(e, d)),
        1 => (text(), text(), any::<u64>()).prop_map(|(e, d, n)| Call::AddFormatted(e, d, n)),
        1 => (text(), text()).prop_map(|(e, d)| Call::AddFailing(e, d)),
        1 => text().prop_map(Call::TryAddFailing),
        1 => vec(any::<u8>(), 0..40).prop_map(Call::AddBytes),
        2 => text().prop_map(Call::AddComment),
        4 => text().prop_map(Call::SetId),
        1 => any::<i64>().prop_map(Call::SetIntegerId),
        1 => text().prop_map(Call::TrySetId),
        1 => Just(Call::ResetId),
        1 => any::<u64>().prop_map(Call::SetRetry),
        3 => vec(event_call, 0..5).prop_map(Call::Push),
        2 => (text(), vec(text(), 0..4), ending).prop_map(|(e, p, f)| Call::Write(e, p, f)),
        1 => Just(Call::Flush),
        1 => Just(Call::Clear),
        1 => (0..4usize).prop_map(Call::TakeBlocks),
        2 => (0..60usize).prop_map(Call::Advance),
        2 => (0..200usize, 1..50usize).prop_map(|(all, once)| Call::WriteTo(all, once)),
    ]
}

/// Writes its text and then fails.
struct Failing<'t>(&'t str);

impl std::fmt::Display for Failing<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)?;
        Err(std::fmt::Error)
    }
}

struct Limited {
    taken: Vec<u8>,
    all: usize,
    once: usize,
}

impl io::Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = bytes.len().min(self.once).min(self.all - self.taken.len());
        if n == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.taken.extend_from_slice(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Connection {
    sse: Sse,
    model: Model,
    /// What the client has received.
    wire: Vec<u8>,
}

impl Connection {
    /// Checks that the client knows what the blocks say that it has received completely, and nothing else.
    fn check(&self, blocks: &[Block], wire: &[u8]) {
        let mut expected = Client::default();
        blocks.iter().for_each(|block| block.apply(&mut expected));
        let seen = Client::default().read(wire);
        assert_eq!(seen.messages, expected.messages);
        assert_eq!(seen.last_event_id, expected.last_event_id);
    }

    fn took(&mut self, bytes: &[u8]) {
        assert_eq!(*bytes, self.model.unsent()[..bytes.len()]);
        self.wire.extend_from_slice(bytes);
        self.model.advance(bytes.len());
        self.check(&self.model.received, &self.wire);
    }

    fn call(&mut self, call: &Call) {
        let Connection { sse, model, .. } = self;
        match call {
            Call::AddMessage(event, data) => {
                sse.add_message(event, data);
                model.message(Block::new(event, data));
            }
            Call::TryAddMessage(event, data) => {
                assert_eq!(sse.try_add_message(event, data).is_ok(), carried_as_type(event) == *event);
                if carried_as_type(event) == *event {
                    model.message(Block::new(event, data));
                }
            }
            Call::AddData(data) => {
                sse.add_data(data);
                model.message(Block::new("", data));
            }
            Call::AddList(event, items) => {
                sse.add_message(event, items);
                let items: Vec<_> = items.iter().map(|item| read_back(item)).collect();
                model.message(Block::new(event, &items.join("\n")));
            }
            Call::AddFormatted(event, data, number) => {
                sse.add_message(event, format_args!("{data}{number}\n{data}"));
                model.message(Block::new(event, &format!("{data}{number}\n{data}")));
            }
            Call::AddFailing(event, data) => {
                sse.add_message(event, format_args!("{}{number}", Failing(data), number = 7));
                model.message(Block::new(event, &format!("{data}\u{fffd}")));
            }
            Call::TryAddFailing(data) => {
                assert!(sse.try_add_message("tick", [data, data]).is_ok());
                model.message(Block::new("tick", &[read_back(data), read_back(data)].join("\n")));
                assert!(sse.try_add_data(format_args!("{}", Failing(data))).is_err());
            }
            Call::AddBytes(bytes) => {
                sse.add_data(bytes);
                model.message(Block::new("", &String::from_utf8_lossy(bytes)));
                if std::str::from_utf8(bytes).is_err() {
                    assert!(sse.try_add_data(bytes).is_err());
                }
            }
            Call::AddComment(comment) => {
                sse.add_comment(comment);
                model.push(Block(vec![("", read_back(comment))]));
            }
            Call::SetId(id) => {
                sse.set_event_id(id);
                model.id = Some(carried_as_id(id));
            }
            Call::SetIntegerId(id) => {
                sse.set_event_id(*id);
                model.id = Some(id.to_string());
            }
            Call::TrySetId(id) => {
                assert_eq!(sse.try_set_event_id(id).is_ok(), carried_as_id(id) == *id);
                if carried_as_id(id) == *id {
                    model.id = Some(id.clone());
                }
            }
            Call::ResetId => {
                sse.reset_event_id();
                model.id = Some(String::new());
            }
            Call::SetRetry(retry) => {
                sse.set_retry(*retry);
                model.push(Block(vec![("retry", (*retry).min(i32::MAX as u64).to_string())]));
            }
            Call::Push(calls) => {
                let (mut event, mut block) = (Event::new(), Block::default());
                for call in calls {
                    event = match call {
                        EventCall::Type(text) => event.event(text),
                        EventCall::Id(text) => event.id(text),
                        EventCall::Retry(retry) => event.retry(*retry),
                        EventCall::Comment(text) => event.comment(text),
                        EventCall::Data(text) => event.data(text),
                    };
                    block.0.push(match call {
                        EventCall::Type(text) => ("event", carried_as_type(text)),
                        EventCall::Id(text) => ("id", carried_as_id(text)),
                        EventCall::Retry(retry) => ("retry", (*retry).min(i32::MAX as u64).to_string()),
                        EventCall::Comment(text) => ("", read_back(text)),
                        EventCall::Data(text) => ("data", read_back(text)),
                    });
                }
                if block.last("event").is_some() && block.last("data").is_none() {
                    block.0.push(("data", String::new()));
                }
                assert_eq!(event.is_empty(), calls.is_empty());
                assert_eq!(event.to_string(), block.wire());
                sse.push(&event);
                model.push(block);
            }
            Call::Write(event, pieces, ending) => {
                let mut message = sse.start_message(event);
                pieces.iter().for_each(|piece| message.write_str(piece).unwrap());
                match ending {
                    Ending::Finish => {
                        message.finish();
                        model.message(Block::new(event, &pieces.concat()));
                    }
                    Ending::Drop => drop(message),
                    Ending::Forget => {
                        std::mem::forget(message);
                        // The ID that it was to carry is lost with it.
                        model.id = None;
                    }
                }
            }
            Call::Flush => {
                sse.flush();
                model.id = None;
                model.blocks.truncate(usize::from(model.sent_of_first > 0));
            }
            Call::Clear => {
                self.check(&self.model.received, &self.wire);
                self.sse.clear();
                self.model = Model::default();
                self.wire.clear();
            }
            Call::TakeBlocks(n) => {
                for _ in 0..*n {
                    let left = self.sse.size_hint().0;
                    assert_eq!(self.sse.size_hint(), (left, Some(left)));
                    assert_eq!(left, self.model.blocks.len() + usize::from(self.model.id.is_some()));
                    let Some(chunk) = self.sse.next() else { break };
                    assert!(chunk.ends_with(b"\n"));
                    self.took(&chunk);
                    assert_eq!(self.model.sent_of_first, 0, "not a whole block");
                }
            }
            Call::Advance(n) => {
                let bytes = self.sse.as_bytes().to_vec();
                self.sse.advance(*n);
                self.took(&bytes[..bytes.len().min(*n)]);
            }
            Call::WriteTo(all, once) => {
                let mut writer = Limited { taken: Vec::new(), all: *all, once: *once };
                let done = self.sse.write_to(&mut writer);
                self.took(&writer.taken);
                assert_eq!(done.is_ok(), self.sse.is_empty());
            }
        }
        let unsent = self.model.unsent();
        assert_eq!(self.sse.as_bytes(), unsent);
        assert_eq!(self.sse.to_string(), String::from_utf8_lossy(&unsent));
        assert_eq!(self.sse.is_empty(), unsent.is_empty());
    }

    /// Sends the rest to the client.
    fn finish(mut self) {
        let rest = Vec::from(self.sse.clone());
        assert_eq!(String::from(self.sse.clone()), String::from_utf8_lossy(&rest));
        self.took(&rest);
        assert!(self.model.blocks.is_empty());
        let mut expected = Client::default();
        self.model.received.iter().for_each(|block| block.apply(&mut expected));
        assert_eq!(Client::default().read(&self.wire), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_calls_in_any_order(calls in vec(call(), 0..30)) {
        let mut connection = Connection { sse: Sse::without_retry(), model: Model::default(), wire: Vec::new() };
        for call in &calls {
            connection.call(call);
        }
        connection.finish();
    }

    #[test]
    fn any_text_is_read_back(event in any::<String>(), data in any::<String>(), id in any::<String>()) {
        let mut sse = Sse::new();
        sse.set_event_id(&id).add_message(&event, &data);
        let event = carried_as_type(&event);
        prop_assert_eq!(oracle::decode(sse.as_bytes()), [Message {
            event: if event.is_empty() { "message".into() } else { event },
            data: read_back(&data),
            last_event_id: carried_as_id(&id),
        }]);
    }

    #[test]
    fn pieces_are_as_good_as_the_whole(data in text(), cuts in vec(any::<prop::sample::Index>(), 0..5)) {
        let places: Vec<_> = data.char_indices().map(|(i, _)| i).chain([data.len()]).collect();
        let mut cuts: Vec<_> = cuts.iter().map(|cut| *cut.get(&places)).collect();
        cuts.sort_unstable();
        let (mut pieces, mut whole) = (Sse::without_retry(), Sse::without_retry());
        let mut message = pieces.start_message("log");
        let mut start = 0;
        for cut in cuts {
            message.write_str(&data[start..cut]).unwrap();
            start = cut;
        }
        message.write_str(&data[start..]).unwrap();
        message.finish();
        whole.add_message("log", &data);
        prop_assert_eq!(pieces.as_bytes(), whole.as_bytes());
    }
}

#[test]
fn ten_megabytes_with_every_line_end() {
    let data = "x".repeat(1000) + "\r\n" + &"é".repeat(500) + "\n" + "\u{2028}\0\r";
    let data = data.repeat(10_000_000 / data.len() + 1);
    let mut sse = Sse::new();
    sse.add_message("big", &data);
    let messages = oracle::decode(sse.as_bytes());
    assert_eq!(messages.len(), 1);
    assert!(messages[0].data == read_back(&data), "the data was changed");
}
