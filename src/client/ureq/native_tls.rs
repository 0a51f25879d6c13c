//! The system's TLS over ureq, which ends with an error where it was cut, as rustls does.
//!
//! With OpenSSL, native-tls takes the end of TCP for the end of TLS. But what has ended in good order has said so before
//! TCP ends, and nobody looks there any more.

use super::cut::{Input, Watched};
use core::cell::Cell;
use std::{
    io::{Error, ErrorKind},
    thread_local,
};
use ureq::unversioned::transport::{
    ConnectProxyConnector, ConnectionDetails, Connector, NativeTlsConnector, TcpConnector, Transport,
};

thread_local! {
    /// Whether TCP has ended in the read that goes on in this thread.
    static TCP_ENDED: Cell<bool> = const { Cell::new(false) };
}

/// What ureq chains by default for this TLS, but for SOCKS, with a look below TLS and above.
pub(super) fn connector() -> impl Connector<()> {
    ().chain(ConnectProxyConnector::default())
        .chain(TcpConnector::default())
        .chain(See(|_, input| {
            TCP_ENDED.set(matches!(input, Ok(false)));
            input
        }))
        .chain(NativeTlsConnector::default())
        .chain(See(|is_tls, input| match input {
            Ok(false) if is_tls && TCP_ENDED.take() => {
                Err(Error::new(ErrorKind::UnexpectedEof, "the connection ended before TLS did").into())
            }
            input => input,
        }))
}

#[derive(Debug)]
struct See(fn(bool, Input) -> Input);

impl<T: Transport> Connector<T> for See {
    type Out = Watched<T>;

    fn connect(
        &self,
        _: &ConnectionDetails<'_>,
        chained: Option<T>,
    ) -> Result<Option<Watched<T>>, ureq::Error> {
        Ok(chained.map(|transport| Watched { transport, see: self.0 }))
    }
}
