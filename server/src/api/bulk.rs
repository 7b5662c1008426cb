//! The same done to many tasks at once.

use super::{
    answers::Answer,
    extract::{Body, Caller},
    params, refusals, words,
};
use crate::{middleware::problem::ErrorBody, router::Server};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use taskwire_domain::{
    TaskId,
    task::{BulkAction, BulkChange},
};
use utoipa::ToSchema;

/// What to do, and to which tasks.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BulkChange, example = json!({ "action": "complete", "ids": [17, 18] }))]
pub struct BulkBody {
    #[schema(schema_with = words::bulk_action)]
    action: BulkAction,
    /// The same twice counts once.
    #[schema(value_type = Vec<i64>, min_items = 1, max_items = 500)]
    ids: Vec<TaskId>,
}

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "changed": [18] }))]
pub struct BulkDone {
    /// The tasks that were not so already, by id.
    #[schema(value_type = Vec<i64>)]
    changed: Vec<TaskId>,
}

/// Completes, reopens or deletes up to 500 tasks: all of them or, if one is refused, none.
#[utoipa::path(
    post, path = "/api/{user_id}/tasks/bulk", tag = "tasks", operation_id = "task_bulk",
    request_body = BulkBody,
    params(params::Owner),
    responses(
        (status = 200, body = BulkDone),
        (status = 412, body = ErrorBody, description = "Others changed them at the same time"),
        refusals::SignedIn, refusals::NotFound, refusals::Body
    )
)]
pub async fn change(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Body(BulkBody { action, ids }): Body<BulkBody>,
) -> Answer<Json<BulkDone>> {
    let changed = server.backend.task_bulk(&viewer, &BulkChange::parse(action, ids)?).await?;
    Ok(Json(BulkDone { changed }))
}
