//! A hand-written transport: HTTP/1.0 over a `TcpStream`, the minimum that an event stream needs.

use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use sse_wire::client::{BoxError, Stop, Timeouts};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, TcpStream, ToSocketAddrs},
};

/// The largest head of a response, in bytes.
const MAX_HEAD: u64 = 64 * 1024;

pub fn tcp_client(
    request: Request<Vec<u8>>,
    stop: &Stop,
) -> Result<Response<impl Read + Send + use<>>, BoxError> {
    let timeouts = request.extensions().get::<Timeouts>().ok_or("there are no timeouts")?;
    let host = request.uri().host().ok_or("there is no host")?;
    let address = (host, request.uri().port_u16().unwrap_or(80)).to_socket_addrs()?.next();
    let address = address.ok_or("the host has no address")?;
    let mut socket = match timeouts.connect() {
        Some(timeout) => TcpStream::connect_timeout(&address, timeout)?,
        None => TcpStream::connect(address)?,
    };
    socket.set_read_timeout(timeouts.read())?;
    socket.set_write_timeout(timeouts.read())?;
    let other = socket.try_clone()?;
    stop.on_stop(move || _ = other.shutdown(Shutdown::Both));

    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let mut head = format!("{} {target} HTTP/1.0\r\nHost: {host}\r\n", request.method()).into_bytes();
    for (name, value) in request.headers() {
        head.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    if !request.body().is_empty() {
        head.extend(format!("Content-Length: {}\r\n", request.body().len()).into_bytes());
    }
    head.extend(b"\r\n");
    socket.write_all(&head)?;
    socket.write_all(request.body())?;

    let mut reader = BufReader::new(socket).take(MAX_HEAD);
    let mut line = || {
        let mut line = Vec::new();
        reader.read_until(b'\n', &mut line)?;
        match line.pop() {
            Some(b'\n') => Ok(line.trim_ascii_end().to_owned()),
            _ => Err(BoxError::from("the head of the response is cut short or too large")),
        }
    };
    let mut answer = Response::new(());
    let first = line()?;
    let status = first.strip_prefix(b"HTTP/1.").and_then(|rest| rest.get(2..5)).ok_or("this is not HTTP")?;
    *answer.status_mut() = StatusCode::from_bytes(status)?;
    loop {
        let line = line()?;
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { break };
        let (name, value) = (HeaderName::from_bytes(&line[..colon])?, line[colon + 1..].trim_ascii());
        answer.headers_mut().append(name, HeaderValue::from_bytes(value)?);
    }
    let length =
        answer.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    Ok(answer.map(|()| reader.into_inner().take(length.unwrap_or(u64::MAX))))
}
