//! How long every request took, and how much of that in the database (requirement O1): on the response, in the log if it
//! was long, and in the metrics.

use super::trace::{route, template};
use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method},
    response::Response,
};
use metrics::{Gauge, gauge, histogram};
use std::time::{Duration, Instant};
use taskwire_backend::{Client, DbTime};

const RESPONSE_TIME: HeaderName = HeaderName::from_static("x-response-time");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// A request whose time is being taken.
pub struct Started {
    at: Instant,
    db_time: DbTime,
    method: Method,
    route: String,
    matched: bool,
    _counted: InFlight,
}

impl Started {
    /// Begins to take the time of a request, whose [`Client`] collects what goes into the database.
    pub fn of(request: &Request) -> Self {
        Self {
            at: Instant::now(),
            db_time: request.extensions().get::<Client>().map(|client| client.db_time.clone()).unwrap_or_default(),
            method: request.method().clone(),
            route: route(request).to_owned(),
            matched: template(request).is_some(),
            _counted: InFlight::new(),
        }
    }

    /// Writes both times on the response, and into the log if it took longer than `slow`.
    pub fn finish(self, slow: Duration, mut response: Response) -> Response {
        let Self { at, db_time, method, route, matched, .. } = self;
        let taken = at.elapsed();
        let (total, db) = (milliseconds(taken), milliseconds(db_time.get()));
        if taken > slow {
            tracing::warn!(%method, route, total_ms = total, db_ms = db, "slow endpoint");
        }
        // What a client invents makes no new series: neither a path nor a method.
        histogram!(
            "taskwire_http_request_duration_seconds",
            "method" => name(&method),
            "route" => if matched { route } else { "none".to_owned() },
            "status" => response.status().as_u16().to_string(),
        )
        .record(taken);
        let headers = response.headers_mut();
        insert(headers, RESPONSE_TIME, format!("{total:.1}ms"));
        insert(headers, SERVER_TIMING, format!("total;dur={total:.1}, db;dur={db:.1}"));
        response
    }
}

/// A method's name, as far as HTTP itself defines it.
fn name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// One of the requests that are being answered, also if the client does not wait for it.
struct InFlight;

impl InFlight {
    fn new() -> Self {
        in_flight().increment(1);
        Self
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        in_flight().decrement(1);
    }
}

fn in_flight() -> Gauge {
    gauge!("taskwire_http_requests_in_flight")
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}
