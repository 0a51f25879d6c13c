//! Real browsers: each opens the example page, and reports what its `EventSource` sees.

use crate::{
    browsers::{Browser, Kind},
    live::in_time,
};
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use futures_util::stream;
use sse_wire::{
    Event,
    response::{Body, last_event_id},
};
use sse_wire_servers::demo;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::{net::TcpListener, sync::mpsc};

/// Runs before the page's own script: it posts each event that the `EventSource` gets to the server, one after the
/// other.
const REPORT: &str = r#"<script>
  let reports = Promise.resolve();
  const report = (...seen) =>
    reports = reports.then(() => fetch("/seen", { method: "POST", body: JSON.stringify(seen) }));
  window.EventSource = class extends EventSource {
    constructor(url) {
      super(url);
      const see = (event) => report(event.type, event.data, event.lastEventId);
      for (const type of ["message", "tick", "ping", "bye"]) this.addEventListener(type, see);
      this.addEventListener("open", () => report("open"));
      this.addEventListener("error", () => report("error", this.readyState === EventSource.CLOSED));
    }
  };
</script>"#;

/// What the test is told, and how many connections there have been.
type Server = (mpsc::UnboundedSender<String>, Arc<AtomicUsize>);

/// The first connection ends after some events, the second one resets the ID, and the third one stops the
/// client.
async fn events(State((told, connections)): State<Server>, headers: HeaderMap) -> Response {
    let id = last_event_id::from_headers(&headers).expect("an ID that a browser sends");
    told.send(format!("a connection after {id:?}")).expect("the test waits");
    let events = match connections.fetch_add(1, Ordering::Relaxed) {
        0 => vec![
            Event::new().retry(1).comment("nobody sees this"),
            Event::new().id(1).data("two\r\n  lines\n"),
            Event::new().data(""),
            Event::new().event("ping"),
            Event::new().comment("keep-alive"),
            Event::new().event("tick").id("é 2").data("last"),
        ],
        1 => {
            vec![Event::new().event("tick").data("resumed"), Event::new().event("bye").id("").data("…😀")]
        }
        _ => return StatusCode::NO_CONTENT.into_response(),
    };
    Body::new(stream::iter(events)).into_http().into_response()
}

async fn seen(State((told, _)): State<Server>, report: String) {
    told.send(report).expect("the test waits");
}

#[tokio::test]
async fn chromium_sees_every_event_resumes_and_stops() {
    sees_every_event_resumes_and_stops(Kind::Chromium).await;
}

#[tokio::test]
async fn firefox_sees_every_event_resumes_and_stops() {
    sees_every_event_resumes_and_stops(Kind::Firefox).await;
}

async fn sees_every_event_resumes_and_stops(kind: Kind) {
    let (told, mut hear) = mpsc::unbounded_channel();
    let page = demo::PAGE.replacen("<script>", &format!("{REPORT}<script>"), 1);
    let app = Router::new()
        .route("/", get(Html(page)))
        .route("/events", get(events))
        .route("/seen", post(seen))
        .with_state((told, Arc::default()));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    tokio::spawn(async { axum::serve(listener, app).await });

    let Some(_browser) = Browser::open(kind, &url) else { return };
    let (mut connections, mut reports) = (Vec::new(), Vec::new());
    while reports.last().is_none_or(|report| report != r#"["error",true]"#) {
        let message = in_time(hear.recv()).await.expect("the server runs");
        if message.starts_with("a connection") { connections.push(message) } else { reports.push(message) }
    }
    assert_eq!(
        connections,
        [
            "a connection after None",
            r#"a connection after Some("é 2")"#,
            // The ID was reset, and 204 lets nothing follow.
            "a connection after None",
        ]
    );
    assert_eq!(
        reports,
        [
            r#"["open"]"#,
            r#"["message","two\n  lines\n","1"]"#,
            r#"["message","","1"]"#,
            r#"["ping","","1"]"#,
            r#"["tick","last","é 2"]"#,
            r#"["error",false]"#,
            r#"["open"]"#,
            r#"["tick","resumed","é 2"]"#,
            r#"["bye","…😀",""]"#,
            r#"["error",false]"#,
            r#"["error",true]"#,
        ]
    );
}
