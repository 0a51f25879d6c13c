//! `examples/tail`, run as a process.

use serde_json::{Value, json};
use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::OnceLock,
};

/// The example, built from the current sources.
fn example() -> &'static Path {
    static EXAMPLE: OnceLock<PathBuf> = OnceLock::new();
    EXAMPLE.get_or_init(|| {
        // A test runs as target/debug/deps/decode-…
        let test = env::current_exe().unwrap();
        let target = test.ancestors().nth(3).unwrap();
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--example", "tail", "--target-dir"])
            .arg(target)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status()
            .unwrap();
        assert!(built.success());
        target.join("debug/examples").join(format!("tail{}", env::consts::EXE_SUFFIX))
    })
}

fn tail(arguments: &[&str]) -> Command {
    let mut command = Command::new(example());
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = tail(arguments).spawn().unwrap();
    // It does not read its input if an argument is wrong.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn lines(output: &Output) -> Vec<String> {
    String::from_utf8(output.stdout.clone()).unwrap().lines().map(String::from).collect()
}

const STREAM: &[u8] = b"\xef\xbb\xbfretry: 500\n: hello\nevent: tick\nid: 7\ndata: \"a\"\r\ndata: \xff\n\ndata\n\n: \xe2\x80\xa8\n";

#[test]
fn messages_are_one_object_a_line() {
    let output = run(&["-"], STREAM);
    assert!(output.status.success());
    assert_eq!(
        lines(&output),
        [
            r#"{"event": "tick", "data": "\"a\"\n�", "lastEventId": "7"}"#,
            r#"{"event": "message", "data": "", "lastEventId": "7"}"#,
        ]
    );
    assert_eq!(output.stderr, b"");
}

#[test]
fn everything_is_printed_in_the_order_of_the_stream() {
    let output = run(&["--all", "-"], STREAM);
    let seen: Vec<Value> = lines(&output).iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        seen,
        [
            json!({"retry": 500}),
            json!({"comment": "hello"}),
            json!({"event": "tick", "data": "\"a\"\n\u{fffd}", "lastEventId": "7"}),
            json!({"event": "message", "data": "", "lastEventId": "7"}),
            json!({"comment": "\u{2028}"}),
        ]
    );
}

#[test]
fn a_too_large_event_is_reported_and_skipped() {
    let output = run(&["-", "--max-event-size", "10"], b"data: 12345\ndata: 6\n\ndata: 1\n\n");
    assert!(output.status.success());
    assert_eq!(
        lines(&output),
        [r#"{"tooLarge": 12}"#, r#"{"event": "message", "data": "1", "lastEventId": ""}"#]
    );
}

#[test]
fn an_unfinished_event_is_dropped_and_said() {
    let output = run(&["-"], b"data: 1\n\ndata: 2\n");
    assert_eq!(lines(&output).len(), 1);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        error,
        "tail: The input ended without a blank line after its last 8 bytes, which brought no message: \"data: 2\\n\".\n"
    );
}

#[test]
fn a_message_is_printed_before_the_next_one_comes() {
    let mut child = tail(&["-"]).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    for data in ["1", "2"] {
        write!(input, "data: {data}\r\n\r").unwrap();
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["data"], data);
    }
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_closed_output_ends_it() {
    let mut child = tail(&["-"]).spawn().unwrap();
    drop(child.stdout.take());
    let mut input = child.stdin.take().unwrap();
    // It stops reading at some point, and then this fails.
    while input.write_all(b"data: 1\n\n").is_ok() {}
    assert!(child.wait().unwrap().success());
}

#[test]
fn it_ends_after_as_many_messages_as_were_asked_for() {
    for (max, count) in [("0", 0), ("1", 1), ("2", 2), ("3", 2)] {
        let output = run(&["--max", max, "-"], b"data: 1\n\n: x\n\ndata: 2\n\n");
        assert!(output.status.success());
        assert_eq!(lines(&output).len(), count);
    }
}

#[test]
fn ends_that_were_asked_for() {
    let input = b"data: 1\n\nevent: usage\ndata: 2\n\ndata: [DONE]\n\ndata: 3";
    for (arguments, count, is_complete) in [
        (&[][..], 3, true),
        (&["--finish"], 4, true),
        (&["--until-data", "[DONE]"], 2, true),
        (&["--until-event", "usage"], 2, true),
        (&["--until-event", "stop", "--until-event", "usage"], 2, true),
        (&["--until-event", "stop"], 3, false),
        (&["--until-event", "stop", "--finish"], 4, false),
        (&["--until-data", "3", "--finish"], 3, true),
    ] {
        let output = run(&[arguments, &["-"]].concat(), input);
        assert_eq!(lines(&output).len(), count, "{arguments:?}");
        assert_eq!(output.status.code(), Some(i32::from(!is_complete)), "{arguments:?} {output:?}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            error.ends_with("The input ended before the end that was asked for.\n"),
            !is_complete,
            "{error}"
        );
    }
}

#[test]
fn wrong_arguments_get_a_sentence() {
    for (arguments, sentence) in [
        (&[][..], "There is no source. Give a URL, or - for standard input."),
        (&["-", "-"], "There can be only one source."),
        (&["--max-event-size"], "--max-event-size needs a number of bytes."),
        (&["--max-event-size", "x", "-"], "--max-event-size needs a number of bytes, not \"x\"."),
        (&["--max", "-1", "-"], "--max needs a number of messages, not \"-1\"."),
        (&["--timeout", "1s", "-"], "--timeout needs a number of milliseconds, not \"1s\"."),
        (&["--header", "x", "-"], "--header needs a name, a colon and a value, not \"x\"."),
        (&["--al", "-"], "There is no option --al."),
        (&["--header", "a: b", "-"], "--header is for a URL, and not for standard input."),
        (&["-", "--any-type"], "--any-type is for a URL, and not for standard input."),
        (&["-", "--retry-status", "503"], "--retry-status is for a URL, and not for standard input."),
        (&["-x", "-"], "There is no option -x."),
    ] {
        let output = run(arguments, b"");
        assert!(!output.status.success());
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(error, format!("tail: {sentence}\nTry --help.\n"));
    }
    assert!(run(&["--help"], b"").stdout.starts_with(b"usage: tail "));
}

#[test]
fn closed_pipes_make_nothing_panic() {
    // Nobody reads the messages, so the exit code has to tell.
    for (arguments, code) in [(&["--help"][..], 0), (&["--no"], 1), (&["-"], 0)] {
        let mut child = tail(arguments).spawn().unwrap();
        drop((child.stdout.take(), child.stderr.take()));
        let _ = child.stdin.take().unwrap().write_all(b"data: cut");
        assert_eq!(child.wait().unwrap().code(), Some(code), "{arguments:?}");
    }
}

#[cfg(unix)]
#[test]
fn an_argument_that_is_not_utf_8_gets_a_sentence() {
    use std::os::unix::ffi::OsStrExt;
    let mut command = tail(&[]);
    let output = command.arg(std::ffi::OsStr::from_bytes(b"\xff")).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(error, "tail: The argument \"\\xFF\" is not UTF-8.\nTry --help.\n");
}

/// Advice on options would not help with a source that fails.
#[cfg(target_os = "linux")]
#[test]
fn an_error_of_the_source_is_not_a_wrong_argument() {
    let directory = std::fs::File::open(env!("CARGO_MANIFEST_DIR")).unwrap();
    let output = tail(&["-"]).stdin(directory).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.starts_with("tail: Standard input cannot be read: "), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
}
