use app::{events, keep_alive, log};
use futures_util::StreamExt;
use rocket::{
    Request, Response, State,
    error::ErrorKind,
    fairing::AdHoc,
    http::Status,
    request::{FromRequest, Outcome},
    response::{Responder, stream::ByteStream},
};
use sse_wire::{
    Event,
    response::{self, Body, Shutdown, last_event_id},
};
use std::convert::Infallible;

/// Where the client wants to resume.
struct LastEventId(Option<u64>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for LastEventId {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        let id = request.headers().get_one("Last-Event-ID").unwrap_or_default();
        match last_event_id::parse_bytes(id.as_bytes()) {
            Ok(id) => Outcome::Success(LastEventId(id)),
            Err(_) => Outcome::Forward(Status::BadRequest),
        }
    }
}

/// A body with its headers.
struct EventStream<S>(Body<S>);

impl<'r, S> Responder<'r, 'r> for EventStream<S>
where
    S: futures_util::Stream<Item = Event> + Send + 'static,
{
    fn respond_to(self, request: &'r Request<'_>) -> rocket::response::Result<'r> {
        let bytes = ByteStream(self.0.map(|Ok(bytes)| bytes));
        let mut response = Response::build_from(bytes.respond_to(request)?);
        for (name, value) in response::headers() {
            response.raw_header(name, value);
        }
        response.ok()
    }
}

#[rocket::get("/events")]
fn handler(
    id: LastEventId,
    shutdown: &State<Shutdown>,
) -> EventStream<impl futures_util::Stream<Item = Event> + use<>> {
    EventStream(Body::new(events(id.0)).keep_alive(keep_alive()).shutdown(shutdown).on_end(log))
}

#[rocket::main]
async fn main() -> Result<(), Box<rocket::Error>> {
    let shutdown = Shutdown::new();
    let handle = shutdown.clone();
    // Rocket itself handles Ctrl-C.
    let begin = AdHoc::on_liftoff("end event streams", |rocket| {
        app::announce((rocket.config().address, rocket.config().port));
        let stopped = rocket.shutdown();
        rocket::tokio::spawn(async move {
            stopped.await;
            handle.begin();
        });
        Box::pin(async {})
    });
    let server = rocket::custom(rocket::Config { port: 0, ..Default::default() })
        .attach(begin)
        .manage(shutdown.clone())
        .mount("/", rocket::routes![handler]);
    match server.launch().await {
        // Rocket 0.5 does not always wait for open connections, and then calls that an error.
        Err(error) if matches!(error.kind(), ErrorKind::Shutdown(_, None)) => {
            shutdown.finished().await;
            Ok(())
        }
        ended => ended.map(drop).map_err(Box::new),
    }
}
