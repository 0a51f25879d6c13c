//! A response body, polled by hand: no runtime, and time only where a test lets it pass.

use bytes::Bytes;
use futures_core::Stream;
use futures_util::stream;
use http_body::Body as _;
use sse_wire::{
    Event, Sse,
    response::{Body, End, KeepAlive, Shutdown},
};
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    future::Future,
    ops::RangeInclusive,
    pin::{Pin, pin},
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
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Count {
    fn get(&self) -> usize {
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

// --- batches ---

#[test]
fn what_is_ready_goes_into_one_frame() {
    let source = Handle::new();
    let mut body = pin!(Body::without_timer(source.clone()));
    assert_eq!(poll(&mut body), None);
    source.put(tick(1));
    source.put(Event::new());
    source.put(tick(2));
    assert_eq!(frame(&mut body), text([tick(1), tick(2)]));
    assert_eq!(poll(&mut body), None);
    source.put(tick(3));
    assert_eq!(frame(&mut body), text([tick(3)]));
}

#[test]
fn a_burst_of_small_events_is_a_few_frames() {
    let all = text((0..1000).map(tick));
    let mut body = pin!(Body::without_timer(stream::iter((0..1000).map(tick))));
    let mut frames = Vec::new();
    while let Some(Some(Ok(frame))) = poll(&mut body) {
        frames.push(frame);
    }
    assert_eq!(frames.len(), all.len().div_ceil(16 * 1024 - 32), "{} bytes", all.len());
    assert_eq!(frames.concat(), all.as_bytes());
}

#[test]
fn the_size_of_a_frame_can_be_set() {
    let two = text([tick(1), tick(2)]).len();
    for (limit, expected) in [(0, [1; 5].as_slice()), (1, &[1; 5]), (two, &[2, 2, 1]), (two + 1, &[2, 2, 1])]
    {
        let mut body = pin!(Body::without_timer(stream::iter((1..6).map(tick))).batch(limit));
        let mut frames = Vec::new();
        while let Some(Some(Ok(frame))) = poll(&mut body) {
            frames.push(frame.iter().filter(|byte| **byte == b':').count() / 2);
        }
        assert_eq!(frames, expected, "{limit} bytes");
    }
}

#[test]
fn a_poll_returns_whatever_the_size_of_a_frame() {
    let mut body = pin!(Body::without_timer(stream::repeat_with(|| tick(1))).batch(usize::MAX));
    for _ in 0..2 {
        assert!(frame(&mut body).len() <= 1 << 20);
    }
}

#[test]
fn bytes_that_are_alone_or_large_are_not_copied() {
    let small = Bytes::from(vec![b'\n'; 10]);
    let large = Bytes::from(vec![b'\n'; 100_000]);
    let items = [small.clone(), large.clone(), small.clone()];
    let mut body = pin!(Body::without_timer(stream::iter(items)));
    for expected in [&small, &large, &small] {
        let frame = poll(&mut body).unwrap().unwrap().unwrap();
        assert_eq!(frame, expected);
        assert_eq!(frame.as_ptr(), expected.as_ptr());
    }
    assert_eq!(poll(&mut body), Some(None));
}

#[test]
fn a_buffer_and_encoded_bytes_are_items_too() {
    let mut sse = Sse::with_retry(5);
    sse.add_message("tick", "1");
    let shown = sse.to_string();
    let mut body = pin!(Body::without_timer(stream::iter([sse])));
    assert_eq!(frame(&mut body), shown);

    let mut sse = Sse::new();
    sse.add_data("1");
    let chunks: Vec<_> = sse.collect();
    let mut body = pin!(Body::without_timer(stream::iter(chunks)));
    assert_eq!(frame(&mut body), "retry: 2000\n\ndata: 1\n\n");

    let mut body = pin!(Body::without_timer(stream::iter([Ok::<_, ()>(Bytes::from(tick(1)))])));
    assert_eq!(frame(&mut body), "id: 1\ndata: 1\n\n");
}

#[test]
fn a_keep_alive_may_take_decades_but_is_never_added_to_a_time_that_overflows() {
    let asked = Rc::new(Cell::new(None));
    for (interval, expected) in [(30 * YEAR, Some(30 * YEAR)), (Duration::MAX, None)] {
        asked.set(None);
        let seen = asked.clone();
        let timer = move |time: Duration| {
            seen.set(Some(time));
            std::future::pending::<()>()
        };
        let source = Handle::<Event>::new();
        let mut body = pin!(Body::with_timer(source, timer).keep_alive(KeepAlive::every(interval)));
        assert_eq!(poll(&mut body), None);
        assert_eq!(asked.get(), expected);
    }
}

#[test]
fn empty_items_do_not_keep_the_thread() {
    let waker = Arc::new(Count::default());
    let mut body = pin!(Body::without_timer(stream::repeat_with(Event::new)));
    assert_eq!(poll_with(&mut body, &waker.clone().into()), None);
    assert_eq!(waker.get(), 1, "it goes on when others had their turn");
}

#[test]
fn it_is_a_stream_of_bytes() {
    let mut body = pin!(Body::without_timer(stream::iter([tick(1)])));
    let next = body.as_mut().poll_next(&mut Context::from_waker(Waker::noop()));
    assert_eq!(next, Poll::Ready(Some(Ok(tick(1).into()))));
    assert_eq!(body.as_mut().poll_next(&mut Context::from_waker(Waker::noop())), Poll::Ready(None));
}

#[test]
fn a_body_is_as_sendable_as_what_it_is_made_of() {
    fn check<T: Send + Sync + 'static>(_: &T) {}
    let body = Body::without_timer(stream::iter([tick(1)])).shutdown(&Shutdown::new()).on_end(|_| ());
    check(&body);
    check(&Shutdown::new());
}

// --- keep-alive ---

#[test]
fn nothing_goes_between_two_halves_of_an_event() {
    let (callback, ends) = self::ends();
    let shutdown = Shutdown::builder().farewell(Event::new().comment("bye")).build();
    let (clock, source) = (Clock::default(), Handle::new());
    let body = Body::with_timer(source.clone(), clock.timer()).shutdown(&shutdown).on_end(callback);
    let mut body = pin!(body);
    let pieces =
        ["id: 1\nevent: delta\ndata: {\"text\":", " \"hi\"}\n", "\n", "data: 2\r\n\r", "\n", ": 3\r"];
    for (piece, ends_a_block) in pieces.into_iter().zip([false, false, true, true, true, false]) {
        source.put(Bytes::from(piece));
        assert_eq!(frame(&mut body), piece);
        assert_eq!(poll(&mut body), None);
        clock.pass(15 * SECOND);
        let now = poll(&mut body).map(|frame| frame.unwrap().unwrap());
        assert_eq!(now, ends_a_block.then_some(":\n\n".into()), "after {piece:?}");
    }
    // There is no farewell inside a block either, and a torn block is not made to look whole.
    shutdown.begin();
    assert_eq!(poll(&mut body), Some(None));
    assert_eq!(ends(), [End::ShutDown]);
}

/// As on a target without a clock, where std's clock panics: only the timer moves the body.
#[test]
fn the_timer_alone_keeps_the_time() {
    let asked = Rc::new(RefCell::new(Vec::new()));
    let timer = {
        let asked = asked.clone();
        move |time: Duration| {
            asked.borrow_mut().push(time);
            std::future::ready(())
        }
    };
    let shutdown = Shutdown::new();
    let body = Body::with_timer(stream::pending::<Event>(), timer).shutdown(&shutdown);
    let mut body = pin!(body.keep_alive(KeepAlive::every(SECOND)));
    assert_eq!(frame(&mut body), ":\n\n");
    assert_eq!(frame(&mut body), ":\n\n");
    shutdown.begin();
    assert_eq!(poll(&mut body), Some(None));
    assert_eq!(*asked.borrow(), [SECOND, SECOND]);
}

#[test]
fn only_silence_is_interrupted() {
    let (clock, source) = (Clock::default(), Handle::new());
    let mut body = pin!(Body::with_timer(source.clone(), clock.timer()));
    for _ in 0..3 {
        assert_eq!(poll(&mut body), None);
        clock.pass(14 * SECOND);
        assert_eq!(poll(&mut body), None);
        source.put(tick(1));
        assert_eq!(frame(&mut body), text([tick(1)]));
    }
    for _ in 0..3 {
        assert_eq!(poll(&mut body), None);
        clock.pass(15 * SECOND - Duration::from_nanos(1));
        assert_eq!(poll(&mut body), None);
        clock.pass(Duration::from_nanos(1));
        assert_eq!(frame(&mut body), ":\n\n");
    }
}

#[test]
fn any_message_keeps_alive() {
    let counter = Arc::new(AtomicUsize::new(0));
    let computed = {
        let counter = counter.clone();
        move || match counter.fetch_add(1, Ordering::Relaxed) {
            0 => Event::new(),
            n => Event::new().event("ping").data(n),
        }
    };
    let every = || KeepAlive::every(SECOND);
    for (keep_alive, expected) in [
        (every(), ":\n\n"),
        (every().bare(), ":\n"),
        (every().bare().comment("ping"), ": ping\n"),
        (every().comment("ping").bare(), ": ping\n"),
        (every().comment("two\nlines").bare(), ": two\n: lines\n"),
        (every().event(Event::new().event("ping")).bare(), "event: ping\ndata: \n\n"),
        (every().comment("still\nhere"), ": still\n: here\n\n"),
        (every().event(Event::new().event("ping")), "event: ping\ndata: \n\n"),
        (every().computed(computed), "event: ping\ndata: 1\n\n"),
    ] {
        let clock = Clock::default();
        let mut body =
            pin!(Body::with_timer(stream::pending::<Event>(), clock.timer()).keep_alive(keep_alive.clone()));
        assert_eq!(poll(&mut body), None);
        clock.pass(SECOND);
        let mut now = poll(&mut body);
        if now.is_none() {
            // The computed message was empty: the silence continues.
            assert_eq!(poll(&mut body), None);
            clock.pass(SECOND);
            now = poll(&mut body);
        }
        assert_eq!(now.unwrap().unwrap().unwrap(), expected, "{keep_alive:?}");
    }
    for off in [KeepAlive::off(), KeepAlive::every(Duration::ZERO)] {
        let clock = Clock::default();
        let mut body = pin!(Body::with_timer(stream::pending::<Event>(), clock.timer()).keep_alive(off));
        assert_eq!(poll(&mut body), None);
        clock.pass(1_000_000 * SECOND);
        assert_eq!(poll(&mut body), None);
    }
}

#[test]
fn an_empty_keep_alive_and_a_hasty_timer_do_not_keep_the_thread() {
    let waker = Arc::new(Count::default());
    let keep_alive = KeepAlive::default().computed(Event::new);
    let hasty = |_: Duration| std::future::ready(());
    let mut body = pin!(Body::with_timer(stream::pending::<Event>(), hasty).keep_alive(keep_alive));
    assert_eq!(poll_with(&mut body, &waker.clone().into()), None);
    assert_eq!(waker.get(), 1);
}

// --- the end ---

/// A body's callback, and what it was told.
fn ends() -> (impl FnOnce(End) + Send + 'static, impl Fn() -> Vec<End>) {
    let ends = Arc::new(Mutex::new(Vec::new()));
    let told = ends.clone();
    (move |end| told.lock().unwrap().push(end), move || ends.lock().unwrap().clone())
}

#[test]
fn the_end_is_reported_once() {
    let (callback, ends) = self::ends();
    let source = Handle::new();
    {
        let mut body = pin!(Body::without_timer(source.clone()).on_end(callback).batch(0));
        source.put(tick(1));
        source.put(tick(2));
        source.end();
        frame(&mut body);
        assert_eq!(ends(), []);
        assert!(!body.is_end_stream());
        frame(&mut body);
        assert_eq!(poll(&mut body), Some(None));
        assert_eq!(ends(), [End::Finished]);
        assert!(body.is_end_stream());
        assert_eq!(poll(&mut body), Some(None));
    }
    assert_eq!(ends(), [End::Finished]);
}

#[test]
fn the_last_frame_is_known_to_be_the_last() {
    let (callback, ends) = self::ends();
    let mut body = pin!(Body::without_timer(stream::iter([tick(1)])).on_end(callback));
    frame(&mut body);
    assert!(body.is_end_stream(), "the server need not ask again");
    assert_eq!(ends(), [End::Finished]);
}

#[test]
fn a_drop_is_reported_whenever_it_happens() {
    // Before the first poll, while it waits, and before the last frames are taken.
    for polls in 0..3 {
        let (callback, ends) = self::ends();
        let source = Handle::new();
        {
            let mut body = pin!(Body::without_timer(source.clone()).batch(0).on_end(callback));
            if polls > 0 {
                assert_eq!(poll(&mut body), None);
            }
            if polls > 1 {
                source.put(Ok(tick(1)));
                source.put(Err("broken"));
                frame(&mut body);
            }
        }
        assert_eq!(ends(), [End::Dropped], "after {polls} polls");
    }
}

#[test]
fn of_two_callbacks_the_last_counts() {
    let ((first, told_first), (second, told_second)) = (ends(), ends());
    drop(Body::without_timer(stream::pending::<Event>()).on_end(first).on_end(second));
    assert_eq!((told_first(), told_second()), (vec![], vec![End::Dropped]));
}

#[test]
fn head_is_answered_without_a_stream() {
    for method in ["HEAD", "GET"] {
        let (callback, ends) = self::ends();
        let source = Handle::<Event>::new();
        {
            let mut body = pin!(Body::without_timer(source.clone()).method(method).on_end(callback));
            let is_head = method == "HEAD";
            assert_eq!(body.is_end_stream(), is_head);
            assert_eq!(poll(&mut body), is_head.then_some(None));
            assert_eq!(source.polls(), usize::from(!is_head));
            assert_eq!(Rc::strong_count(&source.0), if is_head { 1 } else { 2 });
            assert_eq!(
                http_body::Body::size_hint(&body).exact(),
                None,
                "a length of 0 would be wrong for a GET"
            );
        }
        assert_eq!(ends(), [if method == "HEAD" { End::Finished } else { End::Dropped }]);
    }
    let (callback, ends) = self::ends();
    drop(Body::without_timer(stream::pending::<Event>()).on_end(callback).method(http::Method::HEAD));
    assert_eq!(ends(), [End::Finished], "also if the server drops it");
}

// --- errors ---

#[derive(Debug, PartialEq)]
struct Broken(u32);

#[test]
fn an_error_ends_the_body_as_the_hook_says() {
    for clean in [true, false] {
        let (callback, ends) = self::ends();
        let source = Handle::new();
        let seen = Arc::new(AtomicUsize::new(0));
        let saw = seen.clone();
        let hook = move |Broken(n)| {
            saw.store(n as usize, Ordering::Relaxed);
            if clean { Ok(()) } else { Err(Broken(n + 1)) }
        };
        let mut body = pin!(Body::without_timer(source.clone()).on_error(hook).on_end(callback));
        source.put(Ok(tick(1)));
        source.put(Err(Broken(7)));
        source.put(Ok(tick(2)));
        assert_eq!(frame(&mut body), text([tick(1)]), "what was ready goes first");
        assert_eq!(seen.load(Ordering::Relaxed), 7);
        assert_eq!(body.is_end_stream(), clean);
        if !clean {
            assert_eq!(
                poll_with(&mut body, Waker::noop()),
                None,
                "a moment in which the server writes what it has"
            );
            assert_eq!(poll(&mut body), Some(Some(Err(Broken(8)))));
        }
        assert_eq!(poll(&mut body), Some(None));
        assert_eq!(ends(), [End::Failed]);
        assert_eq!(source.polls(), 2);
    }
}

#[test]
fn a_failed_body_has_failed_also_if_it_is_dropped() {
    let (callback, ends) = self::ends();
    {
        let body = Body::without_timer(stream::iter([Err::<Event, _>(Broken(1))])).on_end(callback);
        let mut body = pin!(body);
        assert_eq!(poll_with(&mut body, Waker::noop()), None, "the server has time to write");
    }
    assert_eq!(ends(), [End::Failed]);
}

#[test]
fn without_a_hook_an_error_fails_the_body() {
    let mut body = pin!(Body::without_timer(stream::iter([Err::<Event, _>(Broken(1))])));
    let waker = Arc::new(Count::default());
    assert_eq!(poll_with(&mut body, &waker.clone().into()), None);
    assert_eq!(waker.get(), 1);
    assert_eq!(poll(&mut body), Some(Some(Err(Broken(1)))));
    assert_eq!(poll(&mut body), Some(None));
}

#[test]
fn last_events_tell_the_client_of_an_error() {
    let shutdown = Shutdown::builder().farewell(Event::new().comment("bye")).build();
    for (is_shut_down, cut) in [(false, false), (true, false), (false, true), (true, true)] {
        if is_shut_down {
            shutdown.begin();
        }
        let (callback, ends) = self::ends();
        let source = Handle::new();
        source.put(Ok(Bytes::from(if cut { "data: 1\ndata" } else { "data: 1\n\n" })));
        source.put(Err(Broken(7)));
        let body = Body::without_timer(source).shutdown(&shutdown).on_end(callback);
        let mut body = pin!(body.on_error(|Broken(n)| Ok(Event::new().event("error").data(n))));
        let mut sent = Vec::new();
        while let Some(Some(Ok(frame))) = poll(&mut body) {
            sent.extend(frame);
        }
        let sent = String::from_utf8(sent).unwrap();
        match (is_shut_down, cut) {
            (_, true) => assert_eq!(sent, "data: 1\ndata"),
            (false, false) => assert_eq!(sent, "data: 1\n\nevent: error\ndata: 7\n\n"),
            (true, false) => assert_eq!(sent, "data: 1\n\nevent: error\ndata: 7\n\n: bye\n\n"),
        }
        assert_eq!(ends(), [End::Failed]);
    }
}

#[test]
fn a_hook_may_depend_on_a_condition() {
    struct Answer<S> {
        body: Body<S, sse_wire::response::NoTimer>,
    }
    for is_watched in [false, true] {
        let (callback, ends) = self::ends();
        let mut body: Body<_, sse_wire::response::NoTimer> = Body::without_timer(stream::pending::<Event>());
        if is_watched {
            body = body.on_end(callback);
        }
        // No bounds are needed to hold it.
        fn unwrap<S>(answer: Answer<S>) -> Body<S, sse_wire::response::NoTimer> {
            answer.body
        }
        drop(unwrap(Answer { body }));
        assert_eq!(ends().len(), usize::from(is_watched));
    }
}

// --- shutdown ---

#[test]
fn a_body_is_under_several_shutdowns_and_the_first_ends_it() {
    let farewell = |text| Shutdown::builder().farewell(Event::new().comment(text)).build();
    for first in 0..2 {
        let handles = [farewell("the server stops"), farewell("logged out")];
        let waker = Arc::new(Count::default());
        let body =
            Body::without_timer(stream::pending::<Event>()).shutdown(&handles[0]).shutdown(&handles[1]);
        // Given twice, it counts once.
        let mut body = Box::pin(body.shutdown(&handles[0]));
        assert_eq!(poll_with(&mut body.as_mut(), &waker.clone().into()), None);
        assert_eq!(handles.each_ref().map(Shutdown::streams), [1, 1]);
        handles[first].begin();
        assert_eq!(waker.get(), 1);
        assert_eq!(frame(&mut body.as_mut()), [": the server stops\n\n", ": logged out\n\n"][first]);
        assert_eq!(poll(&mut body.as_mut()), Some(None));
        assert!(!handles[first].wait_timeout(Duration::ZERO));
        drop(body);
        assert_eq!(handles.each_ref().map(Shutdown::streams), [0, 0]);
        assert!(handles[first].wait_timeout(Duration::ZERO));
        assert!(!handles[1 - first].wait_timeout(Duration::ZERO), "it has not begun");
    }
}

#[test]
fn a_session_may_end_during_the_drain_of_its_server() {
    let farewell = |text| Shutdown::builder().farewell(Event::new().comment(text)).build();
    let (server, session) = (farewell("the server stops"), farewell("logged out"));
    let clock = Clock::default();
    let body = Body::with_timer(stream::pending::<Event>(), clock.timer());
    let mut body = pin!(body.shutdown(&server).shutdown(&session));
    server.begin_within(3600 * SECOND);
    assert_eq!(poll(&mut body), None);
    session.begin();
    assert_eq!(frame(&mut body), ": logged out\n\n");
    assert_eq!(poll(&mut body), Some(None));
}

#[test]
fn shutdown_wakes_a_body_and_ends_it() {
    let shutdown = Shutdown::builder().farewell(Event::new().event("bye")).retry(2000..=2000).build();
    let (callback, ends) = self::ends();
    let source = Handle::new();
    let waker = Arc::new(Count::default());
    let mut body = pin!(Body::without_timer(source.clone()).shutdown(&shutdown).on_end(callback));
    assert_eq!(poll_with(&mut body, &waker.clone().into()), None);
    assert!(!shutdown.has_begun());
    source.put(tick(1));

    shutdown.begin();
    assert!(shutdown.has_begun());
    assert_eq!(waker.get(), 1);
    assert_eq!(frame(&mut body), text([tick(1)]), "what was ready is not lost");
    assert_eq!(frame(&mut body), "event: bye\ndata: \n\nretry: 2000\n\n");
    assert!(body.is_end_stream());
    assert_eq!(ends(), [End::ShutDown]);
    assert_eq!(Rc::strong_count(&source.0), 1, "the source is dropped");
}

#[test]
fn shutdown_ends_a_source_that_always_has_more() {
    let shutdown = Shutdown::new();
    let mut body = pin!(Body::without_timer(stream::repeat_with(|| tick(1))).shutdown(&shutdown));
    shutdown.begin();
    let mut bytes = 0;
    while let Some(Some(Ok(frame))) = poll(&mut body) {
        assert!(frame.len() <= 16 * 1024);
        bytes += frame.len();
    }
    assert!((1 << 20..(1 << 20) + 16 * 1024).contains(&bytes), "{bytes} bytes");
}

#[test]
fn shutdown_loses_nothing_that_is_ready() {
    let all = text((0..1000).map(|n| Event::new().data(format_args!("{n:0>100}"))));
    for (batch, time) in [(0, 0), (16 * 1024, 0), (usize::MAX, 0), (0, 1), (16 * 1024, 1)] {
        let shutdown = Shutdown::builder().farewell(Event::new().comment("bye")).build();
        let (clock, source) = (Clock::default(), Handle::new());
        let body = Body::with_timer(source.clone(), clock.timer()).batch(batch).shutdown(&shutdown);
        let mut body = pin!(body);
        shutdown.begin_within(time * 3600 * SECOND);
        if time > 0 {
            assert_eq!(poll(&mut body), None);
            clock.pass(time * 3600 * SECOND);
        }
        for n in 0..1000 {
            source.put(Event::new().data(format_args!("{n:0>100}")));
        }
        let mut sent = Vec::new();
        while let Some(Some(Ok(frame))) = poll(&mut body) {
            sent.extend(frame);
        }
        assert!(sent == (all.clone() + ": bye\n\n").into_bytes(), "batch({batch}) within {time} h");
    }
}

#[test]
fn a_source_that_fails_in_a_shutdown_has_last_words_too() {
    for clean in [true, false] {
        let (callback, ends) = self::ends();
        let shutdown = Shutdown::builder().farewell(Event::new().comment("bye")).build();
        shutdown.begin();
        let hook = move |error| if clean { Ok(()) } else { Err(error) };
        let body = Body::without_timer(stream::iter([Err::<Event, _>(Broken(1))]));
        let mut body = pin!(body.shutdown(&shutdown).on_error(hook).on_end(callback));
        if clean {
            assert_eq!(frame(&mut body), ": bye\n\n");
        } else {
            assert_eq!(poll_with(&mut body, Waker::noop()), None);
            assert_eq!(poll(&mut body), Some(Some(Err(Broken(1)))));
        }
        assert_eq!(poll(&mut body), Some(None));
        assert_eq!(ends(), [End::Failed]);
    }
}

#[test]
fn no_timer_is_asked_for_more_than_the_clock_has() {
    let timer = |duration| {
        assert_ne!(duration, Duration::MAX);
        std::future::pending::<()>()
    };
    let shutdown = Shutdown::new();
    let source = Handle::<Event>::new();
    let keep_alive = KeepAlive::every(Duration::MAX);
    let body = Body::with_timer(source.clone(), timer).keep_alive(keep_alive).shutdown(&shutdown);
    let mut body = pin!(body);
    let endless = Body::without_timer(source.clone()).shutdown(&shutdown);
    let mut endless = pin!(endless);
    assert_eq!(poll(&mut body), None);
    shutdown.begin_within(Duration::MAX);
    assert_eq!((poll(&mut body), poll(&mut endless)), (None, None), "there is no deadline");
    source.end();
    assert_eq!((poll(&mut body), poll(&mut endless)), (Some(None), Some(None)));
}

#[test]
fn shutdown_without_last_words_only_ends() {
    let shutdown = Shutdown::new();
    shutdown.begin();
    let mut body = pin!(Body::without_timer(stream::pending::<Event>()).shutdown(&shutdown));
    assert_eq!(poll(&mut body), Some(None), "also a body that comes later");
}

#[test]
fn a_source_may_end_in_its_own_way_until_the_deadline() {
    let hour = 3600 * SECOND;
    let shutdown = Shutdown::builder().farewell(Event::new().comment("bye")).build();
    let clock = Clock::default();
    let (source, late) = (Handle::new(), Handle::<Event>::new());
    let mut body = pin!(Body::with_timer(source.clone(), clock.timer()).shutdown(&shutdown));
    let mut late_body = pin!(Body::with_timer(late.clone(), clock.timer()).shutdown(&shutdown));
    let mut begun = pin!(shutdown.begun());
    let mut cx = Context::from_waker(Waker::noop());
    assert_eq!(begun.as_mut().poll(&mut cx), Poll::Pending);
    assert_eq!((poll(&mut body), poll(&mut late_body)), (None, None));

    shutdown.begin_within(hour);
    assert_eq!(begun.as_mut().poll(&mut cx), Poll::Ready(()));
    assert_eq!((poll(&mut body), poll(&mut late_body)), (None, None));
    for _ in 0..3 {
        clock.pass(15 * SECOND);
        assert_eq!((frame(&mut body), frame(&mut late_body)), (":\n\n".into(), ":\n\n".into()));
        assert_eq!((poll(&mut body), poll(&mut late_body)), (None, None), "it goes on as before");
    }
    source.put(tick(1));
    assert_eq!(frame(&mut body), text([tick(1)]));
    source.put(tick(2));
    source.end();
    assert_eq!(frame(&mut body), text([tick(2)]));
    assert_eq!(frame(&mut body), ": bye\n\n");

    clock.pass(hour);
    assert_eq!(frame(&mut late_body), ": bye\n\n", "ends regardless");
    assert_eq!(poll(&mut late_body), Some(None));
}

#[test]
fn the_time_may_be_shortened_but_not_prolonged() {
    let hour = 3600 * SECOND;
    for last in [Duration::ZERO, hour / 2] {
        let shutdown = Shutdown::new();
        let clock = Clock::default();
        let waker = Arc::new(Count::default());
        let mut body = pin!(Body::with_timer(stream::pending::<Event>(), clock.timer()).shutdown(&shutdown));
        let mut now = || poll_with(&mut body, &waker.clone().into());
        assert_eq!(now(), None);
        shutdown.begin_within(Duration::MAX);
        assert_eq!(now(), None);
        shutdown.begin_within(hour);
        assert_eq!(now(), None);
        shutdown.begin_within(Duration::MAX);
        assert_eq!(waker.get(), 2);
        shutdown.begin_within(last);
        assert_eq!(waker.get(), 3);
        if !last.is_zero() {
            assert_eq!(now(), None);
            clock.pass(last);
        }
        assert_eq!(now(), None, "the source gets another turn");
        assert_eq!(now(), Some(None));
    }
}

#[test]
fn shutdown_finishes_when_all_bodies_are_gone() {
    let shutdown = Shutdown::new();
    let waker = Arc::new(Count::default());
    let mut finished = pin!(shutdown.finished());
    let done = |finished: &mut Pin<&mut sse_wire::response::Finished>| {
        finished.as_mut().poll(&mut Context::from_waker(&waker.clone().into())).is_ready()
    };
    assert!(!done(&mut finished), "not before it has begun");
    let body = || Body::without_timer(stream::pending::<Event>()).shutdown(&shutdown);
    let (a, b) = (body(), body());
    assert_eq!(shutdown.streams(), 2);
    shutdown.begin();
    assert!(!done(&mut finished));
    drop(a);
    assert!(!done(&mut finished));
    assert_eq!(waker.get(), 0);
    assert!(!shutdown.wait_timeout(Duration::ZERO));
    drop(b);
    assert_eq!(waker.get(), 1);
    assert!(done(&mut finished));
    assert!(shutdown.wait_timeout(Duration::ZERO));
    assert_eq!(shutdown.streams(), 0);
}

#[test]
fn a_thread_can_wait_for_the_end() {
    let shutdown = Shutdown::new();
    let body = Body::without_timer(stream::pending::<Event>()).shutdown(&shutdown);
    shutdown.begin();
    let waiting = std::thread::spawn({
        let shutdown = shutdown.clone();
        move || shutdown.wait_timeout(Duration::MAX)
    });
    drop(body);
    assert!(waiting.join().unwrap());
}

#[test]
fn whoever_already_waits_for_the_end_is_woken_by_a_shutdown_without_streams() {
    let shutdown = Shutdown::new();
    let waker = Arc::new(Count::default());
    let mut finished = pin!(shutdown.finished());
    assert!(finished.as_mut().poll(&mut Context::from_waker(&waker.clone().into())).is_pending());
    shutdown.begin();
    assert_eq!(waker.get(), 1);
    assert!(finished.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
}

#[test]
fn a_shutdown_finishes_after_the_last_callback() {
    let shutdown = Shutdown::new();
    let (tell, told) = std::sync::mpsc::channel();
    let seen = shutdown.clone();
    let body = Body::without_timer(stream::pending::<Event>())
        .shutdown(&shutdown)
        .on_end(move |_| tell.send((seen.streams(), seen.wait_timeout(Duration::ZERO))).unwrap());
    shutdown.begin();
    drop(body);
    assert_eq!(told.try_recv(), Ok((1, false)));
    assert!(shutdown.wait_timeout(Duration::ZERO));
}

#[test]
fn clients_reconnect_spread_over_the_range() {
    const CLIENTS: u32 = 1000;
    let (start, end) = (1000, 11_000);
    let shutdown = Shutdown::builder()
        .retry(Duration::from_millis(start.into())..=Duration::from_millis(end.into()))
        .build();
    shutdown.begin();
    let mut retries: Vec<u32> = (0..CLIENTS)
        .map(|_| {
            let mut body = pin!(Body::without_timer(stream::pending::<Event>()).shutdown(&shutdown));
            let frame = frame(&mut body);
            frame.strip_prefix("retry: ").unwrap().strip_suffix("\n\n").unwrap().parse().unwrap()
        })
        .collect();
    retries.sort();
    assert!(retries[0] >= start && *retries.last().unwrap() <= end);
    // Evenly: no tenth of the range has many more or fewer than a tenth of the clients.
    for tenth in 0..10 {
        let from = start + tenth * (end - start) / 10;
        let there = retries.iter().filter(|retry| (from..from + (end - start) / 10).contains(retry)).count();
        assert!((90..=110).contains(&there), "{there} clients come back from {from} ms on");
    }
}

#[test]
fn a_range_of_one_or_the_wrong_way_round_is_fine() {
    for (range, allowed) in
        [(7..=7, 7..=7), (RangeInclusive::new(9, 7), 7..=9), (0..=u64::MAX, 0..=i32::MAX as u64)]
    {
        let shutdown = Shutdown::builder().retry(range).build();
        shutdown.begin();
        let mut body = pin!(Body::without_timer(stream::pending::<Event>()).shutdown(&shutdown));
        let retry: u64 = frame(&mut body)[7..].trim_end().parse().unwrap();
        assert!(allowed.contains(&retry));
    }
}

#[test]
fn ten_thousand_bodies_share_a_handle() {
    let shutdown = Shutdown::new();
    let waker = Arc::new(Count::default());
    let mut bodies: Vec<_> = (0..10_000)
        .map(|_| Box::pin(Body::without_timer(stream::pending::<Event>()).shutdown(&shutdown)))
        .collect();
    for body in &mut bodies {
        // A body that moves to another task is woken through that task.
        poll(&mut body.as_mut());
        poll_with(&mut body.as_mut(), &waker.clone().into());
    }
    bodies.truncate(5_000);
    shutdown.begin();
    assert_eq!(waker.get(), 5_000, "each that is still there, once");
    for body in &mut bodies {
        assert_eq!(poll(&mut body.as_mut()), Some(None));
    }
}

/// Dropping the last waker of a task drops what the task owns, which may be another body.
#[test]
fn a_waker_may_own_a_body() {
    struct Owner {
        _body: Box<dyn Send + Sync>,
    }
    impl Wake for Owner {
        fn wake(self: Arc<Self>) {}
    }
    let shutdown = Shutdown::new();
    let body = || Box::pin(Body::without_timer(stream::pending::<Event>()).shutdown(&shutdown));
    let owner = || Waker::from(Arc::new(Owner { _body: Box::new(body()) }));

    let mut replaced = body();
    poll_with(&mut replaced.as_mut(), &owner());
    poll(&mut replaced.as_mut());
    let mut dropped = body();
    poll_with(&mut dropped.as_mut(), &owner());
    drop(dropped);
    let mut begun = shutdown.begun();
    assert!(Pin::new(&mut begun).poll(&mut Context::from_waker(&owner())).is_pending());
    drop(begun);
    assert_eq!(shutdown.streams(), 1);
}

/// Bytes that end inside a block are closed if they are sent between the events of a source.
#[test]
fn what_is_added_is_whole_blocks() {
    let torn = |text: &'static str| Bytes::from_static(text.as_bytes());
    let ping = KeepAlive::every(SECOND).computed(move || torn("data: ping"));
    let mut body =
        pin!(Body::with_timer(stream::pending::<Event>(), |_| std::future::ready(())).keep_alive(ping));
    assert_eq!(frame(&mut body), "data: ping\n\n");

    let shutdown = Shutdown::builder().farewell(torn("data: bye\r\n")).retry(5..=5).build();
    shutdown.begin();
    let mut body = pin!(Body::without_timer(stream::empty::<Event>()).shutdown(&shutdown));
    assert_eq!(frame(&mut body), "data: bye\r\n\nretry: 5\n\n");

    let source = stream::iter([Err::<Event, _>("gone")]);
    let mut body = pin!(Body::without_timer(source).on_error(move |_| Ok(torn("data: sorry"))));
    assert_eq!(frame(&mut body), "data: sorry\n\n");
}

/// A tokio channel occasionally says that nothing is ready, so that other tasks get their turn.
#[test]
fn a_shutdown_believes_a_source_that_has_nothing_only_the_second_time() {
    struct Shy(u32);
    impl Stream for Shy {
        type Item = Event;

        fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
            self.0 += 1;
            match self.0 {
                1000.. => Poll::Pending,
                n if n % 100 == 0 => {
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }
                n => Poll::Ready(Some(tick(n))),
            }
        }
    }
    let shutdown = Shutdown::new();
    shutdown.begin();
    let mut body = pin!(Body::without_timer(Shy(0)).shutdown(&shutdown));
    let mut sent = String::new();
    while let Some(Some(Ok(frame))) = poll(&mut body) {
        sent.push_str(core::str::from_utf8(&frame).unwrap());
    }
    assert_eq!(sent, text((1..1000).filter(|n| n % 100 != 0).map(tick)));
}
