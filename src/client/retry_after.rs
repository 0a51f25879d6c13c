//! How long a server wants to be left alone.

use super::policy::LONGEST;
use core::{str, time::Duration};
use http::{HeaderName, header, response::Parts};
use std::time::SystemTime;

/// Reads `Retry-After` (RFC 9110, 10.2.3): seconds or a date. A date is compared with the server's own clock, or with
/// ours if the server does not send the time (6.6.1).
pub(super) fn retry_after(head: &Parts) -> Option<Duration> {
    let text = |name: HeaderName| Some(str::from_utf8(head.headers.get(name)?.as_bytes()).ok()?.trim());
    let value = text(header::RETRY_AFTER)?;
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds = value.parse().map_or(LONGEST, Duration::from_secs);
        return Some(seconds.min(LONGEST));
    }
    let date = |text: &str| httpdate::parse_http_date(text).ok();
    let now = text(header::DATE).and_then(date).or(head.extensions.get::<SystemTime>().copied())?;
    Some(date(value)?.duration_since(now).ok()?.min(LONGEST))
}
