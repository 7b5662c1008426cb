//! Headers that every response carries unless it brings its own.

use axum::{
    http::{HeaderValue, StatusCode, header},
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
const NOTHING: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `same-origin` rather than `no-referrer`: with the latter browsers send `Origin: null` with forms, and over plain
/// HTTP the origin is all that the protection against cross-site requests has.
const DEFAULTS: &[(&str, &str)] = &[
    ("cache-control", "no-store"),
    ("content-security-policy", NOTHING),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// Adds what is missing.
pub fn complete(mut response: Response, https: bool) -> Response {
    let headers = response.headers_mut();
    for (name, value) in DEFAULTS {
        headers.entry(*name).or_insert(HeaderValue::from_static(value));
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
