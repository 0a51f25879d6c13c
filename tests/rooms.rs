//! The rooms of `src/` may name only those above them, and never through the crate root. This test reads the
//! paths in the source files, so it sees what a compiler with few features does not.

use std::{fs, path::Path};

/// The rooms from the top down. Those of one line do not name each other.
const ORDER: &[&[&str]] =
    &[&["error"], &["wire"], &["sync"], &["encode", "decode"], &["response"], &["channel", "client"]];

fn rank(room: &str) -> Option<usize> {
    ORDER.iter().position(|rooms| rooms.contains(&room))
}

/// What is wrong with a path in this room, if anything is.
fn fault(room: &str, path: &[String]) -> Option<String> {
    let shown = format!("crate::{}", path.join("::"));
    match path.first().map(|first| (first, rank(first))) {
        Some((named, _)) if named == room => None,
        Some((_, Some(above))) if Some(above) < rank(room) => None,
        Some((named, Some(_))) => Some(format!("{shown}: {room} must not name {named}")),
        _ => Some(format!("{shown}: this goes through the crate's root")),
    }
}

/// The faults in a file whose module is `module`, each with its line.
fn faults(module: &[&str], source: &str) -> Vec<(usize, String)> {
    let Some(room) = module.first().filter(|room| rank(room).is_some()) else {
        return vec![(0, format!("{}: not a room", module.join("::")))];
    };
    let named = paths(module, &tokens(source));
    named.into_iter().filter_map(|(line, path)| Some((line, fault(room, &path)?))).collect()
}

/// All paths that begin with `crate` or `super` in a file, resolved from the crate root.
fn paths(module: &[&str], tokens: &[(usize, String)]) -> Vec<(usize, Vec<String>)> {
    let token = |i: usize| tokens.get(i).map_or("", |(_, token)| token.as_str());
    let before = |i: usize, n: usize| i.checked_sub(n).map_or("", token);
    let mut module: Vec<String> = module.iter().map(|name| name.to_string()).collect();
    let (mut found, mut depth, mut inline) = (Vec::new(), 0, Vec::new());
    for (i, (line, text)) in tokens.iter().enumerate() {
        match text.as_str() {
            "{" => {
                if before(i, 2) == "mod" {
                    inline.push(depth);
                    module.push(before(i, 1).to_string());
                }
                depth += 1;
            }
            "}" => {
                depth -= 1;
                if inline.last() == Some(&depth) {
                    inline.pop();
                    module.pop();
                }
            }
            // Not `$crate`, which a macro's user resolves, not the end of `pub(crate)`, not `extern crate`.
            "crate" | "super" if before(i, 1) != "$" && before(i, 1) != "::" && token(i + 1) == "::" => {
                let mut from = if text == "crate" { Vec::new() } else { module.clone() };
                if text == "super" {
                    from.pop();
                }
                leaves(&token, i + 2, from, &mut |path| found.push((*line, path)));
            }
            // The root itself, as in `use crate as root`.
            "crate" if before(i, 1) == "use" => found.push((*line, Vec::new())),
            _ => {}
        }
    }
    found
}

/// Follows the path at `i`, in all its branches, and returns where it ends.
fn leaves<'t>(
    token: &dyn Fn(usize) -> &'t str,
    mut i: usize,
    mut path: Vec<String>,
    each: &mut dyn FnMut(Vec<String>),
) -> usize {
    loop {
        match token(i) {
            "{" => {
                i += 1;
                while !matches!(token(i), "}" | "") {
                    i = leaves(token, i, path.clone(), each);
                    if token(i) == "as" {
                        i += 2;
                    }
                    if token(i) == "," {
                        i += 1;
                    }
                }
                return i + 1;
            }
            "super" => _ = path.pop(),
            "self" => {}
            name => path.push(name.to_string()),
        }
        i += 1;
        if token(i) != "::" {
            each(path);
            return i;
        }
        i += 1;
    }
}

/// The words and signs of Rust code with their lines, without comments, texts and lifetimes.
fn tokens(source: &str) -> Vec<(usize, String)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let (mut tokens, mut line) = (Vec::new(), 1);
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let word = &rest[..rest.find(|c| !is_word(c)).unwrap_or(rest.len())];
        let raw = rest[word.len()..].trim_start_matches('#');
        let hashes = rest.len() - word.len() - raw.len();
        let len = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            comment(rest)
        } else if matches!(word, "r" | "br" | "cr") && raw.starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let opening = word.len() + hashes + 1;
            rest[opening..].find(&end).map_or(rest.len(), |i| opening + i + end.len())
        } else if word == "r" && hashes == 1 {
            // A raw identifier: the word that follows is its name.
            2
        } else if matches!(word, "" | "b" | "c") && rest[word.len()..].starts_with('"') {
            text(rest, word.len() + 1, '"')
        } else if matches!(word, "" | "b") && rest[word.len()..].starts_with('\'') {
            let mut behind = rest[word.len() + 1..].chars();
            match (behind.next(), behind.next()) {
                (Some('\\'), _) | (_, Some('\'')) => text(rest, word.len() + 1, '\''),
                // A lifetime.
                _ => 1,
            }
        } else if rest.starts_with("::") {
            tokens.push((line, "::".to_string()));
            2
        } else if !word.is_empty() {
            tokens.push((line, word.to_string()));
            word.len()
        } else {
            if !first.is_whitespace() {
                tokens.push((line, first.to_string()));
            }
            first.len_utf8()
        };
        let (taken, behind) = rest.split_at(len);
        line += taken.matches('\n').count();
        rest = behind;
    }
    tokens
}

/// The length of a block comment; they nest.
fn comment(code: &str) -> usize {
    let (mut depth, mut i) = (0, 0);
    while i < code.len() {
        match &code.as_bytes()[i..] {
            [b'/', b'*', ..] => (depth, i) = (depth + 1, i + 2),
            [b'*', b'/', ..] => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
        if depth == 0 {
            break;
        }
    }
    i
}

/// Where a text ends that begins at `from`.
fn text(code: &str, from: usize, quote: char) -> usize {
    let mut escaped = false;
    for (i, c) in code[from..].char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return from + i + 1,
            _ => {}
        }
    }
    code.len()
}

#[test]
fn every_room_names_only_those_above_it() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut folders, mut found, mut files) = (vec![src.clone()], Vec::new(), 0);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(&src).unwrap();
            // The list of the crate's exports names every room, and the guides have no code.
            let no_room = name == Path::new("lib.rs") || name.starts_with("guide");
            if name.extension().is_none_or(|extension| extension != "rs") || no_room {
                continue;
            }
            let module = name.with_extension("");
            let module: Vec<&str> = module.iter().map(|part| part.to_str().unwrap()).collect();
            let module = module.strip_suffix(&["mod"]).unwrap_or(&module);
            files += 1;
            for (line, fault) in faults(module, &fs::read_to_string(&path).unwrap()) {
                found.push(format!("src/{}:{line}: {fault}", name.display()));
            }
        }
    }
    assert!(files > 20, "the files are not where this looks for them");
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn what_is_found() {
    // The module of a file, its code, and the lines with a fault.
    let table: &[(&[&str], &str, &[usize])] = &[
        // Above, or the same room.
        (
            &["encode", "sse"],
            "use crate::{error::Error, wire::{field, line::Lines}};\nuse super::Event;",
            &[],
        ),
        (&["encode"], "use crate::encode::block;\npub(crate) mod data;\npub(super) fn f() {}", &[]),
        (&["client", "url"], "use crate::response::KeepAlive; use crate::{decode, encode};", &[]),
        // One direction, and the other.
        (&["encode", "sse"], "\nuse crate::decode::Decoder;", &[2]),
        (
            &["decode"],
            "use crate::{\n    error::Error,\n    wire::line,\n    encode::{Event, Sse},\n};",
            &[1, 1],
        ),
        (&["wire", "line"], "use crate::encode::Event;\nuse crate::decode as d;", &[1, 2]),
        (&["wire", "utf8"], "use crate::sync::Mutex;", &[1]),
        (&["error"], "use crate::wire::field::Field;", &[1]),
        (&["response", "body"], "use crate::channel::Channel;", &[1]),
        (&["channel"], "use crate::client::Connection;", &[1]),
        (&["client"], "use crate::channel::Channel;", &[1]),
        // Inside of code.
        (&["encode"], "fn f(x: crate::decode::Input<'_>) -> [u8; 2] {\n    crate::decode::f(x)\n}", &[1, 2]),
        (&["encode"], "impl<'a> crate::decode::T<'a> for &'a crate::wire::U {}", &[1]),
        (&["encode"], "pub(in crate::decode) fn f() {}", &[1]),
        // Through the root.
        (&["client"], "use crate::{Event, encode::Sse};", &[1]),
        (&["client"], "use crate::*;", &[1]),
        (&["client"], "use crate::{self as root};", &[1]),
        (&["client"], "use crate as root;", &[1]),
        (&["client"], "fn f() { crate::EventSource::new() }", &[1]),
        (&["error"], "use super::Event;", &[1]),
        (&["encode", "sse"], "use super::super::{decode, wire::line};", &[1]),
        (
            &["encode"],
            "mod tests {\n    use super::*;\n    use super::super::decode;\n}\nuse super::decode;",
            &[3, 5],
        ),
        // What is not a path of the crate.
        (&["encode"], "extern crate alloc;\nuse core::fmt;\n// crate::decode\n/// [`x`](crate::decode)", &[]),
        (
            &["encode"],
            "/* crate::decode /* */ crate::decode */ const A: &str = \"crate::decode\\\"crate::decode\";",
            &[],
        ),
        (
            &["encode"],
            "const B: &str = r#\"crate::\"decode\"#; const C: u8 = b'\"'; use crate::decode::D;",
            &[1],
        ),
        (&["encode"], "const D: char = '\\''; const E: char = '\"'; use crate::decode::D;", &[1]),
        (&["encode"], "macro_rules! m { () => { $crate::decode::Decoder } }", &[]),
        (&["encode"], "fn r#crate() {} use r#mod::crates::decode;", &[]),
        (&["elsewhere"], "", &[0]),
    ];
    for (module, code, lines) in table {
        let found = faults(module, code);
        assert_eq!(found.iter().map(|(line, _)| *line).collect::<Vec<_>>(), *lines, "{code}\n{found:?}");
    }
}
