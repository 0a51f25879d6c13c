//! What a benchmark with two threads needs from the system. On systems other than Linux, threads run on any core, and
//! are timed by the wall clock.

use std::time::Duration;

/// Binds this thread to one of the cores that it may run on: the first for 0, the second for 1. If there are fewer
/// cores, they are used in turn.
#[cfg(target_os = "linux")]
pub fn pin(nth: usize) {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
    if let Ok(allowed) = sched_getaffinity(None) {
        let mut cores = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core)).cycle();
        if let Some(core) = cores.nth(nth) {
            let mut set = CpuSet::new();
            set.set(core);
            // If this is forbidden, the thread runs on any core.
            let _ = sched_setaffinity(None, &set);
        }
    }
}

/// How long this thread has been running on a core.
#[cfg(target_os = "linux")]
pub fn thread_time() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap_or_default()
}

#[cfg(not(target_os = "linux"))]
pub fn pin(_: usize) {}

#[cfg(not(target_os = "linux"))]
pub fn thread_time() -> Duration {
    use std::{sync::LazyLock, time::Instant};
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}
