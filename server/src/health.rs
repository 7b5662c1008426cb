//! Whether the server is well (requirement O2).
//!
//! `/health` (and `/api/dashboard/health`) asks the database. `/health/live` only says that the process
//! answers, so that nobody restarts it because the database is away. `/health/ready` says whether to
//! send requests here: not without the database, and no more once the server is stopping.

use crate::{middleware::problem::ErrorBody, router::Server};
use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

/// What is answered to whoever asks.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "status": "healthy" }))]
pub struct Health {
    /// `healthy` or `unhealthy`.
    status: &'static str,
}

/// The same, with the status code that goes with it.
type Answer = (StatusCode, Json<Health>);

/// Whether the server is well: it is when the database answers.
#[utoipa::path(
    get, path = "/dashboard/health", tag = "dashboard", operation_id = "dashboard_health", security(()),
    responses(
        (status = 200, body = Health),
        (status = 429, body = ErrorBody, description = "Too many requests"),
        (status = 503, body = Health),
    )
)]
pub async fn healthy(State(server): State<Server>) -> Answer {
    answer(server.backend.health().await.is_ok())
}

/// Alive when this is answered at all.
pub async fn live() -> Answer {
    answer(true)
}

/// Ready when the database answers and the server is not stopping.
pub async fn ready(State(server): State<Server>) -> Answer {
    answer(!server.stopping.is_cancelled() && server.backend.health().await.is_ok())
}

fn answer(healthy: bool) -> Answer {
    if healthy {
        (StatusCode::OK, Json(Health { status: "healthy" }))
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, Json(Health { status: "unhealthy" }))
    }
}
