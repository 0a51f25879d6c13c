//! Connections: sockets, HTTP, and shutdown.

use crate::{
    feeds::Feeds,
    routes,
    socket::{Socket, Stall},
};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::{rt::TokioTimer, server::graceful::GracefulShutdown};
use sse_wire_servers::{DEADLINE, shutdown, told_to_stop};
use std::{
    io::{self, Write},
    pin::pin,
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpSocket, lookup_host},
    time::{sleep, timeout},
};

/// How many bytes the kernel accepts that a client does not read; Linux doubles this. By default it accepts up to 4 MiB
/// for each stalled connection, which is far more than the server itself holds for it, and does not appear in the
/// memory of the process. This is also how much can be in flight to a client, so it limits the speed over long
/// distances: 128 KiB every 100 ms.
const SEND_BUFFER: u32 = 128 * 1024;

/// How much hyper takes from a body before the kernel accepts it: 8 KiB is the minimum that it allows. What it has not
/// taken is in the channel, where all connections share it.
const HTTP_BUFFER: usize = 8 * 1024;

/// How many connections may wait to be accepted: after a restart, all clients connect at once.
const BACKLOG: u32 = 4096;

/// How long to wait when no connection can be accepted, usually because there are no file descriptors left.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

pub async fn serve(addr: &str, feeds: Feeds) -> io::Result<()> {
    let listener = listen(addr).await?;
    let address = listener.local_addr()?;
    // It does not matter whether anybody reads this.
    let _ = writeln!(
        io::stdout(),
        "Open http://{address}/ in a browser, or run\n\
         curl -N http://{address}/events\n\
         curl -d 'Hello!' http://{address}/publish"
    );

    let (shutdown, connections) = (shutdown(), GracefulShutdown::new());
    let mut http = http1::Builder::new();
    // Only HTTP/1.1: no browser speaks HTTP/2 without TLS, and one connection for each stream is the least work.
    http.timer(TokioTimer::new()).max_buf_size(HTTP_BUFFER);

    let mut told = pin!(told_to_stop()?);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut told => break,
        };
        let socket = match accepted {
            Ok((socket, _)) => socket,
            Err(error) => {
                eprintln!("broadcast: a connection was not accepted: {error}");
                sleep(ACCEPT_AGAIN).await;
                continue;
            }
        };
        let (feeds, shutdown, stall) = (feeds.clone(), shutdown.clone(), Stall::default());
        let socket = Socket::new(socket, stall.clone());
        let service = service_fn(move |request| {
            routes::answer(request, feeds.clone(), shutdown.clone(), stall.clone())
        });
        // An error here means that the client left, or that it does not speak HTTP.
        tokio::spawn(connections.watch(http.serve_connection(socket, service)));
    }
    drop(listener);
    shutdown.begin();
    // A client that does not read cannot be told to leave. It must not delay the server for longer than this.
    let _ = timeout(DEADLINE, connections.shutdown()).await;
    Ok(())
}

async fn listen(addr: &str) -> io::Result<TcpListener> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for addr in lookup_host(addr).await.map_err(|error| cannot(addr, &error))? {
        let listening =
            if addr.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.and_then(|socket| {
                socket.set_reuseaddr(true)?;
                // Each connection inherits this.
                socket.set_send_buffer_size(SEND_BUFFER)?;
                socket.bind(addr)?;
                socket.listen(BACKLOG)
            });
        match listening {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(cannot(addr, &last))
}

fn cannot(addr: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot listen on {addr}: {error}"))
}
