//! What the tests of the client share: a server that responds as it is told, and each kind of client.

mod engines;
mod server;
mod tcp_client;
pub mod transports;

pub use engines::{Client, Engine, Settings, settings};
pub use server::{Connection, Received, Server};
pub use tcp_client::tcp_client;

/// Builds an example from the current sources, with the client, and returns its path.
pub fn example(name: &str) -> std::path::PathBuf {
    use std::{env, process::Command};

    // A test runs as target/debug/deps/test-…
    let test = env::current_exe().unwrap();
    let target = test.ancestors().nth(3).unwrap();
    let built = Command::new(env!("CARGO"))
        .args([
            "build",
            "--quiet",
            "--package",
            "sse-wire",
            "--features",
            "ureq,json",
            "--example",
            name,
            "--target-dir",
        ])
        .arg(target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .unwrap();
    assert!(built.success());
    target.join("debug/examples").join(format!("{name}{}", env::consts::EXE_SUFFIX))
}
