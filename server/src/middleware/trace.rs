//! One span and one line in the log for every request, found again by the request's id (requirement O7).
//!
//! Cookies, queries and bodies are never logged: they hold people's data and credentials.

use axum::{
    extract::{MatchedPath, Request},
    http::HeaderValue,
    response::Response,
};
use std::time::Duration;
use tower_http::request_id::{MakeRequestId, RequestId};
use tracing::Span;
use uuid::Uuid;

/// What spans and lines of requests are found by.
pub const TARGET: &str = module_path!();

/// Makes request ids.
#[derive(Debug, Clone, Copy, Default)]
pub struct RequestIds;

impl MakeRequestId for RequestIds {
    fn make_request_id<B>(&mut self, _: &axum::http::Request<B>) -> Option<RequestId> {
        HeaderValue::try_from(Uuid::new_v4().to_string()).ok().map(RequestId::new)
    }
}

/// Ids are ours: one that a client sends could be anything, and the same twice.
pub fn without_foreign_id(mut request: Request) -> Request {
    request.headers_mut().remove("x-request-id");
    request
}

/// The route's template, where one matched.
pub fn template(request: &Request) -> Option<&str> {
    request.extensions().get().map(MatchedPath::as_str)
}

/// The route's template, or the path where none matched.
pub fn route(request: &Request) -> &str {
    template(request).unwrap_or_else(|| request.uri().path())
}

/// The span that everything logged for this request stands in.
///
/// Its level keeps it in the log whatever the filter, so that a lone warning has its request's id. What
/// machines and pages ask for all the time gets one at debug level only.
pub fn span(request: &Request) -> Span {
    let (method, called) = (request.method(), route(request));
    let request_id =
        request.extensions().get::<RequestId>().and_then(|id| id.header_value().to_str().ok()).unwrap_or_default();
    // Under two names: a path may have anything in it, and a span that is exported takes a route only.
    let (route, path) = match template(request) {
        Some(route) => (Some(route), None),
        None => (None, Some(request.uri().path())),
    };
    if called.starts_with("/health") || called == "/metrics" || called.starts_with("/pkg") {
        tracing::debug_span!("request", %method, route, path, request_id)
    } else {
        tracing::error_span!("request", %method, route, path, request_id)
    }
}

/// The line in the log. What is known only now are its own fields: adding them to the span would mean reading and writing
/// all of the span's once more.
pub fn answered(response: &Response, latency: Duration, span: &Span) {
    let (status, latency_ms) = (response.status().as_u16(), latency.as_secs_f64() * 1000.0);
    if response.status().is_server_error() {
        tracing::warn!(status, latency_ms, "answered");
    } else if !span.is_disabled() {
        tracing::info!(status, latency_ms, "answered");
    }
}
