//! Behind a real nginx: a drain does not cut off the responses that it should save.

use crate::{
    feed::Once,
    live::{self, tick},
    skip::skip,
};
use futures_util::{StreamExt, stream};
use sse_wire::{
    Event,
    response::{self, Body, End, Framing, KeepAlive, Shutdown},
};
use std::{
    env, fs,
    io::{BufRead, BufReader, ErrorKind, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{self, Child, Command},
    sync::mpsc,
    thread,
    time::Duration,
};
use tokio::sync::oneshot;

/// An nginx in front of a server, which cuts off connections that are silent for a second.
struct Nginx {
    process: Child,
    directory: PathBuf,
}

impl Nginx {
    fn start(name: &str, upstream: SocketAddr) -> Option<Self> {
        let paths = env::var_os("PATH").unwrap_or_default();
        let places = env::split_paths(&paths).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
        let mut programs = places.map(|place| place.join("nginx"));
        let Some(program) = programs.find(|program| program.exists()) else {
            skip("nginx is not installed");
            return None;
        };
        let directory = env::temp_dir().join(format!("sse-wire-{}-{name}", process::id()));
        fs::create_dir_all(&directory).expect("a directory");
        let own = directory.display();
        let configuration = format!(
            "daemon off; master_process off; pid {own}/pid; error_log {own}/error.log;
             events {{}}
             http {{
                 access_log off;
                 client_body_temp_path {own}/1; proxy_temp_path {own}/2; fastcgi_temp_path {own}/3;
                 uwsgi_temp_path {own}/4; scgi_temp_path {own}/5;
                 server {{
                     listen unix:{own}/socket;
                     location / {{
                         proxy_pass http://{upstream};
                         proxy_http_version 1.1;
                         proxy_set_header Connection \"\";
                         proxy_read_timeout 1s;
                     }}
                 }}
             }}"
        );
        fs::write(directory.join("nginx.conf"), configuration).expect("a file");
        let mut command = Command::new(program);
        command.arg("-e").arg(directory.join("error.log")).arg("-c").arg(directory.join("nginx.conf"));
        let process = command.spawn().expect("nginx starts");
        Some(Nginx { process, directory })
    }

    /// A response, line by line, up to the end of the connection.
    fn get(&mut self) -> impl Iterator<Item = String> + use<> {
        let mut socket = loop {
            match UnixStream::connect(self.directory.join("socket")) {
                Ok(socket) => break socket,
                Err(error) if [ErrorKind::NotFound, ErrorKind::ConnectionRefused].contains(&error.kind()) => {
                    let log = || fs::read_to_string(self.directory.join("error.log")).unwrap_or_default();
                    assert_eq!(self.process.try_wait().expect("a state"), None, "{}", log());
                    thread::yield_now();
                }
                Err(error) => panic!("{error}"),
            }
        };
        socket.set_read_timeout(Some(live::PATIENCE)).expect("an option of the socket");
        socket.write_all(b"GET / HTTP/1.0\r\n\r\n").expect("a request");
        BufReader::new(socket).lines().map(|line| line.expect("text"))
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(Path::new(&self.directory));
    }
}

const INTERVAL: Duration = Duration::from_millis(100);

/// More keep-alives than fit into the second after which nginx cuts off a silent connection.
const KEEP_ALIVES: usize = 15;

/// What a client gets that waits for a response while the server drains.
fn expect_the_answer(mut nginx: Nginx, shutdown: &Shutdown, answer: impl FnOnce()) {
    let mut lines = nginx.get();
    assert!(lines.any(|line| line == "data: 1"), "the first event");
    shutdown.begin_within(Duration::from_secs(60));
    let keep_alives = lines.by_ref().filter(|line| line == ":").take(KEEP_ALIVES).count();
    assert_eq!(keep_alives, KEEP_ALIVES, "nginx does not cut the answer off");
    answer();
    let rest: Vec<_> = lines.filter(|line| !line.is_empty() && line != ":").collect();
    assert_eq!(rest, ["event: tick", "id: 2", "data: 2", ": bye"]);
}

fn shutdown() -> Shutdown {
    Shutdown::builder().farewell(Event::new().comment("bye")).build()
}

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a listener");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

#[test]
fn a_drain_of_an_async_server_saves_its_answers() {
    let (listener, address) = listener();
    let Some(nginx) = Nginx::start("async", address) else { return };
    let shutdown = shutdown();
    let (answer, answered) = oneshot::channel();
    let (told, end) = mpsc::channel();
    let events =
        stream::iter([tick(1)]).chain(stream::once(async { answered.await.expect("the test answers") }));
    let body = Body::new(events)
        .keep_alive(KeepAlive::every(INTERVAL))
        .shutdown(&shutdown)
        .on_end(move |end| told.send(end).expect("the test waits"));
    let body = Once::new(body);
    let handler = async move || body.take().into_http();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.spawn(async move {
        listener.set_nonblocking(true).expect("an option of the socket");
        let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
        let app = axum::Router::new().route("/", axum::routing::get(handler));
        axum::serve(listener, app).await
    });
    expect_the_answer(nginx, &shutdown, || answer.send(tick(2)).expect("the body waits"));
    assert_eq!(end.recv(), Ok(End::ShutDown));
}

#[test]
fn a_drain_of_a_blocking_server_saves_its_answers() {
    let (listener, address) = listener();
    let Some(nginx) = Nginx::start("blocking", address) else { return };
    let shutdown = shutdown();
    let (keep, kept) = mpsc::channel();
    let (told, end) = mpsc::channel();
    let handle = shutdown.clone();
    thread::spawn(move || {
        let server = tiny_http::Server::from_listener(listener, None).expect("a server");
        let request = server.recv().expect("a request");
        let (sender, driver) = response::writer(Framing::of("GET", (1, 1), None));
        sender.send(tick(1)).expect("there is room");
        keep.send(sender).expect("the test waits");
        let driver = driver.keep_alive(KeepAlive::every(INTERVAL)).shutdown(&handle);
        told.send(driver.run(request.into_writer()).expect("no error")).expect("the test waits");
    });
    expect_the_answer(nginx, &shutdown, || {
        kept.recv().expect("a sender").send(tick(2)).expect("the driver runs");
    });
    assert_eq!(end.recv(), Ok(End::ShutDown));
}
