//! How long to wait before the next attempt.

use crate::sync::random::random;
use core::time::Duration;

const SHORTEST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(5);

/// Doubles the wait after each failure, and picks a random time between half of it and all of it, so that nodes that
/// lost Redis at the same moment do not all reconnect at once.
pub(super) struct Backoff {
    failures: u32,
    longest: Duration,
}

impl Backoff {
    /// Waits no longer than an operation may take, but 50 ms if need be: whoever allows little time for that wants to
    /// be connected again as soon as Redis is back.
    pub(super) fn new(timeout: Duration) -> Backoff {
        Backoff { failures: 0, longest: timeout.clamp(SHORTEST, LONGEST) }
    }

    pub(super) fn next(&mut self) -> Duration {
        let full = self.longest.min(SHORTEST * 2_u32.pow(self.failures.min(10)));
        self.failures = self.failures.saturating_add(1);
        let share = random() % 1024;
        full / 2 + full.mul_f64(share as f64 / 2048.0)
    }

    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_a_limit() {
        for (timeout, longest) in [
            (Duration::ZERO, SHORTEST),
            (Duration::from_millis(300), Duration::from_millis(300)),
            (Duration::MAX, LONGEST),
        ] {
            let mut backoff = Backoff::new(timeout);
            let mut full = SHORTEST;
            for _ in 0..1_000 {
                let wait = backoff.next();
                assert!(full / 2 <= wait && wait <= full, "{wait:?} of {full:?}");
                full = longest.min(2 * full);
            }
            backoff.reset();
            assert!(backoff.next() <= SHORTEST);
        }
    }
}
