//! Headers that every response carries unless it brings its own.

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};

/// A year: hashed names change with their content.
pub const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// An hour: files without a hash in their name, such as the icon.
pub const AN_HOUR: HeaderValue = HeaderValue::from_static("public, max-age=3600");
/// Every time: in development the names stay the same.
pub const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// Two years of HTTPS only.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=63072000");

/// What anything that is not a page may do in a browser: nothing. Pages bring their own policy.
const NOTHING: HeaderValue =
    HeaderValue::from_static("default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");

/// `same-origin` rather than `no-referrer`: with the latter browsers send `Origin: null` with forms, and over plain
/// HTTP the origin is all that the protection against cross-site requests has.
static DEFAULTS: [(HeaderName, HeaderValue); 8] = [
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::CONTENT_SECURITY_POLICY, NOTHING),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

const PERMISSIONS: HeaderValue =
    HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()");

/// Adds what is missing.
pub fn complete(mut response: Response, https: bool) -> Response {
    let headers = response.headers_mut();
    for (name, value) in &DEFAULTS {
        headers.entry(name).or_insert_with(|| value.clone());
    }
    if https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    response
}

/// Lets browsers keep a file; a missing one is asked for again.
pub fn cached(mut response: Response, policy: HeaderValue) -> Response {
    if response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED {
        response.headers_mut().entry(header::CACHE_CONTROL).or_insert(policy);
    }
    response
}
