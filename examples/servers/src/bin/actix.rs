//! An event stream from actix-web: `cargo run -p sse-wire-servers --bin actix [ADDRESS]`

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer, body,
    http::{Method, Version, header::ContentType},
    rt, web,
};
use bytes::Bytes;
use futures_util::StreamExt;
use sse_wire::Sse;
use sse_wire_servers::demo;
use std::{convert::Infallible, io};
use tokio::sync::mpsc::{self, Sender, error::SendError};
use tokio_stream::wrappers::ReceiverStream;

#[actix_web::main]
async fn main() -> io::Result<()> {
    let app = || {
        let page = || async { HttpResponse::Ok().content_type(ContentType::html()).body(demo::PAGE) };
        App::new()
            .service(web::resource("/").get(page).head(page))
            .service(web::resource("/events").get(events).head(events))
    };
    // When it is told to end, actix waits for open responses. A stream would make it wait the 30 seconds
    // that are the default.
    HttpServer::new(app).shutdown_timeout(1).listen(demo::listen())?.run().await
}

async fn events(request: HttpRequest) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    for header in demo::HEADERS {
        response.insert_header(header);
    }
    if request.method() == Method::HEAD {
        return response.body(body::None::new());
    }

    let last_event_id = request.headers().get("Last-Event-ID").and_then(|id| id.to_str().ok());
    // A few blocks at most wait for a slow client. Then the task waits.
    let (sender, receiver) = mpsc::channel(8);
    rt::spawn(tick(sender, demo::resume_after(last_event_id)));
    let mut response = response.streaming(ReceiverStream::new(receiver).map(Ok::<_, Infallible>));
    // A client of HTTP/1.0 knows no chunks, but actix would send them.
    response.head_mut().no_chunking(request.version() < Version::HTTP_11);
    response
}

/// Goes on until the client leaves: then actix drops the receiver, and sending fails.
async fn tick(sender: Sender<Bytes>, first: u64) -> Result<(), SendError<Bytes>> {
    let mut sse = Sse::new();
    for n in first.. {
        demo::add_happenings(&mut sse, n);
        sse.set_event_id(n).add_message("tick", n);
        for block in &mut sse {
            sender.send(block.into()).await?;
        }
        rt::time::sleep(demo::SECOND).await;
    }
    Ok(())
}
