use app::{events, keep_alive, log};
use hyper::{Request, Response, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::{conn::auto, graceful::GracefulShutdown},
};
use sse_wire::response::{Body, Shutdown, last_event_id};
use std::{convert::Infallible, future::ready, pin::pin};
use tokio::{net::TcpListener, signal::ctrl_c};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let shutdown = Shutdown::new();
    let connections = GracefulShutdown::new();
    let server = auto::Builder::new(TokioExecutor::new());
    let listener = TcpListener::from_std(app::listen())?;
    // Created once, outside the loop: one created in each iteration would miss a signal that arrives between two of
    // them.
    let mut stopped = pin!(ctrl_c());
    loop {
        let (socket, _) = tokio::select! {
            accepted = listener.accept() => accepted?,
            _ = &mut stopped => break,
        };
        socket.set_nodelay(true)?;
        let shutdown = shutdown.clone();
        let handler = service_fn(move |request| ready(Ok::<_, Infallible>(handler(&request, &shutdown))));
        let connection = server.serve_connection(TokioIo::new(socket), handler).into_owned();
        tokio::spawn(connections.watch(connection));
    }
    shutdown.begin();
    connections.shutdown().await;
    Ok(())
}

fn handler(
    request: &Request<Incoming>,
    shutdown: &Shutdown,
) -> Response<impl hyper::body::Body<Data = bytes::Bytes, Error = Infallible> + use<>> {
    // An ID that this server cannot have sent means: start from the beginning.
    let id = last_event_id::parse(request.headers()).unwrap_or_default();
    Body::new(events(id))
        .keep_alive(keep_alive())
        .shutdown(shutdown)
        .method(request.method())
        .on_end(log)
        .into_http()
}
