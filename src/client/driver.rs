//! What the drivers for sync and for async code share: a connection, and the commands of its handles.

use super::{
    Cause, ClientEvent, Connection, EventSourceHandle,
    builder::Part,
    control::{Command, Control},
    error::BoxError,
};
use alloc::{string::String, sync::Arc};
use core::hash::{BuildHasher, Hasher};
use std::time::Instant;

pub(super) struct Driver {
    pub(super) connection: Connection,
    pub(super) control: Arc<Control>,
    /// [`ClientEvent::Closed`] was returned.
    is_done: bool,
}

/// What was computed for an attempt: `None` leaves a header out.
pub(super) type Computed = Result<Option<String>, BoxError>;

impl Driver {
    pub(super) fn new(connection: Connection) -> Driver {
        Driver { connection, control: Arc::default(), is_done: false }
    }

    pub(super) fn handle(&self) -> EventSourceHandle {
        EventSourceHandle { control: self.control.clone() }
    }

    /// Does what a handle has commanded. Returns whether there was a command, so that what is open is to be dropped.
    #[inline]
    pub(super) fn obey(&mut self) -> bool {
        match self.control.take() {
            None => return false,
            Some(Command::Close) => self.connection.close(),
            Some(Command::Restart) => self.connection.reconnect(),
        }
        true
    }

    /// Nothing will happen any more.
    pub(super) fn done(&mut self) -> Option<ClientEvent> {
        let was_done = core::mem::replace(&mut self.is_done, true);
        (!was_done).then_some(ClientEvent::Closed)
    }

    /// Whether this part of the next request has to be computed.
    pub(super) fn needs(&self, part: &Part) -> bool {
        match part {
            Part::Url => !self.connection.is_redirected(),
            Part::Header(_) => self.connection.sends_own_headers(),
        }
    }

    /// Sets a part of the next request. Returns whether that is possible; otherwise the attempt has failed.
    pub(super) fn set(&mut self, part: &Part, computed: Computed, now: Instant) -> bool {
        let cause = match (part, computed) {
            (Part::Url, Ok(url)) => match self.connection.set_url(url.as_deref().unwrap_or_default()) {
                Ok(()) => return true,
                Err(error) => Cause::Url { source: error.into() },
            },
            (Part::Header(name), Ok(value)) => match self.connection.set_header(name, value.as_deref()) {
                Ok(()) => return true,
                Err(error) => Cause::Header { name: name.clone(), source: error.into() },
            },
            (Part::Url, Err(source)) => Cause::Url { source },
            (Part::Header(name), Err(source)) => Cause::Header { name: name.clone(), source },
        };
        self.connection.not_made(cause, now);
        false
    }
}

/// A number for a connection to draw its delays from: std's hash maps are seeded from the system, and each
/// `RandomState` differs from the last one.
pub(super) fn seed() -> u64 {
    std::hash::RandomState::new().build_hasher().finish()
}

/// What both kinds of clients know.
macro_rules! accessors {
    ($source:ty) => {
        impl $source {
            /// A handle that closes this, or has it reconnect, from another thread or task.
            #[must_use]
            pub fn handle(&self) -> EventSourceHandle {
                self.driver.handle()
            }

            /// The last event ID. An ID counts when the event that has it is complete.
            #[must_use]
            pub fn last_event_id(&self) -> &str {
                self.driver.connection.last_event_id()
            }

            /// The reconnection time: the server's, or else the one that was set.
            #[must_use]
            pub fn reconnection_time(&self) -> Duration {
                self.driver.connection.reconnection_time()
            }
        }

        impl fmt::Debug for $source {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($source))
                    .field("connection", &self.driver.connection)
                    .finish_non_exhaustive()
            }
        }
    };
}
pub(super) use accessors;
