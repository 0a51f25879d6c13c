//! Why a request is refused.

use hyper::StatusCode;
use std::fmt::Display;

/// A status, and a sentence that says why.
pub struct Refusal {
    pub status: StatusCode,
    pub reason: String,
    /// The methods that are allowed instead of this one.
    pub allow: Option<&'static str>,
}

impl Refusal {
    pub fn new(status: StatusCode, reason: impl Display) -> Refusal {
        Refusal { status, reason: reason.to_string(), allow: None }
    }

    pub fn bad_request(reason: impl Display) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, reason)
    }

    pub fn method(allow: &'static str) -> Refusal {
        let reason = format!("only {allow} can be used here");
        Refusal { status: StatusCode::METHOD_NOT_ALLOWED, reason, allow: Some(allow) }
    }
}
