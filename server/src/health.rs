//! Whether the server is well (requirement O2).
//!
//! `/health` (and `/api/dashboard/health`) asks the database. `/health/live` only says that the process
//! answers, so that nobody restarts it because the database is away. `/health/ready` says whether to
//! send requests here: not without the database, and no more once the server is stopping.

use crate::router::Server;
use axum::{Json, extract::State, http::StatusCode};
use serde_json::{Value, json};

/// A status and why.
pub type Health = (StatusCode, Json<Value>);

/// Healthy when the database answers.
pub async fn healthy(State(server): State<Server>) -> Health {
    answer(server.backend.health().await.is_ok())
}

/// Alive when this is answered at all.
pub async fn live() -> Health {
    answer(true)
}

/// Ready when the database answers and the server is not stopping.
pub async fn ready(State(server): State<Server>) -> Health {
    answer(!server.stopping.is_cancelled() && server.backend.health().await.is_ok())
}

fn answer(healthy: bool) -> Health {
    if healthy {
        (StatusCode::OK, Json(json!({"status": "healthy"})))
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"status": "unhealthy"})))
    }
}
