//! The client's state machine under random responses, ends, commands, and steps of the clock: what is true whatever a
//! server, a network, and a user do.

use proptest::{collection::vec, prelude::*};
use sse_wire::{
    Input,
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

#[derive(Clone, Debug)]
enum Act {
    Pass(u64),
    Answer(u16, Option<&'static str>),
    Bytes(&'static str),
    End,
    Fail,
    Reconnect,
    Close,
}

fn act() -> impl Strategy<Value = Act> {
    let status = prop_oneof![4 => Just(200), 1 => Just(307), 1 => Just(503), 1 => Just(404), 1 => Just(204)];
    let header = prop_oneof![
        Just(None),
        Just(Some("0")),
        Just(Some("7")),
        Just(Some("99999999999")),
        Just(Some("/elsewhere"))
    ];
    let bytes = prop_oneof![
        Just("data: 1\n\n"),
        Just("id: 1\ndata: 1\n\n"),
        Just("id: 2\nda"),
        Just("ta: 2\n"),
        Just("\n"),
        Just("\r"),
        Just("retry: 0\n"),
        Just("retry: 700\n\n"),
        Just("id\n"),
        Just(": x\n"),
        Just("data:\n\n"),
        Just("stop\n"),
    ];
    prop_oneof![
        6 => prop_oneof![0u64..10, 0u64..2_000, 0u64..30_000].prop_map(Act::Pass),
        6 => (status, header).prop_map(|(status, header)| Act::Answer(status, header)),
        8 => bytes.prop_map(Act::Bytes),
        3 => Just(Act::End),
        3 => Just(Act::Fail),
        1 => Just(Act::Reconnect),
        1 => prop_oneof![9 => Just(Act::Reconnect), 1 => Just(Act::Close)],
    ]
}

/// What a client should know, according to a decoder that sees the same bytes.
#[derive(Default)]
struct Expected {
    id: String,
    open: Option<sse_wire::Decoder>,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens(acts in vec(act(), 1..120), seed: u64, until_open: bool) {
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
                prop_assert!(steps < 10, "a busy loop");
                match connection.next_step(now) {
                    Step::Event(ClientEvent::Error(error)) => {
                        prop_assert!(!is_closed, "an error of a connection that was closed");
                        expected.open = None;
                        match error.retry_in() {
                            Some(delay) => {
                                let most = Duration::from_millis(i32::MAX as u64);
                                prop_assert!(FLOOR <= delay && delay <= most, "{delay:?}");
                                let is_asked = error.headers().is_some_and(|headers| headers.contains_key("retry-after"));
                                let bound = CAP.max(connection.reconnection_time()).max(Duration::from_secs(1));
                                prop_assert!(is_asked || delay <= bound, "{delay:?}");
                                prop_assert!(!(until_open && has_opened), "it reconnects after it has opened");
                            }
                            None => {
                                prop_assert!(error.is_fatal() && connection.is_closed());
                                is_closed = true;
                            }
                        }
                        has_opened = false;
                    }
                    Step::Event(ClientEvent::Open(_)) => has_opened = true,
                    Step::Event(event) => prop_assert!(false, "{event:?}"),
                    Step::Wait(until) => {
                        prop_assert!(until > now && !is_closed);
                        break;
                    }
                    Step::Send => {
                        prop_assert!(!is_closed, "a request after the end");
                        let request = connection.request(now).unwrap();
                        sent.push(now);
                        let in_a_second = sent.iter().rev().take_while(|time| now - **time < Duration::from_secs(1));
                        prop_assert!(in_a_second.count() <= MAX_RATE);
                        let id = request.headers().get("last-event-id").map_or("", |id| id.to_str().unwrap());
                        prop_assert_eq!(id, &expected.id);
                    }
                    Step::Answer(until) | Step::Read(until) => {
                        let limit = READ_TIMEOUT + CONNECT_TIMEOUT;
                        prop_assert!(until.is_some_and(|until| now < until && until <= now + limit));
                        break;
                    }
                    Step::Closed => {
                        is_closed = true;
                        break;
                    }
                    step => prop_assert!(false, "{step:?}"),
                }
            }
            prop_assert_eq!(connection.last_event_id(), &expected.id);
            match act {
                Act::Pass(time) => now += Duration::from_millis(time),
                Act::Answer(status, header) => {
                    let name = if header == Some("/elsewhere") { "Location" } else { "Retry-After" };
                    let answer = http::Response::builder().status(status).header("Content-Type", "text/event-stream");
                    let answer = header.into_iter().fold(answer, |answer, value| answer.header(name, value));
                    let is_awaited = matches!(connection.next_step(now), Step::Answer(_));
                    connection.answer(answer.body(()).unwrap().into_parts().0, now);
                    is_closed |= is_awaited && status == 204;
                    if is_awaited && status == 200 {
                        expected.open = Some(sse_wire::Decoder::new().with_last_event_id(&*expected.id));
                    }
                }
                Act::Bytes(bytes) => {
                    let mut input = Input::new(bytes.as_bytes());
                    let seen = std::iter::from_fn(|| connection.read(&mut input));
                    let seen = seen.filter(|event| matches!(event, ClientEvent::Message(_))).count();
                    let mut count = 0;
                    if let Some(decoder) = &mut expected.open {
                        let mut input = Input::new(bytes.as_bytes());
                        while decoder.next(&mut input).is_some() {
                            count += 1;
                        }
                        expected.id = decoder.last_event_id().into();
                    }
                    prop_assert_eq!(seen, count);
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
}
