use app::{keep_alive, log, send_events};
use sse_wire::response::{self, Framing, Shutdown, last_event_id};
use std::{error::Error, io, sync::Arc, thread, time::Duration};
use tiny_http::{HTTPVersion, Request, Response, Server};

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let shutdown = Shutdown::new();
    let server = Arc::new(Server::from_listener(app::listen(), None)?);
    ctrlc::set_handler({
        let (shutdown, server) = (shutdown.clone(), server.clone());
        move || {
            shutdown.begin();
            server.unblock();
        }
    })?;
    for request in server.incoming_requests() {
        let shutdown = shutdown.clone();
        thread::spawn(move || handler(request, &shutdown));
    }
    shutdown.wait_timeout(Duration::from_secs(10));
    Ok(())
}

fn handler(request: Request, shutdown: &Shutdown) -> io::Result<()> {
    let field = |name: &'static str| {
        let header = request.headers().iter().find(|header| header.field.equiv(name));
        header.map(|header| header.value.as_str())
    };
    let id = match last_event_id::parse_bytes(field("Last-Event-ID").unwrap_or_default().as_bytes()) {
        Ok(id) => id,
        Err(error) => {
            return request.respond(Response::from_string(error.to_string()).with_status_code(400));
        }
    };
    let HTTPVersion(major, minor) = *request.http_version();
    let framing = Framing::of(request.method().as_str(), (major, minor), field("Connection"));
    let (sender, driver) = response::writer(framing);
    thread::spawn(move || send_events(&sender, id));
    let driver = driver.keep_alive(keep_alive()).shutdown(shutdown);
    match driver.run(request.into_writer()) {
        Ok(end) => log(end),
        Err(error) => println!("the client left: {error}"),
    }
    Ok(())
}
