//! The system's TLS for ureq. If the connection is cut, it ends with an error, as rustls does.
//!
//! With OpenSSL, native-tls takes the end of TCP for the end of TLS. But a stream that ends properly says so before TCP
//! ends, so the end of TCP is not read in that case.

use super::cut::WatchInput;
use core::cell::Cell;
use std::{
    io::{Error, ErrorKind},
    thread_local,
};
use ureq::unversioned::transport::{ConnectProxyConnector, Connector, NativeTlsConnector, TcpConnector};

thread_local! {
    /// Whether TCP has ended in the read that is in progress on this thread.
    static TCP_ENDED: Cell<bool> = const { Cell::new(false) };
}

/// What ureq chains by default for this TLS, except for SOCKS, and watched both below and above TLS.
pub(super) fn connector() -> impl Connector<()> {
    ().chain(ConnectProxyConnector::default())
        .chain(TcpConnector::default())
        .chain(WatchInput(|_, input| {
            TCP_ENDED.set(matches!(input, Ok(false)));
            input
        }))
        .chain(NativeTlsConnector::default())
        .chain(WatchInput(|is_tls, input| match input {
            Ok(false) if is_tls && TCP_ENDED.take() => {
                Err(Error::new(ErrorKind::UnexpectedEof, "the connection ended before TLS did").into())
            }
            input => input,
        }))
}
