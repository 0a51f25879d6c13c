//! Which redirects are followed, and with what.

use crate::client::{Client, SHOWN, URL, builder, header, method_and_url, ms, refused};
use http::StatusCode;
use sse_wire::client::{Cause, Connection, Policy};
use std::time::Duration;

#[test]
fn redirects_are_followed() {
    // wpt: request-redirect
    for status in [301, 302, 303, 307, 308] {
        let mut client = Client::new(builder().header("x-mine", "1").last_event_id("7"));
        client.send();
        for (location, url) in [
            ("b?y=2", "http://localhost:1/a/b?y=2"),
            ("/c#part", "http://localhost:1/c"),
            ("//localhost:1/d", "http://localhost:1/d"),
            ("http://user:pass@LOCALHOST:1/e", "http://localhost:1/e"),
        ] {
            client.answer(status, &[("Location", location)]);
            assert_eq!(client.wait(), Some(ms(0)));
            let request = client.send();
            assert_eq!(method_and_url(&request), ("GET", url.into()));
            assert_eq!(header(&request, "x-mine"), ["1"]);
            assert_eq!(header(&request, "last-event-id"), ["7"]);
            assert!(header(&request, "authorization").is_empty(), "the server does not choose credentials");
        }
        // The next attempt begins where the first one did.
        let error = client.read("data: 1\n\n", ms(0)).unwrap();
        assert_eq!((error.attempt(), error.url()), (1, "http://localhost:1/e"));
        assert_eq!(client.send().uri(), URL);
    }
}

#[test]
fn nothing_of_the_users_goes_to_another_origin() {
    for other in ["https://localhost:1/", "http://localhost:2/", "http://localhost/", "http://127.0.0.1:1/"] {
        let mut client = Client::new(
            Connection::builder("http://user:pass@localhost:1/")
                .header("x-mine", "secret")
                .header("cookie", "secret")
                .header("x-token", "secret")
                .last_event_id("7"),
        );
        let request = client.send();
        assert_eq!(request.headers().len(), 4 + 3 + 1);
        let request = client.redirect(302, other);
        let mut names: Vec<_> = request.headers().keys().map(|name| name.to_string()).collect();
        names.sort_unstable();
        let harmless = ["accept", "accept-encoding", "cache-control", "last-event-id"];
        assert_eq!(names, harmless, "{other}");
        // Nor back, where the other origin might have chosen the URL.
        if !other.starts_with("https") {
            assert_eq!(client.redirect(302, "http://localhost:1/delete").headers().len(), harmless.len());
        }
        // The next attempt begins anew.
        client.fail(refused());
        assert_eq!(client.send().headers().len(), 4 + 3 + 1);
    }
}

#[test]
fn a_redirect_does_not_give_up_encryption() {
    for location in ["http://localhost/a/", "http://localhost:443/", "http://other/"] {
        let mut client = Client::new(Connection::builder("https://localhost/").last_event_id("7"));
        client.send();
        let request = client.redirect(302, "//other/");
        assert_eq!(request.uri(), "https://other/");
        assert_eq!(header(&request, "last-event-id"), vec!["7"]);
        let error = client.refuse(302, &[("location", location)]);
        assert!(error.is_fatal());
        assert_eq!(
            error.to_string(),
            format!(
                "the response from https://other/ is a redirect (302) to {location:?}, which is not encrypted, unlike the request (attempt 1); giving up"
            )
        );
    }
}

#[test]
fn redirects_of_a_request_with_a_body() {
    // status, method, location: the method that follows, and whether the body does.
    let same = "/b";
    let other = "http://other/";
    for (status, method, location, expected) in [
        (301, "POST", same, Some(("GET", false))),
        (302, "POST", other, Some(("GET", false))),
        (303, "POST", same, Some(("GET", false))),
        (303, "REPORT", same, Some(("GET", false))),
        (301, "REPORT", same, Some(("REPORT", true))),
        (307, "POST", same, Some(("POST", true))),
        (308, "POST", same, Some(("POST", true))),
        (307, "POST", other, None),
        (308, "REPORT", other, None),
        (302, "PUT", other, None),
    ] {
        let mut client = Client::new(
            builder()
                .method(method)
                .body("{}")
                .header("Content-Type", "application/json")
                .header("x-mine", "1"),
        );
        client.send();
        match expected {
            Some((follows, has_body)) => {
                let request = client.redirect(status, location);
                assert_eq!(request.method(), follows, "{status} {method}");
                assert_eq!(!request.body().as_bytes().is_empty(), has_body, "{status} {method}");
                let has_type = location == same && has_body;
                assert_eq!(header(&request, "content-type").len(), usize::from(has_type));
                assert_eq!(header(&request, "x-mine").len(), usize::from(location == same));
            }
            None => {
                let error = client.refuse(status, &[("location", location)]);
                assert_eq!(
                    error.to_string(),
                    format!(
                        "the response from {SHOWN} is a redirect ({status}) to \"http://other/\", which would carry the request's body to another origin (attempt 1); giving up"
                    )
                );
            }
        }
    }
}

#[test]
fn a_redirect_that_made_a_post_a_get_is_named() {
    let mut client = Client::new(builder().body("{}"));
    client.send();
    client.redirect(301, "/b");
    client.redirect(307, "/c");
    let error = client.refuse(405, &[]);
    assert_eq!(
        error.to_string(),
        "the response from http://localhost:1/c has status 405, after a redirect (301) that turned POST into GET (attempt 1); giving up"
    );
}

#[test]
fn redirects_that_lead_nowhere() {
    for (location, reason) in [
        ("http://this is invalid/", "which is not a URL"),
        ("ftp://localhost/", "which is not HTTP"),
        ("javascript:alert(1)", "which is not HTTP"),
        ("data:text/event-stream,data:1", "which is not HTTP"),
    ] {
        let mut client = Client::new(builder());
        client.send();
        let error = client.refuse(302, &[("location", location)]);
        assert!(error.is_fatal());
        let text = format!(
            "the response from {SHOWN} is a redirect (302) to {location:?}, {reason} (attempt 1); giving up"
        );
        assert_eq!(error.to_string(), text);
    }
    // Credentials and queries are not shown, and not much of what is long.
    for (location, shown) in [
        ("ftp://user:secret@localhost/?a=secret", "ftp://localhost/?a=…".to_owned()),
        ("http://user:secret@local host/?secret", "http://…@local host/?…".to_owned()),
        (
            &*format!("ftp://localhost/{}é", "x".repeat(239)),
            format!("ftp://localhost/{}…", "x".repeat(239) + "%"),
        ),
        (&*format!("http://{} é", "é".repeat(10_000)), format!("http://{}…", "é".repeat(124))),
    ] {
        let mut client = Client::new(builder());
        client.send();
        let error = client.refuse(302, &[("location", location)]);
        let Cause::Redirect { location, .. } = error.cause() else { panic!("{error:?}") };
        assert_eq!(*location, shown);
        assert!(!format!("{error} {error:?}").contains("secret"));
    }
    // The error has the whole URL, but its text does not show all of it.
    let mut client = Client::new(builder());
    client.send();
    let long = format!("http://localhost:1/{}", "x".repeat(50_000));
    client.redirect(302, &long);
    let error = client.fail(refused());
    assert_eq!(error.url(), long);
    assert!(error.to_string().contains("xxx…: connection refused (attempt 1)"), "{error}");
    assert!(error.to_string().len() < 400, "{error}");
    // A URL that no request line can carry is an error, and not a different URL.
    let mut client = Client::new(builder());
    client.send();
    let error = client.refuse(302, &[("location", &format!("/{}", "x".repeat(70_000)))]);
    assert!(error.to_string().contains("which no request line can carry"), "{error}");
    // A redirect without a location is a status like any other.
    let mut client = Client::new(builder());
    client.send();
    assert_eq!(client.refuse(302, &[]).status(), Some(StatusCode::FOUND));
}

#[test]
fn redirects_have_a_limit_and_a_rate() {
    let mut client = Client::new(builder());
    let start = client.now;
    client.send();
    for hop in 1..=20 {
        client.redirect(302, "/loop");
        // Ten requests at once, the next ten a second later.
        assert_eq!(client.now - start, Duration::from_secs(hop / 10));
    }
    let error = client.refuse(302, &[("location", "/loop")]);
    assert!(error.is_fatal());
    assert_eq!(
        error.to_string(),
        "the response from http://localhost:1/loop is a redirect after 20 others (attempt 1); giving up"
    );

    let mut client = Client::new(builder().policy(Policy::new().max_redirects(0)));
    client.send();
    assert!(client.refuse(302, &[("location", "/loop")]).is_fatal());
}
