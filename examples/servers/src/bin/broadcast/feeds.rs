//! The channels, by name: in this process, or in Redis.

use crate::{memory::Memory, options::Options, refusal::Refusal, shared::Shared};
use sse_wire::{
    Event,
    channel::{Channel, Metrics, Subscriber},
};
use std::error::Error;

/// The channel of a request that names none.
pub const MAIN: &str = "main";

/// How many channels there may be at once. Each has its own log, so this limits memory. Once there are this many, a new
/// one takes the place of one that nobody reads.
pub const MAX_CHANNELS: usize = 1_000;

const MAX_NAME: usize = 100;

/// Where the events of a client begin.
pub enum From<'a> {
    /// With what is published next.
    Live,
    /// With everything that is retained.
    Oldest,
    /// After the event with this ID.
    After(&'a str),
}

#[derive(Clone)]
pub enum Feeds {
    Memory(Memory),
    Shared(Shared),
}

impl Feeds {
    /// Needs a tokio runtime.
    pub fn new(options: &Options) -> Result<Feeds, Box<dyn Error>> {
        let mut builder = Channel::builder();
        if let Some(events) = options.events {
            builder = builder.events(events);
        }
        if let Some(bytes) = options.bytes {
            builder = builder.bytes(bytes);
        }
        match &options.redis {
            None => Ok(Feeds::Memory(Memory::new(builder)?)),
            Some(url) => Ok(Feeds::Shared(Shared::new(url, builder)?)),
        }
    }

    /// Subscribes to a channel, which is created if there is none yet. `None` means that it is finished, and that the
    /// client has all of it.
    pub async fn subscribe(&self, name: &str, from: From<'_>) -> Result<Option<Subscriber>, Refusal> {
        check_name(name)?;
        match self {
            Feeds::Memory(memory) => memory.subscribe(name, from),
            Feeds::Shared(shared) => shared.subscribe(name, from).await,
        }
    }

    /// Publishes an event, and returns the ID that the channel gives it.
    pub async fn publish(&self, name: &str, event: Event) -> Result<String, Refusal> {
        check_name(name)?;
        match self {
            Feeds::Memory(memory) => memory.publish(name, event),
            Feeds::Shared(shared) => shared.publish(name, event).await,
        }
    }

    /// What each channel has counted, by name.
    pub fn metrics(&self) -> Vec<(String, Metrics)> {
        let mut metrics = match self {
            Feeds::Memory(memory) => memory.metrics(),
            Feeds::Shared(shared) => shared.metrics(),
        };
        metrics.sort_by(|(one, _), (other, _)| one.cmp(other));
        metrics
    }
}

fn check_name(name: &str) -> Result<(), Refusal> {
    if name.is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
        return Err(Refusal::bad_request(format_args!(
            "the name of a channel has 1 to {MAX_NAME} bytes and no control characters"
        )));
    }
    Ok(())
}
