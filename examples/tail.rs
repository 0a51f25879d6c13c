//! Reads an event stream and prints one JSON object a line for each message.
//!
//!     printf 'event: tick\nid: 7\ndata: 1\n\n' | cargo run --example tail -- -
//!     {"event": "tick", "data": "1", "lastEventId": "7"}

use serde_json::Value;
use sse_wire::{Decoder, Incoming, MessageReader};
use std::{
    env,
    ffi::OsString,
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
fn options(arguments: impl Iterator<Item = OsString>) -> Result<Option<Options>, String> {
    let mut options = Options { all: false, max_event_size: Decoder::DEFAULT_MAX_EVENT_SIZE };
    let mut source = None;
    let mut arguments = arguments.map(|argument| {
        argument.into_string().map_err(|argument| format!("The argument {argument:?} is not UTF-8."))
    });
    while let Some(argument) = arguments.next().transpose()? {
        match argument.as_str() {
            "--help" | "-h" => return Ok(None),
            "--all" => options.all = true,
            "--max-event-size" => {
                let bytes =
                    arguments.next().transpose()?.ok_or("--max-event-size needs a number of bytes.")?;
                options.max_event_size = bytes
                    .parse()
                    .map_err(|_| format!("--max-event-size needs a number of bytes, not {bytes:?}."))?;
            }
            flag if flag.starts_with('-') && flag != "-" => {
                return Err(format!("There is no option {flag}."));
            }
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
        if !written(writeln!(output, "{}", line(&incoming)).and_then(|()| output.flush()))? {
            return Ok(());
        }
    }
    match reader.decoder().unfinished() {
        0 => {}
        bytes => say(&format!(
            "The input ended without a blank line behind its last {bytes} bytes, which brought no message."
        )),
    }
    Ok(())
}

/// `false` if nobody reads the output any more. As in any filter, whoever did has seen enough.
fn written(result: io::Result<()>) -> Result<bool, String> {
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(format!("The output cannot be written: {error}.")),
    }
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

/// Says it to whoever looks at standard error. If nobody does, there is nobody to tell either.
fn say(sentence: &str) {
    let _ = writeln!(io::stderr(), "tail: {sentence}");
}

fn main() -> ExitCode {
    let options = match options(env::args_os().skip(1)) {
        Ok(options) => options,
        Err(sentence) => {
            say(&format!("{sentence}\nTry --help."));
            return ExitCode::FAILURE;
        }
    };
    let result = match options {
        Some(options) => tail(io::stdin().lock(), &options, &mut io::stdout().lock()),
        None => written(io::stdout().write_all(USAGE.as_bytes())).map(drop),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            say(&sentence);
            ExitCode::FAILURE
        }
    }
}
