//! The command line.

use std::fmt::Display;

pub const HELP: &str = "\
Usage: broadcast [OPTIONS]

  --addr HOST:PORT  where to listen [127.0.0.1:8080]; port 0 means any free port
  --events N        how many events each channel retains at most [10000]
  --bytes N         how many bytes each channel retains at most [1048576]
  --redis URL       keep the channels in this Redis, which other servers may share
  --threads N       how many threads serve connections [1]
  --help            this text
";

pub struct Options {
    pub addr: String,
    /// How many events a channel retains at most.
    pub events: Option<usize>,
    /// How many bytes a channel retains at most.
    pub bytes: Option<usize>,
    /// Where the channels are, if not in this process.
    pub redis: Option<String>,
    pub threads: usize,
}

impl Options {
    /// `None` if help was asked for.
    pub fn from_args(mut args: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
        let mut options =
            Options { addr: "127.0.0.1:8080".to_owned(), events: None, bytes: None, redis: None, threads: 1 };
        while let Some(arg) = args.next() {
            let (name, value) = match arg.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (arg.as_str(), None),
            };
            if matches!(name, "--help" | "-h") {
                return Ok(None);
            }
            let mut value = || value.clone().or_else(|| args.next()).ok_or(format!("{name} needs a value"));
            match name {
                "--addr" => options.addr = value()?,
                "--events" => options.events = Some(positive(name, &value()?)?),
                "--bytes" => options.bytes = Some(positive(name, &value()?)?),
                "--redis" => options.redis = Some(value()?),
                "--threads" => options.threads = positive(name, &value()?)?,
                _ => return Err(format!("there is no option {arg}")),
            }
        }
        Ok(Some(options))
    }
}

fn positive(name: impl Display, value: &str) -> Result<usize, String> {
    match value.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(format!("{name} needs a number from 1 on, not {value:?}")),
    }
}
