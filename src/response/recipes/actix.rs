use actix_web::{App, HttpRequest, HttpResponse, HttpServer, http::Version, web};
use app::{events, keep_alive, log};
use sse_wire::response::{self, Body, Shutdown, last_event_id};
use tokio::signal::ctrl_c;

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let shutdown = web::Data::new(Shutdown::new());
    let state = shutdown.clone();
    let app = move || App::new().app_data(state.clone()).route("/events", web::route().to(handler));
    let server = HttpServer::new(app)
        .disable_signals()
        // Half-closed connections hide that a client left.
        .h1_allow_half_closed(false)
        .listen(app::listen())?
        .run();
    let handle = server.handle();
    actix_web::rt::spawn(async move {
        if ctrl_c().await.is_ok() {
            shutdown.begin();
            handle.stop(true).await;
        }
    });
    server.await
}

async fn handler(request: HttpRequest, shutdown: web::Data<Shutdown>) -> HttpResponse {
    let id = request.headers().get("Last-Event-ID").map(|id| id.as_bytes()).unwrap_or_default();
    let id = match last_event_id::parse_bytes(id) {
        Ok(id) => id,
        Err(error) => return HttpResponse::BadRequest().body(error.to_string()),
    };
    let body = Body::new(events(id))
        .keep_alive(keep_alive())
        .shutdown(&shutdown)
        .method(request.method())
        .on_end(log);
    let mut response = HttpResponse::Ok();
    response::headers().for_each(|header| _ = response.insert_header(header));
    let mut response = response.streaming(body);
    // actix would send chunks to an HTTP/1.0 client, which does not understand them.
    response.head_mut().no_chunking(request.version() < Version::HTTP_11);
    response
}
