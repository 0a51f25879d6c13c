//! Channels in this process.

use crate::{
    feeds::{From, MAIN, MAX_CHANNELS},
    refusal::Refusal,
};
use hyper::StatusCode;
use sse_wire::{
    Event,
    channel::{Builder, Channel, Metrics, Subscriber, TooManyTopics, Topics},
};

#[derive(Clone)]
pub struct Memory {
    topics: Topics,
    /// A topic to which somebody has a handle is never idle, so this keeps the page's own channel.
    _main: Channel,
}

impl Memory {
    pub fn new(builder: Builder) -> Result<Memory, TooManyTopics> {
        let topics = Topics::new(MAX_CHANNELS, move |_name| builder.clone().build());
        Ok(Memory { _main: topics.get_or_create(MAIN)?, topics })
    }

    pub fn subscribe(&self, name: &str, from: From<'_>) -> Result<Option<Subscriber>, Refusal> {
        let channel = self.channel(name)?;
        Ok(match from {
            From::Live => channel.connect(None),
            From::Oldest => Some(channel.subscribe_from_oldest()),
            From::After(id) => channel.connect(Some(id)),
        })
    }

    pub fn publish(&self, name: &str, event: Event) -> Result<String, Refusal> {
        match self.channel(name)?.publish(event) {
            Ok(id) => Ok(id.to_string()),
            Err(error) => Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, error)),
        }
    }

    pub fn metrics(&self) -> Vec<(String, Metrics)> {
        self.topics.all().into_iter().map(|(name, channel)| (name, channel.metrics())).collect()
    }

    /// The channel with this name, which is created if there is none yet. If there are too many, it takes the place of
    /// one that nobody reads.
    fn channel(&self, name: &str) -> Result<Channel, Refusal> {
        self.topics.get_or_create(name).map_err(|error| Refusal::new(StatusCode::TOO_MANY_REQUESTS, error))
    }
}
