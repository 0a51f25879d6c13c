//! What the example servers have in common: everything except the server.
#![allow(unreachable_pub, reason = "examples/servers has this as a public module")]

use sse_wire::Sse;
use std::{
    env,
    io::{self, Write},
    net::TcpListener,
    process,
    time::Duration,
};

/// The page at `/`, which shows the events as they arrive.
pub const PAGE: &str = include_str!("../page.html");

/// The time between two ticks.
pub const SECOND: Duration = Duration::from_secs(1);

/// Listens on the address in the first argument, and prints what to open. Port 0 means any free port.
pub fn listen() -> TcpListener {
    let listener = bind();
    if let Ok(address) = listener.local_addr() {
        // Whether anybody reads this is of no importance.
        let _ = writeln!(
            io::stdout(),
            "Open http://{address}/ in a browser, or run\ncurl -N http://{address}/events"
        );
    }
    listener
}

/// Listens on the address in the first argument. Port 0 means any free port.
pub fn bind() -> TcpListener {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    TcpListener::bind(&address).unwrap_or_else(|error| {
        eprintln!("Cannot listen on {address}: {error}.");
        eprintln!("Pass another address as the argument, such as 127.0.0.1:0 for any free port.");
        process::exit(1)
    })
}

/// Where to resume for a client that sent this `Last-Event-ID`: after it, or at 1 if this server cannot have sent it.
pub fn resume_after(last_event_id: Option<&str>) -> u64 {
    last_event_id.and_then(|id| id.parse::<u32>().ok()).map_or(1, |id| u64::from(id) + 1)
}

/// Adds what happens in second `n` besides its tick: a reading as JSON, and occasionally a note of several lines.
///
/// These events have no ID. The tick that follows them has one, so a client that is cut off in between gets the whole
/// second again, instead of losing the rest of it.
pub fn add_happenings(sse: &mut Sse, n: u64) {
    let celsius = 21.0 + 2.0 * (n as f64 / 7.0).sin() + 0.4 * (n as f64 * 1.7).sin();
    sse.add_message("reading", format_args!(r#"{{"n":{n},"celsius":{celsius:.2}}}"#));
    if n.is_multiple_of(5) {
        sse.add_message(
            "note",
            format_args!("Second {n}.\n  A note has several lines\n  and keeps its spaces."),
        );
    }
}
