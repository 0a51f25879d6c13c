//! What the blocking and the async driver share: a connection, and the commands of its handles.

use super::{
    Cause, ClientEvent, Connection, EventSourceHandle,
    builder::Part,
    control::{Command, Control},
    error::BoxError,
};
use alloc::{string::String, sync::Arc};
use std::time::Instant;

pub(super) struct Driver {
    pub(super) connection: Connection,
    pub(super) control: Arc<Control>,
    /// Whether [`ClientEvent::Closed`] has been returned.
    is_done: bool,
}

/// The result of computing a header or a URL: `None` leaves out a header.
pub(super) type Computed = Result<Option<String>, BoxError>;

impl Driver {
    pub(super) fn new(connection: Connection) -> Driver {
        Driver { connection, control: Arc::default(), is_done: false }
    }

    pub(super) fn handle(&self) -> EventSourceHandle {
        EventSourceHandle { control: self.control.clone() }
    }

    /// Obeys the command of a handle. Returns whether there was one, in which case the open connection must be dropped.
    #[inline]
    pub(super) fn obey(&mut self) -> bool {
        match self.control.take() {
            None => return false,
            Some(Command::Close) => self.connection.close(),
            Some(Command::Restart) => self.connection.reconnect(),
        }
        true
    }

    /// Nothing more will happen.
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

    /// Sets a part of the next request. Returns whether that was possible; if not, the attempt has failed.
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

/// The accessors of both kinds of clients.
macro_rules! accessors {
    ($source:ty) => {
        impl $source {
            /// Returns a handle that closes or reconnects this client from another thread or task.
            #[must_use]
            pub fn handle(&self) -> EventSourceHandle {
                self.driver.handle()
            }

            /// Returns the last event ID. An ID counts once the event that carries it is complete.
            #[must_use]
            pub fn last_event_id(&self) -> &str {
                self.driver.connection.last_event_id()
            }

            /// Returns the reconnection time: the server's, or else the configured one.
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
