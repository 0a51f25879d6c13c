//! A connection to Redis for commands that are answered at once. It is made when it is needed.

use super::{Error, Redis};
use alloc::vec::Vec;
use core::time::Duration;
use redis::{AsyncConnectionConfig, Pipeline, RedisResult, Value, aio::MultiplexedConnection};
use std::time::Instant;
use tokio::{sync::Mutex, time};

/// A connection that has been idle for this long is tested before it is used. Otherwise, if it had died in the
/// meantime, it would be unclear whether an event was published.
pub(super) const TRUSTED: Duration = Duration::from_secs(1);

/// Any number of tasks can use it at once: commands are sent one after another without waiting for replies.
pub(super) struct Link {
    pub(super) redis: Redis,
    connection: Mutex<Option<Connection>>,
}

#[derive(Clone)]
struct Connection {
    multiplexed: MultiplexedConnection,
    used: Instant,
    number: u64,
}

/// Why there is no reply.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: Error,
    /// Whether Redis may have received the commands.
    pub(super) was_sent: bool,
}

impl Link {
    pub(super) fn new(redis: Redis) -> Link {
        Link { redis, connection: Mutex::new(None) }
    }

    /// Sends these commands and returns the replies, in bounded time.
    pub(super) async fn ask(&self, commands: &Pipeline) -> Result<Vec<RedisResult<Value>>, Failure> {
        let mut sent = None;
        let answers = time::timeout(self.redis.timeout, async {
            let connection = self.connect().await?;
            sent = Some(connection.number);
            let answers = commands.query_async(&mut connection.multiplexed.clone()).await;
            answers.map_err(|error| Error::new(&error))
        });
        let answers = answers.await.unwrap_or(Err(Error::TimedOut));
        if let (Some(number), Err(error)) = (sent, &answers)
            && !error.is_answer()
        {
            self.drop_connection(number).await;
        }
        answers.map_err(|error| Failure { error, was_sent: sent.is_some() })
    }

    /// Like [`ask`](Link::ask), but tries again over a new connection if the old one was lost. For commands that change
    /// nothing.
    pub(super) async fn read(&self, commands: &Pipeline) -> Result<Vec<RedisResult<Value>>, Error> {
        let answers = match self.ask(commands).await {
            Err(Failure { error: Error::Disconnected, was_sent: true }) => self.ask(commands).await,
            answers => answers,
        };
        answers.map_err(|failure| failure.error)
    }

    async fn connect(&self) -> Result<Connection, Error> {
        let mut kept = self.connection.lock().await;
        let mut number = 0;
        // Taken out, so that a connection that does not reply is gone when the time is up.
        if let Some(mut connection) = kept.take() {
            number = connection.number + 1;
            let is_alive = connection.used.elapsed() < TRUSTED
                || redis::cmd("PING").exec_async(&mut connection.multiplexed).await.is_ok();
            if is_alive {
                connection.used = Instant::now();
                *kept = Some(connection.clone());
                return Ok(connection);
            }
        }
        let multiplexed = connect(&self.redis).await?;
        let connection = Connection { multiplexed, used: Instant::now(), number };
        *kept = Some(connection.clone());
        Ok(connection)
    }

    async fn drop_connection(&self, number: u64) {
        let mut kept = self.connection.lock().await;
        if kept.as_ref().is_some_and(|connection| connection.number == number) {
            *kept = None;
        }
    }
}

/// Opens a new connection. Its commands wait for as long as it takes.
pub(super) async fn connect(redis: &Redis) -> Result<MultiplexedConnection, Error> {
    let config =
        AsyncConnectionConfig::new().set_connection_timeout(Some(redis.timeout)).set_response_timeout(None);
    let connection = redis.client.get_multiplexed_async_connection_with_config(&config);
    time::timeout(redis.timeout, connection)
        .await
        .map_err(|_| Error::TimedOut)?
        .map_err(|error| Error::new(&error))
}
