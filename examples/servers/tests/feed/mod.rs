//! A stream that a test feeds, for handlers that wait for what the test gives them.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use bytes::Bytes;
use futures_util::{
    StreamExt,
    stream::{self, Stream},
};
use sse_wire::{Event, Sse};
use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};
use tokio::sync::mpsc::{self, Sender};

/// The stream begins with `retry: 2000`, goes on with each event that is sent, and ends with the sender.
pub fn feed() -> (Sender<Event>, impl Stream<Item = Result<Bytes, Infallible>> + Send + Sync + 'static) {
    let (sender, mut events) = mpsc::channel(1);
    let events = stream::poll_fn(move |cx| events.poll_recv(cx)).map(Bytes::from);
    (sender, stream::iter([Sse::new().into()]).chain(events).map(Ok))
}

/// The response to the first request. A second request panics.
#[derive(Debug)]
pub struct Once<T>(Arc<Mutex<Option<T>>>);

impl<T> Once<T> {
    pub fn new(value: T) -> Self {
        Once(Arc::new(Mutex::new(Some(value))))
    }

    pub fn take(&self) -> T {
        self.0.lock().expect("not poisoned").take().expect("only one request")
    }
}

impl<T> Clone for Once<T> {
    fn clone(&self) -> Self {
        Once(self.0.clone())
    }
}
