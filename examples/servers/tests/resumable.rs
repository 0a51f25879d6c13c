//! The example `resumable` in real browsers: an answer that is reloaded halfway, read in another browser, and cut off
//! with the network is complete in the end, and after that nobody asks for it any more.

use crate::{
    browsers::{Browser, Kind},
    live::in_time,
};
use axum::{
    Router,
    extract::{Request, State},
    http::{Method, StatusCode},
    middleware::{self, Next},
    response::{Html, Response},
    routing::{get, post},
};
use sse_wire::response::Shutdown;
use sse_wire_servers::resumable::{self, ANSWER};
use std::{io, net::SocketAddr, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc::{self, UnboundedSender},
    task::{JoinHandle, JoinSet},
};

/// The time that the model takes for a token: an answer takes a few seconds.
const TOKEN_TIME: Duration = Duration::from_millis(30);

/// Runs before the page's own script. It asks, and reports the progress of the answer to another server, which no
/// network cuts off: `REPORTS` is its URL. The first page is reloaded halfway through the answer.
const SCRIPT: &str = r##"<script>
  const report = (...seen) =>
    fetch("REPORTS", { method: "POST", mode: "no-cors", body: JSON.stringify(seen), keepalive: true });
  addEventListener("load", () => {
    if (!location.search) return document.getElementById("ask").click();
    const text = () => document.getElementById("answer").textContent;
    let tokens = 0, leaving = false;
    source.addEventListener("token", () => {
      tokens++;
      if (tokens === 20 && !sessionStorage.reloaded && location.hash !== "#second") {
        sessionStorage.reloaded = leaving = true;
        report("reload", text());
        location.reload();
      }
      if (tokens === 60) report("middle", text(), location.href);
    });
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED && !leaving) report("closed", text(), connections);
    });
  });
</script>"##;

/// A network between the browsers and the server, which can be switched off.
struct Network {
    address: SocketAddr,
    server: SocketAddr,
    carrying: JoinHandle<()>,
}

impl Network {
    async fn on(address: &str, server: SocketAddr) -> io::Result<Network> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let carrying = tokio::spawn(async move {
            // Dropping this task cuts them all off.
            let mut connections = JoinSet::new();
            while let Ok((mut client, _)) = listener.accept().await {
                connections.spawn(async move {
                    let mut server = TcpStream::connect(server).await?;
                    tokio::io::copy_bidirectional(&mut client, &mut server).await
                });
            }
        });
        Ok(Network { address, server, carrying })
    }

    async fn off_and_on(self) -> io::Result<Network> {
        self.carrying.abort();
        let _ = self.carrying.await;
        Network::on(&self.address.to_string(), self.server).await
    }
}

/// The server behind the network, and its responses: status and path.
async fn serve(page: String) -> io::Result<(SocketAddr, mpsc::UnboundedReceiver<(StatusCode, String)>)> {
    let (told, hear) = mpsc::unbounded_channel();
    let see = move |request: Request, next: Next| {
        let told = told.clone();
        async move {
            let (method, path) = (request.method().clone(), request.uri().path().to_owned());
            let response: Response = next.run(request).await;
            if method == Method::GET {
                let _ = told.send((response.status(), path));
            }
            response
        }
    };
    let app = Router::new()
        .route("/", get(Html(page)))
        .fallback_service(resumable::app(Shutdown::new(), TOKEN_TIME))
        .layer(middleware::from_fn(see));
    Ok((listen(app).await?, hear))
}

async fn listen(app: Router) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async { axum::serve(listener, app).await });
    Ok(address)
}

async fn reported(State(told): State<UnboundedSender<serde_json::Value>>, report: String) {
    let _ = told.send(serde_json::from_str(&report).expect("JSON"));
}

#[tokio::test]
async fn an_answer_survives_a_reload_a_second_browser_and_the_network() {
    let (told, mut hear) = mpsc::unbounded_channel();
    let reports =
        listen(Router::new().route("/", post(reported)).with_state(told)).await.expect("a listener");
    let script = SCRIPT.replace("REPORTS", &format!("http://{reports}/"));
    let page = resumable::PAGE.replacen("<script>", &format!("{script}<script>"), 1);
    let (server, mut answered) = serve(page).await.expect("a listener");
    let mut network = Network::on("127.0.0.1:0", server).await.expect("a listener");

    let Some(_first) = Browser::open(Kind::Chromium, &format!("http://{}/", network.address)) else { return };
    let (mut second, mut middles, mut closed) = (None, 0, Vec::new());
    while closed.len() < 2 {
        let report = in_time(hear.recv()).await.expect("the server runs");
        let text = report[1].as_str().expect("the answer so far");
        assert!(ANSWER.starts_with(text), "{report}");
        match report[0].as_str() {
            Some("reload") => assert_ne!(text, ANSWER),
            Some("middle") if middles == 0 => {
                middles = 1;
                let url = format!("{}#second", report[2].as_str().expect("a URL"));
                second = Browser::open(Kind::Firefox, &url);
                // Both get the same, whether it was there when they connected or came later.
                if second.is_none() {
                    return;
                }
            }
            Some("middle") => {
                middles += 1;
                network = network.off_and_on().await.expect("the address is still ours");
            }
            Some("closed") => closed.push(report.clone()),
            _ => panic!("{report}"),
        }
    }
    assert_eq!(middles, 2);
    for report in closed {
        assert_eq!(report[1], ANSWER, "nothing is lost or doubled");
    }
    drop(second);

    // Each was told to stop once, and has not asked again.
    let mut statuses = Vec::new();
    while let Ok((status, path)) = answered.try_recv() {
        if path.starts_with("/answers/") {
            statuses.push(status);
        }
    }
    let stops = statuses.iter().filter(|status| **status == StatusCode::NO_CONTENT).count();
    assert_eq!(stops, 2, "{statuses:?}");
    assert!(
        statuses.len() >= 5,
        "the first page twice, the second once, and both to be told to stop: {statuses:?}"
    );
}
