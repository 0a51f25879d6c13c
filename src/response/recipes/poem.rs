use app::{events, keep_alive, log};
use futures_util::TryStreamExt;
use poem::{
    EndpointExt, IntoResponse, Response, Route, Server, handler,
    http::{HeaderMap, Method, StatusCode},
    listener::TcpAcceptor,
    web::Data,
};
use sse_wire::response::{Body, Shutdown, last_event_id};
use std::io;
use tokio::signal::ctrl_c;

#[tokio::main]
async fn main() -> io::Result<()> {
    let shutdown = Shutdown::new();
    let app = Route::new().at("/events", poem::get(answer).head(answer)).data(shutdown.clone());
    let stop = async move {
        let _ = ctrl_c().await;
        shutdown.begin();
    };
    Server::new_with_acceptor(TcpAcceptor::from_std(app::listen())?)
        .run_with_graceful_shutdown(app, stop, None)
        .await
}

#[handler]
fn answer(method: Method, headers: &HeaderMap, shutdown: Data<&Shutdown>) -> Response {
    let id = match last_event_id::parse(headers) {
        Ok(id) => id,
        Err(error) => return (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    };
    let body = Body::new(events(id))
        .keep_alive(keep_alive())
        .shutdown(&shutdown)
        .method(method)
        .on_end(log)
        // poem requires an error that converts into `std::io::Error`.
        .map_err(|never| -> io::Error { match never {} });
    let mut response = Response::builder();
    for (name, value) in sse_wire::response::headers() {
        response = response.header(name, value);
    }
    response.body(poem::Body::from_bytes_stream(body))
}
