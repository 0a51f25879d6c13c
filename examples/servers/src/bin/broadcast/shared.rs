//! Channels in Redis, which any number of these servers share: a client may go on at another one.

use crate::{
    feeds::{From, MAX_CHANNELS},
    refusal::Refusal,
};
use hyper::StatusCode;
use sse_wire::{
    Event,
    channel::{
        Builder, Metrics, OnLag, Subscriber,
        redis::{Error, Node, PublishError, Publisher, Redis, Resume, Topic},
    },
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// An ID ahead of all that Redis gives out.
const BEFORE_ALL: &str = "0-0";

#[derive(Clone)]
pub struct Shared {
    node: Node,
    publisher: Publisher,
    /// The topics that somebody has asked for. They stay on this node, so that their figures are not lost.
    topics: Arc<Mutex<BTreeMap<String, Topic>>>,
}

impl Shared {
    /// Does not wait for Redis.
    pub fn new(url: &str, builder: Builder) -> Result<Shared, Error> {
        let redis = Redis::new(url)?;
        // Who is too slow for what this node retains connects again, and gets the rest from Redis.
        let node = redis.node().channel(builder.on_lag(OnLag::Close)).topics(MAX_CHANNELS).start()?;
        Ok(Shared { node, publisher: redis.publisher(), topics: Arc::default() })
    }

    pub async fn subscribe(&self, name: &str, from: From<'_>) -> Result<Option<Subscriber>, Refusal> {
        let topic = self.topic(name).await.map_err(refusal)?;
        match from {
            From::Live => topic.connect(None).await,
            From::After(id) => topic.connect(Some(id)).await,
            From::Oldest => topic.resume(BEFORE_ALL).await.map(|resume| match resume {
                Resume::Complete(subscriber) => Some(subscriber),
                Resume::Missed(missed) => Some(missed.replay()),
                _ => None,
            }),
        }
        .map_err(refusal)
    }

    pub async fn publish(&self, name: &str, event: Event) -> Result<String, Refusal> {
        match self.publisher.publish(name, event).await {
            Ok(id) => Ok(id.to_string()),
            Err(error) => {
                let status = match error {
                    PublishError::OwnId => StatusCode::BAD_REQUEST,
                    PublishError::Ambiguous(_) => StatusCode::GATEWAY_TIMEOUT,
                    _ => StatusCode::SERVICE_UNAVAILABLE,
                };
                Err(Refusal::new(status, error))
            }
        }
    }

    pub fn metrics(&self) -> Vec<(String, Metrics)> {
        self.lock().iter().map(|(name, topic)| (name.clone(), topic.metrics())).collect()
    }

    async fn topic(&self, name: &str) -> Result<Topic, Error> {
        if let Some(topic) = self.lock().get(name) {
            return Ok(topic.clone());
        }
        let topic = self.node.topic(name).await?;
        Ok(self.lock().entry(name.to_owned()).or_insert(topic).clone())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Topic>> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refusal(error: Error) -> Refusal {
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, error)
}
