//! A program that uses rustls with its default cryptography provider, and sse-wire over ureq and over reqwest.

use sse_wire::{AsyncEventSource, EventSource, client::Policy};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    // This panicked when sse-wire turned on a second provider.
    drop(rustls::ClientConfig::builder());

    // Port 9 of this machine, where nobody is.
    let url = "http://127.0.0.1:9/";
    let error = EventSource::builder(url).policy(Policy::never()).build()?.next();
    println!("{}", error.and_then(Result::err).expect("an error that is final"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let error = AsyncEventSource::builder(url).policy(Policy::never()).build()?.next().await;
        println!("{}", error.and_then(Result::err).expect("an error that is final"));
        Ok(())
    })
}
