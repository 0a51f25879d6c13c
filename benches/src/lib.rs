//! What the benchmarks share: an allocator that counts, and a race whose rounds are interleaved, so that
//! whatever else the machine does hits everyone alike.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    time::{Duration, Instant},
};

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    let _ = ALLOCATIONS.try_with(|n| n.set(n.get() + 1));
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        unsafe { System.realloc(at, layout, size) }
    }
}

/// Someone in a race. A run does all the work once.
pub struct Contestant<'a> {
    pub name: &'static str,
    /// How many events a run has.
    pub events: usize,
    pub run: Box<dyn FnMut() + 'a>,
}

impl<'a> Contestant<'a> {
    pub fn new(name: &'static str, events: usize, run: impl FnMut() + 'a) -> Contestant<'a> {
        Contestant { name, events, run: Box::new(run) }
    }
}

/// How a contestant did.
#[derive(Clone, Debug)]
pub struct Result {
    pub name: &'static str,
    /// The median of the runs, for an event.
    pub nanoseconds: f64,
    /// For an event.
    pub allocations: f64,
}

/// A contestant that takes longer than this for one run has no more of them.
const PATIENCE: Duration = Duration::from_millis(500);

/// Lets the contestants run in turn, `rounds` times after one to warm up, and takes the medians.
pub fn race(rounds: usize, mut contestants: Vec<Contestant<'_>>) -> Vec<Result> {
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); contestants.len()];
    let mut allocations = vec![0; contestants.len()];
    for round in 0..=rounds {
        for (i, contestant) in contestants.iter_mut().enumerate() {
            if times[i].first().is_some_and(|time| *time > PATIENCE) {
                continue;
            }
            let before = ALLOCATIONS.get();
            let start = Instant::now();
            (contestant.run)();
            let time = start.elapsed();
            allocations[i] = ALLOCATIONS.get() - before;
            if round > 0 || time > PATIENCE {
                times[i].push(time);
            }
        }
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64() * 1e9
    };
    contestants
        .iter()
        .zip(&mut times)
        .zip(allocations)
        .map(|((contestant, times), allocations)| Result {
            name: contestant.name,
            nanoseconds: median(times) / contestant.events as f64,
            allocations: allocations as f64 / contestant.events as f64,
        })
        .collect()
}

/// A number with three digits that count, and commas.
pub fn figure(number: f64) -> String {
    match number {
        n if n < 10.0 => format!("{n:.1}"),
        n if n < 1000.0 => format!("{n:.0}"),
        n => {
            let digits = format!("{n:.0}");
            let mut text = String::new();
            for (i, digit) in digits.chars().enumerate() {
                if i > 0 && (digits.len() - i) % 3 == 0 {
                    text.push(',');
                }
                text.push(digit);
            }
            text
        }
    }
}
