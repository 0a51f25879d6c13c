//! Guides: one page for each task, each beginning with a complete program.
//!
//! | page | for |
//! |---|---|
//! | [sending] | writing events into any response |
//! | [serving] | a stream that stays open |
//! | [fan-out and replay](fan_out) | one feed, many clients |
//! | [many machines](machines) | the same with Redis |
//! | [relaying] | an upstream's stream, such as the answer of a language model |
//! | [reading] | a stream from anywhere |
//! | [following] | a client that reconnects |
//! | [testing] | handlers, without a socket |
//! | [deployment] | what to check before going live, and proxies |
//! | [migrating] | coming from Python `sse`, axum's `Sse`, `eventsource-stream`, `reqwest-eventsource` |
//! | [features] | what each feature adds, and what it depends on |
//! | [performance] | figures, and peers |
//!
//! A program for each server is in [`response::servers`](crate::response::servers), and what a channel guarantees in
//! [`channel`](crate::channel).
// The code is compiled by the package in examples/servers, which has the servers that it names.

macro_rules! pages {
    ($($page:ident $file:literal)*) => {$(
        #[cfg_attr(not(doctest), doc = include_str!($file))]
        pub mod $page {}
    )*};
}

pages! {
    sending "sending.md"
    serving "serving.md"
    fan_out "fan_out.md"
    machines "machines.md"
    relaying "relaying.md"
    reading "reading.md"
    following "following.md"
    testing "testing.md"
    deployment "deployment.md"
    migrating "migrating.md"
    features "features.md"
    performance "performance.md"
}
