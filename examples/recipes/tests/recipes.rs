//! Each recipe, as a program over real sockets: it sends events at once, keeps alive, resumes, notices that a client
//! has left, and ends on Ctrl-C.

use rustix::process::{Pid, Signal, kill_process};
use std::{
    io::{BufRead, BufReader, Lines, Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

/// How long a test waits before it fails. Nothing takes that long unless something is broken.
const PATIENCE: Duration = Duration::from_secs(30);

struct Server {
    process: Child,
    output: Lines<BufReader<ChildStdout>>,
    address: SocketAddr,
}

impl Server {
    fn start(program: &str) -> Self {
        let mut process = Command::new(program).stdout(Stdio::piped()).spawn().expect("a program");
        let mut output = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        let address = loop {
            let line = output.next().expect("an address").expect("text");
            if let Some((_, address)) = line.trim().split_once("http://")
                && let Some(address) = address.strip_suffix("/events")
            {
                break address.parse().expect("an address");
            }
        };
        Server { process, output, address }
    }

    fn request(&self, method: &str, headers: &str) -> Client {
        let mut socket = TcpStream::connect(self.address).expect("a connection");
        socket.set_read_timeout(Some(PATIENCE)).expect("an option of the socket");
        let request = format!("{method} /events HTTP/1.1\r\nHost: x\r\n{headers}\r\n");
        socket.write_all(request.as_bytes()).expect("a request");
        let mut client = Client(BufReader::new(socket));
        client.expect(" 200 ");
        client
    }

    /// Waits until the program says this.
    fn expect(&mut self, text: &str) {
        assert!(self.output.any(|line| line.expect("text").contains(text)), "{text}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

struct Client(BufReader<TcpStream>);

impl Client {
    /// Reads until there is a line that contains this.
    fn expect(&mut self, text: &str) {
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            assert_ne!(self.0.read_line(&mut line).expect("text"), 0, "no {text:?}");
        }
    }

    fn rest(mut self) -> String {
        let mut rest = String::new();
        self.0.read_to_string(&mut rest).expect("the end");
        rest
    }
}

fn check(program: &str) {
    let mut server = Server::start(program);
    let mut client = server.request("GET", "");
    client.expect("text/event-stream");
    client.expect("data: 1\n");
    client.expect(": ping\n");
    client.expect(": ping\n");
    drop(client);
    server.expect("left");

    let mut resumed = server.request("GET", "Last-Event-ID: 7\r\n");
    resumed.expect("data: 8\n");
    let head = server.request("HEAD", "Connection: close\r\n").rest();
    assert!(!head.contains("data:"), "{head}");

    let pid = Pid::from_raw(server.process.id() as i32).expect("a process");
    kill_process(pid, Signal::INT).expect("it runs");
    resumed.rest();
    assert!(server.process.wait().expect("a status").success());
}

macro_rules! recipes {
    ($($name:ident)+) => {$(
        #[test]
        fn $name() {
            check(env!(concat!("CARGO_BIN_EXE_", stringify!($name))));
        }
    )+};
}
recipes!(actix axum hyper ntex poem rocket rouille salvo tcp tiny_http warp);
