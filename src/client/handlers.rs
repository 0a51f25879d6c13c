//! Functions by event type.

use crate::decode::MessageEvent;
use alloc::{boxed::Box, string::String, vec::Vec};
use core::fmt;

type Handler<'h> = Box<dyn FnMut(&MessageEvent) + Send + 'h>;

/// Functions to call by event type, as `addEventListener` has them in a browser.
///
/// ```
/// use sse_wire::{MessageReader, client::Handlers};
///
/// let mut ticks = 0;
/// let mut others = Vec::new();
/// let mut handlers = Handlers::new()
///     .on("tick", |_| ticks += 1)
///     .otherwise(|message| others.push(message.data().to_owned()));
/// # let stream: &[u8] = b"event: tick\ndata: 1\n\ndata: hello\n\n";
/// for message in MessageReader::new(stream) {
///     handlers.handle(&message?);
/// }
/// drop(handlers);
/// assert_eq!((ticks, others), (1, vec!["hello".to_owned()]));
/// # Ok::<(), sse_wire::ReadError<std::io::Error>>(())
/// ```
#[derive(Default)]
#[must_use]
pub struct Handlers<'h> {
    by_type: Vec<(String, Handler<'h>)>,
    otherwise: Option<Handler<'h>>,
}

impl<'h> Handlers<'h> {
    /// No functions.
    pub fn new() -> Handlers<'h> {
        Handlers::default()
    }

    /// Adds a function for the messages of one type. Those that name no type have the type `message`.
    pub fn on(mut self, event: impl Into<String>, handler: impl FnMut(&MessageEvent) + Send + 'h) -> Self {
        self.by_type.push((event.into(), Box::new(handler)));
        self
    }

    /// Sets the function for the messages that no other one is for.
    pub fn otherwise(mut self, handler: impl FnMut(&MessageEvent) + Send + 'h) -> Self {
        self.otherwise = Some(Box::new(handler));
        self
    }

    /// Calls the functions for the message's type, in the order in which they were added. `false` if there
    /// is none.
    pub fn handle(&mut self, message: &MessageEvent) -> bool {
        let mut is_handled = false;
        for (_, handler) in self.by_type.iter_mut().filter(|(event, _)| event == message.event()) {
            handler(message);
            is_handled = true;
        }
        if let Some(handler) = &mut self.otherwise
            && !is_handled
        {
            handler(message);
            is_handled = true;
        }
        is_handled
    }
}

impl fmt::Debug for Handlers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.by_type.iter().map(|(event, _)| event)).finish()
    }
}
