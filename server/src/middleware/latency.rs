//! How long every request took, and how much of that in the database (requirement O1).

use super::trace::route;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use std::time::{Duration, Instant};
use taskwire_backend::Client;

const RESPONSE_TIME: HeaderName = HeaderName::from_static("x-response-time");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Takes the time, asks the [`Client`] how much of it went into the database, and writes both on the response.
pub async fn measure(State(slow): State<Duration>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let db_time = request.extensions().get::<Client>().map(|client| client.db_time.clone()).unwrap_or_default();
    let (method, route) = (request.method().clone(), route(&request).to_owned());

    let mut response = next.run(request).await;

    let (total, db) = (milliseconds(start.elapsed()), milliseconds(db_time.get()));
    if start.elapsed() > slow {
        tracing::warn!(%method, route, total_ms = total, db_ms = db, "slow endpoint");
    }
    let headers = response.headers_mut();
    insert(headers, RESPONSE_TIME, format!("{total:.1}ms"));
    insert(headers, SERVER_TIMING, format!("total;dur={total:.1}, db;dur={db:.1}"));
    response
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}
