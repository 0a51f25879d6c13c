//! A proxy that treats connections the way networks do.

use super::random::Random;
use socket2::SockRef;
use std::{
    collections::VecDeque,
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    time::sleep,
};

/// How many connections to the server stay open after their clients have silently vanished.
const FORGOTTEN: usize = 20;

#[derive(Clone, Copy, Debug)]
enum Fault {
    /// Both sides see an orderly end.
    Cut,
    /// Both sides see a reset.
    Reset,
    /// Nothing arrives for a while.
    Delay(Duration),
    /// This many bytes arrive one at a time.
    Trickle(usize),
    /// Nothing arrives any more, and neither side is told.
    HalfOpen,
}

impl Fault {
    fn random(random: &mut Random) -> Fault {
        match random.below(16) {
            0..4 => Fault::Cut,
            4..8 => Fault::Reset,
            8..12 => Fault::Delay(Duration::from_millis(random.below(20))),
            12..15 => Fault::Trickle(random.below(400) as usize),
            _ => Fault::HalfOpen,
        }
    }
}

#[derive(Clone)]
pub struct Proxy(Arc<Shared>);

struct Shared {
    upstream: SocketAddr,
    random: Mutex<Random>,
    /// How many faults are still to come. After the last one, the proxy works properly.
    left: AtomicU64,
    longest: u64,
    forgotten: Mutex<VecDeque<OwnedReadHalf>>,
}

impl Proxy {
    /// Listens, and returns the address.
    /// Every connection gets its next fault after `longest` bytes at most.
    pub async fn start(
        upstream: SocketAddr,
        faults: u64,
        longest: u64,
        seed: u64,
    ) -> io::Result<(Proxy, SocketAddr)> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let proxy = Proxy(Arc::new(Shared {
            upstream,
            random: Mutex::new(Random(seed)),
            left: AtomicU64::new(faults),
            longest,
            forgotten: Mutex::default(),
        }));
        let accepting = proxy.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let proxy = accepting.clone();
                // An error ends both connections, as it would without a proxy.
                tokio::spawn(async move { proxy.carry(client).await });
            }
        });
        Ok((proxy, address))
    }

    /// Whether all faults have happened.
    pub fn is_done(&self) -> bool {
        self.0.left.load(Relaxed) == 0
    }

    /// The next fault, and after how many bytes it happens: sometimes inside the head of the response.
    fn next(&self) -> Option<(usize, Fault)> {
        self.0.left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).ok()?;
        let mut random = self.0.random.lock().expect("no panic");
        let magnitude = random.below(1 + u64::from(self.0.longest.ilog2()));
        Some((random.below(1 << magnitude) as usize, Fault::random(&mut random)))
    }

    async fn carry(&self, client: TcpStream) -> io::Result<()> {
        let server = TcpStream::connect(self.0.upstream).await?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        let asking = tokio::spawn(async move {
            let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
            (from_client, to_server)
        });
        while let Some((after, fault)) = self.next() {
            forward(&mut from_server, &mut to_client, after).await?;
            match fault {
                Fault::Delay(time) => sleep(time).await,
                Fault::Trickle(bytes) => {
                    for _ in 0..bytes {
                        forward(&mut from_server, &mut to_client, 1).await?;
                    }
                }
                Fault::Cut => {
                    asking.abort();
                    return Ok(());
                }
                Fault::Reset => {
                    SockRef::from(to_client.as_ref()).set_linger(Some(Duration::ZERO))?;
                    SockRef::from(from_server.as_ref()).set_linger(Some(Duration::ZERO))?;
                    asking.abort();
                    return Ok(());
                }
                Fault::HalfOpen => {
                    // The client loses patience. The server is not told.
                    if let Ok((_, to_server)) = asking.await {
                        to_server.forget();
                    }
                    let mut forgotten = self.0.forgotten.lock().expect("no panic");
                    forgotten.push_back(from_server);
                    if forgotten.len() > FORGOTTEN {
                        forgotten.pop_front();
                    }
                    return Ok(());
                }
            }
        }
        tokio::io::copy(&mut from_server, &mut to_client).await?;
        Ok(())
    }
}

/// Carries this many bytes.
async fn forward(from: &mut OwnedReadHalf, to: &mut OwnedWriteHalf, bytes: usize) -> io::Result<()> {
    let mut buffer = [0; 1024];
    let mut left = bytes;
    while left > 0 {
        let len = left.min(buffer.len());
        let len = from.read(&mut buffer[..len]).await?;
        if len == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        to.write_all(&buffer[..len]).await?;
        left -= len;
    }
    Ok(())
}
