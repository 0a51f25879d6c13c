//! A `redis-server` for a single test.

use crate::skip::skip;
use sse_wire::channel::redis::Redis;
use std::{
    fs,
    io::ErrorKind,
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

/// A `redis-server` with its own port and directory, which syncs every command to disk at once.
pub struct RedisServer {
    port: u16,
    dir: PathBuf,
    password: Option<&'static str>,
    child: Option<Child>,
}

impl RedisServer {
    /// A running server, or `None` if there is no such program.
    #[track_caller]
    pub fn start() -> Option<RedisServer> {
        RedisServer::start_with(None)
    }

    /// The same with a password.
    #[track_caller]
    pub fn start_with(password: Option<&'static str>) -> Option<RedisServer> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        if let Err(error) = Command::new("redis-server").arg("--version").stdout(Stdio::null()).status() {
            assert_eq!(error.kind(), ErrorKind::NotFound);
            skip("there is no redis-server");
            return None;
        }
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("sse-wire-redis-{}-{number}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let mut server = RedisServer { port: free_port(), dir, password, child: None };
        server.restart();
        Some(server)
    }

    /// Its address, with the settings that tests need: a long timeout, because the machine may be busy.
    pub fn redis(&self) -> Redis {
        Redis::new(&self.url()).unwrap().timeout(Duration::from_secs(20))
    }

    pub fn url(&self) -> String {
        match self.password {
            None => format!("redis://127.0.0.1:{}/", self.port),
            Some(password) => format!("redis://:{password}@127.0.0.1:{}/", self.port),
        }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts it again with its data, and waits until it responds.
    pub fn restart(&mut self) {
        assert!(self.child.is_none(), "it is running");
        let mut command = Command::new("redis-server");
        command.arg("--port").arg(self.port.to_string()).arg("--bind").arg("127.0.0.1");
        command.arg("--dir").arg(&self.dir).args([
            "--save",
            "",
            "--appendonly",
            "yes",
            "--appendfsync",
            "always",
        ]);
        if let Some(password) = self.password {
            command.args(["--requirepass", password]);
        }
        let mut child = command.stdout(Stdio::null()).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            assert!(child.try_wait().unwrap().is_none(), "redis-server has ended");
            if self.try_command(&["PING"]).is_ok() {
                break;
            }
            assert!(Instant::now() < deadline, "redis-server does not answer");
            thread::sleep(Duration::from_millis(10));
        }
        self.child = Some(child);
    }

    /// Ends it at once, like a crash.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("it is running");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Starts a killed server with its data at an address that no node knows, until `work` returns.
    pub fn elsewhere(&mut self, change: impl FnOnce(&RedisServer)) {
        let port = std::mem::replace(&mut self.port, free_port());
        self.restart();
        change(self);
        self.kill();
        self.port = port;
    }

    /// Removes the files of a killed server.
    pub fn lose_data(&self) {
        assert!(self.child.is_none(), "it is running");
        fs::remove_dir_all(&self.dir).unwrap();
        fs::create_dir_all(&self.dir).unwrap();
    }

    /// The reply to a command, over a separate connection.
    pub fn command(&self, arguments: &[&str]) -> redis::Value {
        self.try_command(arguments).unwrap()
    }

    fn try_command(&self, arguments: &[&str]) -> redis::RedisResult<redis::Value> {
        let client = redis::Client::open(self.url()).unwrap();
        let mut connection = client.get_connection_with_timeout(Duration::from_secs(20))?;
        redis::cmd(arguments[0]).arg(&arguments[1..]).query(&mut connection)
    }

    /// The open connections, except for the one that asks.
    pub fn clients(&self) -> usize {
        let redis::Value::BulkString(list) = self.command(&["CLIENT", "LIST"]) else { panic!() };
        String::from_utf8(list).unwrap().lines().count() - 1
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.kill();
        }
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// A port on which nothing listens.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
