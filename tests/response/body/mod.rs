//! A response body, polled by hand: no runtime, and time only where a test lets it pass.

mod batches;
mod end;
mod errors;
mod keep_alive;
mod many_streams;
mod shutdown;

use bytes::Bytes;
use futures_core::Stream;
use sse_wire::{Event, response::End};
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    future::Future,
    pin::Pin,
    rc::Rc,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

/// Counts how often it was woken.
#[derive(Default)]
pub(crate) struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Count {
    pub(crate) fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

type Sleep = Pin<Box<dyn Future<Output = ()>>>;

/// A clock that stands still until it is advanced.
#[derive(Clone, Default)]
struct Clock(Rc<Cell<Duration>>);

impl Clock {
    fn pass(&self, time: Duration) {
        self.0.set(self.0.get() + time);
    }

    fn timer(&self) -> impl Fn(Duration) -> Sleep + use<> {
        let clock = self.clone();
        move |duration| {
            let (clock, until) = (clock.clone(), clock.0.get() + duration);
            // It panics if it is polled once it has completed, as many timers do.
            Box::pin(async move {
                let is_over = || clock.0.get() >= until;
                std::future::poll_fn(|_| if is_over() { Poll::Ready(()) } else { Poll::Pending }).await
            })
        }
    }
}

/// A source that yields what a test puts in, and counts how often it is polled.
struct Source<T> {
    items: VecDeque<T>,
    ended: bool,
    polls: usize,
}

struct Handle<T>(Rc<RefCell<Source<T>>>);

impl<T> Clone for Handle<T> {
    fn clone(&self) -> Self {
        Handle(self.0.clone())
    }
}

impl<T> Handle<T> {
    fn new() -> Self {
        Handle(Rc::new(RefCell::new(Source { items: VecDeque::new(), ended: false, polls: 0 })))
    }

    fn put(&self, item: T) {
        self.0.borrow_mut().items.push_back(item);
    }

    fn end(&self) {
        self.0.borrow_mut().ended = true;
    }

    fn polls(&self) -> usize {
        self.0.borrow().polls
    }
}

impl<T> Stream for Handle<T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<T>> {
        let mut source = self.0.borrow_mut();
        source.polls += 1;
        match source.items.pop_front() {
            Some(item) => Poll::Ready(Some(item)),
            None if source.ended => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}

/// What a body has now: `None` while it waits, `Some(None)` at its end.
type Now<E> = Option<Option<Result<Bytes, E>>>;

fn poll<S, E>(body: &mut Pin<&mut S>) -> Now<E>
where
    S: http_body::Body<Data = Bytes, Error = E>,
{
    let woken = Arc::new(Woken(AtomicBool::new(false)));
    let waker = Waker::from(woken.clone());
    match poll_with(body, &waker) {
        // It has asked for another turn, as it does when a shutdown checks twice that nothing is ready.
        None if woken.0.load(Ordering::Relaxed) => poll_with(body, &waker),
        now => now,
    }
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn poll_with<S, E>(body: &mut Pin<&mut S>, waker: &Waker) -> Now<E>
where
    S: http_body::Body<Data = Bytes, Error = E>,
{
    match body.as_mut().poll_frame(&mut Context::from_waker(waker)) {
        Poll::Pending => None,
        Poll::Ready(None) => Some(None),
        Poll::Ready(Some(frame)) => Some(Some(frame.map(|frame| frame.into_data().ok().unwrap()))),
    }
}

/// The next frame, which must be ready.
fn frame<S, E: std::fmt::Debug>(body: &mut Pin<&mut S>) -> String
where
    S: http_body::Body<Data = Bytes, Error = E>,
{
    String::from_utf8(poll(body).expect("a frame").expect("a frame").unwrap().into()).unwrap()
}

fn tick(n: u32) -> Event {
    Event::new().id(n).data(n)
}

fn text(events: impl IntoIterator<Item = Event>) -> String {
    events.into_iter().map(|event| event.to_string()).collect()
}

const SECOND: Duration = Duration::from_secs(1);

const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A body's callback, and what it was told.
fn ends() -> (impl FnOnce(End) + Send + 'static, impl Fn() -> Vec<End>) {
    let ends = Arc::new(Mutex::new(Vec::new()));
    let told = ends.clone();
    (move |end| told.lock().unwrap().push(end), move || ends.lock().unwrap().clone())
}

#[derive(Debug, PartialEq)]
struct Broken(u32);
