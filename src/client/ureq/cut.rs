//! Detects what ureq does not report: that a connection was cut.

use crate::wire::io::copy;
use core::cell::RefCell;
use std::{
    io::{self, Read},
    thread_local,
};
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

thread_local! {
    /// The error of the last failed read of a connection on this thread. A body and its connection are read on one
    /// thread, so the failures of an agent's other connections are not mistaken for this one's.
    static CUT: RefCell<Option<io::Error>> = const { RefCell::new(None) };
}

/// Lets your own ureq `Agent` distinguish an event stream that is cut off from one that ends.
///
/// If a body has neither a length nor chunks, ureq 3.5 takes a connection that was reset, and TLS that ends without a
/// `close_notify`, for its end, although the body was cut off (RFC 9112, 8 and 9.8). This crate's client over ureq
/// detects that. With your own agent, put this at the end of its connectors, and around the body:
///
/// ```
/// use sse_wire::{EventSource, client::{CutDetector, Stop}};
/// use ureq::unversioned::{resolver::DefaultResolver, transport::{Connector, DefaultConnector}};
///
/// let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build();
/// let connector = DefaultConnector::new().chain(CutDetector);
/// let agent = ureq::Agent::with_parts(config, connector, DefaultResolver::default());
/// let source = EventSource::builder("http://localhost/events").build_with(
///     move |request: http::Request<Vec<u8>>, _: &Stop| {
///         Ok::<_, ureq::Error>(agent.run(request)?.map(|body| CutDetector.body(body.into_reader())))
///     },
/// )?;
/// # Ok::<(), sse_wire::client::BuildError>(())
/// ```
///
/// It implements a ureq trait that may change in any version of ureq.
#[derive(Clone, Copy, Debug, Default)]
pub struct CutDetector;

impl CutDetector {
    /// Wraps a body so that it fails where its connection was cut.
    pub fn body<R: Read>(self, body: R) -> impl Read + use<R> {
        Body::new(body)
    }
}

pub(in crate::client) struct Body<R> {
    body: R,
    cut: Option<io::Error>,
}

impl<R> Body<R> {
    pub(super) fn new(body: R) -> Body<R> {
        Body { body, cut: None }
    }
}

impl<R: Read> Read for Body<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        CUT.take();
        let result = self.body.read(buffer);
        self.cut = CUT.take().or(self.cut.take());
        match result {
            Ok(0) if !buffer.is_empty() => self.cut.take().map_or(Ok(0), Err),
            result => result,
        }
    }
}

impl<T: Transport> Connector<T> for CutDetector {
    type Out = Watched<T>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<T>,
    ) -> Result<Option<Watched<T>>, ureq::Error> {
        WatchInput(remember).connect(details, chained)
    }
}

fn remember(_is_tls: bool, input: Input) -> Input {
    if let Err(ureq::Error::Io(error)) = &input {
        CUT.set(Some(copy(error)));
    }
    input
}

/// The result of waiting for input: whether there was any, or the connection has ended.
pub(super) type Input = Result<bool, ureq::Error>;

/// Watches the input of the connection below it: the function gets whether this is TLS, and the result of waiting for
/// input, and may replace the result.
#[derive(Debug)]
pub(super) struct WatchInput(pub(super) fn(bool, Input) -> Input);

impl<T: Transport> Connector<T> for WatchInput {
    type Out = Watched<T>;

    fn connect(
        &self,
        _: &ConnectionDetails<'_>,
        chained: Option<T>,
    ) -> Result<Option<Watched<T>>, ureq::Error> {
        Ok(chained.map(|transport| Watched { transport, watch: self.0 }))
    }
}

/// A connection whose input is watched.
#[derive(Debug)]
pub struct Watched<T> {
    transport: T,
    watch: fn(bool, Input) -> Input,
}

impl<T: Transport> Transport for Watched<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.transport.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.transport.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Input {
        let input = self.transport.await_input(timeout);
        (self.watch)(self.transport.is_tls(), input)
    }

    fn is_open(&mut self) -> bool {
        self.transport.is_open()
    }

    fn is_tls(&self) -> bool {
        self.transport.is_tls()
    }
}
