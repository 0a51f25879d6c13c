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

/// How much ureq reads from the socket at once.
const BUFFER_SIZE: usize = 64 * 1024;

impl Transport for Ureq {
    fn open(&self, request: &Request, stop: &Stop) -> Result<Answer<Box<dyn Read + Send>>, BoxError> {
        let slot = self.agent.clone();
        let agent = lock(&slot).get_or_insert_with(|| agent(request)).clone();
        let (http, body) = (to_http(request)?, request.body().map(<[u8]>::to_vec));
        // Neither a name resolution nor a TCP connect can be ended from outside. They happen in a thread of
        // their own, so that nobody needs to wait for them.
        let (sender, answers) = mpsc::sync_channel(1);
        let stopped = sender.clone();
        let caller = agent.clone();
        thread::Builder::new().name("sse-wire connect".into()).spawn(move || {
            let answer = match body {
                Some(body) => caller.run(http.map(|()| body)),
                None => caller.run(http),
            };
            _ = sender.try_send(answer.map_err(BoxError::from));
        })?;
        stop.on_stop(move || {
            _ = stopped.try_send(Err("the client was closed".into()));
            // This is for good. The next attempt has a new agent.
            *lock(&slot) = None;
            agent.shutdown();
        });
        let (head, body) = answers.recv()??.into_parts();
        let body: Box<dyn Read + Send> = Box::new(BodyReader(body.into_reader()));
        let answer = Answer::new(head.status.as_u16(), body);
        Ok(head.headers.iter().fold(answer, |answer, (name, value)| answer.header(name.as_str(), value)))
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
        .max_response_header_size(MAX_HEAD_SIZE)
        .input_buffer_size(BUFFER_SIZE)
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

/// Says which errors are timeouts.
struct BodyReader(ureq::BodyReader<'static>);

impl Read for BodyReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| {
            let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<ureq::Error>());
            match inner {
                Some(ureq::Error::Timeout(_)) => io::Error::new(ErrorKind::TimedOut, error),
                _ => error,
            }
        })
    }
}
