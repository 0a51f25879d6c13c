use app::{events, keep_alive, log};
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use sse_wire::response::{Body, Shutdown, last_event_id};
use tokio::{net::TcpListener, signal::ctrl_c};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let shutdown = Shutdown::new();
    let app = Router::new().route("/events", get(handler)).with_state(shutdown.clone());
    tokio::spawn({
        let shutdown = shutdown.clone();
        async move {
            if ctrl_c().await.is_ok() {
                shutdown.begin();
            }
        }
    });
    let listener = TcpListener::from_std(app::listen())?;
    axum::serve(listener, app).with_graceful_shutdown(shutdown.begun()).await
}

async fn handler(State(shutdown): State<Shutdown>, method: Method, headers: HeaderMap) -> Response {
    match last_event_id::parse(&headers) {
        Ok(id) => Body::new(events(id))
            .keep_alive(keep_alive())
            .shutdown(&shutdown)
            .method(method)
            .on_end(log)
            .into_http()
            .into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
}
