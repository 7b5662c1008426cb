//! How long every request took, and how much of that in the database (requirement O1).

use super::trace::route;
use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};
use taskwire_backend::Client;

const RESPONSE_TIME: HeaderName = HeaderName::from_static("x-response-time");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Tells the backend who asks, gathers the time it spends, and writes both times on the response.
pub async fn measure(State(slow): State<Duration>, mut request: Request, next: Next) -> Response {
    let start = Instant::now();
    let client = Client {
        address: request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip()),
        user_agent: request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok()).map(str::to_owned),
        ..Client::default()
    };
    let db_time = client.db_time.clone();
    request.extensions_mut().insert(client);
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
