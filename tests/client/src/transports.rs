//! HTTP clients that a program may already have, each as a transport.

use hyper_util::{client::legacy, rt::TokioExecutor};
use sse_wire::{
    AsyncEventSource, EventSource,
    client::{Async, Blocking, BuildError, Builder, CutDetector, RequestBody, Stop},
};
use tower::ServiceExt;
use ureq::unversioned::{
    resolver::DefaultResolver,
    transport::{Connector, DefaultConnector},
};

/// A ureq agent. With ureq's feature `cookies` it stores cookies.
pub fn with_agent(settings: Builder<Blocking>) -> Result<EventSource, BuildError> {
    let agent =
        ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().new_agent();
    settings.build_with(move |request: http::Request<Vec<u8>>, _: &Stop| {
        Ok::<_, ureq::Error>(agent.run(request)?.map(ureq::Body::into_reader))
    })
}

/// A ureq agent that distinguishes a stream that is cut off from one that ends.
pub fn with_detecting_agent(settings: Builder<Blocking>) -> Result<EventSource, BuildError> {
    let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build();
    let connector = DefaultConnector::new().chain(CutDetector);
    let agent = ureq::Agent::with_parts(config, connector, DefaultResolver::default());
    settings.build_with(move |request: http::Request<Vec<u8>>, _: &Stop| {
        Ok::<_, ureq::Error>(agent.run(request)?.map(|body| CutDetector.body(body.into_reader())))
    })
}

/// How the reqwest client calls itself.
pub const USER_AGENT: &str = "my-program/1";

/// A reqwest client with a name, which stores cookies.
pub fn with_client(settings: Builder<Async>) -> Result<AsyncEventSource, BuildError> {
    let client = reqwest::Client::builder().user_agent(USER_AGENT).cookie_store(true);
    let client = client.redirect(reqwest::redirect::Policy::none()).build().unwrap();
    settings.build_with(move |request: http::Request<RequestBody>| {
        let request = request.map(reqwest::Body::wrap).try_into().map(|request| client.execute(request));
        async move { Ok::<http::Response<reqwest::Body>, reqwest::Error>(request?.await?.into()) }
    })
}

/// A hyper-util client.
pub fn with_hyper(settings: Builder<Async>) -> Result<AsyncEventSource, BuildError> {
    let client = legacy::Client::builder(TokioExecutor::new()).build_http::<RequestBody>();
    settings.build_with(move |request| client.request(request))
}

/// A hyper-util client that speaks HTTP/2 without TLS and without negotiation.
pub fn with_hyper_http2(settings: Builder<Async>) -> Result<AsyncEventSource, BuildError> {
    let client = legacy::Client::builder(TokioExecutor::new()).http2_only(true).build_http::<RequestBody>();
    settings.build_with(move |request| client.request(request))
}

/// A tower service, here with no layers around its client.
pub fn with_service(settings: Builder<Async>) -> Result<AsyncEventSource, BuildError> {
    let client = legacy::Client::builder(TokioExecutor::new()).build_http::<RequestBody>();
    let service = tower::service_fn(move |request| client.request(request));
    settings.build_with(move |request: http::Request<RequestBody>| service.clone().oneshot(request))
}
