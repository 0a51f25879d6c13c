//! A program that uses reqwest without TLS, and sse-wire over reqwest and over ureq.

use sse_wire::{AsyncEventSource, EventSource, client::ClientError};
use std::{error::Error, net::TcpListener};

fn main() -> Result<(), Box<dyn Error>> {
    // This panicked when sse-wire had TLS compiled into reqwest without a cryptography provider.
    drop(reqwest::Client::new());

    // Without TLS there is no https, and the error says which feature adds it. ureq connects first.
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("https://{}/", listener.local_addr()?);
    check(EventSource::new(&url)?.next(), "the feature ureq-rustls or ureq-native-tls");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut source = AsyncEventSource::new(&url)?;
        check(source.next().await, "the feature reqwest-rustls or reqwest-native-tls");
        Ok(())
    })
}

fn check<M>(result: Option<Result<M, ClientError>>, feature: &str) {
    let error = result.and_then(Result::err).expect("an error that is final");
    println!("{error}");
    assert!(error.is_fatal() && error.to_string().contains(feature));
}
