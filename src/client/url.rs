//! URLs as they are used and as they are shown: without credentials.

use alloc::string::String;
use url::Url;

/// Takes what is not sent out of a URL.
pub(super) fn strip(url: &mut Url) {
    url.set_fragment(None);
    // These fail only for URLs without a host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
}

/// Whether a client can send requests there.
pub(super) fn is_http(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty())
}

/// What may be credentials in a text that may be no URL: a password with a slash in it is a reason for that.
pub(super) fn hide_credentials(url: &str) -> String {
    let is_scheme =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let scheme = url.find(':').filter(|at| is_scheme(&url[..*at])).map_or(0, |at| at + 1);
    let start = url.len() - url[scheme..].trim_start_matches(['/', '\\']).len();
    match url[start..].rfind('@') {
        Some(at) => [&url[..start], "…", &url[start + at..]].concat(),
        None => url.into(),
    }
}

/// Where a `Location` leads, to be shown.
pub(super) fn shown_in(base: &Url, location: &str) -> String {
    match base.join(location) {
        Ok(mut url) => {
            strip(&mut url);
            excerpt(url.as_str())
        }
        Err(_) => excerpt(&hide_credentials(location)),
    }
}

/// The beginning of what a server said, to be shown: it may have said much.
pub(super) fn excerpt(text: &str) -> String {
    const LENGTH: usize = 256;
    if text.len() <= LENGTH {
        return text.into();
    }
    let end = (0..=LENGTH).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    [&text[..end], "…"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_of_a_password_is_shown() {
        for (url, shown) in [
            ("http://user:secret@host:99999/", "http://…@host:99999/"),
            ("http://user:pa/ss@host/", "http://…@host/"),
            ("http://user:p?a#s/s@host/", "http://…@host/"),
            ("http://user:p@ss@host/", "http://…@host/"),
            ("http:/user:secret@host:99999/", "http:/…@host:99999/"),
            ("//secret@host:99999/", "//…@host:99999/"),
            ("//user:secret@host:99999/", "//…@host:99999/"),
            ("http://host:port/", "http://host:port/"),
            ("", ""),
        ] {
            assert_eq!(hide_credentials(url), shown);
        }
    }
}
