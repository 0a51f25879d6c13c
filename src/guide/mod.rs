//! Guides: one page for each task. Each begins with a complete program.
//!
//! | page | for |
//! |---|---|
//! | [sending] | writing events into any response |
//! | [serving] | a stream that stays open |
//! | [fan-out and replay](fan_out) | one feed, many clients |
//! | [many machines](machines) | the same with Redis |
//! | [relaying] | an upstream stream, such as the response of a language model |
//! | [reading] | a stream from any source |
//! | [following] | a client that reconnects |
//! | [testing] | handlers, without a socket |
//! | [deployment] | what to check before going live, and proxies |
//! | [migrating] | coming from Python `sse`, axum's `Sse`, `eventsource-stream`, `reqwest-eventsource` |
//! | [features] | what each feature adds, and what it depends on |
//! | [performance] | figures, and a comparison with other crates |
//!
//! A program for each server is in [`response::servers`](crate::response::servers). What a channel guarantees is in
//! [`channel`](crate::channel).
// The code is compiled by the package in examples/servers, which depends on the servers it uses.

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
