use app::{events, keep_alive, log};
use salvo::{
    Depot, Request, Response, Router, Server,
    conn::tcp::TcpAcceptor,
    handler,
    http::{ResBody, StatusCode, StatusError},
};
use sse_wire::response::{Body, Shutdown, last_event_id};
use tokio::{net::TcpListener, signal::ctrl_c};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let shutdown = Shutdown::new();
    let state = salvo::affix_state::inject(shutdown.clone());
    let router = Router::with_path("events").hoop(state).goal(answer);
    let listener = TcpListener::from_std(app::listen())?;
    let server = Server::new(TcpAcceptor::try_from(listener)?);
    let handle = server.handle();
    tokio::spawn(async move {
        if ctrl_c().await.is_ok() {
            shutdown.begin();
            handle.stop_graceful(None);
        }
    });
    server.serve(router).await;
    Ok(())
}

#[handler]
fn answer(request: &mut Request, depot: &mut Depot, response: &mut Response) {
    let id = match last_event_id::parse(request.headers()) {
        Ok(id) => id,
        Err(error) => return response.render(StatusError::bad_request().brief(error.to_string())),
    };
    let mut body = Body::new(events(id)).keep_alive(keep_alive()).method(request.method()).on_end(log);
    if let Ok(shutdown) = depot.get_typed::<Shutdown>() {
        body = body.shutdown(shutdown);
    }
    let (head, body) = body.into_http().into_parts();
    response.status_code(StatusCode::OK);
    response.headers_mut().extend(head.headers);
    response.body(ResBody::stream(body));
}
