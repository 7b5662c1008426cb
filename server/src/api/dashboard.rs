//! The dashboard's numbers: each in one look-up, whatever the number of tasks.

use super::{
    answers::Answer,
    extract::{Caller, Conditions, Query},
    params, refusals,
};
use crate::router::Server;
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use taskwire_backend::Viewer;
use taskwire_domain::{
    Error,
    dashboard::{Dashboard, Statistics},
};
use utoipa::{IntoParams, ToSchema};

/// The caller's tasks, counted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "total_tasks": 12,
    "pending_tasks": 4,
    "completed_tasks": 8,
    "shared_tasks": 2
}))]
pub struct TaskCounts {
    total_tasks: i64,
    pending_tasks: i64,
    completed_tasks: i64,
    /// Those of others that are shared with the caller; in none of the other numbers.
    shared_tasks: i64,
}

/// The numbers, and when they were so.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Statistics, example = json!({
    "statistics": { "total_tasks": 12, "pending_tasks": 4, "completed_tasks": 8, "shared_tasks": 2 },
    "computed_at": "2026-11-02T08:15:00Z",
    "cached": false
}))]
pub struct StatisticsBody {
    statistics: TaskCounts,
    computed_at: DateTime<Utc>,
    /// Whether they were computed for an earlier request.
    cached: bool,
}

/// How many tasks the caller has. A poll with the `ETag` of the answer before is a 304 as long as the numbers are the same.
#[utoipa::path(
    get, path = "/api/dashboard/statistics", tag = "dashboard", operation_id = "dashboard_statistics",
    params(params::IfNoneMatch),
    responses(
        (status = 200, body = StatisticsBody, headers(("ETag" = String, description = "The same for the same numbers"))),
        (status = 304, description = "The caller has these numbers already"),
        refusals::SignedIn
    )
)]
pub async fn statistics(
    State(server): State<Server>,
    Caller(viewer): Caller,
    conditions: Conditions,
) -> Answer<Response> {
    let dashboard = server.backend.dashboard_read(&viewer, None).await?;
    let Dashboard { statistics, computed_at, cached, .. } = *dashboard;
    let counts = TaskCounts {
        total_tasks: statistics.total(),
        pending_tasks: statistics.pending,
        completed_tasks: statistics.completed,
        shared_tasks: statistics.shared(),
    };
    let body = StatisticsBody { statistics: counts, computed_at, cached };
    Ok(unless_known(&conditions, &body.statistics, &body).into_response())
}

/// Where “today” is.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ActivityQuery {
    /// An IANA time zone, for an account that has chosen none; UTC without it.
    #[param(example = "Europe/Berlin")]
    tz: Option<String>,
}

/// What was done lately with the caller's tasks.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Activity, example = json!({
    "tasks_created_today": 2,
    "tasks_completed_today": 1,
    "tasks_created_this_week": 5,
    "tasks_completed_this_week": 3,
    "completion_rate": 66.7
}))]
pub struct ActivityBody {
    tasks_created_today: i64,
    tasks_completed_today: i64,
    /// Since Monday.
    tasks_created_this_week: i64,
    /// Since Monday.
    tasks_completed_this_week: i64,
    /// Completed tasks among all, in per cent with one decimal; 0 without tasks.
    #[schema(minimum = 0, maximum = 100)]
    completion_rate: f64,
}

/// What was done today and this week.
#[utoipa::path(
    get, path = "/api/dashboard/activity", tag = "dashboard", operation_id = "dashboard_activity",
    params(ActivityQuery, params::IfNoneMatch),
    responses(
        (status = 200, body = ActivityBody, headers(("ETag" = String, description = "The same for the same numbers"))),
        (status = 304, description = "The caller has these numbers already"),
        refusals::SignedIn
    )
)]
pub async fn activity(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Query(ActivityQuery { tz }): Query<ActivityQuery>,
    conditions: Conditions,
) -> Answer<Response> {
    if let Some(tz) = &tz
        && !server.backend.is_time_zone(tz).await?
    {
        return Err(Error::invalid("tz", "This is not a time zone that we know.").into());
    }
    let dashboard = server.backend.dashboard_read(&viewer, tz.as_deref()).await?;
    let Dashboard { statistics, activity, .. } = *dashboard;
    let body = ActivityBody {
        tasks_created_today: activity.created_today,
        tasks_completed_today: activity.completed_today,
        tasks_created_this_week: activity.created_this_week,
        tasks_completed_this_week: activity.completed_this_week,
        completion_rate: statistics.completion_rate(),
    };
    Ok(unless_known(&conditions, &body, &body).into_response())
}

/// The caller's tasks by status.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Breakdown, example = json!({ "pending": 4, "completed": 8, "total": 12 }))]
pub struct BreakdownBody {
    pending: i64,
    completed: i64,
    total: i64,
}

/// How many tasks are done and how many are not.
#[utoipa::path(
    get, path = "/api/dashboard/breakdown", tag = "dashboard", operation_id = "dashboard_breakdown",
    params(params::IfNoneMatch),
    responses(
        (status = 200, body = BreakdownBody, headers(("ETag" = String, description = "The same for the same numbers"))),
        (status = 304, description = "The caller has these numbers already"),
        refusals::SignedIn
    )
)]
pub async fn breakdown(
    State(server): State<Server>,
    Caller(viewer): Caller,
    conditions: Conditions,
) -> Answer<Response> {
    let statistics = counted(&server, &viewer).await?;
    let body =
        BreakdownBody { pending: statistics.pending, completed: statistics.completed, total: statistics.total() };
    Ok(unless_known(&conditions, &body, &body).into_response())
}

/// What others share with the caller, by permission.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SharedCounts, example = json!({ "total_shared": 2, "view_only": 1, "can_edit": 1 }))]
pub struct SharedBody {
    total_shared: i64,
    view_only: i64,
    can_edit: i64,
}

/// How many tasks of others are shared with the caller.
#[utoipa::path(
    get, path = "/api/dashboard/shared", tag = "dashboard", operation_id = "dashboard_shared",
    params(params::IfNoneMatch),
    responses(
        (status = 200, body = SharedBody, headers(("ETag" = String, description = "The same for the same numbers"))),
        (status = 304, description = "The caller has these numbers already"),
        refusals::SignedIn
    )
)]
pub async fn shared(State(server): State<Server>, Caller(viewer): Caller, conditions: Conditions) -> Answer<Response> {
    let statistics = counted(&server, &viewer).await?;
    let body = SharedBody {
        total_shared: statistics.shared(),
        view_only: statistics.shared_view,
        can_edit: statistics.shared_edit,
    };
    Ok(unless_known(&conditions, &body, &body).into_response())
}

async fn counted(server: &Server, viewer: &Viewer) -> Answer<Statistics> {
    Ok(server.backend.dashboard_read(viewer, None).await?.statistics)
}

/// An answer that is another with other `numbers`. Asked anew each time, so that a cache never shows one person's to
/// another.
fn unless_known(conditions: &Conditions, numbers: &impl Serialize, body: &impl Serialize) -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "private, no-cache")], conditions.unless_known(numbers, body))
}
