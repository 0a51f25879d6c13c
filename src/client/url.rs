//! URLs as they are used, and as they are shown: without credentials and without query values, because some services
//! expect a key there.

use super::{error::BuildError, request::basic_credentials};
use crate::{decode::excerpt, wire::http::percent_decode};
use alloc::{format, string::String, vec::Vec};
use http::{HeaderValue, Uri};
use url::Url;

/// Where requests go.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) url: Url,
    pub(super) uri: Uri,
    /// The `Authorization` header for the credentials in the URL.
    pub(super) authorization: Option<HeaderValue>,
}

impl Target {
    pub(super) fn parse(text: &str) -> Result<Target, BuildError> {
        let wrong = |reason: String| BuildError::Url { url: hide(text), reason };
        let mut url = match Url::parse(text) {
            Ok(url) if is_http(&url) => url,
            Ok(_) => return Err(wrong("it does not begin with http:// or https://".into())),
            Err(error) => return Err(wrong(format!("{error}"))),
        };
        let has_credentials = !url.username().is_empty() || url.password().is_some();
        let authorization = has_credentials.then(|| {
            let [user, password] = [url.username(), url.password().unwrap_or_default()]
                .map(|text| percent_decode(text).into_owned());
            basic_credentials(&user, &password)
        });
        strip(&mut url);
        let uri = uri(&url).map_err(|error| wrong(format!("{error}")))?;
        Ok(Target { url, uri, authorization })
    }
}

/// The URL for an HTTP library. It is an error if the URL contains what a request line cannot.
pub(super) fn uri(url: &Url) -> Result<Uri, http::uri::InvalidUri> {
    url.as_str().parse()
}

/// Removes from a URL what is not sent.
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

/// A possibly invalid URL, to be shown.
pub(super) fn hide(url: &str) -> String {
    hide_query(&hide_credentials(url))
}

/// Hides what may be credentials in a text that may not be a valid URL, for instance because of a slash in the
/// password.
fn hide_credentials(url: &str) -> String {
    let is_scheme =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let scheme = url.find(':').filter(|at| is_scheme(&url[..*at])).map_or(0, |at| at + 1);
    let start = url.len() - url[scheme..].trim_start_matches(['/', '\\']).len();
    match url[start..].rfind('@') {
        Some(at) => [&url[..start], "…", &url[start + at..]].concat(),
        None => url.into(),
    }
}

/// Keeps the names in a query, and hides their values.
fn hide_query(url: &str) -> String {
    let Some((before, query)) = url.split_once('?') else { return url.into() };
    let (query, fragment) = query.split_at(query.find('#').unwrap_or(query.len()));
    let parts: Vec<String> = query
        .split('&')
        .map(|part| match part.split_once('=') {
            Some((name, value)) if !value.is_empty() => format!("{name}=…"),
            None if !part.is_empty() => "…".into(),
            _ => part.into(),
        })
        .collect();
    format!("{before}?{}{fragment}", parts.join("&"))
}

/// A URL to be shown. A server may have chosen it.
pub(super) fn shown(url: &Url) -> String {
    excerpt(&hide_query(url.as_str()))
}

/// Where a `Location` leads, to be shown.
pub(super) fn shown_in(base: &Url, location: &str) -> String {
    match base.join(location) {
        Ok(mut url) => {
            strip(&mut url);
            shown(&url)
        }
        Err(_) => excerpt(&hide(location)),
    }
}

/// Removes what must not be shown from a foreign text that may contain the URL, such as an HTTP library's error.
pub(super) fn redact(mut text: String, url: &Url) -> String {
    let Some(query) = url.query().filter(|query| !query.is_empty()) else { return text };
    let shown = hide_query(&format!("?{query}"));
    // `Debug` doubles backslashes.
    for query in [query, &query.replace('\\', "\\\\")] {
        if text.contains(query) {
            text = text.replace(query, shown.get(1..).unwrap_or_default());
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_of_a_password_and_no_value_of_a_query_is_shown() {
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
            ("http://host/a?key=secret&alt=sse", "http://host/a?key=…&alt=…"),
            ("http://host/a?secret#b", "http://host/a?…#b"),
            ("http://host/a?a=&b==secret?&&", "http://host/a?a=&b=…&&"),
            ("http://host/a?", "http://host/a?"),
        ] {
            assert_eq!(hide(url), shown);
        }
    }

    #[test]
    fn what_others_say_of_a_url() {
        let url = Url::parse("http://host/?key=secret").unwrap();
        let text = "error for url (http://host/?key=secret): key=secret";
        assert_eq!(redact(text.into(), &url), "error for url (http://host/?key=…): key=…");
        assert_eq!(redact(text.into(), &Url::parse("http://host/?").unwrap()), text);
        let url = Url::parse(r"http://host/?key=se\cret").unwrap();
        assert_eq!(redact(format!("{:?} {url}", url.query()), &url), "Some(\"key=…\") http://host/?key=…");
    }
}
