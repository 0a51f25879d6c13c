//! The channels, by name.

use crate::{options::Options, refusal::Refusal};
use hyper::StatusCode;
use sse_wire::channel::{self, Channel, Metrics};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The channel of a request that names none.
const MAIN: &str = "main";

/// How many channels there may be. Each retains events for itself, so this bounds memory.
const MAX_CHANNELS: usize = 1_000;

const MAX_NAME: usize = 100;

#[derive(Clone)]
pub struct Feeds(Arc<Shared>);

struct Shared {
    builder: channel::Builder,
    channels: Mutex<BTreeMap<String, Channel>>,
}

impl Feeds {
    pub fn new(options: &Options) -> Feeds {
        let mut builder = Channel::builder();
        if let Some(events) = options.events {
            builder = builder.events(events);
        }
        if let Some(bytes) = options.bytes {
            builder = builder.bytes(bytes);
        }
        let channels = Mutex::new(BTreeMap::from([(MAIN.to_owned(), builder.clone().build())]));
        Feeds(Arc::new(Shared { builder, channels }))
    }

    /// The channel of this name, which is made if there is none yet.
    pub fn channel(&self, name: Option<&str>) -> Result<Channel, Refusal> {
        let name = name.unwrap_or(MAIN);
        if name.is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
            return Err(Refusal::bad_request(format_args!(
                "the name of a channel has 1 to {MAX_NAME} bytes and no control characters"
            )));
        }
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
        Ok(channels.entry(name.to_owned()).or_insert(self.0.builder.clone().build()).clone())
    }

    pub fn metrics(&self) -> Vec<(String, Metrics)> {
        self.lock().iter().map(|(name, channel)| (name.clone(), channel.metrics())).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Channel>> {
        self.0.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
