//! A server that treats its clients however a test wants.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// A server on the loopback interface. It ends with the test's process.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Received {
    pub method: String,
    pub target: String,
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Received {
    /// All values of a header.
    pub fn header(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str()).collect()
    }
}

/// A client's connection, after one request has arrived on it.
#[derive(Debug)]
pub struct Connection {
    /// The number of this request, counted from 0.
    pub number: usize,
    pub request: Received,
    pub stream: TcpStream,
    is_reset: bool,
}

impl Connection {
    /// Sends bytes unchanged. It does not matter if the client has left.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        _ = self.stream.write_all(bytes.as_ref());
    }

    /// Sends the head of an event stream that lasts as long as its connection.
    pub fn open(&mut self) {
        self.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n");
    }

    /// Sends an event stream that ends.
    pub fn stream(&mut self, body: &str) {
        self.open();
        self.send(body);
    }

    /// Sends a complete response.
    pub fn answer(&mut self, status: u16, headers: &str, body: &str) {
        let length = body.len();
        self.send(format!(
            "HTTP/1.1 {status} X\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        ));
    }

    /// Cuts the connection once the client has read everything that was sent: with a reset instead of an end.
    pub fn reset(&mut self) {
        let socket = socket2::SockRef::from(&self.stream);
        socket.set_linger(Some(std::time::Duration::ZERO)).unwrap();
        self.is_reset = true;
    }

    /// Waits until the client has left.
    pub fn until_left(&mut self) {
        _ = io::copy(&mut self.stream, &mut io::sink());
    }
}

impl Server {
    /// Calls `serve` for each request, in a separate thread. The connection ends when it returns.
    pub fn start(serve: impl Fn(&mut Connection) + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port on the loopback interface");
        let address = listener.local_addr().unwrap();
        let received = Arc::new(Mutex::new(Vec::new()));
        let (log, serve) = (received.clone(), Arc::new(serve));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (log, serve) = (log.clone(), serve.clone());
                thread::spawn(move || {
                    let Ok(request) = read_request(&stream) else { return };
                    let number = {
                        let mut log = log.lock().unwrap();
                        log.push(request.clone());
                        log.len() - 1
                    };
                    let mut connection = Connection { number, request, stream, is_reset: false };
                    serve(&mut connection);
                    if connection.is_reset {
                        return;
                    }
                    _ = connection.stream.shutdown(Shutdown::Write);
                    // If the client still sent something, the system would reset the connection.
                    connection.until_left();
                });
            }
        });
        Server { address, received }
    }

    pub fn url(&self) -> String {
        format!("http://{}/events", self.address)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The requests so far.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

fn read_request(stream: &TcpStream) -> io::Result<Received> {
    let mut stream = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = Vec::new();
        stream.read_until(b'\n', &mut line)?;
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    let first = lines.first().ok_or(io::ErrorKind::UnexpectedEof)?;
    let mut words = first.split(' ').map(str::to_owned);
    let mut word = || words.next().unwrap_or_default();
    let (method, target) = (word(), word());
    let header = |line: &String| {
        line.split_once(':').map(|(name, value)| (name.to_owned(), value.trim_start().to_owned()))
    };
    let headers: Vec<_> = lines.iter().skip(1).filter_map(header).collect();
    let mut request = Received { method, target, headers, body: String::new() };
    if let Some(length) = request.header("content-length").first().and_then(|value| value.parse().ok()) {
        stream.take(length).read_to_string(&mut request.body)?;
    }
    Ok(request)
}
