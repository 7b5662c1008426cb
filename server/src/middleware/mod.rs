//! What happens around every request.
//!
//! [`wrap`] lists the layers from the outside in. The outer ones see every response, also those of the
//! inner ones that refuse a request.

pub mod admission;
pub mod around;
pub mod client;
pub mod cors;
pub mod headers;
pub mod latency;
pub mod limits;
pub mod load;
pub mod problem;
pub mod rate;
pub mod sending;
pub mod trace;

use admission::Admission;
use around::around;
use axum::{Router, http::HeaderValue, middleware::from_fn_with_state, response::IntoResponse};
use client::Proxies;
use latency::Started;
use limits::Arrival;
use load::Load;
use metrics::counter;
use problem::{Asked, Problem};
use sending::Sending;
use std::{any::Any, net::IpAddr, sync::Arc, time::Duration};
use taskwire_backend::{
    Backend,
    limit::{Limit, Limiter},
};
use tower::{ServiceBuilder, util::option_layer};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    csrf::{CsrfLayer, ProtectionError},
    request_id::{PropagateRequestIdLayer, SetRequestIdLayer},
    trace::TraceLayer,
};

/// The limits of one request, and of those of one address and one person.
#[derive(Debug, Clone)]
pub struct Limits {
    /// A request that takes longer is logged as slow.
    pub slow: Duration,
    /// An answer that takes longer is given up.
    pub time: Duration,
    /// How a body may arrive.
    pub body: Arrival,
    /// How a file to import may arrive.
    pub file: Arrival,
    /// Bytes of a path and query at most.
    pub target: usize,
    /// How many are worked on at once.
    pub in_flight: usize,
    /// How often one address may ask.
    pub by_address: Limit,
    /// How often one person may ask.
    pub by_user: Limit,
    /// Whose word is taken for where a request comes from.
    pub proxies: Proxies,
    /// Other sites whose pages may call the API.
    pub origins: Arc<[HeaderValue]>,
    /// Whether people reach the server by HTTPS.
    pub https: bool,
}

/// Puts every layer around the routes.
pub fn wrap(routes: Router, backend: Backend, limits: Limits) -> Router {
    let by_address: Arc<Limiter<IpAddr>> = Arc::new(Limiter::new(limits.by_address));
    let admission = Admission {
        backend,
        by_user: Limiter::new(limits.by_user),
        body: limits.body,
        file: limits.file,
        sending: Sending::default(),
        load: Load::new(limits.in_flight),
        time: limits.time,
    };
    let csrf = limits.origins.iter().filter_map(|origin| origin.to_str().ok()).fold(CsrfLayer::new(), trusting);
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
            .map_request(move |request| client::note(&limits.proxies, request))
            .layer(around(
                |request| Ok(Started::of(request)),
                move |started, response| started.finish(limits.slow, response),
            ))
            .map_response(move |response| headers::complete(response, limits.https))
            .map_response(IntoResponse::into_response)
            .layer(CompressionLayer::new().no_deflate().no_zstd())
            .layer(option_layer(cors::layer(&limits.origins)))
            .layer(around(|request| Ok(Asked::by(request)), Asked::render))
            .layer(CatchPanicLayer::custom(caught))
            .layer(csrf.with_rejection_response(cross_site))
            .map_request(move |request| cors::without_cookies(&limits.origins, request))
            .layer(around(move |request| rate::by_address(&by_address, request), rate::tell))
            .layer(around(move |request| limits::target(limits.target, request), |(), response| response))
            .layer(from_fn_with_state(Arc::new(admission), admission::admit)),
    )
}

/// What does not look like an origin is trusted by nobody.
fn trusting(csrf: CsrfLayer, origin: &str) -> CsrfLayer {
    csrf.clone().add_trusted_origin(origin).unwrap_or(csrf)
}

fn caught(panic: Box<dyn Any + Send + 'static>) -> axum::response::Response {
    counter!("taskwire_http_panics_total").increment(1);
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = text.unwrap_or("unknown"), "a handler panicked");
    Problem::from(taskwire_domain::Error::Internal).into_response()
}

fn cross_site(_: ProtectionError) -> axum::response::Response {
    Problem::cross_site().into_response()
}
