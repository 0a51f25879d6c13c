//! Event streams over HTTP/2 without TLS, and over TLS with a certificate that the system does or does not trust.

use bytes::Bytes;
use http_body_util::StreamBody;
use hyper::{
    Response, Version,
    body::Frame,
    header::CONTENT_TYPE,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use sse_wire::{
    AsyncEventSource, EventSource,
    client::{Cause, Policy},
};
use sse_wire_client_tests::{Client, Engine, Settings, settings, transports};
use std::{
    convert::Infallible,
    env, fs,
    net::SocketAddr,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};
use tokio::{io, net::TcpListener};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

fn builder(url: &str) -> Settings {
    let policy = Policy::new().floor(Duration::from_millis(1));
    settings(url).reconnection_time(Duration::from_millis(1)).policy(policy)
}

/// Answers with two messages, and then with 204. The body of the third answer does not end.
async fn serve(
    io: impl io::AsyncRead + io::AsyncWrite + Send + Unpin + 'static,
    version: Version,
    count: Arc<AtomicUsize>,
) {
    let service = service_fn(move |request: hyper::Request<_>| {
        assert_eq!(request.version(), version);
        let number = count.fetch_add(1, Ordering::Relaxed);
        let frames =
            ["id: é\ndata: ", "hello\n", "\ndata: 2\n\n"].map(|data| Ok(Frame::data(Bytes::from(data))));
        let body =
            StreamBody::new(futures_util::stream::iter(frames.map(|frame: Result<_, Infallible>| frame)));
        let id = request.headers().get("last-event-id").map(|id| id.as_bytes().to_vec());
        async move {
            assert_eq!(id.as_deref(), (number > 0).then_some("é".as_bytes()));
            let status = if number < 2 { 200 } else { 204 };
            Response::builder().status(status).header(CONTENT_TYPE, "text/event-stream").body(body)
        }
    });
    let io = TokioIo::new(io);
    _ = match version {
        Version::HTTP_2 => http2::Builder::new(TokioExecutor::new()).serve_connection(io, service).await,
        _ => http1::Builder::new().serve_connection(io, service).await,
    };
}

fn server(tls: Option<TlsAcceptor>) -> SocketAddr {
    let (sender, address) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            sender.send(listener.local_addr().unwrap()).unwrap();
            let count = Arc::new(AtomicUsize::new(0));
            while let Ok((socket, _)) = listener.accept().await {
                let count = count.clone();
                match tls.clone() {
                    None => drop(tokio::spawn(serve(socket, Version::HTTP_2, count))),
                    Some(tls) => drop(tokio::spawn(async move {
                        if let Ok(socket) = tls.accept(socket).await {
                            let version = match socket.get_ref().1.alpn_protocol() {
                                Some(b"h2") => Version::HTTP_2,
                                _ => Version::HTTP_11,
                            };
                            serve(socket, version, count).await;
                        }
                    })),
                }
            }
        });
    });
    address.recv().unwrap()
}

/// How a response is cut off after its first message.
#[derive(Clone, Copy, Debug)]
enum Cut {
    /// RST_STREAM with NO_ERROR.
    Reset,
    /// GOAWAY with NO_ERROR, and the end of the connection.
    GoAway,
    /// TCP ends, but TLS does not.
    NoCloseNotify,
}

/// A server over TLS that cuts off each response.
fn cutting_server(tls: TlsAcceptor, cut: Cut) -> SocketAddr {
    const MESSAGE: &[u8] = b"data: 1\n\n";
    let (sender, address) = mpsc::channel();
    let answer = async move |socket| -> Result<(), Box<dyn std::error::Error>> {
        let mut socket = tls.accept(socket).await?;
        if let Cut::NoCloseNotify = cut {
            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            _ = socket.read(&mut [0; 4096]).await?;
            let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
            socket.write_all(&[head, MESSAGE].concat()).await?;
            return Ok(socket.flush().await?);
        }
        let mut connection = h2::server::handshake(socket).await?;
        while let Some(request) = connection.accept().await {
            let head = Response::builder().header(CONTENT_TYPE, "text/event-stream").body(())?;
            let mut stream = request?.1.send_response(head, false)?;
            stream.send_data(Bytes::from_static(MESSAGE), false)?;
            // The client's reply to this shows that the message has been sent.
            let mut pings = connection.ping_pong().ok_or("there are no pings")?;
            let pong = pings.ping(h2::Ping::opaque());
            tokio::select! {
                pong = pong => { pong?; }
                other = connection.accept() => drop(other),
            }
            match cut {
                Cut::Reset => stream.send_reset(h2::Reason::NO_ERROR),
                _ => connection.abrupt_shutdown(h2::Reason::NO_ERROR),
            }
        }
        Ok(())
    };
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            sender.send(listener.local_addr().unwrap()).unwrap();
            while let Ok((socket, _)) = listener.accept().await {
                _ = answer(socket).await;
            }
        });
    });
    address.recv().unwrap()
}

const STORY: [&str; 8] = ["open", "hello", "2", "connecting", "open", "hello", "2", "connecting"];

#[test]
fn in_the_clear() {
    let url = format!("http://{}/", server(None));
    let mut client = Client::run(|| transports::with_hyper_http2(builder(&url).asynchronous).unwrap());
    assert_eq!(client.some(STORY.len()), STORY);
    assert_eq!(client.story(), ["closed"]);
}

/// The certificates that a process trusts are set in its environment, so the clients run in a separate process.
const TRUSTED: &str = "SSE_WIRE_TEST_URLS";

#[test]
fn over_tls() {
    if let Ok(urls) = env::var(TRUSTED) {
        let urls: Vec<_> = urls.split(' ').collect();
        let [one, other, reset, go_away, no_close_notify] = urls[..] else { panic!("{urls:?}") };
        trusted(one, other);
        is_cut(Engine::Ureq, no_close_notify);
        is_cut(Engine::Reqwest, reset);
        is_cut(Engine::Reqwest, go_away);
        // With OpenSSL, native-tls takes this for an end, and reqwest lets nobody look below it.
        if cfg!(feature = "rustls") {
            is_cut(Engine::Reqwest, no_close_notify);
        }
        return;
    }
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let http1 = TlsAcceptor::from(Arc::new(config.clone()));
    config.alpn_protocols = vec![b"h2".to_vec()];
    let tls = TlsAcceptor::from(Arc::new(config));
    // One for each client, because they count requests.
    let [one, other] = [(); 2].map(|()| format!("https://localhost:{}/", server(Some(tls.clone())).port()));

    let cutting = [(tls.clone(), Cut::Reset), (tls, Cut::GoAway), (http1, Cut::NoCloseNotify)]
        .map(|(tls, cut)| format!("https://localhost:{}/", cutting_server(tls, cut).port()));

    // To everyone else it is a stranger.
    let reason = if cfg!(feature = "rustls") { "UnknownIssuer" } else { "certificate verify failed" };
    let mut client = Client::run(|| AsyncEventSource::new(&one).unwrap());
    let error = client.next_error().to_string();
    assert!(error.contains(reason), "{error}");
    let mut client = Client::Sync(EventSource::new(&other).unwrap());
    let error = client.next_error().to_string();
    assert!(error.contains(reason), "{error}");

    let path = env::temp_dir().join(format!("sse-wire-{}.pem", std::process::id()));
    fs::write(&path, made.cert.pem()).unwrap();
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "http2_and_tls::over_tls"])
        .env(TRUSTED, format!("{one} {other} {}", cutting.join(" ")))
        .env("SSL_CERT_FILE", &path)
        .output();
    fs::remove_file(&path).unwrap();
    let output = String::from_utf8(output.unwrap().stdout).unwrap();
    assert!(output.contains("test result: ok. 1 passed"), "{output}");
}

fn trusted(one: &str, other: &str) {
    // HTTP/2 and HTTP/1.1: reqwest asks for the former, and ureq supports only the latter.
    let mut clients = [Engine::Reqwest.build(builder(one)), Engine::Ureq.build(builder(other))];
    for client in &mut clients {
        assert_eq!(client.some(STORY.len()), STORY);
        assert_eq!(client.story(), ["closed"]);
    }
}

/// The client gets what has arrived, and then the report that it was cut off.
fn is_cut(engine: Engine, url: &str) {
    let mut client = engine.build(builder(url));
    assert_eq!(client.some(2), ["open", "1"], "{engine:?} {url}");
    let error = client.next_error();
    assert!(matches!(error.cause(), Cause::Read(_)), "{engine:?} {url} {error:?}");
}
