//! The one connection on which a node waits for what is published to any of its topics.
//!
//! `XREAD` waits for all streams at once. When a topic is added, the other connection ends the wait with
//! `CLIENT UNBLOCK`; where Redis forbids that, the wait is short instead.

use super::{
    Error,
    backoff::Backoff,
    feed::{Feed, Feeds, range, read_range},
    link,
    node::Shared,
    reply::{self, Stream},
};
use alloc::{string::ToString, sync::Arc, vec::Vec};
use core::{
    future::{Future, poll_fn},
    pin::pin,
    sync::atomic::Ordering,
    task::Poll,
    time::Duration,
};
use redis::{Cmd, RedisResult, Value, aio::MultiplexedConnection};
use std::{collections::HashMap, time::Instant};
use tokio::time;

/// How long Redis waits for events before it replies that there are none, if an operation may take that long. A dead
/// connection is noticed after this time and that of an operation.
const WAIT: Duration = Duration::from_secs(5);

/// The same where the wait cannot be ended early.
const SHORT_WAIT: Duration = Duration::from_millis(100);

/// The time between attempts to end the wait. The first one may overtake the command that is to wait.
const AGAIN: Duration = Duration::from_millis(10);

/// How often some of the topics are compared with Redis, and how many of them.
const COMPARE_EVERY: Duration = Duration::from_secs(1);
const COMPARED: usize = 16;

/// How many entries are read at once: at most from one topic, and roughly from all topics together.
const PAGE: usize = 512;
const LARGEST_READ: usize = 64 * 1024;

/// Entries between what was read before and what is read now can only have been dropped if the latter are all that
/// Redis has. Then there are at least as many as a publisher makes Redis keep, and that is never less than this.
pub(super) const NOTICED: u64 = 100;

/// Reads until the task is aborted.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut backoff = Backoff::new(shared.redis().timeout);
    loop {
        let Err(_) = session(&shared, &mut backoff).await;
        shared.is_connected.store(false, Ordering::Relaxed);
        time::sleep(backoff.next()).await;
    }
}

/// Reads over one connection.
struct Session<'s> {
    shared: &'s Shared,
    connection: MultiplexedConnection,
    client: u64,
    wait: Duration,
}

async fn session(shared: &Shared, backoff: &mut Backoff) -> Result<core::convert::Infallible, Error> {
    let connection = link::connect(shared.redis()).await?;
    let wait = WAIT.min(shared.redis().timeout);
    let mut session = Session { shared, connection, client: 0, wait };
    session.client = match session.ask(redis::cmd("CLIENT").arg("ID"), Duration::ZERO).await {
        Ok(client) => reply::number(&client).ok_or(Error::UnexpectedReply)?,
        Err(error) if error.is_answer() => {
            session.wait = wait.min(SHORT_WAIT);
            0
        }
        Err(error) => return Err(error),
    };

    let mut version = shared.version.load(Ordering::Acquire);
    let mut feeds = shared.live();
    for feed in &feeds {
        session.catch_up(feed).await?;
    }
    backoff.reset();
    shared.connections.fetch_add(1, Ordering::Relaxed);
    shared.is_connected.store(true, Ordering::Relaxed);

    let (mut compared, mut compare_at) = (0, Instant::now() + COMPARE_EVERY);
    loop {
        if Instant::now() >= compare_at {
            shared.drop_idle();
            for _ in 0..COMPARED.min(feeds.len()) {
                compared = (compared + 1) % feeds.len();
                session.catch_up(&feeds[compared]).await?;
            }
            compare_at = Instant::now() + COMPARE_EVERY;
        }
        let now = shared.version.load(Ordering::Acquire);
        if now != version || feeds.iter().any(|feed| !feed.is_live()) {
            version = now;
            feeds = shared.live();
        }
        if feeds.is_empty() {
            let _ = time::timeout(WAIT, shared.changed.notified()).await;
            continue;
        }
        session.read(&feeds).await?;
    }
}

impl Session<'_> {
    /// The reply to a command for which Redis may wait this long.
    async fn ask(&self, command: &Cmd, wait: Duration) -> Result<Value, Error> {
        let mut connection = self.connection.clone();
        let answer = connection.send_packed_command(command);
        let answer: RedisResult<Value> =
            time::timeout(wait.saturating_add(self.shared.redis().timeout), answer)
                .await
                .map_err(|_| Error::TimedOut)?;
        match answer {
            Ok(Value::ServerError(error)) => Err(Error::new(&error.into())),
            Ok(value) => Ok(value),
            Err(error) => Err(Error::new(&error)),
        }
    }

    /// Waits for what is published, and publishes it here.
    async fn read(&mut self, feeds: &Feeds) -> Result<(), Error> {
        let count = (LARGEST_READ / feeds.len()).clamp(1, PAGE);
        let mut command = redis::cmd("XREAD");
        // Not 0, which means that there is no end to the wait.
        let wait = self.wait.as_millis().max(1) as u64;
        command.arg("COUNT").arg(count).arg("BLOCK").arg(wait).arg("STREAMS");
        for feed in feeds {
            command.arg(&feed.key);
        }
        for feed in feeds {
            command.arg(feed.seen().to_string());
        }
        let (answer, can_unblock) = self.until_changed(&command).await;
        if !can_unblock {
            self.wait = self.wait.min(SHORT_WAIT);
        }
        let answer = match answer {
            // One of the topics caused it. Reading them one by one shows which.
            Err(error) if error.is_answer() => return self.find_wrong(feeds, error).await,
            answer => answer?,
        };
        let streams = reply::streams(answer)?;
        if streams.is_empty() {
            return Ok(());
        }
        let by_key: HashMap<&[u8], &Arc<Feed>> = feeds.iter().map(|feed| (&*feed.key, feed)).collect();
        for Stream { key, entries } in streams {
            let Some(feed) = by_key.get(&*key) else { continue };
            if entries.len() == count || entries.len() as u64 >= NOTICED {
                self.catch_up(feed).await?;
            } else {
                self.count(feed.append(&entries));
            }
        }
        Ok(())
    }

    /// Gives up the topics that cannot be read.
    async fn find_wrong(&self, feeds: &Feeds, error: Error) -> Result<(), Error> {
        for feed in feeds {
            self.catch_up(feed).await?;
        }
        if feeds.iter().all(|feed| feed.is_live()) { Err(error) } else { Ok(()) }
    }

    /// The reply to a command for which Redis waits, and whether Redis allows that wait to be ended. It is ended when
    /// there is another topic to read.
    async fn until_changed(&self, command: &Cmd) -> (Result<Value, Error>, bool) {
        let shared = self.shared;
        let mut answer = pin!(self.ask(command, self.wait));
        {
            let mut changed = pin!(shared.changed.notified());
            let first = poll_fn(|cx| match answer.as_mut().poll(cx) {
                Poll::Ready(answer) => Poll::Ready(Some(answer)),
                Poll::Pending => changed.as_mut().poll(cx).map(|()| None),
            });
            if let Some(answer) = first.await {
                return (answer, true);
            }
        }
        let mut unblock = redis::pipe();
        unblock.ignore_errors().cmd("CLIENT").arg("UNBLOCK").arg(self.client);
        loop {
            let refused = match shared.link.read(&unblock).await {
                Ok(answers) => answers.first().is_none_or(Result::is_err),
                Err(_) => false,
            };
            if refused {
                return (answer.await, false);
            }
            if let Ok(answer) = time::timeout(AGAIN, answer.as_mut()).await {
                return (answer, true);
            }
        }
    }

    /// Compares a topic with its stream, and reads what is new.
    async fn catch_up(&self, feed: &Feed) -> Result<(), Error> {
        loop {
            let commands = range(&feed.key, feed.seen(), PAGE);
            let mut connection = self.connection.clone();
            let answers = commands.query_async(&mut connection);
            let answers: Vec<RedisResult<Value>> = time::timeout(self.shared.redis().timeout, answers)
                .await
                .map_err(|_| Error::TimedOut)?
                .map_err(|error| Error::new(&error))?;
            let (entries, info) = match read_range(answers) {
                Err(Error::Reply(text)) if text.starts_with("WRONGTYPE") => {
                    feed.give_up();
                    return Ok(());
                }
                range => range?,
            };
            let (unknown, is_more) = feed.catch_up(info, &entries, entries.len() < PAGE);
            self.count(unknown);
            if !is_more {
                return Ok(());
            }
        }
    }

    fn count(&self, unknown: usize) {
        self.shared.unknown.fetch_add(unknown as u64, Ordering::Relaxed);
    }
}
