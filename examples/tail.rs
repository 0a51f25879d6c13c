//! Reads an event stream and prints one JSON object a line for each message.
//!
//!     printf 'event: tick\nid: 7\ndata: 1\n\n' | cargo run --example tail -- -
//!     {"event": "tick", "data": "1", "lastEventId": "7"}

use serde_json::Value;
use sse_wire::{Decoder, Incoming, MessageReader};
use std::{
    env,
    io::{self, ErrorKind, Read, Write},
    process::ExitCode,
};

const USAGE: &str = "\
usage: tail [--all] [--max-event-size BYTES] -

Reads an event stream from standard input and prints one JSON object a line:
  {\"event\": …, \"data\": …, \"lastEventId\": …}   for each message
  {\"tooLarge\": BYTES}                         for an event that was skipped after so many bytes
With --all also, in the order of the stream:
  {\"comment\": …}                              for each comment
  {\"retry\": MILLISECONDS}                     for each change of the reconnection time
";

struct Options {
    all: bool,
    max_event_size: usize,
}

/// `None` if help was asked for. An error is a sentence for people.
fn options(mut arguments: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
    let mut options = Options { all: false, max_event_size: Decoder::DEFAULT_MAX_EVENT_SIZE };
    let mut source = None;
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--help" | "-h" => return Ok(None),
            "--all" => options.all = true,
            "--max-event-size" => {
                let bytes = arguments.next().ok_or("--max-event-size needs a number of bytes.")?;
                options.max_event_size = bytes
                    .parse()
                    .map_err(|_| format!("--max-event-size needs a number of bytes, not {bytes:?}."))?;
            }
            flag if flag.starts_with("--") => return Err(format!("There is no option {flag}.")),
            _ if source.is_some() => return Err("There can be one source only.".into()),
            _ => source = Some(argument),
        }
    }
    match source.as_deref() {
        Some("-") => Ok(Some(options)),
        Some(url) if url.starts_with("http://") || url.starts_with("https://") => Err(format!(
            "tail cannot read from a URL yet. Until then: curl -sN {url} | cargo run --example tail -- -"
        )),
        Some(other) => {
            Err(format!("{other:?} is not a source that tail can read. Use - for standard input."))
        }
        None => Err("There is no source. Use - for standard input.".into()),
    }
}

fn tail(source: impl Read, options: &Options, output: &mut impl Write) -> Result<(), String> {
    let decoder =
        Decoder::new().max_event_size(options.max_event_size).comments(options.all).retries(options.all);
    let mut reader = MessageReader::with_decoder(decoder, source);
    while let Some(incoming) = reader.next_incoming() {
        let incoming = incoming.map_err(|error| format!("Standard input cannot be read: {error}."))?;
        // Whoever waits for this line must not wait for the next one.
        match writeln!(output, "{}", line(&incoming)).and_then(|()| output.flush()) {
            Ok(()) => {}
            // As in any filter: whoever reads the lines has seen enough.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            Err(error) => return Err(format!("The output cannot be written: {error}.")),
        }
    }
    match reader.decoder().unfinished() {
        0 => {}
        bytes => eprintln!("tail: The input ended inside an event, of which {bytes} bytes were dropped."),
    }
    Ok(())
}

fn line(incoming: &Incoming) -> String {
    match incoming {
        Incoming::Message(message) => object(&[
            ("event", message.event().into()),
            ("data", message.data().into()),
            ("lastEventId", message.last_event_id().into()),
        ]),
        Incoming::TooLarge(error) => object(&[("tooLarge", error.size.into())]),
        Incoming::Comment(text) => object(&[("comment", text.as_str().into())]),
        Incoming::Retry(time) => {
            object(&[("retry", u64::try_from(time.as_millis()).unwrap_or(u64::MAX).into())])
        }
        other => object(&[("unknown", format!("{other:?}").into())]),
    }
}

/// A JSON object with its keys in this order.
fn object(members: &[(&str, Value)]) -> String {
    let members: Vec<_> = members.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
    format!("{{{}}}", members.join(", "))
}

fn main() -> ExitCode {
    let result = options(env::args().skip(1)).and_then(|options| match options {
        Some(options) => tail(io::stdin().lock(), &options, &mut io::stdout().lock()),
        None => {
            print!("{USAGE}");
            Ok(())
        }
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("tail: {sentence}\nTry --help.");
            ExitCode::FAILURE
        }
    }
}
