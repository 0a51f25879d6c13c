//! One feed for everybody: publish with a `POST`, and every browser and `EventSource` that is connected gets it.
//!
//! ```text
//! cargo run --release -p sse-wire-servers --bin broadcast -- --addr 127.0.0.1:8080
//! ```
//!
//! | request | response |
//! |---|---|
//! | `GET /` | a page that shows the feed, and publishes to it |
//! | `GET /events?channel=NAME` | the events of a channel, after `Last-Event-ID` (a header, or `lastEventId` in the query); with `from=oldest`, everything that is retained first |
//! | `POST /publish?channel=NAME&event=TYPE&id=ID` | publishes the body as the data of an event, and returns its ID |
//! | `GET /metrics` | the channels' counters, for Prometheus |
//!
//! Everything in the query is optional. A channel is created when it is first named. There are at most 1,000; one that
//! nobody reads makes room for another, and is dropped after a while.
//!
//! With `--redis URL`, the channels are in Redis, and any number of these servers share them. Events then have the IDs
//! that Redis gives them, and cannot have their own.

mod feeds;
mod memory;
mod metrics;
mod options;
mod query;
mod refusal;
mod routes;
mod server;
mod shared;
mod socket;

use feeds::Feeds;
use options::Options;
use std::{
    io::{self, Write},
    process::ExitCode,
};
use tokio::runtime::{self, Runtime};

fn main() -> ExitCode {
    let options = match Options::from_args(std::env::args().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            // Whether anybody reads this is of no importance.
            let _ = io::stdout().write_all(options::HELP.as_bytes());
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("broadcast: {error}\n\n{}", options::HELP);
            return ExitCode::from(2);
        }
    };
    let served = runtime(options.threads).and_then(|runtime| {
        runtime.block_on(async {
            let feeds = Feeds::new(&options).map_err(|error| io::Error::other(error.to_string()))?;
            server::serve(&options.addr, feeds).await
        })
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("broadcast: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Uses the multi-threaded runtime even for one thread. In that runtime, a task that its socket has woken runs next,
/// before the thousands that wait to send the last event, so publishers are heard at once. What is published while an
/// event is being sent to everybody is then sent together with it, in one write, and it is the writes that cost time.
/// The single-threaded runtime runs its tasks strictly in turn, and takes twice as long for each event under load.
fn runtime(threads: usize) -> io::Result<Runtime> {
    runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()
}
