//! What the models for the model checker share. A model is a small program of two or three threads, which [`check`]
//! runs in every order in which they can be interrupted. If a wakeup is lost in one of these orders, the model
//! deadlocks, and fails. Models are next to the code that they check, in files named `models.rs`, and are run with
//!
//! ```text
//! RUSTFLAGS="--cfg loom" cargo test -p sse-wire --release --lib --features channel,http --target-dir target/loom models
//! ```

use super::signal::Signal;
use alloc::sync::Arc;
use core::{
    future::{Future, poll_fn},
    pin::pin,
    task::{Context, Poll, Waker},
};

/// How often threads are preempted in one run. Few bugs need more, and each further preemption multiplies the number of
/// runs.
const PREEMPTIONS: usize = 3;

/// Runs a model in every order, or fails.
pub(crate) fn check(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound.get_or_insert(PREEMPTIONS);
    builder.check(model);
}

/// Blocks the thread until the future completes.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let signal = Arc::new(Signal::default());
    let waker = Waker::from(signal.clone());
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => _ = signal.wait_until(None),
        }
    }
}

/// The same for a poll function.
pub(crate) fn block_on_fn<T>(poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> T {
    block_on(poll_fn(poll))
}
