//! Whether the server is well (requirement O2).
//!
//! `/health` (and `/api/dashboard/health`) asks the database. `/health/live` only says that the process
//! answers, so that nobody restarts it because the database is away. `/health/ready` says whether to
//! send requests here: not without the database, and no more once the server is stopping.

use crate::{middleware::problem::ErrorBody, router::Server};
use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use std::time::{Duration, Instant};
use taskwire_backend::Backend;
use taskwire_domain::performance::Backups;
use tokio::sync::Mutex;
use utoipa::ToSchema;

/// What is answered to whoever asks.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "status": "healthy" }))]
pub struct Health {
    /// `healthy` or `unhealthy`.
    status: &'static str,
}

/// What is answered to whoever decides where to send requests.
#[derive(Debug, Serialize)]
pub struct Readiness {
    #[serde(flatten)]
    health: Health,
    #[serde(flatten)]
    backups: Backups,
}

/// How long a sign of life holds.
const HOLDS: Duration = Duration::from_secs(1);

/// Asks the database for signs of life. Who asks here is not counted, so all of them share one answer as long as it holds,
/// and keep one connection busy at most.
#[derive(Debug, Default)]
pub struct Probe(Mutex<Option<(Instant, bool)>>);

impl Probe {
    async fn is_healthy(&self, backend: &Backend) -> bool {
        let mut last = self.0.lock().await;
        if let Some((at, healthy)) = *last
            && at.elapsed() < HOLDS
        {
            return healthy;
        }
        let healthy = backend.health().await.is_ok();
        *last = Some((Instant::now(), healthy));
        healthy
    }
}

/// The same, with the status code that goes with it.
type Answer = (StatusCode, Json<Health>);

/// Whether the server is well: it is when the database answers.
#[utoipa::path(
    get, path = "/api/dashboard/health", tag = "dashboard", operation_id = "dashboard_health", security(()),
    responses(
        (status = 200, body = Health),
        (status = 429, body = ErrorBody, description = "Too many requests"),
        (status = 503, body = Health),
    )
)]
pub async fn healthy(State(server): State<Server>) -> Answer {
    answer(server.probe.is_healthy(&server.backend).await)
}

/// Alive when this is answered at all.
pub async fn live() -> Answer {
    answer(true)
}

/// Ready when the database answers and the server is not stopping. Says as well how old the backups are, which is no reason
/// to send requests elsewhere.
pub async fn ready(State(server): State<Server>) -> (StatusCode, Json<Readiness>) {
    let healthy = !server.stopping.is_cancelled() && server.probe.is_healthy(&server.backend).await;
    let (status, Json(health)) = answer(healthy);
    (status, Json(Readiness { health, backups: server.backups.get() }))
}

fn answer(healthy: bool) -> Answer {
    if healthy {
        (StatusCode::OK, Json(Health { status: "healthy" }))
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, Json(Health { status: "unhealthy" }))
    }
}
