use app::{keep_alive, log, send_events};
use sse_wire::response::{self, Framing, Shutdown, last_event_id};
use std::{
    error::Error,
    io::{self, BufRead, BufReader, Write},
    net::TcpStream,
    process, thread,
    time::Duration,
};

fn main() -> Result<(), Box<dyn Error>> {
    let shutdown = Shutdown::new();
    ctrlc::set_handler({
        let shutdown = shutdown.clone();
        move || {
            shutdown.begin();
            shutdown.wait_timeout(Duration::from_secs(10));
            process::exit(0);
        }
    })?;
    for socket in app::listen().incoming() {
        let (socket, shutdown) = (socket?, shutdown.clone());
        thread::spawn(move || handler(socket, &shutdown));
    }
    Ok(())
}

fn handler(mut socket: TcpStream, shutdown: &Shutdown) -> io::Result<()> {
    let mut lines = BufReader::new(&socket).lines();
    let request = lines.next().unwrap_or_else(|| Err(io::ErrorKind::UnexpectedEof.into()))?;
    let mut id = String::new();
    for line in lines {
        match line?.split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("Last-Event-ID") => id = value.to_owned(),
            Some(_) => {}
            None => break,
        }
    }
    let Ok(id) = last_event_id::parse_bytes(id.as_bytes()) else {
        return socket.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    };
    let method = request.split(' ').next().unwrap_or_default();
    // The response ends with the connection, as it may in HTTP/1.0 and in HTTP/1.1.
    let framing = if method == "HEAD" { Framing::HeadersOnly } else { Framing::UntilClose };
    let (sender, driver) = response::writer(framing);
    thread::spawn(move || send_events(&sender, id));
    socket.set_nodelay(true)?;
    socket.set_write_timeout(Some(Duration::from_secs(30)))?;
    match driver.keep_alive(keep_alive()).shutdown(shutdown).run(socket) {
        Ok(end) => log(end),
        Err(error) => println!("the client left: {error}"),
    }
    Ok(())
}
