//! What the query of a request says.

use percent_encoding::percent_decode;
use std::borrow::Cow;

/// The value of the first parameter of this name, as a form or `URLSearchParams` writes it.
///
/// # Errors
/// If it is not UTF-8.
pub fn parameter(query: Option<&str>, name: &str) -> Result<Option<String>, String> {
    let pairs = query.unwrap_or_default().split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    for (key, value) in pairs {
        if key == name {
            let value = value.replace('+', " ");
            return match percent_decode(value.as_bytes()).decode_utf8().map(Cow::into_owned) {
                Ok(value) => Ok(Some(value)),
                Err(error) => {
                    Err(format!("the parameter {name} is not UTF-8 after byte {}", error.valid_up_to()))
                }
            };
        }
    }
    Ok(None)
}
