//! Compression layers: when they are enabled for event streams, they let each event through at once.

use crate::{
    feed::Once,
    live::{self, Client, body, tick},
};
use axum::{Router, routing::get};
use std::{
    io::Write,
    net::{Ipv4Addr, SocketAddr},
    thread,
};

/// Inflates what has arrived so far, as a browser does.
enum Inflate {
    Gzip(flate2::write::GzDecoder<Vec<u8>>),
    Brotli(Box<brotli::DecompressorWriter<Vec<u8>>>),
    Zstd(zstd::stream::write::Decoder<'static, Vec<u8>>),
}

impl Inflate {
    fn new(encoding: &str) -> Self {
        match encoding {
            "gzip" => Inflate::Gzip(flate2::write::GzDecoder::new(Vec::new())),
            "br" => Inflate::Brotli(Box::new(brotli::DecompressorWriter::new(Vec::new(), 4096))),
            "zstd" => Inflate::Zstd(zstd::stream::write::Decoder::new(Vec::new()).expect("a decoder")),
            _ => panic!("{encoding}"),
        }
    }

    /// Takes more bytes, and returns all of the text so far.
    fn push(&mut self, bytes: &[u8]) -> String {
        let writer: &mut dyn Write = match self {
            Inflate::Gzip(decoder) => decoder,
            Inflate::Brotli(decoder) => decoder,
            Inflate::Zstd(decoder) => decoder,
        };
        writer.write_all(bytes).and_then(|()| writer.flush()).expect("compressed bytes");
        let text = match self {
            Inflate::Gzip(decoder) => decoder.get_ref(),
            Inflate::Brotli(decoder) => decoder.get_ref(),
            Inflate::Zstd(decoder) => decoder.get_ref(),
        };
        String::from_utf8(text.clone()).expect("text")
    }
}

/// Each event is read, and inflated, before the next one is sent.
async fn expect_each_event_at_once(encoding: &str, probe: live::Probe, address: SocketAddr) {
    let mut client = Client::connect(address).await;
    client.write(&format!("GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: {encoding}\r\n\r\n")).await;
    let head = client.head().await;
    assert!(head.contains(&format!("\r\ncontent-encoding: {encoding}\r\n")), "{head}");
    assert!(head.contains("\r\ncontent-type: text/event-stream\r\n"), "{head}");
    let (mut inflate, mut sent, mut compressed) = (Inflate::new(encoding), String::new(), 0);
    for n in 0..30 {
        probe.send([tick(n)]).await;
        sent += &tick(n).to_string();
        let mut text = String::new();
        while text != sent {
            let chunk = client.bytes().await.expect("no error").expect("not the end");
            compressed += chunk.len();
            text = inflate.push(&chunk);
            assert!(sent.starts_with(&text), "{text:?}");
        }
    }
    println!("{encoding}: {} bytes became {compressed}", sent.len());
}

const ENCODINGS: [&str; 3] = ["gzip", "br", "zstd"];

fn app() -> (live::Probe, Router) {
    let (probe, body) = body();
    let body = Once::new(body);
    (probe, Router::new().route("/", get(async move || body.take())))
}

async fn serve(app: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a listener");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async { axum::serve(listener, app).await });
    address
}

#[tokio::test]
async fn tower_http() {
    use tower_http::compression::{CompressionLayer, predicate::SizeAbove};
    for encoding in ENCODINGS {
        let (probe, app) = app();
        let app = app.layer(CompressionLayer::new().compress_when(SizeAbove::new(0)));
        expect_each_event_at_once(encoding, probe, serve(app).await).await;
    }
}

#[tokio::test]
async fn tower_http_0_6() {
    use tower_http_06::compression::{CompressionLayer, predicate::SizeAbove};
    for encoding in ENCODINGS {
        let (probe, app) = app();
        let app = app.layer(CompressionLayer::new().compress_when(SizeAbove::new(0)));
        expect_each_event_at_once(encoding, probe, serve(app).await).await;
    }
}

#[tokio::test]
async fn actix() {
    use actix_web::{App, HttpResponse, HttpServer, middleware::Compress, rt::System, web};

    let (probe, body) = body();
    let body = Once::new(body);
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a listener");
    let address = listener.local_addr().expect("an address");
    let app = move || {
        let body = body.clone();
        let answer = move || {
            let mut response = HttpResponse::Ok();
            sse_wire::response::headers().for_each(|header| _ = response.insert_header(header));
            std::future::ready(response.streaming(body.take()))
        };
        App::new().wrap(Compress::default()).default_service(web::to(answer))
    };
    thread::spawn(move || {
        System::new().block_on(async {
            let server = HttpServer::new(app).workers(1).disable_signals().listen(listener);
            server.expect("a server").run().await.expect("no error");
        });
    });
    expect_each_event_at_once("gzip", probe, address).await;
}
