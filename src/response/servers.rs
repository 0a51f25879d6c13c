//! A complete program for each server: it sends events, resumes, keeps connections alive, ends on Ctrl-C, and notices
//! when a client leaves.
//!
//! In these programs, the module `app` is your application. `events` is its event source: any `Stream` of
//! [`Event`](crate::Event), [`Sse`](crate::Sse) or `Bytes`. `send_events` is an event source that sends to a
//! [`Sender`](crate::response::Sender). `keep_alive` says what is sent when a stream is silent, and `log` handles the
//! [`End`](crate::response::End) of a stream. The package in `examples/recipes` compiles the programs and tests them
//! over real sockets.
//!
//! Set `TCP_NODELAY` on the server's sockets if the server does not set it. Otherwise the kernel may hold back a small
//! event for 40 ms or more while an earlier one is in flight.
//!
//! # axum
//!
#![doc = concat!("```rust,ignore\n", include_str!("recipes/axum.rs"), "```")]
//!
//! With the feature `axum-core-0_5`, a handler may also return the [`Body`](crate::response::Body) itself: it is
//! `IntoResponse`, and brings its headers.
//!
//! The `CompressionLayer` of tower-http leaves event streams alone by default. If you tell it to compress them, it does
//! so with gzip, br, or zstd, and still lets each event through at once:
//! `CompressionLayer::new().compress_when(SizeAbove::new(256))`.
//!
//! # hyper
//!
#![doc = concat!("```rust,ignore\n", include_str!("recipes/hyper.rs"), "```")]
//!
//! # actix-web
//!
#![doc = concat!("```rust,ignore\n", include_str!("recipes/actix.rs"), "```")]
//!
//! The `Compress` middleware of actix-web compresses event streams too, and lets each event through at once. To prevent
//! that, set the header `Content-Encoding: identity` on the response.
//!
//! # warp
//!
#![doc = concat!("```rust,ignore\n", include_str!("recipes/warp.rs"), "```")]
//!
//! # poem
//!
#![doc = concat!("```rust,ignore\n", include_str!("recipes/poem.rs"), "```")]
//!
//! `Body::from_bytes_stream` requires an error type that converts into a `std::io::Error`. `Infallible`, the error type
//! of a stream without errors, does not: hence the `map_err`.
//!
//! # salvo
//!
#![doc = concat!("```rust,ignore\n", include_str!("recipes/salvo.rs"), "```")]
//!
//! # Rocket
//!
#![doc = concat!("```rust,ignore\n", include_str!("recipes/rocket.rs"), "```")]
//!
//! Rocket itself waits for Ctrl-C. A request with an unacceptable ID gets `400 Bad Request`.
//!
//! # ntex
//!
#![doc = concat!("```rust,ignore\n", include_str!("recipes/ntex.rs"), "```")]
//!
//! ntex has its own `Bytes` type, into which each frame is copied.
//!
//! # tiny_http
//!
#![doc = concat!("```rust,ignore\n", include_str!("recipes/tiny_http.rs"), "```")]
//!
//! tiny_http reads the body of a `Response` through a buffer of 8 KiB, so events would arrive late, and with an
//! HTTP/1.0 client never. The driver writes directly to the connection instead.
//!
//! If an HTTP/1.0 client asks for `Connection: keep-alive`, tiny_http keeps the connection open, and offers no way to
//! close it. Such a client gets each event at once, but never sees the end of the stream. Browsers use HTTP/1.1, and
//! nginx as a proxy asks for `close` when it uses HTTP/1.0. tiny_http also rejects request headers that are not ASCII,
//! so use ASCII IDs.
//!
//! # rouille
//!
#![doc = concat!("```rust,ignore\n", include_str!("recipes/rouille.rs"), "```")]
//!
//! rouille sends the head, and hands over the connection as for an upgrade. The client sees `Connection: upgrade` in
//! the response, and no `Content-Length`.
//!
//! # A bare `TcpListener`
//!
#![doc = concat!("```rust,ignore\n", include_str!("recipes/tcp.rs"), "```")]
