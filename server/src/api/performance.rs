//! How the server performs, for its administrators.

use super::{
    answers::Answer,
    extract::{Caller, Query},
    refusals,
};
use crate::router::Server;
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use taskwire_domain::performance::Performance;
use utoipa::{IntoParams, ToSchema};

/// One server's last hour. Times are in milliseconds.
#[derive(ToSchema)]
#[schema(as = Performance, example = json!({
    "computed_at": "2026-11-02T08:15:00Z",
    "version": "0.1.0",
    "started_at": "2026-11-01T19:30:12Z",
    "requests": { "count": 1200, "total_ms": 3840, "median_ms": 2.1, "p95_ms": 9.4, "p99_ms": 21.0, "max_ms": 64.2 },
    "database": { "count": 4100, "total_ms": 2050, "median_ms": 0.4, "p95_ms": 1.2, "p99_ms": 3.0, "max_ms": 12.5 },
    "slices": [
        { "starts_at": "2026-11-02T08:10:00Z", "requests": 120, "failed": 0, "p95_ms": 9.4 }
    ],
    "routes": [{
        "method": "GET",
        "route": "/api/tasks",
        "timing": { "count": 1200, "total_ms": 3840, "median_ms": 2.1, "p95_ms": 9.4, "p99_ms": 21.0, "max_ms": 64.2 },
        "refused": 3,
        "failed": 0
    }],
    "statements": [{
        "name": "task_get",
        "timing": { "count": 4100, "total_ms": 2050, "median_ms": 0.4, "p95_ms": 1.2, "p99_ms": 3.0, "max_ms": 12.5 }
    }],
    "connections": { "used": 2, "idle": 3, "most": 10 },
    "waiting": { "count": 1300, "total_ms": 26.0, "median_ms": 0.02, "p95_ms": 0.05, "p99_ms": 0.1, "max_ms": 1.5 },
    "failures": { "unavailable": 2, "crowded": 0, "fault": 0, "panics": 0, "shed_requests": 0, "shed_connections": 0 },
    "backups": { "last_backup": "2026-11-02T03:00:00Z", "last_verified_restore": "2026-11-01T03:00:41Z" },
    "plan": null
}))]
#[expect(dead_code, reason = "for the document")]
pub struct PerformanceBody {
    computed_at: DateTime<Utc>,
    version: String,
    /// Since when this server runs.
    started_at: DateTime<Utc>,
    /// All requests.
    requests: TimingBody,
    /// All statements in the database.
    database: TimingBody,
    /// The hour in parts of five minutes, the oldest first.
    slices: Vec<SliceBody>,
    /// First what took the most time in all.
    routes: Vec<RouteTimingBody>,
    /// First what took the most time in all.
    statements: Vec<StatementTimingBody>,
    connections: ConnectionsBody,
    /// How long operations waited for a connection.
    waiting: TimingBody,
    failures: FailuresBody,
    backups: BackupsBody,
    /// Of the statement that was asked about; null for one that was not run since the start, or that has no plan.
    plan: Option<PlanBody>,
}

/// How long each took of those there were.
#[derive(ToSchema)]
#[schema(as = Timing, example = json!({
    "count": 1200,
    "total_ms": 3840,
    "median_ms": 2.1,
    "p95_ms": 9.4,
    "p99_ms": 21.0,
    "max_ms": 64.2
}))]
#[expect(dead_code, reason = "for the document")]
struct TimingBody {
    count: i64,
    total_ms: f64,
    median_ms: f64,
    p95_ms: f64,
    p99_ms: f64,
    max_ms: f64,
}

/// Five minutes.
#[derive(ToSchema)]
#[schema(as = Slice, example = json!({
    "starts_at": "2026-11-02T08:10:00Z",
    "requests": 120,
    "failed": 0,
    "p95_ms": 9.4
}))]
#[expect(dead_code, reason = "for the document")]
struct SliceBody {
    starts_at: DateTime<Utc>,
    requests: i64,
    /// Those that failed, by a fault of the server.
    failed: i64,
    p95_ms: f64,
}

/// A route and how long its answers took.
#[derive(ToSchema)]
#[schema(as = RouteTiming, example = json!({
    "method": "GET",
    "route": "/api/tasks",
    "timing": { "count": 1200, "total_ms": 3840, "median_ms": 2.1, "p95_ms": 9.4, "p99_ms": 21.0, "max_ms": 64.2 },
    "refused": 3,
    "failed": 0
}))]
#[expect(dead_code, reason = "for the document")]
struct RouteTimingBody {
    method: String,
    /// With names in place of ids; `none` for what is no route, such as files.
    route: String,
    timing: TimingBody,
    /// Answers of 400 to 499.
    refused: i64,
    /// Answers of 500 to 599.
    failed: i64,
}

/// A statement and how long it took in the database.
#[derive(ToSchema)]
#[schema(as = StatementTiming, example = json!({
    "name": "task_get",
    "timing": { "count": 4100, "total_ms": 2050, "median_ms": 0.4, "p95_ms": 1.2, "p99_ms": 3.0, "max_ms": 12.5 }
}))]
#[expect(dead_code, reason = "for the document")]
struct StatementTimingBody {
    name: String,
    timing: TimingBody,
}

/// The connections to the database, now.
#[derive(ToSchema)]
#[schema(as = Connections, example = json!({ "used": 2, "idle": 3, "most": 10 }))]
#[expect(dead_code, reason = "for the document")]
struct ConnectionsBody {
    used: u32,
    idle: u32,
    /// As many as there may be.
    most: u32,
}

/// What went wrong.
#[derive(ToSchema)]
#[schema(as = Failures, example = json!({
    "unavailable": 2,
    "crowded": 0,
    "fault": 0,
    "panics": 0,
    "shed_requests": 0,
    "shed_connections": 0
}))]
#[expect(dead_code, reason = "for the document")]
struct FailuresBody {
    /// The database was away, or had no connection.
    unavailable: i64,
    /// One person asked for too much at once.
    crowded: i64,
    /// Operations that failed in another way.
    fault: i64,
    /// Handlers that broke off.
    panics: i64,
    /// Requests that were refused because there were too many.
    shed_requests: i64,
    /// The same for connections.
    shed_connections: i64,
}

/// What is known of the backups.
#[derive(ToSchema)]
#[schema(as = Backups, example = json!({
    "last_backup": "2026-11-02T03:00:00Z",
    "last_verified_restore": "2026-11-01T03:00:41Z"
}))]
#[expect(dead_code, reason = "for the document")]
struct BackupsBody {
    last_backup: Option<DateTime<Utc>>,
    /// When one was last restored for a test, and had the same in it.
    last_verified_restore: Option<DateTime<Utc>>,
}

/// How the database would run a statement, for any values and whoever asks.
#[derive(ToSchema)]
#[schema(as = Plan, example = json!({
    "statement": "task_get",
    "text": "/* task_get */ SELECT id, title FROM tasks WHERE id = $1",
    "plan": "Index Scan using tasks_pkey on tasks  (cost=0.28..8.30 rows=1 width=64)\n  Index Cond: (id = $1)"
}))]
#[expect(dead_code, reason = "for the document")]
struct PlanBody {
    statement: String,
    text: String,
    /// What PostgreSQL's `EXPLAIN` says.
    plan: String,
}

/// What is asked besides.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PerformanceQuery {
    /// The name of a statement whose plan is wanted.
    #[param(example = "task_get")]
    statement: Option<String>,
}

/// How this server did in the last hour. For administrators: whoever signed up first, and whom `taskwire admin` names.
#[utoipa::path(
    get, path = "/api/performance", tag = "performance", operation_id = "performance_read",
    params(PerformanceQuery),
    responses((status = 200, body = PerformanceBody), refusals::SignedIn)
)]
pub async fn read(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Query(PerformanceQuery { statement }): Query<PerformanceQuery>,
) -> Answer<Json<Performance>> {
    Ok(Json(server.backend.performance_read(&viewer, statement.as_deref()).await?))
}
