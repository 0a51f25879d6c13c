//! The transport over ureq.

mod cut;
#[cfg(all(feature = "ureq-native-tls", not(feature = "ureq-rustls")))]
mod native_tls;

pub use cut::CutDetector;

use super::{BoxError, Stop, Timeouts, cause::NoTls};
use crate::sync::{Mutex, lock};
use alloc::{sync::Arc, vec::Vec};
use cut::Body;
use http::{Method, Request, Response};
use std::{
    io::{self, ErrorKind, Read},
    sync::mpsc,
    thread,
};
use ureq::{
    Agent,
    config::{AutoHeaderValue, Config},
    unversioned::{
        resolver::DefaultResolver,
        transport::{Connector, DefaultConnector},
    },
};

/// The largest head of a response, in bytes.
const MAX_HEAD_SIZE: usize = 64 * 1024;

pub(super) fn transport(
    timeouts: Timeouts,
) -> impl FnMut(Request<Vec<u8>>, &Stop) -> Result<Response<Body<BodyReader>>, BoxError> + Send + 'static {
    let slot = Arc::new(Mutex::new(None::<Agent>));
    move |request, stop| {
        let client = lock(&slot).get_or_insert_with(|| agent(timeouts)).clone();
        let (closed, agent) = (slot.clone(), client.clone());
        stop.on_stop(move || {
            // The agent is stopped for good. The next attempt uses a new one.
            *lock(&closed) = None;
            agent.shutdown();
        });
        let answer = unless_stopped(stop, move || run(&client, request))?.map_err(|error| match error {
            ureq::Error::TlsRequired => NoTls { features: "ureq-rustls or ureq-native-tls" }.into(),
            error => BoxError::from(io_error(error)),
        })?;
        Ok(answer.map(|body| Body::new(BodyReader { body: body.into_reader() })))
    }
}

/// Returns what `work` returns. Neither name resolution nor a TCP connect can be interrupted from outside, so it runs
/// in a separate thread, for which nobody needs to wait.
fn unless_stopped<T: Send + 'static>(
    stop: &Stop,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, BoxError> {
    let (sender, results) = mpsc::sync_channel(1);
    // Only that thread keeps the channel open, so a panic in it ends the wait.
    let sender = Arc::new(sender);
    let stopped = Arc::downgrade(&sender);
    thread::Builder::new().name("sse-wire connect".into()).spawn(move || {
        let result = work();
        _ = sender.try_send(Some(result));
    })?;
    stop.on_stop(move || {
        if let Some(sender) = stopped.upgrade() {
            _ = sender.try_send(None);
        }
    });
    match results.recv() {
        Ok(Some(result)) => Ok(result),
        Ok(None) => Err("the client was closed".into()),
        Err(mpsc::RecvError) => Err("the HTTP library panicked".into()),
    }
}

/// An agent that has one request at a time.
fn agent(timeouts: Timeouts) -> Agent {
    let config = config(timeouts);
    let resolver = DefaultResolver::default();
    #[cfg(all(feature = "ureq-native-tls", not(feature = "ureq-rustls")))]
    {
        use ureq::ProxyProtocol::{Http, Https};
        if config.proxy().is_none_or(|proxy| matches!(proxy.protocol(), Http | Https)) {
            return Agent::with_parts(config, native_tls::connector().chain(CutDetector), resolver);
        }
    }
    Agent::with_parts(config, DefaultConnector::new().chain(CutDetector), resolver)
}

fn run(agent: &Agent, request: Request<Vec<u8>>) -> Result<Response<ureq::Body>, ureq::Error> {
    // For these methods, ureq sends an empty chunked body if there is no body. Servers expect a length of 0 instead
    // (RFC 9110, 8.6).
    let has_body = [Method::POST, Method::PUT, Method::PATCH].contains(request.method());
    if has_body || !request.body().is_empty() { agent.run(request) } else { agent.run(request.map(drop)) }
}

fn config(timeouts: Timeouts) -> Config {
    let builder = Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .timeout_resolve(timeouts.connect())
        .timeout_connect(timeouts.connect())
        .timeout_per_read(timeouts.read())
        .timeout_per_write(timeouts.read())
        .max_response_header_size(MAX_HEAD_SIZE)
        .accept(AutoHeaderValue::None)
        .user_agent(concat!("sse-wire/", env!("CARGO_PKG_VERSION")))
        .max_redirects(0);
    #[cfg(any(feature = "ureq-rustls", feature = "ureq-native-tls"))]
    let builder = builder.tls_config(tls());
    builder.build()
}

/// TLS with the system's root certificates.
#[cfg(any(feature = "ureq-rustls", feature = "ureq-native-tls"))]
fn tls() -> ureq::tls::TlsConfig {
    use ureq::tls::{RootCerts, TlsConfig, TlsProvider};

    let provider = if cfg!(feature = "ureq-rustls") { TlsProvider::Rustls } else { TlsProvider::NativeTls };
    TlsConfig::builder().provider(provider).root_certs(RootCerts::PlatformVerifier).build()
}

/// Reads a body. When the framing of a chunk is broken, ureq 3.5 drops the good chunks from the same read, and does not
/// say how many there were. They are not lost: the error is reported, and the last event ID is still the one before
/// them.
pub(super) struct BodyReader {
    body: ureq::BodyReader<'static>,
}

impl Read for BodyReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.body.read(buffer).map_err(|error| io_error(error.into()))
    }
}

/// Converts an error, and marks timeouts.
fn io_error(error: ureq::Error) -> io::Error {
    match error {
        ureq::Error::Timeout(_) => io::Error::new(ErrorKind::TimedOut, error),
        error => error.into_io(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use std::time::Duration;

    #[test]
    fn a_panic_is_an_error() {
        let error = unless_stopped::<()>(&Stop::default(), || panic!("as it should")).unwrap_err();
        assert_eq!(error.to_string(), "the HTTP library panicked");
    }

    #[test]
    fn a_stream_and_a_request_may_last_as_long_as_bytes_flow() {
        let (connect, read) = (Duration::from_secs(1), Duration::from_secs(2));
        let config = config(Timeouts { connect: Some(connect), read: Some(read) });
        assert_eq!([config.timeout_per_read(), config.timeout_per_write()], [Some(read); 2]);
        let limits = config.timeouts();
        assert_eq!([limits.resolve, limits.connect], [Some(connect); 2]);
        assert_eq!([limits.global, limits.per_call], [None; 2]);
        assert_eq!([limits.send_request, limits.send_body], [None; 2]);
        assert_eq!([limits.recv_response, limits.recv_body], [None; 2]);
    }

    #[test]
    fn nobody_waits_for_what_cannot_be_ended() {
        let stop = Stop::default();
        let (keep, blocks) = mpsc::channel::<()>();
        let (begin, begun) = mpsc::channel();
        let from_outside = stop.clone();
        thread::spawn(move || {
            begun.recv().unwrap();
            from_outside.stop();
        });
        let result = unless_stopped(&stop, move || {
            begin.send(()).unwrap();
            blocks.recv()
        });
        assert_eq!(result.unwrap_err().to_string(), "the client was closed");
        // Nor if it was stopped before it began.
        let (keep_too, blocks) = mpsc::channel::<()>();
        assert!(unless_stopped(&stop, move || blocks.recv()).is_err());
        drop((keep, keep_too));
    }
}
