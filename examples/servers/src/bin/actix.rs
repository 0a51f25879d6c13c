//! An event stream from actix-web.
//!
//! ```text
//! cargo run -p sse-wire-servers --bin actix [ADDRESS]
//! ```
//!
//! Look at `events`: a `Body` is a stream of bytes, which actix-web sends with the headers from `response::headers`.
//! Press Ctrl-C while a browser shows the page: its stream ends properly, and it reconnects when the server is started
//! again.

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    http::{Version, header::ContentType},
    web,
};
use sse_wire::response::{self, Body, Shutdown, last_event_id};
use sse_wire_servers::{DEADLINE, demo, shutdown, ticks, told_to_stop};
use std::io;

#[actix_web::main]
async fn main() -> io::Result<()> {
    let shutdown = shutdown();
    let state = web::Data::new(shutdown.clone());
    let app = move || {
        let page = || async { HttpResponse::Ok().content_type(ContentType::html()).body(demo::PAGE) };
        App::new()
            .app_data(state.clone())
            .service(web::resource("/").get(page).head(page))
            .service(web::resource("/events").get(events).head(events))
    };
    let server = HttpServer::new(app)
        .disable_signals()
        // Without this, actix would notice only when it writes that a client has left.
        .h1_allow_half_closed(false)
        .shutdown_timeout(DEADLINE.as_secs())
        .listen(demo::listen())?
        .run();
    let handle = server.handle();
    let told = told_to_stop()?;
    actix_web::rt::spawn(async move {
        told.await;
        shutdown.begin();
        handle.stop(true).await;
    });
    server.await
}

async fn events(request: HttpRequest, shutdown: web::Data<Shutdown>) -> HttpResponse {
    let id = request.headers().get("Last-Event-ID").map(|value| value.as_bytes()).unwrap_or_default();
    let id = last_event_id::from_bytes(id).unwrap_or_default();
    let body = Body::new(ticks(demo::resume_after(id))).shutdown(&shutdown).method(request.method());

    let mut response = HttpResponse::Ok();
    response::headers().for_each(|header| _ = response.insert_header(header));
    let mut response = response.streaming(body);
    // actix would send chunks to an HTTP/1.0 client, which does not understand them.
    response.head_mut().no_chunking(request.version() < Version::HTTP_11);
    response
}
