//! A client of a node: it reads what a subscriber returns as a browser would.

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use sse_wire::{MessageEvent, MessageStream, channel::Subscriber};
use std::{convert::Infallible, pin::Pin, time::Duration};
use tokio::time;

/// Far longer than anything takes: what has not arrived by then never will.
const LONG: Duration = Duration::from_secs(300);

type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, Infallible>> + Send>>;

pub struct Client {
    messages: MessageStream<Chunks, Bytes>,
}

impl Client {
    pub fn new(subscriber: Subscriber) -> Client {
        Client { messages: MessageStream::new(Box::pin(subscriber.map(Ok))) }
    }

    /// The next message, or `None` at the end.
    pub async fn message(&mut self) -> Option<MessageEvent> {
        time::timeout(LONG, self.messages.next()).await.expect("nothing came").map(Result::unwrap)
    }

    /// The data of the next messages.
    pub async fn data(&mut self, count: usize) -> Vec<String> {
        let mut data = Vec::new();
        for _ in 0..count {
            data.push(self.message().await.expect("the stream has ended").into_data());
        }
        data
    }

    /// The data of all messages up to the end.
    pub async fn rest(&mut self) -> Vec<String> {
        let mut data = Vec::new();
        while let Some(message) = self.message().await {
            data.push(message.into_data());
        }
        data
    }

    /// The ID with which a browser would reconnect.
    pub fn last_event_id(&self) -> &str {
        self.messages.decoder().last_event_id()
    }
}

/// Waits until a condition holds.
#[track_caller]
pub fn eventually(mut is_true: impl FnMut() -> bool) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let seen = async {
            while !is_true() {
                time::sleep(Duration::from_millis(2)).await;
            }
        };
        time::timeout(LONG, seen).await.unwrap_or_else(|_| panic!("{caller}: this did not happen"));
    }
}
