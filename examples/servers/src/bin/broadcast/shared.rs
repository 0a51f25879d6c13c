//! Channels in Redis, which any number of these servers share: a client may resume at another server.

use crate::{
    feeds::{From, MAX_CHANNELS},
    refusal::Refusal,
};
use hyper::StatusCode;
use sse_wire::{
    Event,
    channel::{
        Builder, Metrics, Resume, Subscriber,
        redis::{Error, Node, PublishError, Publisher, Redis},
    },
};
use std::error::Error as _;

/// An ID before all that Redis gives out.
const BEFORE_ALL: &str = "0-0";

#[derive(Clone)]
pub struct Shared {
    node: Node,
    publisher: Publisher,
}

impl Shared {
    /// Does not wait for Redis.
    pub fn new(url: &str, builder: Builder) -> Result<Shared, Error> {
        let redis = Redis::new(url)?;
        let node = redis.node().channel(builder).topics(MAX_CHANNELS).start()?;
        Ok(Shared { node, publisher: redis.publisher() })
    }

    pub async fn subscribe(&self, name: &str, from: From<'_>) -> Result<Option<Subscriber>, Refusal> {
        let topic = self.node.topic(name).await.map_err(refusal)?;
        match from {
            From::Live => topic.connect(None).await,
            From::After(id) => topic.connect(Some(id)).await,
            From::Oldest => topic.resume(BEFORE_ALL).await.map(|resume| match resume {
                Resume::Complete(subscriber) => Some(subscriber),
                Resume::Missed(missed) => Some(missed.replay()),
                Resume::Finished => None,
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
                // It names what was not done, and its source why.
                Err(match error.source() {
                    Some(reason) => Refusal::new(status, format_args!("{error}: {reason}")),
                    None => Refusal::new(status, error),
                })
            }
        }
    }

    pub fn metrics(&self) -> Vec<(String, Metrics)> {
        self.node.topics().into_iter().map(|(name, topic)| (name, topic.metrics())).collect()
    }
}

fn refusal(error: Error) -> Refusal {
    let status = match error {
        Error::TooManyTopics => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    Refusal::new(status, error)
}
