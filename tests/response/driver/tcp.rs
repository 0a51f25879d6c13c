//! A driver on a bare TCP connection.

use super::{send_until_it_fails, silent};
use sse_wire::response::{Framing, SendError};
use std::{
    io::{self, Read},
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};

fn tcp() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (listener.accept().unwrap().0, client)
}

#[test]
fn a_client_that_vanishes_is_noticed_by_writing() {
    for reset in [false, true] {
        let (server, mut client) = tcp();
        let (sender, driver) = silent(Framing::Chunked);
        let driver = thread::spawn(move || driver.run(server));
        if reset {
            // Closing a socket with something unread resets the connection.
            client.peek(&mut [0]).unwrap();
        } else {
            // All of the head, so that nothing is unread.
            let mut head = [0; 1];
            let mut seen = Vec::new();
            while !seen.ends_with(b"\r\n\r\n") {
                client.read_exact(&mut head).unwrap();
                seen.extend(head);
            }
        }
        drop(client);
        assert!(matches!(send_until_it_fails(&sender), SendError::ClientLeft { .. }));
        driver.join().unwrap().unwrap_err();
    }
}

#[test]
fn a_socket_with_a_write_timeout_frees_its_thread() {
    let (server, client) = tcp();
    server.set_write_timeout(Some(Duration::from_millis(1))).unwrap();
    let (sender, driver) = silent(Framing::Chunked);
    let driver = thread::spawn(move || driver.run(server));
    // The client never reads: at some point the kernel's buffers are full.
    assert!(matches!(send_until_it_fails(&sender), SendError::TimedOut));
    assert_eq!(driver.join().unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut);
    drop(client);
}
