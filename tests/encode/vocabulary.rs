//! `events!`: which names and types it accepts, shown by compiling them.

use sse_wire::{Sse, events};
use std::{collections::BTreeSet, fmt::Arguments, fs, path::Path, process::Command};

/// Every method that a call on an `Sse` would reach instead: its own, those of `Iterator`, and those of the other
/// traits that are in scope everywhere. (With default features; the others are found in the same way.)
const TAKEN: &[&str] = &[
    // Of `Sse`.
    "add_comment",
    "add_data",
    "add_message",
    "advance",
    "as_bytes",
    "clear",
    "flush",
    "into_reader",
    "is_empty",
    "push",
    "reset_event_id",
    "set_event_id",
    "set_retry",
    "start_message",
    "try_add_data",
    "try_add_message",
    "try_set_event_id",
    "try_start_message",
    "write_to",
    // Of `Iterator`.
    "all",
    "any",
    "by_ref",
    "chain",
    "cloned",
    "cmp",
    "collect",
    "copied",
    "count",
    "cycle",
    "enumerate",
    "eq",
    "filter",
    "filter_map",
    "find",
    "find_map",
    "flat_map",
    "flatten",
    "fold",
    "for_each",
    "fuse",
    "ge",
    "gt",
    "inspect",
    "is_sorted",
    "is_sorted_by",
    "is_sorted_by_key",
    "last",
    "le",
    "lt",
    "map",
    "map_while",
    "max",
    "max_by",
    "max_by_key",
    "min",
    "min_by",
    "min_by_key",
    "ne",
    "next",
    "nth",
    "partial_cmp",
    "partition",
    "peekable",
    "position",
    "product",
    "reduce",
    "rev",
    "rposition",
    "scan",
    "size_hint",
    "skip",
    "skip_while",
    "step_by",
    "sum",
    "take",
    "take_while",
    "try_fold",
    "try_for_each",
    "unzip",
    "zip",
    // Of other traits.
    "borrow",
    "borrow_mut",
    "clone",
    "clone_from",
    "clone_into",
    "extend",
    "into",
    "into_iter",
    "to_owned",
    "to_string",
    "try_into",
];

/// Compiles a crate, and returns the lines in which the type checker finds an error.
fn lines_with_errors(name: &str, code: &str) -> BTreeSet<usize> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(folder.join("src")).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = format!(
        "[package]\nname = {name:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\nsse-wire = {{ path = {root:?} }}\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    // The versions that are already locked.
    let _ = fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"));
    fs::write(folder.join("src/lib.rs"), code).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["check", "--offline", "--message-format=short", "--target-dir"])
        .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("vocabulary-target"))
        .current_dir(&folder)
        .output()
        .unwrap();
    let messages = String::from_utf8_lossy(&output.stderr);
    let mut lines = BTreeSet::new();
    for message in messages.lines() {
        if let Some((place, error)) = message.split_once(": error") {
            let type_error = ["[E0034]", "[E0080]", "[E0271]", "[E0061]", "[E0277]", "[E0308]"]
                .iter()
                .any(|code| error.starts_with(code));
            let line: Option<usize> =
                place.strip_prefix("src/lib.rs:").and_then(|place| place.split(':').next()?.parse().ok());
            assert!(type_error && line.is_some(), "another error: {message}");
            lines.extend(line);
        }
    }
    assert_eq!(output.status.success(), lines.is_empty(), "{messages}");
    lines
}

#[test]
fn a_name_that_a_call_would_not_find_does_not_compile() {
    let vocabularies = TAKEN.iter().enumerate();
    let code: String = vocabularies
        .map(|(i, name)| format!("sse_wire::events! {{ trait Vocabulary{i} {{ fn {name}(usize); }} }}\n"))
        .collect();
    let lines = lines_with_errors("names-that-are-taken", &code);
    let compiled: Vec<_> =
        TAKEN.iter().enumerate().filter(|(i, _)| !lines.contains(&(i + 1))).map(|(_, name)| name).collect();
    assert!(compiled.is_empty(), "these compile: {compiled:?}");
}

#[test]
fn an_event_type_that_cannot_be_sent_does_not_compile() {
    for event in ["tick\ndata: 2", "\r", "ad\0min", "\0"] {
        let code = format!("sse_wire::events! {{ trait Forged {{ fn forged(u64) = {event:?}; }} }}");
        let lines = lines_with_errors("event-types", &code);
        assert_eq!(lines, BTreeSet::from([1]), "{event:?}");
    }
}

#[test]
fn other_names_compile_without_a_warning() {
    let code = r#"
        #![no_std]
        #![deny(warnings, missing_docs, unreachable_pub)]
        //! A vocabulary.
        extern crate alloc;
        #[derive(Debug)]
        #[allow(dead_code)]
        struct Sse;
        sse_wire::events! {
            /// Names.
            pub trait Names {
                /// A keyword.
                fn r#type(&str);
                /// One of a feature of the language.
                fn r#async(&'static str);
                /// An associated function of `Sse`.
                fn new(u8);
                /// Attributes.
                #[must_use]
                #[deprecated]
                fn old(u8);
                /// Never there.
                #[cfg(any())]
                fn take(u8);
                #[doc(hidden)]
                fn hidden(u8);
            }
            pub(crate) trait Types {
                fn lists(&[&[&str]]);
                fn owned(alloc::vec::Vec<alloc::borrow::Cow<'_, str>>);
                fn formatted(core::fmt::Arguments<'_>);
                fn either(Option2<u8>) = "either";
            }
        }
        type Option2<T> = [T; 2];
        mod inner {
            sse_wire::events! { pub(super) trait Inner { fn inner(u8); } }
        }
        /// Calls them.
        pub fn calls(sse: &mut sse_wire::Sse) {
            use inner::Inner;
            sse.r#type("").r#async("").new(1).hidden(2).inner(3).lists(&[&[""]]).owned(alloc::vec![]);
            let _ = sse.formatted(format_args!("")).either([1, 2]);
        }
    "#;
    assert_eq!(lines_with_errors("names-that-are-free", code), BTreeSet::new());
}

events! {
    /// One event type for each method.
    pub trait Vocabulary {
        /// A tick.
        fn add_event_tick(u64) = "tick";
        /// Text in lines.
        fn add_event_lines(&[&str]) = "several lines";
        /// A name that is a keyword.
        fn r#type(&str);
    }
    trait Another {
        #[cfg(not(test))]
        fn absent(std::convert::Infallible);
        fn other(Arguments<'_>);
    }
}

#[test]
fn what_is_sent() {
    let mut sse = Sse::without_retry();
    sse.add_event_tick(1).add_event_lines(&["a", "b"]);
    sse.r#type("x").other(format_args!("{}", 1));
    assert_eq!(
        sse.to_string(),
        "event: tick\ndata: 1\n\nevent: several lines\ndata: a\ndata: b\n\nevent: type\ndata: x\n\nevent: other\ndata: 1\n\n"
    );
}
