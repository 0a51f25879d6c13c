//! What servers, networks and users do to a client, on real sockets, for each kind of client.

mod commands;
mod requests;
mod servers;
mod streams;

use sse_wire::client::{Cause, ClientError, Policy};
use sse_wire_client_tests::{Settings, settings};
use std::{error::Error, io, time::Duration};

const HOUR: Duration = Duration::from_secs(3600);

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A client that reconnects almost at once, and waits forever for everything else.
fn builder(url: &str) -> Settings {
    let policy = Policy::new().floor(ms(1)).cap(ms(1)).max_rate(u16::MAX);
    settings(url)
        .reconnection_time(ms(1))
        .policy(policy)
        .read_timeout(None)
        .connect_timeout(HOUR)
        .comments(true)
}

/// Whether no response arrived in time.
fn is_timeout(error: &ClientError) -> bool {
    let kind = error.source().and_then(|error| error.downcast_ref::<io::Error>()).map(io::Error::kind);
    // On some systems, a bare socket reports it under another name.
    matches!(error.cause(), Cause::Connect(_))
        && matches!(kind, Some(io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock))
}
