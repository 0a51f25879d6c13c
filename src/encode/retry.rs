//! What can be passed as a reconnection time.

use core::time::Duration;
use private::Sealed;

/// What can be a reconnection time: whole milliseconds as a `u64`, which an integer literal becomes, or a [`Duration`],
/// which is rounded up to the next millisecond.
///
/// Clients wait this long before they reconnect. Their timers support less than 2<sup>31</sup> ms (24.8 days), so a
/// longer time is sent as 2<sup>31</sup> − 1 ms. Browsers may have a minimum: Firefox waits for at least 500 ms.
///
/// This trait is sealed.
///
/// ```compile_fail,E0277
/// # let mut sse = sse_wire::Sse::without_retry();
/// sse.set_retry(0.5); // seconds are a `Duration`
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a reconnection time",
    note = "milliseconds as a `u64` can, and a `Duration`"
)]
pub trait Retry: private::Sealed {}

/// The longest delay that `setTimeout`, and therefore the typical client, supports.
const LONGEST_RETRY: u32 = i32::MAX as u32;

mod private {
    pub trait Sealed {
        /// The time in milliseconds.
        fn to_wire(&self) -> u32;
    }
}

impl Retry for u64 {}
impl Sealed for u64 {
    #[inline]
    fn to_wire(&self) -> u32 {
        u32::try_from(*self).map_or(LONGEST_RETRY, |ms| ms.min(LONGEST_RETRY))
    }
}

impl Retry for Duration {}
impl Sealed for Duration {
    fn to_wire(&self) -> u32 {
        u64::try_from(self.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX).to_wire()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retry_is_whole_milliseconds_that_a_timer_can_hold() {
        for (ms, wire) in
            [(0, 0), (2000, 2000), ((1 << 31) - 1, 2147483647), (1 << 31, 2147483647), (u64::MAX, 2147483647)]
        {
            assert_eq!(ms.to_wire(), wire);
            assert_eq!(Duration::from_millis(ms).to_wire(), wire);
        }
        assert_eq!(Duration::from_nanos(1).to_wire(), 1);
        assert_eq!(Duration::from_micros(2001).to_wire(), 3);
        assert_eq!(Duration::MAX.to_wire(), 2147483647);
    }
}
