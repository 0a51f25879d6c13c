//! Many channels, each with a name.

use super::Channel;
use crate::sync::{Mutex, MutexGuard, PoisonError};
use alloc::{boxed::Box, string::String, sync::Arc, vec::Vec};
use core::{fmt, time::Duration};
use std::{collections::HashMap, time::Instant};

/// How long an idle topic is kept by default.
const IDLE: Duration = Duration::from_secs(300);

/// Many [`Channel`]s, each with a name: made when they are first wanted, and dropped when they are idle.
///
/// A topic is idle while nobody has a handle or a subscriber of it. It is dropped five minutes later, or earlier
/// if there are as many topics as there may be and another one is wanted. A topic that is in use is never dropped,
/// so whoever publishes to a name and whoever reads it always have the same channel.
///
/// Clones are handles of the same topics.
///
/// ```
/// use sse_wire::{Event, channel::{Channel, Start, Topics}};
///
/// // At most 1,000, each with 64 KiB.
/// let topics = Topics::new(1_000, |_name| Channel::builder().bytes(64 * 1024).start(Start::Oldest).build());
/// topics.get_or_create("room/7")?.publish(Event::new().data("hello"))?;
/// // A reader does not make topics up.
/// let room = topics.get("room/7").ok_or("no such room: answer with 404")?;
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
    /// When the idle ones were last looked for.
    swept: Instant,
}

struct Topic {
    channel: Channel,
    /// When it was last seen in use.
    used: Instant,
}

impl Topic {
    /// Whether nobody else has a handle or a subscriber. Only the topics hand out the first one, under their lock.
    fn is_idle(&self) -> bool {
        Arc::strong_count(&self.channel.0) == 1
    }
}

impl Topics {
    /// At most so many topics, whose channels this function makes from their names.
    ///
    /// The function may be called for a name for which another thread makes a channel at the same time. One of the
    /// two is dropped then.
    pub fn new(max: usize, make: impl Fn(&str) -> Channel + Send + Sync + 'static) -> Topics {
        let state = State { topics: HashMap::new(), idle: IDLE, swept: Instant::now() };
        Topics(Arc::new(Shared { max, make: Box::new(make), state: Mutex::new(state) }))
    }

    /// How long a topic is kept when it is idle: five minutes by default.
    ///
    /// There is no timer: what is idle goes when another topic is wanted, or at
    /// [`evict_idle`](Topics::evict_idle).
    #[must_use]
    pub fn idle(self, idle: Duration) -> Topics {
        self.0.lock().idle = idle;
        self
    }

    /// The channel of this name, if there is one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Channel> {
        let mut state = self.0.lock();
        let topic = state.topics.get_mut(name)?;
        topic.used = Instant::now();
        Some(topic.channel.clone())
    }

    /// The channel of this name, which is made if there is none.
    ///
    /// # Errors
    /// If there would be too many topics, and all are in use.
    pub fn get_or_create(&self, name: &str) -> Result<Channel, TooManyTopics> {
        if let Some(channel) = self.get(name) {
            return Ok(channel);
        }
        // Without the lock, because this is the user's code. Declared ahead of it, as are those that are dropped.
        let new = (self.0.make)(name);
        let mut gone = Vec::new();
        let mut state = self.0.lock();
        let now = Instant::now();
        if let Some(topic) = state.topics.get(name) {
            return Ok(topic.channel.clone());
        }
        // Often enough, and not each time.
        if now.saturating_duration_since(state.swept) >= state.idle / 4 {
            state.sweep(now, &mut gone);
        }
        if state.topics.len() >= self.0.max {
            gone.push(state.longest_idle().ok_or(TooManyTopics { max: self.0.max })?);
        }
        state.topics.insert(name.into(), Topic { channel: new.clone(), used: now });
        Ok(new)
    }

    /// Takes the channel of this name out. Its handles and subscribers go on; who asks for the name gets another.
    pub fn remove(&self, name: &str) -> Option<Channel> {
        self.0.lock().topics.remove(name).map(|topic| topic.channel)
    }

    /// Drops the topics that have been idle for too long, and returns how many these were.
    pub fn evict_idle(&self) -> usize {
        let mut gone = Vec::new();
        self.0.lock().sweep(Instant::now(), &mut gone);
        gone.len()
    }

    /// How many topics there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.lock().topics.len()
    }

    /// Whether there is no topic.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All topics with their names, for metrics or to close them. As long as one has these handles, no topic is
    /// idle.
    #[must_use]
    pub fn all(&self) -> Vec<(String, Channel)> {
        let state = self.0.lock();
        state.topics.iter().map(|(name, topic)| (String::from(&**name), topic.channel.clone())).collect()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is whole at every moment, so that a panic elsewhere does not matter.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes those out that have been idle for too long.
    fn sweep(&mut self, now: Instant, gone: &mut Vec<Topic>) {
        self.swept = now;
        for topic in self.topics.values_mut().filter(|topic| !topic.is_idle()) {
            topic.used = now;
        }
        let idle = self.idle;
        let is_gone = |topic: &Topic| topic.is_idle() && now.saturating_duration_since(topic.used) >= idle;
        gone.extend(self.topics.extract_if(|_, topic| is_gone(topic)).map(|(_, topic)| topic));
    }

    /// Takes the one out that has been idle for the longest time.
    fn longest_idle(&mut self) -> Option<Topic> {
        let idle = self.topics.iter().filter(|(_, topic)| topic.is_idle());
        let name = idle.min_by_key(|(_, topic)| topic.used)?.0.clone();
        self.topics.remove(&name)
    }
}

/// There are as many topics as there may be, and all are in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TooManyTopics {
    /// How many there may be.
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
