//! How large a request may be, and how long it may take.

use super::problem::Problem;
use axum::{
    body::{Body, Bytes, HttpBody, to_bytes},
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
    let (parts, body) = request.into_parts();
    match whole(body, limit).await {
        Ok(bytes) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Err(problem) => problem.into_response(),
    }
}

/// All of a body, unless it is over the limit.
pub async fn whole(body: Body, limit: usize) -> Result<Bytes, Problem> {
    if body.size_hint().lower() > limit as u64 {
        return Err(Problem::too_large(limit));
    }
    to_bytes(body, limit).await.map_err(|error| match error.source() {
        Some(source) if source.is::<LengthLimitError>() => Problem::too_large(limit),
        _ => Problem::broken_body(),
    })
}

/// Bytes of path and query at most: as much as a search text takes, many times over.
const TARGET_MAX: usize = 8192;

/// Refuses a target that no link of ours has, and gives up on a request that takes too long; its database transaction is
/// rolled back.
pub async fn length_and_time(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    if request.uri().path_and_query().is_some_and(|target| target.as_str().len() > TARGET_MAX) {
        return Problem::long_target(TARGET_MAX).into_response();
    }
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::too_slow().into_response(),
    }
}
