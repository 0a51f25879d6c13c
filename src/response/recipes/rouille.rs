use app::{keep_alive, log, send_events};
use rouille::{ReadWrite, Request, Response, ResponseBody, Server, Upgrade};
use sse_wire::response::{self, Driver, Framing, Shutdown, last_event_id};
use std::{error::Error, thread, time::Duration};

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let shutdown = Shutdown::new();
    let handle = shutdown.clone();
    let server = Server::new(app::address(), move |request| handler(request, &handle))?;
    app::announce(server.server_addr());
    let (server, stop) = server.stoppable();
    ctrlc::set_handler({
        let shutdown = shutdown.clone();
        move || {
            shutdown.begin();
            let _ = stop.send(());
        }
    })?;
    let _ = server.join();
    shutdown.wait_timeout(Duration::from_secs(10));
    Ok(())
}

fn handler(request: &Request, shutdown: &Shutdown) -> Response {
    let id = request.header("Last-Event-ID").unwrap_or_default();
    let id = match last_event_id::parse_bytes(id.as_bytes()) {
        Ok(id) => id,
        Err(error) => return Response::text(error.to_string()).with_status_code(400),
    };
    let headers = response::headers().map(|(name, value)| (name.into(), value.to_owned().into())).collect();
    let mut answer = Response { status_code: 200, headers, data: ResponseBody::empty(), upgrade: None };
    if request.method() != "HEAD" {
        // rouille sends the head, and hands over the connection.
        let (sender, driver) = response::writer(Framing::BodyOnly);
        thread::spawn(move || send_events(&sender, id));
        let driver = driver.keep_alive(keep_alive()).shutdown(shutdown);
        answer.upgrade = Some(Box::new(EventStream(Some(driver))));
    }
    answer
}

struct EventStream(Option<Driver>);

impl Upgrade for EventStream {
    fn build(&mut self, connection: Box<dyn ReadWrite + Send>) {
        let Some(driver) = self.0.take() else { return };
        // Not on rouille's thread, because it has only a few.
        thread::spawn(move || match driver.run(connection) {
            Ok(end) => log(end),
            Err(error) => println!("the client left: {error}"),
        });
    }
}
