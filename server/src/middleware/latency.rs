//! How long every request took, and how much of that in the database (requirement O1).

use super::trace::route;
use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method},
    response::Response,
};
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
}

impl Started {
    /// Begins to take the time of a request, whose [`Client`] collects what goes into the database.
    pub fn of(request: &Request) -> Self {
        Self {
            at: Instant::now(),
            db_time: request.extensions().get::<Client>().map(|client| client.db_time.clone()).unwrap_or_default(),
            method: request.method().clone(),
            route: route(request).to_owned(),
        }
    }

    /// Writes both times on the response, and into the log if it took longer than `slow`.
    pub fn finish(self, slow: Duration, mut response: Response) -> Response {
        let Self { at, db_time, method, route } = self;
        let taken = at.elapsed();
        let (total, db) = (milliseconds(taken), milliseconds(db_time.get()));
        if taken > slow {
            tracing::warn!(%method, route, total_ms = total, db_ms = db, "slow endpoint");
        }
        let headers = response.headers_mut();
        insert(headers, RESPONSE_TIME, format!("{total:.1}ms"));
        insert(headers, SERVER_TIMING, format!("total;dur={total:.1}, db;dur={db:.1}"));
        response
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}
