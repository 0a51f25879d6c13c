use app::{events, keep_alive, log};
use futures_util::TryStreamExt;
use ntex::{
    util::Bytes,
    web::{self, App, HttpRequest, HttpResponse},
};
use sse_wire::response::{self, Body, Shutdown, last_event_id};
use tokio::signal::ctrl_c;

#[ntex::main]
async fn main() -> std::io::Result<()> {
    let shutdown = Shutdown::new();
    let handle = shutdown.clone();
    let server = web::server(async move || {
        let shutdown = handle.clone();
        let answer = move |request: HttpRequest| {
            let response = handler(&request, &shutdown);
            async { response }
        };
        App::new().service(web::resource("/events").to(answer))
    });
    let server = server.disable_signals().listen(app::listen())?.run();
    let stopping = server.clone();
    ntex::rt::spawn(async move {
        if ctrl_c().await.is_ok() {
            shutdown.begin();
            stopping.stop(true).await;
        }
    });
    server.await
}

fn handler(request: &HttpRequest, shutdown: &Shutdown) -> HttpResponse {
    let id = request.headers().get("Last-Event-ID").map(|id| id.as_bytes()).unwrap_or_default();
    let id = match last_event_id::parse_bytes(id) {
        Ok(id) => id,
        Err(error) => return HttpResponse::BadRequest().body(error.to_string()),
    };
    let body = Body::new(events(id))
        .keep_alive(keep_alive())
        .shutdown(shutdown)
        .method(request.method().as_str())
        .on_end(log)
        // ntex has its own `Bytes` type.
        .map_ok(|bytes| Bytes::copy_from_slice(&bytes));
    let mut response = HttpResponse::Ok();
    for (name, value) in response::headers() {
        response.header(name, value);
    }
    response.streaming(Box::pin(body))
}
