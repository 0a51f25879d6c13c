//! What HTTP and URLs can carry: one check for each rule, shared by response heads and requests.

use alloc::{borrow::Cow, vec::Vec};

/// Whether this is a token, as methods and header names must be (RFC 9110, section 5.6.2).
#[cfg(feature = "std")]
pub(crate) fn is_token(text: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_token)
}

/// Where the value of a header is invalid: the position of the first control character other than a tab (RFC 9110,
/// section 5.5).
#[cfg(feature = "std")]
pub(crate) fn header_fault(value: &str) -> Option<usize> {
    value.bytes().position(|byte| byte != b'\t' && byte.is_ascii_control())
}

/// Undoes percent-encoding. A `%` that is not followed by two hexadecimal digits stands for itself (WHATWG URL,
/// "percent-decode").
#[cfg(feature = "client")]
pub(crate) fn percent_decode(text: &str) -> Cow<'_, [u8]> {
    decode(text, false)
}

/// The same for a name or a value in a query, where `+` is a space (WHATWG URL,
/// "application/x-www-form-urlencoded parsing").
pub(crate) fn form_decode(text: &str) -> Cow<'_, [u8]> {
    decode(text, true)
}

fn decode(text: &str, plus_is_space: bool) -> Cow<'_, [u8]> {
    let text = text.as_bytes();
    let is_encoded = |byte: &u8| *byte == b'%' || (*byte == b'+' && plus_is_space);
    if !text.iter().any(is_encoded) {
        return Cow::Borrowed(text);
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        rest = tail;
        let mut byte = if *first == b'+' && plus_is_space { b' ' } else { *first };
        if let (b'%', [high, low, tail @ ..]) = (byte, tail)
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            rest = tail;
            byte = high << 4 | low;
        }
        decoded.push(byte);
    }
    Cow::Owned(decoded)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
#[cfg(feature = "client")]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_token() {
        for (text, is) in
            [("GET", true), ("x-a_b!", true), ("", false), ("a b", false), ("a:", false), ("é", false)]
        {
            assert_eq!(is_token(text), is, "{text:?}");
        }
    }

    #[test]
    fn what_a_header_value_can_contain() {
        for (value, fault) in
            [("", None), ("\t é ", None), ("a\r\nb: c", Some(1)), ("é\0", Some(2)), ("a\u{7f}", Some(1))]
        {
            assert_eq!(header_fault(value), fault, "{value:?}");
        }
    }

    #[test]
    fn percent_encoding_and_forms() {
        for (text, decoded, in_a_form) in [
            ("a%20b", "a b", "a b"),
            ("a+b", "a+b", "a b"),
            ("%2B", "+", "+"),
            ("%c2%A3", "£", "£"),
            ("%", "%", "%"),
            ("%2", "%2", "%2"),
            ("%zz%4", "%zz%4", "%zz%4"),
            ("é%41", "éA", "éA"),
        ] {
            assert_eq!(*percent_decode(text), *decoded.as_bytes());
            assert_eq!(*form_decode(text), *in_a_form.as_bytes());
        }
    }

    #[test]
    fn what_is_not_encoded_is_not_copied() {
        assert!(matches!(percent_decode("a+b"), Cow::Borrowed(_)));
        assert!(matches!(form_decode("a-b"), Cow::Borrowed(_)));
    }
}
