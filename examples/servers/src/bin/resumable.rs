//! Answers of a (built-in, fake) language model that grow token by token, and survive a reload, a second tab, and a
//! network outage.
//!
//! ```text
//! cargo run -p sse-wire-servers --bin resumable [ADDRESS]
//! ```
//!
//! Look at `resumable/mod.rs`: each answer is a `Channel` that the model finishes, so every client gets all of it,
//! wherever it joins. Open the page, ask, and reload in the middle of the answer; open it in a second tab; cut the
//! network. Nothing is lost or repeated, and at the end the browser stops asking, because it gets status 204. Answers
//! are kept in memory: after a restart of the server, the page says that its answer is gone.

use sse_wire_servers::{DEADLINE, demo, resumable, shutdown, told_to_stop};
use std::{
    io::{self, Write},
    time::Duration,
};
use tokio::{net::TcpListener, time::timeout};

/// The time that the model takes for a token.
const TOKEN_TIME: Duration = Duration::from_millis(60);

#[tokio::main]
async fn main() -> io::Result<()> {
    let listener = demo::bind();
    // Whether anybody reads this is of no importance.
    let _ = writeln!(
        io::stdout(),
        "Open http://{}/ in a browser, ask, and reload in the middle of the answer",
        listener.local_addr()?
    );
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let shutdown = shutdown();
    let server = axum::serve(listener, resumable::app(shutdown.clone(), TOKEN_TIME))
        .with_graceful_shutdown(shutdown.begun());
    let mut server = tokio::spawn(server.into_future());
    tokio::select! {
        ended = &mut server => return ended?,
        () = told_to_stop()? => shutdown.begin(),
    }
    // A client that does not read cannot be told. It does not keep the server for longer than this.
    let _ = timeout(DEADLINE, server).await;
    Ok(())
}
