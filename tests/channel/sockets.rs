//! The channel over real sockets, with a thread for each connection. Keep-alives, a shutdown and a client that leaves
//! are the driver's, as they are for a sender.

use sse_wire::{
    Event,
    channel::{Channel, OnLag, Subscriber},
    response::{Driver, End, Framing, KeepAlive, Shutdown},
};
use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    thread::{self, JoinHandle},
    time::Duration,
};

/// How long a test waits before it fails.
const PATIENCE: Duration = Duration::from_secs(60);

type Handler = Box<dyn FnOnce(Framing, Box<dyn Write + Send>) -> io::Result<End> + Send>;

/// What the handler returns.
type Served = JoinHandle<io::Result<End>>;

/// Serves one request, and returns the client's side of its connection.
type Serve = fn(Handler) -> (Client, Served);

const SERVERS: [Serve; 2] = [tiny_http, bare];

fn tiny_http(handler: Handler) -> (Client, Served) {
    let server = tiny_http::Server::http((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = server.server_addr().to_ip().unwrap();
    let served = thread::spawn(move || {
        let request = server.recv().unwrap();
        let version = (request.http_version().0, request.http_version().1);
        handler(Framing::of(request.method().as_str(), version, None), request.into_writer())
    });
    (Client::get(TcpStream::connect(address).unwrap()), served)
}

fn bare(handler: Handler) -> (Client, Served) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let served = thread::spawn(move || {
        let (socket, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(socket.try_clone().unwrap()).lines();
        while !lines.next().unwrap().unwrap().is_empty() {}
        handler(Framing::UntilClose, Box::new(socket))
    });
    (Client::get(TcpStream::connect(address).unwrap()), served)
}

/// What a client reads, with the chunks of HTTP taken off if there are any.
struct Client {
    socket: BufReader<TcpStream>,
    is_chunked: bool,
    body: String,
}

impl Client {
    fn get(mut socket: TcpStream) -> Client {
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        Client { socket: BufReader::new(socket), is_chunked: false, body: String::new() }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.socket.read_line(&mut line).unwrap();
        line.trim_end_matches(['\r', '\n']).to_owned()
    }

    fn head(&mut self) {
        assert_eq!(self.line(), "HTTP/1.1 200 OK");
        loop {
            match &*self.line() {
                "" => break,
                header => self.is_chunked |= header.eq_ignore_ascii_case("transfer-encoding: chunked"),
            }
        }
    }

    /// Reads more of the body. Returns whether there was more.
    fn more(&mut self) -> bool {
        if !self.is_chunked {
            return self.socket.read_line(&mut self.body).unwrap() > 0;
        }
        let len = usize::from_str_radix(&self.line(), 16).unwrap();
        let mut chunk = vec![0; len];
        self.socket.read_exact(&mut chunk).unwrap();
        assert_eq!(self.line(), "");
        self.body += std::str::from_utf8(&chunk).unwrap();
        len > 0
    }

    /// Takes what there is up to the end of this text.
    fn up_to(&mut self, text: &str) -> String {
        loop {
            if let Some(at) = self.body.find(text) {
                let rest = self.body.split_off(at + text.len());
                return std::mem::replace(&mut self.body, rest);
            }
            assert!(self.more(), "{text:?} does not follow {:?}", self.body);
        }
    }

    fn rest(mut self) -> String {
        while self.more() {}
        self.body
    }
}

fn event(data: u64) -> Event {
    Event::new().data(data)
}

/// A driver that sends a comment at each pause.
fn pinging(subscriber: Subscriber, shutdown: &Shutdown) -> Handler {
    let shutdown = shutdown.clone();
    let ping = KeepAlive::every(Duration::from_millis(2)).comment("ping");
    Box::new(move |framing, writer| {
        Driver::over(framing, subscriber).keep_alive(ping).shutdown(&shutdown).run(writer)
    })
}

#[test]
fn a_silent_channel_is_kept_alive_and_its_events_are_whole() {
    for serve in SERVERS {
        let channel = Channel::new();
        let (mut client, served) = serve(pinging(channel.subscribe(), &Shutdown::new()));
        client.head();
        for n in 0..20 {
            client.up_to(": ping\n\n");
            let id = channel.publish([event(n), event(n)]).unwrap().number();
            let block = |number: u64| format!("-{number}\ndata: {n}\n\n");
            let text = client.up_to(&block(id));
            let first = text.find("id: ").unwrap();
            // Nothing is between the two, which were published at once.
            assert!(text[first..].contains(&(block(id - 1) + "id: ")), "{text}");
            assert!(text[..first].replace(": ping\n\n", "").is_empty(), "{text}");
        }
        channel.finish();
        assert_eq!(client.rest().replace(": ping\n\n", ""), "");
        assert_eq!(served.join().unwrap().unwrap(), End::Finished);
        assert_eq!(channel.subscriber_count(), 0);
    }
}

#[test]
fn a_shutdown_ends_a_silent_channel_and_says_farewell() {
    for serve in SERVERS {
        let channel = Channel::new();
        let shutdown = Shutdown::builder().farewell(Event::new().event("bye")).build();
        let (mut client, served) = serve(pinging(channel.subscribe(), &shutdown));
        client.head();
        client.up_to(": ping\n\n");
        channel.publish(event(1)).unwrap();
        client.up_to("data: 1\n\n");
        shutdown.begin();
        assert_eq!(client.rest().replace(": ping\n\n", ""), "event: bye\ndata: \n\n");
        assert_eq!(served.join().unwrap().unwrap(), End::ShutDown);
        assert_eq!(channel.subscriber_count(), 0);
    }
}

#[test]
fn a_client_that_left_is_noticed_although_nothing_is_published() {
    for serve in SERVERS {
        let channel = Channel::new();
        let (mut client, served) = serve(pinging(channel.subscribe(), &Shutdown::new()));
        client.head();
        client.up_to(": ping\n\n");
        drop(client);
        served.join().unwrap().unwrap_err();
        assert_eq!(channel.subscriber_count(), 0);
    }
}

/// The driver holds no more for a client that does not read than the kernel takes and one frame.
#[test]
fn a_client_that_does_not_read_is_told_what_it_missed() {
    for on_lag in [OnLag::Gap, OnLag::Close] {
        for serve in SERVERS {
            let channel = Channel::builder().events(100).bytes(None).on_lag(on_lag).build();
            let (mut client, served) = serve(pinging(channel.subscribe(), &Shutdown::new()));
            client.head();
            let data = "x".repeat(16 * 1024);
            let mut published = 0;
            // Until it is far too slow: the kernel's buffers have a limit.
            while published - channel.metrics().delivered <= 200 {
                published = channel.publish(Event::new().data(&data)).unwrap().number();
            }
            channel.finish();
            let text = client.rest();
            served.join().unwrap().unwrap();
            let metrics = channel.metrics();
            let received = text.matches(&data).count() as u64;
            assert_eq!(received, metrics.delivered);
            let gaps = text.split("event: gap\ndata: {\"missed\":").skip(1);
            let told: u64 = gaps.map(|rest| rest.split_once('}').unwrap().0.parse::<u64>().unwrap()).sum();
            match on_lag {
                OnLag::Gap => assert_eq!(received + told, published),
                OnLag::Close => assert!(told == 0 && received < published),
            }
        }
    }
}
