//! When to reconnect: a pure calculation, without a clock or a source of randomness.

use super::Cause;
use alloc::vec::Vec;
use core::time::Duration;

/// The longest time that a client waits, whatever it is told: the maximum of `setTimeout`, 24.8 days.
pub(super) const LONGEST: Duration = Duration::from_millis(i32::MAX as u64);

/// Whether and when an [`EventSource`](crate::EventSource) reconnects.
///
/// After a stream that ended properly, it waits for the reconnection time, which the server sets with `retry`. After
/// failures, the delay is drawn at random from a range that begins at the reconnection time. The range ends at the same
/// time for the first failure, and its end doubles with each further failure in a row ("full jitter"), up to a
/// [`cap`](Policy::cap). So clients that lost the same server do not all reconnect at once, and none reconnects sooner
/// than the server wants (WHATWG HTML, 9.2.3, "reestablish the connection": "wait a delay equal to the reconnection
/// time", then "optionally, wait some more").
///
/// A `Retry-After` is followed exactly, even if it is shorter than the reconnection time (RFC 9110, 10.2.3), but the
/// delay is never shorter than the [`floor`](Policy::floor).
///
/// A stream is healthy if it was open for [`healthy_after`](Policy::healthy_after), or if it ended properly after at
/// least one message whose data is not empty. A healthy stream resets the count of failures. A comment, a `retry`, an
/// ID alone, or a message with empty data, all of which servers send to prime a connection, does not make a stream
/// healthy.
///
/// With the defaults, no server can make a client send more than ten requests a second, redirects included.
///
/// ```
/// use sse_wire::client::Policy;
/// use std::time::Duration;
///
/// let policy = Policy::new()
///     .cap(Duration::from_secs(60))
///     .max_attempts(8)
///     .retry_statuses([429, 502, 503, 504]);
/// # let _ = policy;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub(super) reconnects: Reconnects,
    floor: Duration,
    cap: Duration,
    max_attempts: u32,
    max_elapsed: Option<Duration>,
    pub(super) healthy_after: Duration,
    statuses: Vec<u16>,
    retry_content_type: bool,
    pub(super) max_redirects: u32,
    pub(super) max_rate: usize,
}

/// When the client may reconnect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reconnects {
    Always,
    UntilOpen,
    Never,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy::new()
    }
}

impl Policy {
    /// Creates the default policy: reconnects after a stream has ended and after a network error, for as long as it
    /// takes. A wrong status or content type is final, as the standard says.
    #[must_use]
    pub const fn new() -> Policy {
        Policy {
            reconnects: Reconnects::Always,
            floor: Duration::from_millis(100),
            cap: Duration::from_secs(30),
            max_attempts: u32::MAX,
            max_elapsed: None,
            healthy_after: Duration::from_secs(60),
            statuses: Vec::new(),
            retry_content_type: false,
            max_redirects: 20,
            max_rate: 10,
        }
    }

    /// Makes only one attempt: whatever ends it is final.
    ///
    /// This is the default for a request that must not be repeated, such as `POST` (RFC 9110, 9.2.2).
    #[must_use]
    pub const fn never() -> Policy {
        let mut policy = Policy::new();
        policy.reconnects = Reconnects::Never;
        policy
    }

    /// Retries until a stream has opened, but not after that: for a `POST` whose response must not be requested twice.
    ///
    /// Connection errors are retried, and so are the configured [statuses](Policy::retry_statuses). Whatever ends the
    /// stream once it has opened is final.
    ///
    /// ```
    /// use sse_wire::client::Policy;
    ///
    /// let policy = Policy::until_open().retry_statuses([429, 503, 529]).max_attempts(5);
    /// # let _ = policy;
    /// ```
    #[must_use]
    pub const fn until_open() -> Policy {
        let mut policy = Policy::new();
        policy.reconnects = Reconnects::UntilOpen;
        policy
    }

    /// Sets the shortest delay, whatever `retry` or `Retry-After` says: 100 ms by default.
    #[must_use]
    pub fn floor(mut self, delay: Duration) -> Policy {
        self.floor = delay.min(LONGEST);
        self
    }

    /// Sets the limit up to which the delay grows: 30 s by default. A longer reconnection time or `Retry-After` is
    /// still honoured.
    #[must_use]
    pub fn cap(mut self, delay: Duration) -> Policy {
        self.cap = delay.min(LONGEST);
        self
    }

    /// Sets after how many failures in a row to give up: no limit by default.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Policy {
        self.max_attempts = attempts;
        self
    }

    /// Sets for how long failures in a row are retried, from the first failure to the next attempt: no limit by
    /// default.
    #[must_use]
    pub fn max_elapsed(mut self, time: Duration) -> Policy {
        self.max_elapsed = Some(time);
        self
    }

    /// Sets how long a stream must have been open to be healthy however it ends: 60 s by default.
    #[must_use]
    pub fn healthy_after(mut self, time: Duration) -> Policy {
        self.healthy_after = time;
        self
    }

    /// Sets the statuses after which to reconnect: none by default, because the standard gives up on all but 200.
    ///
    /// A `Retry-After` is followed for each of them.
    #[must_use]
    pub fn retry_statuses(mut self, statuses: impl IntoIterator<Item = u16>) -> Policy {
        self.statuses = statuses.into_iter().collect();
        self
    }

    /// Sets whether to reconnect after a response that is not an event stream, such as the page of a proxy that is
    /// still starting. Off by default.
    #[must_use]
    pub fn retry_content_type(mut self, retry: bool) -> Policy {
        self.retry_content_type = retry;
        self
    }

    /// Sets how many redirects in a row are followed: 20 by default, as in browsers. A redirect from `https` to `http`
    /// is never followed.
    #[must_use]
    pub fn max_redirects(mut self, redirects: u32) -> Policy {
        self.max_redirects = redirects;
        self
    }

    /// Sets how many requests are sent at most in any one second, redirects included: 10 by default. 0 counts as 1.
    #[must_use]
    pub fn max_rate(mut self, requests: u16) -> Policy {
        self.max_rate = usize::from(requests.max(1));
        self
    }

    /// Whether to reconnect after this, whatever came before it. `was_open` says whether a stream had opened.
    pub(super) fn may_reconnect(&self, cause: &Cause, was_open: bool) -> bool {
        let may_repeat = match self.reconnects {
            Reconnects::Always => true,
            Reconnects::UntilOpen => !was_open,
            Reconnects::Never => false,
        };
        may_repeat
            && match cause {
                Cause::Status { status, .. } => self.statuses.contains(&status.as_u16()),
                Cause::ContentType { .. } => self.retry_content_type,
                Cause::ContentEncoding { .. }
                | Cause::TooManyRedirects { .. }
                | Cause::Redirect { .. }
                | Cause::NoTls { .. } => false,
                _ => true,
            }
    }

    /// How long to wait if the server has asked for this delay.
    pub(super) fn asked_delay(&self, retry_after: Duration) -> Duration {
        retry_after.min(LONGEST).max(self.floor)
    }

    /// How long to wait after this many failures in a row. `random` is a uniformly distributed `u64`.
    pub(super) fn delay(&self, failures: u32, reconnection_time: Duration, random: u64) -> Duration {
        let least = reconnection_time.min(LONGEST).max(self.floor);
        let doublings = failures.saturating_sub(1).min(31);
        let most = least.saturating_mul(1 << doublings).min(self.cap).max(least);
        // Less than 2^52 ns, so the product fits.
        let range = (most - least).as_nanos();
        let part = (range * u128::from(random)) >> 64;
        least + Duration::from_nanos(u64::try_from(part).unwrap_or(u64::MAX))
    }

    /// Whether to give up after this many failures in a row, if the next attempt would begin this long after the first
    /// of them.
    pub(super) fn gives_up(&self, failures: u32, elapsed: Duration) -> bool {
        failures > 0
            && (failures >= self.max_attempts || self.max_elapsed.is_some_and(|limit| elapsed > limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn the_delay_doubles_between_the_reconnection_time_and_the_cap() {
        let policy = Policy::new();
        for (failures, reconnection_time, least, most) in [
            // A stream that ended properly, and the first failure: exactly what the server said.
            (0, 2_000, 2_000, 2_000),
            (1, 2_000, 2_000, 2_000),
            (2, 2_000, 2_000, 4_000),
            (3, 2_000, 2_000, 8_000),
            (4, 2_000, 2_000, 16_000),
            (5, 2_000, 2_000, 30_000),
            (u32::MAX, 2_000, 2_000, 30_000),
            // The floor, whatever `retry` says.
            (0, 0, 100, 100),
            (1, 1, 100, 100),
            (2, 0, 100, 200),
            (9, 0, 100, 25_600),
            (10, 0, 100, 30_000),
            // A server that asks for more than the cap gets it.
            (0, 45_000, 45_000, 45_000),
            (7, 45_000, 45_000, 45_000),
            (7, u64::MAX, i32::MAX as u64, i32::MAX as u64),
        ] {
            let delay = |random| policy.delay(failures, ms(reconnection_time), random);
            assert_eq!(delay(0), ms(least), "{failures} failures, retry {reconnection_time}");
            let top = delay(u64::MAX);
            assert!(top <= ms(most) && top + ms(1) > ms(most), "{failures}, {reconnection_time}: {top:?}");
            let middle = delay(u64::MAX / 2);
            assert_eq!(middle.as_millis() as u64, least + (most - least).saturating_sub(1) / 2);
        }
    }

    #[test]
    fn limits_that_no_timer_supports() {
        let policy = Policy::new().floor(Duration::MAX).cap(Duration::MAX);
        assert_eq!(policy.delay(u32::MAX, Duration::MAX, u64::MAX), LONGEST);
        assert_eq!(Policy::new().cap(Duration::ZERO).delay(9, ms(500), u64::MAX), ms(500));
    }

    #[test]
    fn when_to_give_up() {
        let policy = Policy::new().max_attempts(3).max_elapsed(ms(1000));
        for (failures, elapsed, gives_up) in
            [(0, 5000, false), (1, 0, false), (2, 1000, false), (2, 1001, true), (3, 0, true), (4, 0, true)]
        {
            assert_eq!(policy.gives_up(failures, ms(elapsed)), gives_up, "{failures}, {elapsed}");
        }
        assert!(!Policy::new().gives_up(u32::MAX - 1, Duration::MAX));
    }
}
