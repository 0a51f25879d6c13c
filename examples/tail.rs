//! Reads an event stream from a URL or from standard input, and prints each message as a JSON object on one line.
//!
//!     cargo run --features ureq --example tail -- http://127.0.0.1:8080/events
//!     cargo run --features ureq-rustls --example tail -- https://example.org/events
//!     printf 'event: tick\nid: 7\ndata: 1\n\n' | cargo run --example tail -- -
//!     {"event": "tick", "data": "1", "lastEventId": "7"}
//!
//! With `--all`, it also prints comments and reconnection times. Stop the server while it runs: it says what happened,
//! reconnects, and resumes after the last event ID.

use serde_json::Value;
use sse_wire::{Decoder, Incoming, MessageEvent, MessageReader, ReadError, TooLarge};
use std::{
    env,
    ffi::OsString,
    io::{self, ErrorKind, Write},
    process::ExitCode,
    time::Duration,
};

const USAGE: &str = "\
usage: tail [options] URL
       tail [options] -

Reads an event stream from a URL, or from standard input, and prints one JSON object per line:
  {\"event\": …, \"data\": …, \"lastEventId\": …}   for each message
  {\"tooLarge\": BYTES}                         for an event that was skipped after this many bytes
With --all also, in the order of the stream:
  {\"comment\": …}                              for each comment
  {\"commentTooLarge\": BYTES}                  for a comment that was skipped after this many bytes
  {\"retry\": MILLISECONDS}                     for each change of the reconnection time

  --max N                  end after N messages
  --max-event-size BYTES   skip events that are larger
  --until-event TYPE       end after an event of this type; can be repeated
  --until-data DATA        end at a message with this data; can be repeated
  --finish                 print an event that lacks its blank line at the end
For a URL, which is requested again whenever the stream ends:
  --last-event-id ID       resume after the event with this ID
  --header 'NAME: VALUE'   also send this header; can be repeated
  --data BODY              send a POST with this body, once
  --timeout MS             reconnect if no byte arrives for this long
  --any-type               read a response of any content type
  --retry-status CODE      reconnect after a response with this status, also with a POST, until a stream has
                           opened; can be repeated

Errors go to standard error, followed by the body of a response that is not an event stream. The exit status is 0
after status 204, a requested end, or an interrupt, and 1 after a final error, such as an input that ends before
--until-event or --until-data allows. A second interrupt ends the program with status 130, even while nobody reads its
output.
";

/// The options that mean nothing without a request.
const FOR_A_URL: [&str; 6] =
    ["--last-event-id", "--header", "--data", "--timeout", "--any-type", "--retry-status"];

#[cfg_attr(not(feature = "ureq"), allow(dead_code, reason = "some are only for URLs"))]
struct Options {
    source: String,
    all: bool,
    max: Option<u64>,
    max_event_size: usize,
    last_event_id: Option<String>,
    headers: Vec<(String, String)>,
    data: Option<String>,
    timeout: Option<Duration>,
    until_event: Vec<String>,
    until_data: Vec<String>,
    finish: bool,
    any_type: bool,
    retry_status: Vec<u16>,
}

/// `None` if help was asked for. An error is a sentence for the user.
fn options(arguments: impl Iterator<Item = OsString>) -> Result<Option<Options>, String> {
    let mut arguments = arguments.map(|argument| {
        argument.into_string().map_err(|argument| format!("The argument {argument:?} is not UTF-8."))
    });
    let mut options = Options {
        source: String::new(),
        all: false,
        max: None,
        max_event_size: Decoder::DEFAULT_MAX_EVENT_SIZE,
        last_event_id: None,
        headers: Vec::new(),
        data: None,
        timeout: None,
        until_event: Vec::new(),
        until_data: Vec::new(),
        finish: false,
        any_type: false,
        retry_status: Vec::new(),
    };
    let mut source = None;
    let mut for_a_url = None;
    while let Some(argument) = arguments.next().transpose()? {
        if FOR_A_URL.contains(&&*argument) {
            for_a_url = Some(argument.clone());
        }
        let mut value =
            |what| arguments.next().transpose()?.ok_or_else(|| format!("{argument} needs {what}."));
        match argument.as_str() {
            "--help" | "-h" => return Ok(None),
            "--all" => options.all = true,
            "--max" => options.max = Some(number(&argument, "messages", value("a number of messages")?)?),
            "--max-event-size" => {
                options.max_event_size = number(&argument, "bytes", value("a number of bytes")?)?;
            }
            "--last-event-id" => options.last_event_id = Some(value("an ID")?),
            "--header" => {
                let header = value("a header")?;
                let (name, value) = header
                    .split_once(':')
                    .ok_or_else(|| format!("--header needs a name, a colon and a value, not {header:?}."))?;
                options.headers.push((name.into(), value.into()));
            }
            "--data" => options.data = Some(value("a body")?),
            "--timeout" => {
                let milliseconds = number(&argument, "milliseconds", value("a number of milliseconds")?)?;
                options.timeout = Some(Duration::from_millis(milliseconds));
            }
            "--until-event" => options.until_event.push(value("an event type")?),
            "--until-data" => options.until_data.push(value("a text")?),
            "--finish" => options.finish = true,
            "--any-type" => options.any_type = true,
            "--retry-status" => {
                let code = value("a status")?;
                let status = code
                    .parse()
                    .map_err(|_| format!("{argument} needs a status such as 503, not {code:?}."))?;
                options.retry_status.push(status);
            }
            flag if flag.starts_with('-') && flag != "-" => {
                return Err(format!("There is no option {flag}."));
            }
            _ if source.is_some() => return Err("There can be only one source.".into()),
            _ => source = Some(argument),
        }
    }
    options.source = source.ok_or("There is no source. Give a URL, or - for standard input.")?;
    match for_a_url {
        Some(flag) if options.source == "-" => {
            Err(format!("{flag} is for a URL, and not for standard input."))
        }
        _ => Ok(Some(options)),
    }
}

fn number<N: std::str::FromStr>(flag: &str, unit: &str, text: String) -> Result<N, String> {
    text.parse().map_err(|_| format!("{flag} needs a number of {unit}, not {text:?}."))
}

/// Prints lines.
struct Printer {
    left: Option<u64>,
    output: io::StdoutLock<'static>,
}

/// Whether more output is wanted.
type More = Result<bool, String>;

impl Printer {
    fn message(&mut self, message: &MessageEvent) -> More {
        let more = self.line(&[
            ("event", message.event().into()),
            ("data", message.data().into()),
            ("lastEventId", message.last_event_id().into()),
        ])?;
        self.left = self.left.map(|left| left - 1);
        Ok(more && self.left != Some(0))
    }

    fn too_large(&mut self, error: &TooLarge) -> More {
        let key = if error.is_comment { "commentTooLarge" } else { "tooLarge" };
        self.line(&[(key, error.size.into())])
    }

    fn comment(&mut self, text: &str) -> More {
        self.line(&[("comment", text.into())])
    }

    fn retry(&mut self, time: Duration) -> More {
        self.line(&[("retry", u64::try_from(time.as_millis()).unwrap_or(u64::MAX).into())])
    }

    /// A JSON object with its keys in this order.
    fn line(&mut self, members: &[(&str, Value)]) -> More {
        let members: Vec<_> = members.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
        // Flushed, so that whoever waits for this line need not wait for the next one.
        written(writeln!(self.output, "{{{}}}", members.join(", ")).and_then(|()| self.output.flush()))
    }
}

/// `false` if nobody reads the output any more: as with any filter, the reader has seen enough.
fn written(result: io::Result<()>) -> More {
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(format!("The output cannot be written: {error}.")),
    }
}

fn tail_input(options: Options, printer: &mut Printer) -> Result<(), String> {
    let decoder =
        Decoder::new().max_event_size(options.max_event_size).comments(options.all).retries(options.all);
    let mut reader =
        MessageReader::with_decoder(decoder, io::stdin().lock()).dispatch_unfinished(options.finish);
    for event in options.until_event {
        reader = reader.until_event(event);
    }
    for data in options.until_data {
        reader = reader.until_data(data);
    }
    let mut is_cut = false;
    while let Some(incoming) = reader.next_incoming() {
        let more = match incoming {
            Ok(Incoming::Message(message)) => printer.message(&message)?,
            Ok(Incoming::Comment(text)) => printer.comment(&text)?,
            Ok(Incoming::Retry(time)) => printer.retry(time)?,
            Ok(_) => true,
            Err(ReadError::TooLarge(error)) => printer.too_large(&error)?,
            Err(ReadError::Cut) => {
                is_cut = true;
                true
            }
            Err(error) => return Err(format!("Standard input cannot be read: {error}.")),
        };
        if !more {
            return Ok(());
        }
    }
    match reader.decoder().unfinished() {
        0 => {}
        bytes => say(&format!(
            "The input ended without a blank line after its last {bytes} bytes, which brought no message: {:?}.",
            String::from_utf8_lossy(reader.decoder().unfinished_start()),
        )),
    }
    if is_cut { Err("The input ended before the end that was asked for.".into()) } else { Ok(()) }
}

#[cfg(feature = "ureq")]
fn tail_url(options: Options, printer: &mut Printer) -> Result<ExitCode, String> {
    use sse_wire::{
        EventSource,
        client::{Cause, ClientEvent, Policy},
    };
    use std::process;

    let mut builder = EventSource::builder(options.source)
        .max_event_size(options.max_event_size)
        .comments(options.all)
        .dispatch_unfinished(options.finish)
        .any_content_type(options.any_type);
    let mut policy = Policy::new();
    if let Some(id) = options.last_event_id {
        builder = builder.last_event_id(id);
    }
    for (name, value) in options.headers {
        builder = builder.header(name, value);
    }
    for event in options.until_event {
        builder = builder.until_event(event);
    }
    for data in options.until_data {
        builder = builder.until_data(data);
    }
    if let Some(body) = options.data {
        builder = builder.body(body);
        // Once the request has been answered, it is not sent again.
        policy = if options.retry_status.is_empty() { Policy::never() } else { Policy::until_open() };
    }
    builder = builder.policy(policy.retry_statuses(options.retry_status));
    if let Some(timeout) = options.timeout {
        builder = builder.read_timeout(timeout).connect_timeout(timeout);
    }
    let mut source = builder.build().map_err(|error| sentence(&error))?;
    let handle = source.handle();
    let interrupted = move || {
        // If nobody is reading the output, the first interrupt has had no effect.
        if handle.is_closed() {
            process::exit(130);
        }
        handle.close();
    };
    ctrlc::set_handler(interrupted).map_err(|error| sentence(&error))?;
    let mut is_final = false;
    for event in source.events() {
        let more = match event {
            ClientEvent::Message(message) => printer.message(&message)?,
            ClientEvent::Comment(text) if options.all => printer.comment(&text)?,
            ClientEvent::Retry(time) if options.all => printer.retry(time)?,
            ClientEvent::Error(error) => {
                if let Cause::TooLarge(error) = error.cause() {
                    printer.too_large(error)?
                } else {
                    say(&sentence(&error));
                    // Standard error may be closed.
                    if !error.body().is_empty() {
                        let _ =
                            writeln!(io::stderr(), "{}", String::from_utf8_lossy(error.body()).trim_end());
                    }
                    is_final = error.is_fatal();
                    true
                }
            }
            _ => true,
        };
        if !more {
            break;
        }
    }
    // The error has already been reported.
    Ok(if is_final { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

#[cfg(feature = "ureq")]
fn sentence(error: &dyn std::error::Error) -> String {
    let text = error.to_string();
    let first = text.chars().next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", text.get(first.len()..).unwrap_or_default())
}

#[cfg(not(feature = "ureq"))]
fn tail_url(options: Options, _: &mut Printer) -> Result<ExitCode, String> {
    Err(format!(
        "This was built without a client. Try: cargo run --features ureq --example tail -- {}",
        options.source
    ))
}

/// Writes a sentence to standard error. If that fails, there is nobody to tell.
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
        Some(options) => tail(options),
        None => written(io::stdout().write_all(USAGE.as_bytes())).map(|_| ExitCode::SUCCESS),
    };
    match result {
        Ok(code) => code,
        Err(sentence) => {
            say(&sentence);
            ExitCode::FAILURE
        }
    }
}

fn tail(options: Options) -> Result<ExitCode, String> {
    let mut printer = Printer { left: options.max, output: io::stdout().lock() };
    match (&*options.source, options.max) {
        (_, Some(0)) => Ok(ExitCode::SUCCESS),
        ("-", _) => tail_input(options, &mut printer).map(|()| ExitCode::SUCCESS),
        _ => tail_url(options, &mut printer),
    }
}
