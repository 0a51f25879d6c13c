//! Channels in this process.

use crate::{
    feeds::{From, MAIN, MAX_CHANNELS},
    refusal::Refusal,
};
use hyper::StatusCode;
use sse_wire::{
    Event,
    channel::{Builder, Channel, Metrics, Subscriber},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

#[derive(Clone)]
pub struct Memory {
    builder: Builder,
    channels: Arc<Mutex<BTreeMap<String, Channel>>>,
}

impl Memory {
    pub fn new(builder: Builder) -> Memory {
        let main = (MAIN.to_owned(), builder.clone().build());
        Memory { builder, channels: Arc::new(Mutex::new(BTreeMap::from([main]))) }
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
        self.lock().iter().map(|(name, channel)| (name.clone(), channel.metrics())).collect()
    }

    /// The channel of this name, which is made if there is none yet.
    fn channel(&self, name: &str) -> Result<Channel, Refusal> {
        let mut channels = self.lock();
        if let Some(channel) = channels.get(name) {
            return Ok(channel.clone());
        }
        if channels.len() == MAX_CHANNELS {
            return Err(Refusal::new(
                StatusCode::TOO_MANY_REQUESTS,
                format_args!("there are {MAX_CHANNELS} channels already"),
            ));
        }
        Ok(channels.entry(name.to_owned()).or_insert(self.builder.clone().build()).clone())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Channel>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
