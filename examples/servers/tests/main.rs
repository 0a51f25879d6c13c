//! Servers, the proxies in front of them, and real clients.

mod actix;
mod axum;
mod broadcast;
mod browser;
mod browsers;
mod compression;
mod feed;
mod hyper;
mod live;
mod nginx;
mod node;
mod response_actix;
mod response_axum;
mod response_hyper;
mod response_timers;
mod resumable;
mod shutdown;
#[path = "../../../tests/skip/mod.rs"]
mod skip;
#[path = "../../../tests/support/mod.rs"]
mod support;
mod warp;
