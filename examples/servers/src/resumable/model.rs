//! A language model that knows only one answer.

/// What it says, whatever it is asked.
pub const ANSWER: &str = "\
A stream of events is text that does not end. The server writes an event whenever it has one, and the browser reads \
it as soon as the blank line after it has come:

    id: 7
    event: token
    data: whenever

Each event has an ID. When the connection breaks, the browser opens a new one by itself, and says which ID it had \
last. So the server needs only two things: the events after that ID, and the patience to keep them for a while.

This answer is kept as it grows. Reload the page in the middle of it, open it in a second tab, or switch the network \
off and on again:

  1. what was missed is sent first,
  2. then come the new tokens,
  3. and none of them is lost or comes twice.

When the answer is finished and you have all of it, the server says so with status 204. Then the browser stops \
asking, and there is nothing left to do. \u{1f388}";

/// The answer in pieces: each is a word or part of one, with the space before it.
pub fn tokens() -> impl Iterator<Item = &'static str> {
    let mut rest = ANSWER;
    std::iter::from_fn(move || {
        let is_blank = |c: char| c == ' ' || c == '\n';
        let word = rest.find(|c| !is_blank(c))?;
        let end = rest[word..].find(is_blank).map_or(rest.len(), |len| word + len);
        // A long word is two tokens.
        let end = rest[word..end].char_indices().nth(7).map_or(end, |(len, _)| word + len);
        let (token, left) = rest.split_at(end);
        rest = left;
        Some(token)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tokens_are_the_answer() {
        assert_eq!(tokens().collect::<String>(), ANSWER);
        assert!(tokens().count() > 150);
    }
}
