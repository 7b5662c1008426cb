//! What happens around every request.
//!
//! [`wrap`] lists the layers from the outside in. The outer ones see every response, also those of the
//! inner ones that refuse a request.

pub mod headers;
pub mod identity;
pub mod latency;
pub mod limits;
pub mod problem;
pub mod trace;

use axum::{Router, middleware::from_fn, middleware::from_fn_with_state, response::IntoResponse};
use problem::Problem;
use std::{any::Any, time::Duration};
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    csrf::{CsrfLayer, ProtectionError},
    request_id::{PropagateRequestIdLayer, SetRequestIdLayer},
    trace::TraceLayer,
};

/// The limits of one request.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// A request that takes longer is logged as slow.
    pub slow: Duration,
    /// A request that takes longer is given up.
    pub time: Duration,
    /// Bytes of a body at most.
    pub body: usize,
    /// Whether people reach the server by HTTPS.
    pub https: bool,
}

/// Puts every layer around the routes.
pub fn wrap(routes: Router, limits: Limits) -> Router {
    let id = || axum::http::HeaderName::from_static("x-request-id");
    routes.layer(
        ServiceBuilder::new()
            .map_request(trace::without_foreign_id)
            .layer(SetRequestIdLayer::new(id(), trace::RequestIds))
            .layer(PropagateRequestIdLayer::new(id()))
            .layer(
                TraceLayer::new_for_http()
                    .make_span_with(trace::span)
                    .on_request(())
                    .on_response(trace::answered)
                    .on_failure(()),
            )
            .layer(from_fn_with_state(limits.slow, latency::measure))
            .map_response(move |response| headers::complete(response, limits.https))
            .map_response(IntoResponse::into_response)
            .layer(CompressionLayer::new().no_deflate().no_zstd())
            .layer(from_fn(problem::render))
            .layer(CatchPanicLayer::custom(caught))
            .layer(CsrfLayer::new().with_rejection_response(cross_site))
            .layer(from_fn_with_state(limits.time, limits::time))
            .layer(from_fn_with_state(limits.body, limits::body)),
    )
}

fn caught(panic: Box<dyn Any + Send + 'static>) -> axum::response::Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = text.unwrap_or("unknown"), "a handler panicked");
    Problem::from(taskwire_domain::Error::Internal).into_response()
}

fn cross_site(_: ProtectionError) -> axum::response::Response {
    Problem::cross_site().into_response()
}
