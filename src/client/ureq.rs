//! The transport over ureq.

use super::{Answer, BoxError, Request, Stop, Transport};
use alloc::{boxed::Box, sync::Arc};
use std::{
    io::{self, ErrorKind, Read},
    sync::{Mutex, MutexGuard, PoisonError, mpsc},
    thread,
};
use ureq::{
    Agent,
    config::AutoHeaderValue,
    http,
    tls::{RootCerts, TlsConfig},
};

/// One for each client.
#[derive(Default)]
pub(super) struct Ureq {
    agent: Arc<Mutex<Option<Agent>>>,
}

/// The largest head of an answer, in bytes.
const MAX_HEAD_SIZE: usize = 64 * 1024;

impl Transport for Ureq {
    fn open(&self, request: &Request, stop: &Stop) -> Result<Answer<Box<dyn Read + Send>>, BoxError> {
        let slot = self.agent.clone();
        let agent = lock(&slot).get_or_insert_with(|| agent(request)).clone();
        let http = to_http(request)?;
        // ureq sends chunks for these if there is no body, and then none. A length of 0 is what servers expect
        // (RFC 9110, 8.6).
        let needs_body = matches!(request.method(), "POST" | "PUT" | "PATCH");
        let body = request.body().or(needs_body.then_some(&[])).map(<[u8]>::to_vec);
        let caller = agent.clone();
        stop.on_stop(move || {
            // This is for good. The next attempt has a new agent.
            *lock(&slot) = None;
            agent.shutdown();
        });
        let answer = unless_stopped(stop, move || match body {
            Some(body) => caller.run(http.map(|()| body)),
            None => caller.run(http),
        })?;
        let (head, body) = answer.map_err(io_error)?.into_parts();
        let body: Box<dyn Read + Send> = Box::new(BodyReader(body.into_reader()));
        let answer = Answer::new(head.status.as_u16(), body);
        Ok(head.headers.iter().fold(answer, |answer, (name, value)| answer.header(name.as_str(), value)))
    }
}

/// What `work` returns. Neither a name resolution nor a TCP connect can be ended from outside, so it runs in a
/// thread of its own, for which nobody needs to wait.
fn unless_stopped<T: Send + 'static>(
    stop: &Stop,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, BoxError> {
    let (sender, results) = mpsc::sync_channel(1);
    // Only the thread keeps the channel open, so a panic in it ends the wait.
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

fn lock(slot: &Mutex<Option<Agent>>) -> MutexGuard<'_, Option<Agent>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

fn agent(request: &Request) -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .allow_non_standard_methods(true)
        .timeout_resolve(request.connect_timeout())
        .timeout_connect(request.connect_timeout())
        .timeout_per_read(request.read_timeout())
        .timeout_per_write(request.read_timeout())
        .max_response_header_size(MAX_HEAD_SIZE)
        .accept(AutoHeaderValue::None)
        .accept_encoding(AutoHeaderValue::None)
        .user_agent(AutoHeaderValue::None)
        .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
        .build()
        .new_agent()
}

fn to_http(request: &Request) -> Result<http::Request<()>, http::Error> {
    let mut http = http::Request::builder().method(request.method()).uri(request.url());
    for (name, value) in request.headers() {
        http = http.header(name, value.as_bytes());
    }
    http.body(())
}

/// Reads a body. When the framing of a chunk is broken, ureq 3.5 drops the good chunks that it has taken from
/// the same read, and tells nobody how many these were. They are not lost: the error is reported, and the last
/// event ID is still the one before them.
struct BodyReader(ureq::BodyReader<'static>);

impl Read for BodyReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| io_error(error.into()))
    }
}

/// Says which errors are timeouts.
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
    use std::time::{Duration, Instant};

    #[test]
    fn a_panic_is_an_error() {
        let error = unless_stopped::<()>(&Stop::default(), || panic!("as it should")).unwrap_err();
        assert_eq!(error.to_string(), "the HTTP library panicked");
    }

    #[test]
    fn a_stream_and_a_request_may_last_as_long_as_bytes_flow() {
        let (connect, read) = (Duration::from_secs(1), Duration::from_secs(2));
        let settings = crate::client::EventSource::builder("http://localhost/").connect_timeout(connect);
        let mut connection = settings.read_timeout(read).build_connection().unwrap();
        let agent = agent(&connection.request(Instant::now()).unwrap());
        let config = agent.config();
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
        // Nor when it was ended before it began.
        let (keep_too, blocks) = mpsc::channel::<()>();
        assert!(unless_stopped(&stop, move || blocks.recv()).is_err());
        drop((keep, keep_too));
    }
}
