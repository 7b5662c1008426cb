//! What pages of other sites may ask, and read of the answers.

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue, Method, header},
};
use std::time::Duration;
use tower_http::cors::CorsLayer;

/// How long a browser may remember what it may ask.
const REMEMBERED: Duration = Duration::from_secs(3600);

/// The headers of ours that a page may read.
const TOLD: [&str; 13] = [
    "content-disposition",
    "deprecation",
    "etag",
    "link",
    "location",
    "retry-after",
    "sunset",
    "www-authenticate",
    "x-next-cursor",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-request-id",
];

/// The headers that a page may send.
const SENT: [&str; 8] = [
    "authorization",
    "content-type",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "mcp-method",
    "mcp-name",
    "mcp-protocol-version",
];

/// Lets the pages of these origins call the API with a token. Without origins nothing is said, and browsers refuse.
pub fn layer(origins: &[HeaderValue]) -> Option<CorsLayer> {
    (!origins.is_empty()).then(|| {
        CorsLayer::new()
            .allow_origin(origins.to_vec())
            .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
            .allow_headers(SENT.map(HeaderName::from_static))
            .expose_headers(TOLD.map(HeaderName::from_static))
            .max_age(REMEMBERED)
    })
}

/// Takes the cookies from what those pages send: they act by the token that they bring, and never as whoever happens to
/// be signed in on the browser. So there is nothing for the protection against cross-site requests to protect.
pub fn without_cookies(origins: &[HeaderValue], mut request: Request) -> Request {
    if request.headers().get(header::ORIGIN).is_some_and(|origin| origins.contains(origin)) {
        request.headers_mut().remove(header::COOKIE);
    }
    request
}
