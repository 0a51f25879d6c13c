use app::{events, keep_alive, log};
use sse_wire::response::{self, Body, Shutdown, last_event_id};
use tokio::{net::TcpListener, signal::ctrl_c};
use warp::{
    Filter,
    http::{HeaderMap, Method},
    reply::{self, Reply, Response},
};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let shutdown = Shutdown::new();
    let handle = shutdown.clone();
    let route = warp::path("events")
        .and(warp::method())
        .and(warp::header::headers_cloned())
        .map(move |method, headers| handler(method, &headers, &handle));
    tokio::spawn({
        let shutdown = shutdown.clone();
        async move {
            if ctrl_c().await.is_ok() {
                shutdown.begin();
            }
        }
    });
    let listener = TcpListener::from_std(app::listen())?;
    warp::serve(route).incoming(listener).graceful(shutdown.begun()).run().await;
    Ok(())
}

fn handler(method: Method, headers: &HeaderMap, shutdown: &Shutdown) -> Response {
    let id = last_event_id::parse(headers).unwrap_or_default();
    let body = Body::new(events(id)).keep_alive(keep_alive()).shutdown(shutdown).method(method).on_end(log);
    response::with_headers(reply::stream(body).into_response().into_body())
}
