//! What the tests of the client share: a server that answers as it is told, and each kind of client.

mod engines;
mod hyper_client;
mod server;
mod tcp_client;

pub use engines::{Client, Engine};
pub use hyper_client::HyperClient;
pub use server::{Connection, Received, Server};
pub use tcp_client::tcp_client;
