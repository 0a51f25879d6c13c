//! `examples/tail` with a URL, run as a process.

use sse_wire_client_tests::Server;
use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::OnceLock,
};

fn example() -> &'static Path {
    static EXAMPLE: OnceLock<PathBuf> = OnceLock::new();
    EXAMPLE.get_or_init(|| sse_wire_client_tests::example("tail"))
}

fn tail(arguments: &[&str]) -> Output {
    Command::new(example()).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn messages_reconnects_and_the_end() {
    let server = Server::start(|connection| match connection.number {
        0 => connection.stream("retry: 101\n: hello\nid: 7\nevent: tick\ndata: 1\n\ndata: cut"),
        1 => {}
        2 => connection.stream(&format!("data: {}\n\ndata: 2\n\n", "x".repeat(100))),
        _ => connection.answer(204, "", ""),
    });
    let url = server.url();
    let output =
        tail(&["--all", "--max-event-size", "50", "--last-event-id", "6", "--header", "X-Mine: 1", &url]);
    assert!(output.status.success());
    assert_eq!(
        text(&output.stdout).lines().collect::<Vec<_>>(),
        [
            r#"{"retry": 101}"#,
            r#"{"comment": "hello"}"#,
            r#"{"event": "tick", "data": "1", "lastEventId": "7"}"#,
            r#"{"tooLarge": 107}"#,
            r#"{"event": "message", "data": "2", "lastEventId": "7"}"#,
        ]
    );
    let errors: Vec<_> = text(&output.stderr).lines().collect();
    assert_eq!(
        errors[0],
        format!(
            "tail: The stream from {url} ended, 9 bytes into an event that begins \"data: cut\" (attempt 1); reconnecting in 101 ms."
        )
    );
    assert!(errors[1].starts_with(&format!("tail: There was no response from {url}: ")));
    assert_eq!(errors[2], format!("tail: The stream from {url} ended (attempt 3); reconnecting in 101 ms."));
    assert_eq!(errors.len(), 3);
    let requests = server.received();
    let ids: Vec<_> = requests.iter().map(|request| request.header("last-event-id")[0]).collect();
    assert_eq!(ids, ["6", "7", "7", "7"]);
    assert!(requests.iter().all(|request| request.header("x-mine") == ["1"]));
}

#[test]
fn what_gives_up() {
    let server = Server::start(|connection| connection.answer(404, "", "not here\n"));
    let output = tail(&[&server.url()]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(&output.stderr),
        format!(
            "tail: The response from {} has status 404 and a body that begins \"not here\\n\" (attempt 1); giving up.\nnot here\n",
            server.url()
        )
    );
    for url in ["localhost", "ftp://localhost/", "http://this is invalid/"] {
        let output = tail(&[url]);
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains("is not a URL to read events from"), "{output:?}");
    }
}

#[test]
fn data_is_posted_once() {
    let server = Server::start(|connection| connection.stream("data: 1\n\n"));
    let output = tail(&["--data", "{}", "--header", "Content-Type:application/json", &server.url()]);
    assert!(output.status.success());
    assert_eq!((text(&output.stdout).lines().count(), &*output.stderr), (1, &b""[..]));
    let [request] = &server.received()[..] else { panic!() };
    assert_eq!((&*request.method, &*request.body), ("POST", "{}"));
    assert_eq!(request.header("content-type"), ["application/json"]);
}

#[test]
fn ends_that_were_asked_for() {
    let answer = "data: 1\n\nevent: usage\ndata: 2\n\ndata: [DONE]\n\ndata: 3";
    for (arguments, lines, is_complete) in [
        (&[][..], 3, false),
        (&["--finish"], 4, true),
        (&["--until-data", "[DONE]"], 2, true),
        (&["--until-event", "usage"], 2, true),
        (&["--until-event", "stop", "--until-event", "usage"], 2, true),
        (&["--until-event", "stop"], 3, false),
        (&["--until-data", "3", "--finish"], 3, true),
    ] {
        let server = Server::start(move |connection| connection.stream(answer));
        let url = server.url();
        let output = tail(&[arguments, &["--data", "{}", &url]].concat());
        assert_eq!(text(&output.stdout).lines().count(), lines, "{arguments:?}");
        assert_eq!(output.status.success(), is_complete, "{arguments:?} {output:?}");
        assert_eq!(server.received().len(), 1);
    }
}

#[test]
fn answers_of_any_type() {
    let server = Server::start(|connection| connection.answer(200, "", "data: 1\n\n"));
    let url = server.url();
    assert_eq!(text(&tail(&["--any-type", "--max", "1", &url]).stdout).lines().count(), 1);
    let output = tail(&[&url]);
    assert!(
        !output.status.success() && text(&output.stderr).contains("it has no content type"),
        "{output:?}"
    );
}

#[test]
fn statuses_are_retried_until_a_stream_has_opened() {
    let server = Server::start(|connection| match connection.number {
        0 => connection.answer(503, "Retry-After: 0\r\n", "{\"error\": \"busy\"}"),
        1 => connection.answer(529, "Retry-After: 0\r\n", ""),
        _ => connection.stream("data: 1\n\ndata: cut"),
    });
    let url = server.url();
    let output = tail(&["--retry-status", "503", "--retry-status", "529", "--data", "{}", &url]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stdout).lines().count(), 1);
    let errors: Vec<_> = text(&output.stderr).lines().collect();
    let [busy, body, overloaded, cut] = errors[..] else { panic!("{errors:?}") };
    assert!(busy.ends_with("; reconnecting in 100 ms.") && overloaded.contains("status 529"), "{errors:?}");
    assert_eq!(body, "{\"error\": \"busy\"}");
    assert!(cut.ends_with("; giving up."), "{cut}");
    assert_eq!(server.received().len(), 3);
    let output = tail(&["--retry-status", "all", &url]);
    assert_eq!(
        text(&output.stderr).lines().next(),
        Some("tail: --retry-status needs a status such as 503, not \"all\".")
    );
}

#[cfg(unix)]
#[test]
fn a_stream_that_is_cut_off_is_not_a_success() {
    let server = Server::start(|connection| {
        connection.stream("data: 1\n\n");
        connection.reset();
    });
    let output = tail(&["--data", "{}", &server.url()]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stderr).contains(" broke: "), "{output:?}");
}

#[test]
fn limits_of_messages_and_of_silence() {
    let server = Server::start(|connection| {
        connection.stream("retry: 0\ndata: 1\n\n");
        connection.until_left();
    });
    let output = tail(&["--max", "2", "--timeout", "30", &server.url()]);
    assert!(output.status.success());
    assert_eq!(text(&output.stdout).lines().count(), 2);
    // Between the messages; on a slow machine there may be more.
    assert!(text(&output.stderr).contains(&format!("tail: Nothing arrived from {} for 30ms", server.url())));
}

#[cfg(unix)]
fn interrupt(child: &std::process::Child) {
    let kill = format!("kill -INT {}", child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
}

#[cfg(unix)]
#[test]
fn interrupts_end_it_while_nobody_reads_its_output() {
    use std::io::Read;

    // A line that is too long for any pipe.
    let server = Server::start(|connection| connection.stream(&format!("data: {}\n\n", "x".repeat(8 << 20))));
    let mut child = Command::new(example()).arg(server.url()).stdout(Stdio::piped()).spawn().unwrap();
    let mut output = child.stdout.take().unwrap();
    output.read_exact(&mut [0]).unwrap(); // it writes
    // Two interrupts that arrive at once count as one.
    let status = loop {
        interrupt(&child);
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
    };
    assert_eq!(status.code(), Some(130));
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_it_cleanly() {
    let server = Server::start(|connection| {
        connection.stream("data: 1\n\n");
        connection.until_left();
    });
    let mut child = Command::new(example())
        .arg(server.url())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), &*output.stderr), (Some(0), &b""[..]));
}
