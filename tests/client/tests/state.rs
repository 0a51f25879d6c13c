//! What a source knows and keeps after it has ended.

use http::{Request, Response};
use sse_wire::{
    AsyncEventSource, EventSource,
    client::{BoxError, ClientEvent, EventSourceHandle, Policy, Stop},
};
use std::{
    future, io,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll, Wake},
    thread::{self, JoinHandle},
    time::Duration,
};

/// A server that sends one event, and the connection, which stays open for as long as this is kept.
fn serve() -> (String, JoinHandle<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(socket.try_clone().unwrap()).lines();
        while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
        socket.write_all(head.as_bytes()).unwrap();
        socket.write_all(b"id: 7\nretry: 1234\ndata: [DONE]\n\n").unwrap();
        socket
    });
    (url, server)
}

#[test]
fn a_source_that_has_ended_knows_where_to_go_on() {
    let (url, server) = serve();
    let mut source = EventSource::builder(&url).until_data("[DONE]").build().unwrap();
    assert!(source.next().is_none());
    assert_eq!(source.last_event_id(), "7");
    assert_eq!(source.reconnection_time(), Duration::from_millis(1234));
    server.join().unwrap();
}

#[tokio::test]
async fn an_async_source_that_has_ended_knows_where_to_go_on() {
    let (url, server) = serve();
    let mut source = AsyncEventSource::builder(&url).until_data("[DONE]").build().unwrap();
    assert!(source.next().await.is_none());
    assert_eq!(source.last_event_id(), "7");
    assert_eq!(source.reconnection_time(), Duration::from_millis(1234));
    server.join().unwrap();
}

#[test]
fn a_handle_keeps_no_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        socket.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
        // The client might use it again, so it stays open until the client is gone.
        io::copy(&mut socket, &mut io::sink())
    });
    let mut source = EventSource::new(&url).unwrap();
    let handle = source.handle();
    assert!(source.next().is_none());
    drop(source);
    server.join().unwrap().unwrap();
    handle.close();
}

/// A body without an end and without a message, which closes its client when it is read.
struct Endless {
    handle: Arc<OnceLock<EventSourceHandle>>,
    reads: Arc<AtomicU32>,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.handle.get().unwrap().close();
        match self.reads.fetch_add(1, Ordering::Relaxed) {
            0 => {
                buffer.fill(b'\n');
                Ok(buffer.len())
            }
            _ => Ok(0),
        }
    }
}

#[test]
fn a_source_that_is_closed_reads_no_more() {
    let (handle, reads) = (Arc::<OnceLock<_>>::default(), Arc::<AtomicU32>::default());
    let (closes, counts) = (handle.clone(), reads.clone());
    let transport = move |_: Request<Vec<u8>>, _: &Stop| {
        let body = Endless { handle: closes.clone(), reads: counts.clone() };
        Response::builder().header("Content-Type", "text/event-stream").body(body)
    };
    let mut source = EventSource::builder("http://localhost/").build_with(transport).unwrap();
    handle.set(source.handle()).unwrap();
    assert!(source.next().is_none());
    assert_eq!(reads.load(Ordering::Relaxed), 1);
}

/// A transport that fails when it is asked again.
fn late() -> impl Future<Output = Result<Response<String>, BoxError>> + Send {
    let mut asked = 0;
    future::poll_fn(move |_| {
        asked += 1;
        match asked {
            1 => Poll::Pending,
            _ => Poll::Ready(Err("nothing is there".into())),
        }
    })
}

struct Task;

impl Wake for Task {
    fn wake(self: Arc<Self>) {}
}

#[test]
fn a_handle_keeps_no_task() {
    for ends in [true, false] {
        let task = Arc::new(Task);
        let waker = task.clone().into();
        let mut context = Context::from_waker(&waker);
        let settings = AsyncEventSource::builder("http://localhost/").policy(Policy::never());
        let mut source = settings.build_with_timer(|_| late(), |_| future::pending::<()>()).unwrap();
        let handle = source.handle();
        assert!(source.poll_next_event(&mut context).is_pending());
        let source = match ends {
            true => {
                assert!(matches!(
                    source.poll_next_event(&mut context),
                    Poll::Ready(Some(ClientEvent::Error(_)))
                ));
                assert!(matches!(
                    source.poll_next_event(&mut context),
                    Poll::Ready(Some(ClientEvent::Closed))
                ));
                Some(source)
            }
            false => {
                drop(source);
                None
            }
        };
        drop(waker);
        assert_eq!(Arc::strong_count(&task), 1, "{ends}");
        drop((handle, source));
    }
}
