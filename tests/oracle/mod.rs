//! A reader of event streams written line by line from the standard (WHATWG HTML, 9.2.5 and 9.2.6), as
//! plainly as it can be. It shares no code with the crate and is what the crate is checked against.
#![allow(dead_code)]

/// A message that was dispatched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub event: String,
    pub data: String,
    pub last_event_id: String,
}

/// What a client knows after reading a stream to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    pub messages: Vec<Message>,
    pub comments: Vec<String>,
    /// In milliseconds.
    pub reconnection_time: Option<u64>,
    pub last_event_id: String,
}

/// The messages in a stream.
pub fn decode(stream: &[u8]) -> Vec<Message> {
    Client::default().read(stream).messages
}

impl Client {
    /// Reads the stream of one connection. The last event ID and the reconnection time stay for the
    /// next one.
    pub fn read(mut self, stream: &[u8]) -> Self {
        // "Streams must be decoded using the UTF-8 decode algorithm", which strips one BOM.
        let text = String::from_utf8_lossy(stream);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);

        let (mut data, mut event_type) = (String::new(), String::new());
        let mut last_event_id_buffer = self.last_event_id.clone();
        for line in lines(text) {
            if line.is_empty() {
                // Dispatch the event.
                self.last_event_id = last_event_id_buffer.clone();
                if !data.is_empty() {
                    data.pop();
                    self.messages.push(Message {
                        event: if event_type.is_empty() { "message".into() } else { event_type.clone() },
                        data: data.clone(),
                        last_event_id: self.last_event_id.clone(),
                    });
                }
                data.clear();
                event_type.clear();
            } else if let Some(comment) = line.strip_prefix(':') {
                self.comments.push(comment.into());
            } else {
                let (name, value) = line.split_once(':').unwrap_or((line, ""));
                let value = value.strip_prefix(' ').unwrap_or(value);
                match name {
                    "event" => event_type = value.into(),
                    "data" => {
                        data.push_str(value);
                        data.push('\n');
                    }
                    "id" if !value.contains('\0') => last_event_id_buffer = value.into(),
                    "retry" if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) => {
                        self.reconnection_time = Some(value.parse().unwrap_or(u64::MAX));
                    }
                    _ => {}
                }
            }
        }
        // "If the end of the file is reached, any pending data must be discarded."
        self
    }
}

/// The lines that are ended, by CRLF, LF or CR.
fn lines(text: &str) -> Vec<&str> {
    let (mut lines, mut rest) = (Vec::new(), text);
    while let Some(end) = rest.find(['\r', '\n']) {
        lines.push(&rest[..end]);
        let length = if rest[end..].starts_with("\r\n") { 2 } else { 1 };
        rest = &rest[end + length..];
    }
    lines
}
