//! The clients on real sockets.

mod contract;
mod http2_and_tls;
mod robust;
mod standard;
mod state;
mod tail;
mod time;
