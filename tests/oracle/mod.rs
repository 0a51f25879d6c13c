//! An independent reader of event streams, to compare the crate with: it follows the text of the WHATWG HTML standard,
//! section 9.2, and of the Encoding standard's UTF-8 decoder, literally and slowly. It reads the whole stream at once,
//! and shares nothing with the crate.
#![allow(dead_code, unreachable_pub, reason = "a module that several tests share, each its part")]

/// A `MessageEvent`, as it is dispatched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub event: String,
    pub data: String,
    pub last_event_id: String,
}

/// An item of a stream, in the order of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    Message(Message),
    /// A comment: everything after the colon.
    Comment(String),
    /// A reconnection time in milliseconds.
    Retry(u64),
    /// Not in the standard: the ID of a block without data.
    Id(String),
    /// Not in the standard: an event that was larger than the limit.
    TooLarge,
    /// The same for a comment.
    CommentTooLarge,
}

/// The messages of a stream.
pub fn decode(bytes: &[u8]) -> Vec<Message> {
    Client::default().read(bytes).messages
}

/// What a client knows after it has read a stream to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    pub messages: Vec<Message>,
    pub comments: Vec<String>,
    /// In milliseconds.
    pub reconnection_time: Option<u64>,
    pub last_event_id: String,
}

impl Client {
    /// Reads the stream of one connection. The last event ID and the reconnection time are kept for the next one.
    pub fn read(mut self, bytes: &[u8]) -> Client {
        let seen = interpret(bytes, &self.last_event_id);
        for item in seen.items {
            match item {
                Item::Message(message) => self.messages.push(message),
                Item::Comment(text) => self.comments.push(text),
                Item::Retry(time) => self.reconnection_time = Some(time),
                Item::Id(_) => {}
                Item::TooLarge | Item::CommentTooLarge => unreachable!("there is no limit"),
            }
        }
        Client { last_event_id: seen.last_event_id, ..self }
    }
}

/// The items of a stream, and the state of its reader afterwards.
#[derive(Debug, PartialEq, Eq)]
pub struct Interpreted {
    pub items: Vec<Item>,
    /// The ID that each message itself carried.
    pub ids: Vec<Option<String>>,
    /// "The last event ID string of the event source".
    pub last_event_id: String,
    pub reconnection_time: Option<u64>,
}

/// What goes beyond the standard.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The limit on the bytes of an event, with one byte for each line end, and on those of a comment.
    pub limit: usize,
    /// Whether comments are looked at, so that they can be too large.
    pub comments: bool,
    /// Whether an event in which the input ends is dispatched.
    pub finish: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { limit: usize::MAX, comments: true, finish: false }
    }
}

/// Interprets an event stream, with the last event ID of an earlier one.
pub fn interpret(bytes: &[u8], last_event_id: &str) -> Interpreted {
    interpret_with(bytes, last_event_id, Options::default())
}

/// The same with options. With a limit it is exact only if the stream is UTF-8.
pub fn interpret_with(bytes: &[u8], last_event_id: &str, options: Options) -> Interpreted {
    let Options { limit, comments, finish } = options;
    let (mut items, mut ids) = (Vec::new(), Vec::new());
    let mut reconnection_time = None;
    let mut last_event_id_string = last_event_id.to_string();

    // "a data buffer, an event type buffer, and a last event ID buffer must be associated with it. They must
    // be initialized to the empty string"; the last one, as browsers do it, to the last event ID.
    let (mut data_buffer, mut event_type_buffer) = (String::new(), String::new());
    let mut last_event_id_buffer = last_event_id_string.clone();

    // Ours: the size of the event, and whether it is being skipped.
    let (mut size, mut skipping) = (0, false);
    // And whether an `id` field has set the last event ID buffer.
    let mut has_id = false;

    // "Streams must be decoded using the UTF-8 decode algorithm."
    let text = utf8_decode(bytes);
    let (mut lines, unfinished_line) = lines(&text);
    let field_name = unfinished_line.split(':').next();
    if finish {
        // Ours: a blank line ends the input, and a line that was cut short counts unless that could change its meaning.
        if ["data", "event"].map(Some).contains(&field_name) {
            lines.push(unfinished_line.clone());
        } else if !unfinished_line.is_empty() {
            // It may still be too large.
            lines.push(format!("{CUT}{unfinished_line}"));
        }
        lines.push(String::new());
    } else if !unfinished_line.is_empty() {
        lines.push(format!("{CUT}{unfinished_line}"));
    }
    for line in lines {
        // "If the line is empty (a blank line): Dispatch the event, as defined below."
        if line.is_empty() {
            (size, skipping) = (0, false);
            let own_id = std::mem::take(&mut has_id).then(|| last_event_id_buffer.clone());
            // 1. "Set the last event ID string of the event source to the value of the last event ID buffer.
            // The buffer does not get reset"
            last_event_id_string = last_event_id_buffer.clone();
            // 2. "If the data buffer is an empty string, set the data buffer and the event type buffer to the
            // empty string and return."
            if data_buffer.is_empty() {
                event_type_buffer.clear();
                items.extend(own_id.map(Item::Id));
                continue;
            }
            ids.push(own_id);
            // 3. "If the data buffer's last character is a U+000A LINE FEED (LF) character, then remove the
            // last character from the data buffer."
            if data_buffer.ends_with('\n') {
                data_buffer.pop();
            }
            // 4. to 8. "initialize the event's type attribute to "message" […] If the event type buffer has a
            // value other than the empty string, change the type"
            let event =
                if event_type_buffer.is_empty() { "message".to_string() } else { event_type_buffer.clone() };
            items.push(Item::Message(Message {
                event,
                data: data_buffer.clone(),
                last_event_id: last_event_id_string.clone(),
            }));
            data_buffer.clear();
            event_type_buffer.clear();
            continue;
        }
        if skipping {
            continue;
        }
        let is_cut = line.starts_with(CUT);
        let line = line.strip_prefix(CUT).unwrap_or(&line);
        // Ours: a comment is not part of an event.
        if line.starts_with(':') && comments && line.len() + 1 > limit {
            items.push(Item::CommentTooLarge);
            continue;
        }
        if !line.starts_with(':') && size + line.len() + 1 > limit {
            items.push(Item::TooLarge);
            skipping = true;
            has_id = false;
            data_buffer.clear();
            event_type_buffer.clear();
            last_event_id_buffer = last_event_id_string.clone();
            continue;
        }
        // "Once the end of the file is reached, any pending data must be discarded."
        if is_cut {
            continue;
        }
        // "If the line starts with a U+003A COLON character (:): Ignore the line."
        if let Some(comment) = line.strip_prefix(':') {
            items.push(Item::Comment(comment.to_string()));
            continue;
        }
        size += line.len() + 1;
        // "If the line contains a U+003A COLON character (:): Collect the characters on the line before the
        // first U+003A COLON character (:), and let field be that string. Collect the characters on the line
        // after the first U+003A COLON character (:), and let value be that string. If value starts with a
        // U+0020 SPACE character, remove it from value. […] Otherwise: Process the field using […] the whole
        // line as the field name, and the empty string as the field value."
        let (field, value) = match line.split_once(':') {
            Some((field, value)) => (field, value.strip_prefix(' ').unwrap_or(value)),
            None => (line, ""),
        };
        match field {
            // "Set the event type buffer to the field value."
            "event" => event_type_buffer = value.to_string(),
            // "Append the field value to the data buffer, then append a single U+000A LINE FEED (LF)
            // character to the data buffer."
            "data" => {
                data_buffer.push_str(value);
                data_buffer.push('\n');
            }
            // "If the field value does not contain U+0000 NULL, then set the last event ID buffer to the
            // field value. Otherwise, ignore the field."
            "id" if !value.contains('\0') => {
                last_event_id_buffer = value.to_string();
                has_id = true;
            }
            // "If the field value consists of only ASCII digits, then interpret the field value as an integer
            // in base ten, and set the event stream's reconnection time to that integer."
            "retry" if !value.is_empty() && value.chars().all(|c| c.is_ascii_digit()) => {
                let time = value.parse::<u64>().unwrap_or(u64::MAX);
                reconnection_time = Some(time);
                items.push(Item::Retry(time));
            }
            // "The field is ignored."
            _ => {}
        }
    }
    Interpreted { items, ids, last_event_id: last_event_id_string, reconnection_time }
}

/// Marks a line that was cut short by the end of the input. No line begins with it.
const CUT: char = '\n';

/// 9.2.5: `end-of-line = ( cr lf / cr / lf )`. The lines, and what follows the last line end.
fn lines(text: &str) -> (Vec<String>, String) {
    let (mut lines, mut line) = (Vec::new(), String::new());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\r' => {
                characters.next_if_eq(&'\n');
                lines.push(std::mem::take(&mut line));
            }
            '\n' => lines.push(std::mem::take(&mut line)),
            _ => line.push(character),
        }
    }
    (lines, line)
}

/// The Encoding standard's "UTF-8 decode": drops a byte order mark, then runs the UTF-8 decoder (its section
/// 8.1.1) in replacement mode.
fn utf8_decode(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut text = String::new();
    let (mut code_point, mut bytes_seen, mut bytes_needed) = (0u32, 0, 0);
    let (mut lower_boundary, mut upper_boundary) = (0x80, 0xbf);
    let mut i = 0;
    while i < bytes.len() {
        let byte = bytes[i];
        i += 1;
        if bytes_needed == 0 {
            match byte {
                0x00..=0x7f => text.push(char::from(byte)),
                0xc2..=0xdf => (bytes_needed, code_point) = (1, u32::from(byte & 0x1f)),
                0xe0..=0xef => {
                    match byte {
                        0xe0 => lower_boundary = 0xa0,
                        0xed => upper_boundary = 0x9f,
                        _ => {}
                    }
                    (bytes_needed, code_point) = (2, u32::from(byte & 0xf));
                }
                0xf0..=0xf4 => {
                    match byte {
                        0xf0 => lower_boundary = 0x90,
                        0xf4 => upper_boundary = 0x8f,
                        _ => {}
                    }
                    (bytes_needed, code_point) = (3, u32::from(byte & 0x7));
                }
                _ => text.push('\u{fffd}'),
            }
            continue;
        }
        if !(lower_boundary..=upper_boundary).contains(&byte) {
            (code_point, bytes_seen, bytes_needed) = (0, 0, 0);
            (lower_boundary, upper_boundary) = (0x80, 0xbf);
            // "Restore byte to ioQueue. Return error."
            i -= 1;
            text.push('\u{fffd}');
            continue;
        }
        (lower_boundary, upper_boundary) = (0x80, 0xbf);
        code_point = (code_point << 6) | u32::from(byte & 0x3f);
        bytes_seen += 1;
        if bytes_seen == bytes_needed {
            text.push(char::from_u32(code_point).expect("the boundaries exclude surrogates"));
            (code_point, bytes_seen, bytes_needed) = (0, 0, 0);
        }
    }
    if bytes_needed != 0 {
        text.push('\u{fffd}');
    }
    text
}
