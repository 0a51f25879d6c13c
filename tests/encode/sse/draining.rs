//! What leaves the buffer, and what is kept.

use sse_wire::{Chunk, Sse};

#[test]
fn draining() {
    let mut sse = Sse::new();
    sse.add_message("tick", "1").add_message("tick", "2");
    assert_eq!(sse.size_hint(), (3, Some(3)));
    let mut body = Vec::new();
    for chunk in &mut sse {
        body.push(chunk);
    }
    assert_eq!(body, ["retry: 2000\n\n", "event: tick\ndata: 1\n\n", "event: tick\ndata: 2\n\n"]);
    assert!(sse.is_empty());
    assert_eq!(sse.next(), None);
    assert_eq!(sse.to_string(), "");

    sse.add_data(1).add_data(2);
    assert_eq!(sse.next().unwrap().to_string(), "data: 1\n\n");
    assert_eq!(sse.add_data(3).to_string(), "data: 2\n\ndata: 3\n\n");
    sse.flush();
    assert!(sse.is_empty());
}

#[test]
fn flush_spares_the_rest_of_a_block_that_has_begun_and_clear_does_not() {
    let mut sse = Sse::without_retry();
    sse.add_data("1").add_data("2").set_event_id(3);
    sse.advance("data: 1\n\nda".len());
    sse.flush();
    assert_eq!(sse.add_data("4").to_string(), "ta: 2\n\ndata: 4\n\n");
    sse.clear();
    assert_eq!(sse.add_data("5").to_string(), "data: 5\n\n");

    // An ID of which a byte has been sent no longer waits for a message.
    sse.clear();
    sse.set_event_id(7).advance(1);
    assert_eq!(sse.add_data("1").to_string(), "d: 7\n\ndata: 1\n\n");
}

#[test]
fn a_chunk_equals_its_bytes_and_its_text() {
    let chunk = Sse::without_retry().add_data(1).next().unwrap();
    let text = "data: 1\n\n";
    assert!(chunk == *text && chunk == text && chunk == *text.as_bytes() && chunk == text.as_bytes());
    assert!(chunk == b"data: 1\n\n" && chunk == text.as_bytes().to_vec());
    let other = "data: 2\n\n";
    assert!(chunk != *other && chunk != other && chunk != *other.as_bytes() && chunk != other.as_bytes());
    assert!(chunk != b"data: 2\n\n" && chunk != other.as_bytes().to_vec());
}

#[test]
fn a_cut_inside_a_character_is_shown_lossily_and_kept_exactly() {
    let mut sse = Sse::without_retry();
    sse.add_data("é");
    sse.advance("data: ".len() + 1);
    assert_eq!(sse.to_string(), "\u{fffd}\n\n");
    assert_eq!(sse.as_bytes(), b"\xa9\n\n");
    assert_eq!(String::from(sse.clone()), "\u{fffd}\n\n");
    assert_eq!(Vec::from(sse.clone()), b"\xa9\n\n");
    let chunk = sse.next().unwrap();
    assert_eq!(chunk, b"\xa9\n\n");
    assert_eq!(chunk.to_string(), "\u{fffd}\n\n");
}

#[test]
fn chunks() {
    let mut sse = Sse::without_retry();
    sse.add_data("x".repeat(1000)).add_data("short");
    let chunks: Vec<Chunk> = sse.collect();
    assert_eq!(chunks[0].len(), "data: \n\n".len() + 1000);
    assert_eq!(chunks[0], *format!("data: {}\n\n", "x".repeat(1000)));
    assert_eq!(format!("{:?}", chunks[1]), r#"Chunk("data: short\n\n")"#);
    assert_eq!(Vec::from(chunks[1].clone()), b"data: short\n\n");
    assert_eq!(AsRef::<[u8]>::as_ref(&chunks[1]), chunks[1].as_bytes());
}
