//! A whole program for each server: events, resuming, keep-alive, the end on Ctrl-C, and the notice of a client that
//! left.
//!
//! `app` stands for an application of your own: `events` for its event source, any `Stream` of
//! [`Event`](crate::Event), [`Sse`](crate::Sse) or `Bytes`, and `send_events` for one that sends to a
//! [`Sender`](crate::response::Sender); `keep_alive` for what is sent in silence, and `log` for what is done with the
//! [`End`](crate::response::End) of a stream. The programs are compiled and tested over real sockets by the package
//! in `examples/recipes`.
//!
//! Set `TCP_NODELAY` on the server's sockets where the server does not. Otherwise the kernel holds a small event back
//! while an earlier one is on its way, for 40 ms or more.
//!
//! # axum
//!
#![doc = concat!("```rust,ignore\n", include_str!("recipes/axum.rs"), "```")]
//!
//! With the feature `axum-core-0_5` a handler may also return the [`Body`](crate::response::Body) itself: it is
//! `IntoResponse`, with its headers.
//!
//! A `CompressionLayer` of tower-http leaves event streams alone by default. Told to compress them, it does, and still
//! lets each event through at once, with gzip, br and zstd: `CompressionLayer::new().compress_when(SizeAbove::new(256))`.
//!
//! # hyper
//!
#![doc = concat!("```rust,ignore\n", include_str!("recipes/hyper.rs"), "```")]
//!
//! # actix-web
//!
#![doc = concat!("```rust,ignore\n", include_str!("recipes/actix.rs"), "```")]
//!
//! Its `Compress` middleware compresses event streams too, and lets each event through at once. Where that is not
//! wanted, set the header `Content-Encoding: identity` on the response.
//!
//! # warp
//!
#![doc = concat!("```rust,ignore\n", include_str!("recipes/warp.rs"), "```")]
//!
//! # poem
//!
#![doc = concat!("```rust,ignore\n", include_str!("recipes/poem.rs"), "```")]
//!
//! `Body::from_bytes_stream` asks for an error that becomes a `std::io::Error`, which the impossible error of a stream
//! without errors does not: hence the `map_err`.
//!
//! # salvo
//!
#![doc = concat!("```rust,ignore\n", include_str!("recipes/salvo.rs"), "```")]
//!
//! # Rocket
//!
#![doc = concat!("```rust,ignore\n", include_str!("recipes/rocket.rs"), "```")]
//!
//! Rocket waits for Ctrl-C itself. A request without an acceptable ID gets `400 Bad Request`.
//!
//! # ntex
//!
#![doc = concat!("```rust,ignore\n", include_str!("recipes/ntex.rs"), "```")]
//!
//! ntex has a `Bytes` of its own, into which each frame is copied.
//!
//! # tiny_http
//!
#![doc = concat!("```rust,ignore\n", include_str!("recipes/tiny_http.rs"), "```")]
//!
//! A `Response` of tiny_http reads its body through a buffer of 8 KiB, so events would arrive late, and for a client of
//! HTTP/1.0 never. The driver writes to the connection itself.
//!
//! It keeps the connection of an HTTP/1.0 client that asks for that with `Connection: keep-alive`, and has no way to
//! close it. Such a client gets each event at once, but never sees the end of the stream. Browsers use HTTP/1.1, and
//! nginx as a proxy asks for `close` where it uses HTTP/1.0. It also takes no request header beyond ASCII, so give it
//! IDs of ASCII alone.
//!
//! # rouille
//!
#![doc = concat!("```rust,ignore\n", include_str!("recipes/rouille.rs"), "```")]
//!
//! rouille sends the head, and hands the connection over as it does for an upgrade; a client sees
//! `Connection: upgrade` in the answer, and no `Content-Length`.
//!
//! # A bare `TcpListener`
//!
#![doc = concat!("```rust,ignore\n", include_str!("recipes/tcp.rs"), "```")]
