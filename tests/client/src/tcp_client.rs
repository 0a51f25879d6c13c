//! A transport made by hand: HTTP/1.0 over a `TcpStream`, which is the least that an event stream needs.

use sse_wire::client::{Answer, BoxError, Request, Stop};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, TcpStream, ToSocketAddrs},
};

/// The largest head of an answer, in bytes.
const MAX_HEAD: u64 = 64 * 1024;

pub fn tcp_client(request: &Request, stop: &Stop) -> Result<Answer<Box<dyn Read + Send>>, BoxError> {
    let address =
        (request.host(), request.port()).to_socket_addrs()?.next().ok_or("the host has no address")?;
    let mut socket = match request.connect_timeout() {
        Some(timeout) => TcpStream::connect_timeout(&address, timeout)?,
        None => TcpStream::connect(address)?,
    };
    socket.set_read_timeout(request.read_timeout())?;
    socket.set_write_timeout(request.read_timeout())?;
    let other = socket.try_clone()?;
    stop.on_stop(move || _ = other.shutdown(Shutdown::Both));

    let mut head =
        format!("{} {} HTTP/1.0\r\nHost: {}\r\n", request.method(), request.target(), request.host());
    for (name, value) in request.headers() {
        head += &format!("{name}: {value}\r\n");
    }
    let body = request.body();
    if let Some(body) = body {
        head += &format!("Content-Length: {}\r\n", body.len());
    }
    socket.write_all((head + "\r\n").as_bytes())?;
    socket.write_all(body.unwrap_or_default())?;

    let mut reader = BufReader::new(socket).take(MAX_HEAD);
    let mut line = || {
        let mut line = Vec::new();
        reader.read_until(b'\n', &mut line)?;
        match line.pop() {
            Some(b'\n') => Ok(String::from_utf8_lossy(&line).trim_end().to_owned()),
            _ => Err(BoxError::from("the head of the answer is cut short or too large")),
        }
    };
    let first = line()?;
    let status =
        first.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)).ok_or("this is not HTTP")?.parse()?;
    let mut headers = Vec::new();
    loop {
        let line = line()?;
        match line.split_once(':') {
            Some((name, value)) => headers.push((name.to_owned(), value.trim().to_owned())),
            None => break,
        }
    }
    let body: Box<dyn Read + Send> = Box::new(reader.into_inner());
    Ok(headers
        .into_iter()
        .fold(Answer::new(status, body), |answer, (name, value)| answer.header(name, value)))
}
