//! Many channels, each with a name.

use super::Channel;
use crate::sync::{Mutex, MutexGuard, lock};
use alloc::{boxed::Box, string::String, sync::Arc, vec::Vec};
use core::{fmt, time::Duration};
use std::{collections::HashMap, time::Instant};

/// How long an idle topic is kept by default.
const IDLE: Duration = Duration::from_secs(300);

/// Named [`Channel`]s, created when they are first needed, and dropped when they are idle.
///
/// A topic is idle while nobody holds a handle to it or a subscriber. It is dropped after five minutes, or earlier if
/// the maximum number of topics is reached and another one is needed. A topic that is in use is never dropped, so
/// everybody who publishes to a name and everybody who reads it use the same channel.
///
/// Clones are handles to the same topics.
///
/// ```
/// use sse_wire::{Event, channel::{Channel, Start, Topics}};
///
/// // At most 1,000 topics of 64 KiB each.
/// let topics = Topics::new(1_000, |_name| Channel::builder().bytes(64 * 1024).start(Start::Oldest).build());
/// topics.get_or_create("room/7")?.publish(Event::new().data("hello"))?;
/// // Readers cannot create topics.
/// let room = topics.get("room/7").ok_or("no such room: respond with 404")?;
/// let subscriber = room.connect(None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Topics(Arc<Shared>);

struct Shared {
    max: usize,
    make: Box<dyn Fn(&str) -> Channel + Send + Sync>,
    state: Mutex<State>,
}

struct State {
    topics: HashMap<Arc<str>, Topic>,
    idle: Duration,
    /// When idle topics were last looked for.
    swept: Instant,
}

struct Topic {
    channel: Channel,
    /// When it was last seen in use.
    used: Instant,
}

impl Topic {
    /// Whether nobody else has a handle or a subscriber. The first one can only come from here, under the lock.
    fn is_idle(&self) -> bool {
        let handles = &self.channel.0;
        Arc::strong_count(handles) == 1 && Arc::strong_count(&handles.shared) == 1
    }
}

impl Topics {
    /// Creates a set of at most `max` topics. The function makes the channel for a name.
    ///
    /// If two threads ask for the same new name at once, the function may be called for each of them. One of the two
    /// channels is then dropped.
    pub fn new(max: usize, make: impl Fn(&str) -> Channel + Send + Sync + 'static) -> Topics {
        let state = State { topics: HashMap::new(), idle: IDLE, swept: Instant::now() };
        Topics(Arc::new(Shared { max, make: Box::new(make), state: Mutex::new(state) }))
    }

    /// Sets how long an idle topic is kept: five minutes by default.
    ///
    /// There is no timer: idle topics are dropped when another topic is created, or by
    /// [`evict_idle`](Topics::evict_idle).
    #[must_use]
    pub fn idle(self, idle: Duration) -> Topics {
        self.0.lock().idle = idle;
        self
    }

    /// Returns the channel with this name, if there is one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Channel> {
        let mut state = self.0.lock();
        let topic = state.topics.get_mut(name)?;
        topic.used = Instant::now();
        Some(topic.channel.clone())
    }

    /// Returns the channel with this name, and creates it if there is none.
    ///
    /// # Errors
    /// If the maximum number of topics is reached, and all of them are in use.
    pub fn get_or_create(&self, name: &str) -> Result<Channel, TooManyTopics> {
        if let Some(channel) = self.get(name) {
            return Ok(channel);
        }
        // Made without the lock, because this is the user's code. Declared before the lock, like the topics that are
        // dropped, so that it is dropped after the lock is released.
        let new = (self.0.make)(name);
        let mut gone = Vec::new();
        let mut state = self.0.lock();
        let now = Instant::now();
        if let Some(topic) = state.topics.get(name) {
            return Ok(topic.channel.clone());
        }
        // Often enough, without looking every time.
        if now.saturating_duration_since(state.swept) >= state.idle / 4 {
            state.sweep(now, &mut gone);
        }
        if state.topics.len() >= self.0.max {
            gone.push(state.longest_idle().ok_or(TooManyTopics { max: self.0.max })?);
        }
        state.topics.insert(name.into(), Topic { channel: new.clone(), used: now });
        Ok(new)
    }

    /// Removes the channel with this name, and returns it. Its handles and subscribers keep working, until the last
    /// handle is dropped, which [finishes](Channel::finish) the channel. Whoever next asks for the name gets a new
    /// channel.
    pub fn remove(&self, name: &str) -> Option<Channel> {
        self.0.lock().topics.remove(name).map(|topic| topic.channel)
    }

    /// Drops the topics that have been idle for too long, and returns their number.
    pub fn evict_idle(&self) -> usize {
        let mut gone = Vec::new();
        self.0.lock().sweep(Instant::now(), &mut gone);
        gone.len()
    }

    /// Returns the number of topics.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.lock().topics.len()
    }

    /// Whether there are no topics.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns all topics with their names, to collect metrics or close them. While you hold these handles, no topic is
    /// idle.
    #[must_use]
    pub fn all(&self) -> Vec<(String, Channel)> {
        let state = self.0.lock();
        state.topics.iter().map(|(name, topic)| (String::from(&**name), topic.channel.clone())).collect()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl State {
    /// Removes the topics that have been idle for too long.
    fn sweep(&mut self, now: Instant, gone: &mut Vec<Topic>) {
        self.swept = now;
        for topic in self.topics.values_mut().filter(|topic| !topic.is_idle()) {
            topic.used = now;
        }
        let idle = self.idle;
        let is_gone = |topic: &Topic| topic.is_idle() && now.saturating_duration_since(topic.used) >= idle;
        gone.extend(self.topics.extract_if(|_, topic| is_gone(topic)).map(|(_, topic)| topic));
    }

    /// Removes the topic that has been idle for the longest time.
    fn longest_idle(&mut self) -> Option<Topic> {
        let idle = self.topics.iter().filter(|(_, topic)| topic.is_idle());
        let name = idle.min_by_key(|(_, topic)| topic.used)?.0.clone();
        self.topics.remove(&name)
    }
}

/// The maximum number of topics is reached, and all of them are in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TooManyTopics {
    /// The maximum number of topics.
    pub max: usize,
}

impl fmt::Display for TooManyTopics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there are {} topics already, and all are in use", self.max)
    }
}

impl core::error::Error for TooManyTopics {}

impl fmt::Debug for Topics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Topics").field("len", &self.len()).field("max", &self.0.max).finish_non_exhaustive()
    }
}
