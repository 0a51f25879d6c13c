//! Answers of a (fake) language model that survive a reload, a second tab, and a network outage:
//! `cargo run -p sse-wire-servers --bin resumable [ADDRESS]`

use sse_wire_servers::{DEADLINE, demo, resumable, shutdown};
use std::{io, time::Duration};
use tokio::{net::TcpListener, signal};

/// The time that the model takes for a token.
const TOKEN_TIME: Duration = Duration::from_millis(60);

#[tokio::main]
async fn main() -> io::Result<()> {
    let listener = demo::bind();
    println!(
        "Open http://{}/ in a browser, ask, and reload in the middle of the answer",
        listener.local_addr()?
    );
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let shutdown = shutdown();
    let told = shutdown.clone();
    let server = axum::serve(listener, resumable::app(shutdown.clone(), TOKEN_TIME)).with_graceful_shutdown(
        async move {
            let _ = signal::ctrl_c().await;
            told.begin();
        },
    );
    let overdue = async {
        shutdown.begun().await;
        tokio::time::sleep(DEADLINE).await;
    };
    tokio::select! {
        served = server => served,
        // A client that does not read cannot be told to leave.
        () = overdue => Ok(()),
    }
}
