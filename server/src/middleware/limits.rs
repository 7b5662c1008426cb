//! How large a request may be, and how long it may take.

use super::problem::Problem;
use axum::{
    body::{Body, HttpBody, to_bytes},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body_util::LengthLimitError;
use std::{error::Error, time::Duration};

/// Reads the body before anything else happens, and refuses one over the limit.
///
/// Bodies are small here, and a slow sender must not hold a database transaction open. A layer that
/// only counts (tower-http's) would make an oversized chunked body look like a malformed form.
pub async fn body(State(limit): State<usize>, request: Request, next: Next) -> Response {
    if request.body().size_hint().lower() > limit as u64 {
        return Problem::too_large(limit).into_response();
    }
    let (parts, body) = request.into_parts();
    match to_bytes(body, limit).await {
        Ok(bytes) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Err(error) if error.source().is_some_and(|source| source.is::<LengthLimitError>()) => {
            Problem::too_large(limit).into_response()
        }
        Err(_) => Problem::broken_body().into_response(),
    }
}

/// Bytes of path and query at most: as much as a search text takes, many times over.
const TARGET_MAX: usize = 8192;

/// Refuses a target that no link of ours has.
pub async fn target(request: Request, next: Next) -> Response {
    match request.uri().path_and_query().map_or(0, |target| target.as_str().len()) {
        0..=TARGET_MAX => next.run(request).await,
        _ => Problem::long_target(TARGET_MAX).into_response(),
    }
}

/// Gives up on a request that takes too long; its database transaction is rolled back.
pub async fn time(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::too_slow().into_response(),
    }
}
