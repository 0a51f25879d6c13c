//! One feed for everybody: publish with a `POST`, and every browser and `EventSource` that is connected gets it.
//!
//! ```text
//! cargo run --release -p sse-wire-servers --bin broadcast -- --addr 127.0.0.1:8080
//! ```
//!
//! | request | answer |
//! |---|---|
//! | `GET /` | a page that shows the feed, and publishes to it |
//! | `GET /events?channel=NAME` | the events of a channel, after `Last-Event-ID` (a header, or `lastEventId` in the query); with `from=oldest` all that is retained first |
//! | `POST /publish?channel=NAME&event=TYPE&id=ID` | publishes the body as the data of an event, and answers with its ID |
//! | `GET /metrics` | what the channels have counted, for Prometheus |
//!
//! Everything in the query may be left out. A channel is made when it is first named. There are 1,000 at most; one that
//! nobody reads makes room for another, and is dropped after a while.
//!
//! With `--redis URL` the channels are in Redis, and any number of these servers share them; events have the IDs that
//! Redis gives them then, and none of their own.

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
use std::{io, process::ExitCode};
use tokio::runtime::{self, Runtime};

fn main() -> ExitCode {
    let options = match Options::from_args(std::env::args().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{}", options::HELP);
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

/// Also for one thread this is the runtime for several. In it a task that its socket has woken runs next, ahead of
/// the thousands that wait to send the last event, and so publishers are heard at once. Then what is published while
/// an event is on its way to everybody leaves together with it, in one write, and writes are what costs. The runtime
/// for a single thread runs its tasks strictly in turn, and needs twice the time for each event under load.
fn runtime(threads: usize) -> io::Result<Runtime> {
    runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()
}
