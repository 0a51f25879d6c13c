//! What holds for the client's state machine, whatever a server, a network and a user do. The fuzz target
//! `connection` uses this file too.

use sse_wire::{
    Decoder, Input,
    client::{ClientEvent, Connection, Policy, Step},
};
use std::{
    io,
    time::{Duration, Instant},
};

const FLOOR: Duration = Duration::from_millis(50);
const CAP: Duration = Duration::from_secs(5);
const MAX_RATE: usize = 3;
const READ_TIMEOUT: Duration = Duration::from_secs(20);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);

/// Something that happens to a client.
#[derive(Clone, Debug)]
pub enum Act {
    /// So many milliseconds pass.
    Pass(u64),
    /// A response with this status, and perhaps one more header.
    Answer(u16, Option<(&'static str, Vec<u8>)>),
    Bytes(Vec<u8>),
    End,
    Fail,
    Reconnect,
    Close,
}

/// What a client should know, according to a decoder that sees the same bytes.
#[derive(Default)]
struct Expected {
    id: String,
    open: Option<Decoder>,
}

/// The ID as a header carries it: spaces and tabs around a value do not count (RFC 9110, section 5.5). `None` if no
/// header can.
fn in_header(id: &str) -> Option<&str> {
    let id = id.trim_matches([' ', '\t']);
    let is_allowed = id.bytes().all(|byte| byte == b'\t' || byte >= b' ' && byte != 0x7f);
    (is_allowed && (1..=64 * 1024).contains(&id.len())).then_some(id)
}

/// Lets all of it happen to a client, and checks each step that it takes.
pub fn check(acts: Vec<Act>, seed: u64, until_open: bool) {
    let policy = if until_open { Policy::until_open() } else { Policy::new() };
    let policy = policy.floor(FLOOR).cap(CAP).max_rate(MAX_RATE as u16).retry_statuses([503]);
    let mut connection = Connection::builder("http://localhost/")
        .policy(policy)
        .reconnection_time(Duration::from_millis(200))
        .read_timeout(READ_TIMEOUT)
        .connect_timeout(CONNECT_TIMEOUT)
        .build(seed)
        .unwrap();
    let mut now = Instant::now();
    let mut sent: Vec<Instant> = Vec::new();
    let mut expected = Expected::default();
    let (mut is_closed, mut has_opened) = (false, false);
    for act in acts {
        // Everything that is due. If this never ended, a driver would loop forever.
        let mut steps = 0;
        loop {
            steps += 1;
            assert!(steps < 10, "a busy loop");
            match connection.next_step(now) {
                Step::Event(ClientEvent::Error(error)) => {
                    assert!(!is_closed, "an error of a connection that was closed");
                    expected.open = None;
                    match error.retry_in() {
                        Some(delay) => {
                            let most = Duration::from_millis(i32::MAX as u64);
                            assert!(FLOOR <= delay && delay <= most, "{delay:?}");
                            let is_asked =
                                error.headers().is_some_and(|headers| headers.contains_key("retry-after"));
                            let bound = CAP.max(connection.reconnection_time()).max(Duration::from_secs(1));
                            assert!(is_asked || delay <= bound, "{delay:?}");
                            assert!(!(until_open && has_opened), "it reconnects after it has opened");
                        }
                        None => {
                            assert!(error.is_fatal() && connection.is_closed());
                            is_closed = true;
                        }
                    }
                    has_opened = false;
                }
                Step::Event(ClientEvent::Open(_)) => has_opened = true,
                Step::Event(event) => panic!("{event:?}"),
                Step::Wait(until) => {
                    assert!(until > now && !is_closed);
                    break;
                }
                Step::Send => {
                    assert!(!is_closed, "a request after the end");
                    let request = connection.request(now).unwrap();
                    sent.push(now);
                    let in_a_second =
                        sent.iter().rev().take_while(|time| now - **time < Duration::from_secs(1));
                    assert!(in_a_second.count() <= MAX_RATE);
                    let id = request.headers().get("last-event-id").map(|id| id.as_bytes());
                    assert_eq!(id, in_header(&expected.id).map(str::as_bytes), "{:?}", expected.id);
                }
                Step::Response(until) | Step::Read(until) => {
                    let limit = READ_TIMEOUT + CONNECT_TIMEOUT;
                    assert!(until.is_some_and(|until| now < until && until <= now + limit));
                    break;
                }
                Step::Closed => {
                    is_closed = true;
                    break;
                }
                step => panic!("{step:?}"),
            }
        }
        assert_eq!(connection.last_event_id(), &expected.id);
        match act {
            Act::Pass(time) => now += Duration::from_millis(time),
            Act::Answer(status, header) => {
                let answer =
                    http::Response::builder().status(status).header("Content-Type", "text/event-stream");
                let answer =
                    header.into_iter().fold(answer, |answer, (name, value)| answer.header(name, value));
                let is_awaited = matches!(connection.next_step(now), Step::Response(_));
                connection.response(answer.body(()).unwrap().into_parts().0, now);
                is_closed |= is_awaited && status == 204;
                if is_awaited && status == 200 {
                    expected.open = Some(sse_wire::Decoder::new().with_last_event_id(&*expected.id));
                }
            }
            Act::Bytes(bytes) => {
                let mut input = Input::new(&bytes);
                let seen = std::iter::from_fn(|| connection.read(&mut input));
                let seen = seen.filter(|event| matches!(event, ClientEvent::Message(_))).count();
                let mut count = 0;
                if let Some(decoder) = &mut expected.open {
                    let mut input = Input::new(&bytes);
                    while decoder.next(&mut input).is_some() {
                        count += 1;
                    }
                    expected.id = decoder.last_event_id().into();
                }
                assert_eq!(seen, count);
            }
            Act::End => {
                connection.end(now);
                expected.open = None;
            }
            Act::Fail => {
                connection.error(io::Error::from(io::ErrorKind::ConnectionReset), now);
                expected.open = None;
            }
            Act::Reconnect => {
                connection.reconnect();
                (expected.open, has_opened) = (None, false);
            }
            Act::Close => {
                connection.close();
                (expected.open, is_closed) = (None, true);
            }
        }
    }
}
