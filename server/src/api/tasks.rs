//! Tasks.

use super::{
    answers::{Answer, Page, etag, page, tag},
    extract::{Body, Caller, Conditions, IdempotencyKey, Path, Query},
    params, refusals, words,
};
use crate::{middleware::problem::ErrorBody, router::Server};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use taskwire_backend::Viewer;
use taskwire_domain::{
    Error, TaskId, TeamId,
    task::{Access, DeletedTask, NewTask, PAGE_MAX, Sort, Source, Status, Task, TaskChange, TaskQuery},
};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A task as the caller sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Task, example = json!({
    "id": 17,
    "user_id": "0192b1c8-7f3e-7c4a-9a51-0c1d5f0e6a01",
    "team_id": null,
    "title": "Plan the offsite",
    "description": "Somewhere with trees",
    "status": "pending",
    "access": "owner",
    "version": 1,
    "created_at": "2026-11-02T08:15:00Z",
    "updated_at": "2026-11-02T08:15:00Z",
    "completed_at": null
}))]
pub struct TaskBody {
    id: i64,
    /// Whose task it is.
    user_id: Uuid,
    /// The team it is in, if the caller is in that.
    team_id: Option<Uuid>,
    #[schema(min_length = 1, max_length = 200)]
    title: String,
    #[schema(max_length = 1000)]
    description: String,
    #[schema(schema_with = words::status)]
    status: Status,
    /// By what right the caller sees it: `owner`, a role in its team, or the permission of a share.
    #[schema(schema_with = words::access)]
    access: Access,
    /// Counts up by one with each change.
    #[schema(minimum = 1)]
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// Set while the task is completed.
    completed_at: Option<DateTime<Utc>>,
}

impl From<Task> for TaskBody {
    fn from(task: Task) -> Self {
        let Task { id, user_id, team_id, title, description, status, access, version, .. } = task;
        let Task { created_at, updated_at, completed_at, .. } = task;
        let (id, user_id, team_id) = (id.0, user_id.0, team_id.map(|team| team.0));
        Self { id, user_id, team_id, title, description, status, access, version, created_at, updated_at, completed_at }
    }
}

/// The tasks to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// Only tasks of this status.
    #[param(schema_with = words::status)]
    status: Option<Status>,
    /// Only tasks whose title or description contains this text, whatever its case.
    #[param(max_length = 200)]
    q: Option<String>,
    /// Only tasks of this team.
    team_id: Option<Uuid>,
    /// Only tasks that others share with the caller.
    #[serde(default)]
    shared: bool,
    /// The order; without it the last changed come first.
    #[param(schema_with = words::sort)]
    sort: Option<Sort>,
    /// Tasks on a page; 100 without it.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// Where the page starts: the `X-Next-Cursor` of the page before, in the same order.
    cursor: Option<String>,
}

impl ListQuery {
    fn parse(self) -> Result<TaskQuery, Error> {
        let source = match (self.team_id, self.shared) {
            (None, false) => Source::All,
            (None, true) => Source::Shared,
            (Some(team), false) => Source::Team(TeamId(team)),
            (Some(_), true) => {
                return Err(Error::invalid("shared", "Ask for the tasks of a team, or for those shared with you."));
            }
        };
        Ok(TaskQuery {
            source,
            status: self.status,
            search: self.q.unwrap_or_default(),
            sort: self.sort.unwrap_or_default(),
            cursor: self.cursor,
            limit: Some(self.limit.unwrap_or(PAGE_MAX)),
        })
    }
}

/// A page of the tasks that the caller may see.
#[utoipa::path(
    get, path = "/api/{user_id}/tasks", tag = "tasks", operation_id = "task_list",
    params(params::Owner, ListQuery),
    responses(
        (status = 200, body = Vec<TaskBody>, headers(
            ("Link" = String, description = "The next page, as `rel=\"next\"`; absent on the last one"),
            ("X-Next-Cursor" = String, description = "Its cursor; absent on the last one"),
        )),
        refusals::SignedIn, refusals::NotFound
    )
)]
pub async fn list(
    State(server): State<Server>,
    Caller(viewer): Caller,
    uri: Uri,
    Query(query): Query<ListQuery>,
) -> Answer<Page<TaskBody>> {
    let found = server.backend.task_list(&viewer, &query.parse()?).await?;
    Ok(page(&uri, found.next, found.tasks))
}

/// What makes a task.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewTask, example = json!({ "title": "Plan the offsite", "description": "Somewhere with trees" }))]
pub struct NewTaskBody {
    /// One line; spaces around it are taken off.
    #[schema(min_length = 1, max_length = 200)]
    title: String,
    #[serde(default)]
    #[schema(max_length = 1000)]
    description: Option<String>,
    #[serde(default)]
    #[schema(schema_with = words::status_or_null)]
    status: Option<Status>,
    /// The team to make it in; without it the task is the caller's alone.
    #[serde(default)]
    team_id: Option<Uuid>,
}

/// Makes a task of the caller's own, alone or in a team.
#[utoipa::path(
    post, path = "/api/{user_id}/tasks", tag = "tasks", operation_id = "task_create",
    request_body = NewTaskBody,
    params(
        params::Owner, params::IdempotencyKey,
    ),
    responses(
        (status = 201, body = TaskBody, headers(
            ("Location" = String, description = "Where the task is"),
            ("ETag" = String, description = "Another one for every change"),
        )),
        (status = 412, body = ErrorBody, description = "What the key stands for was deleted all the time"),
        refusals::SignedIn, refusals::NotFound, refusals::Body
    )
)]
pub async fn create(
    State(server): State<Server>,
    Caller(viewer): Caller,
    IdempotencyKey(key): IdempotencyKey,
    Body(new): Body<NewTaskBody>,
) -> Answer<Response> {
    let NewTaskBody { title, description, status, team_id } = new;
    let new = NewTask::parse(&title, &description.unwrap_or_default(), key)?.in_team(team_id.map(TeamId));
    let new = NewTask { status: status.unwrap_or(Status::Pending), ..new };
    let task = server.backend.task_create(&viewer, new).await?;
    let location = format!("/api/{}/tasks/{}", viewer.user_id, task.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], shown(task)).into_response())
}

/// The task of the path.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct TaskPath {
    /// The task.
    #[param(value_type = i64)]
    pub id: TaskId,
}

/// One task.
#[utoipa::path(
    get, path = "/api/{user_id}/tasks/{id}", tag = "tasks", operation_id = "task_get",
    params(
        params::Owner, TaskPath,
        params::IfNoneMatch,
    ),
    responses(
        (status = 200, body = TaskBody, headers(("ETag" = String, description = "Another one for every change"))),
        (status = 304, description = "The caller has it already as it is"),
        refusals::SignedIn, refusals::NotFound
    )
)]
pub async fn get(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Path(TaskPath { id }): Path<TaskPath>,
    conditions: Conditions,
) -> Answer<Response> {
    let task = server.backend.task_get(&viewer, id).await?;
    let body = TaskBody::from(task);
    Ok(conditions.unless_known(&body, &body))
}

/// What to change; what is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TaskChange, example = json!({ "title": "Plan the summer offsite", "status": "completed" }))]
pub struct TaskChangeBody {
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    title: Option<String>,
    #[serde(default)]
    #[schema(max_length = 1000)]
    description: Option<String>,
    #[serde(default)]
    #[schema(schema_with = words::status_or_null)]
    status: Option<Status>,
}

/// Changes a task.
#[utoipa::path(
    patch, path = "/api/{user_id}/tasks/{id}", tag = "tasks", operation_id = "task_update",
    request_body = TaskChangeBody,
    params(
        params::Owner, TaskPath,
        params::IfMatch,
    ),
    responses(
        (status = 200, body = TaskBody, headers(("ETag" = String, description = "Another one for every change"))),
        (status = 412, body = ErrorBody, description = "The task has changed by now"),
        refusals::SignedIn, refusals::NotFound, refusals::Body
    )
)]
pub async fn update(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Path(TaskPath { id }): Path<TaskPath>,
    conditions: Conditions,
    Body(change): Body<TaskChangeBody>,
) -> Answer<Response> {
    let TaskChangeBody { title, description, status } = change;
    let change = TaskChange::parse(title.as_deref(), description.as_deref(), status, None)?;
    let version = conditions.current(task(&server, &viewer, id)).await?.map(|task| task.version);
    let task = server.backend.task_update(&viewer, id, TaskChange { version, ..change }).await?;
    Ok(shown(task).into_response())
}

/// Changes a task: as `PATCH`.
#[utoipa::path(
    put, path = "/api/{user_id}/tasks/{id}", tag = "tasks", operation_id = "task_put",
    request_body = TaskChangeBody,
    params(
        params::Owner, TaskPath,
        params::IfMatch,
    ),
    responses(
        (status = 200, body = TaskBody, headers(("ETag" = String, description = "Another one for every change"))),
        (status = 412, body = ErrorBody, description = "The task has changed by now"),
        refusals::SignedIn, refusals::NotFound, refusals::Body
    )
)]
pub async fn put(
    server: State<Server>,
    caller: Caller,
    path: Path<TaskPath>,
    conditions: Conditions,
    body: Body<TaskChangeBody>,
) -> Answer<Response> {
    update(server, caller, path, conditions, body).await
}

/// Deletes a task. It can be brought back for 30 days.
#[utoipa::path(
    delete, path = "/api/{user_id}/tasks/{id}", tag = "tasks", operation_id = "task_delete",
    params(
        params::Owner, TaskPath,
        params::IfMatch,
    ),
    responses(
        (status = 204),
        (status = 412, body = ErrorBody, description = "The task has changed by now"),
        refusals::SignedIn, refusals::NotFound
    )
)]
pub async fn delete(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Path(TaskPath { id }): Path<TaskPath>,
    conditions: Conditions,
) -> Answer<StatusCode> {
    let version = conditions.current(task(&server, &viewer, id)).await?.map(|task| task.version);
    server.backend.task_delete(&viewer, id, version).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A deleted task that can still be brought back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeletedTask, example = json!({
    "id": 17,
    "title": "Plan the offsite",
    "deleted_at": "2026-11-05T16:30:00Z"
}))]
pub struct DeletedBody {
    id: i64,
    title: String,
    deleted_at: DateTime<Utc>,
}

/// A deleted task, as long as the caller can bring it back.
#[utoipa::path(
    get, path = "/api/{user_id}/tasks/{id}/deleted", tag = "tasks", operation_id = "task_deleted",
    params(params::Owner, TaskPath),
    responses((status = 200, body = DeletedBody), refusals::SignedIn, refusals::NotFound)
)]
pub async fn deleted(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Path(TaskPath { id }): Path<TaskPath>,
) -> Answer<Json<DeletedBody>> {
    let DeletedTask { id, title, deleted_at } =
        server.backend.task_deleted(&viewer, id).await?.ok_or(Error::NotFound)?;
    Ok(Json(DeletedBody { id: id.0, title, deleted_at }))
}

/// Brings a deleted task back as it was, with its id and its shares. One that is back already is returned.
#[utoipa::path(
    post, path = "/api/{user_id}/tasks/{id}/restore", tag = "tasks", operation_id = "task_restore",
    params(params::Owner, TaskPath),
    responses(
        (status = 200, body = TaskBody, headers(("ETag" = String, description = "Another one for every change"))),
        refusals::SignedIn, refusals::NotFound
    )
)]
pub async fn restore(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Path(TaskPath { id }): Path<TaskPath>,
) -> Answer<Response> {
    Ok(shown(server.backend.task_restore(&viewer, id).await?).into_response())
}

/// Completes a task, or reopens it if it is completed.
#[utoipa::path(
    patch, path = "/api/{user_id}/tasks/{id}/complete", tag = "tasks", operation_id = "task_toggle",
    params(params::Owner, TaskPath, params::IfMatch),
    responses(
        (status = 200, body = TaskBody, headers(("ETag" = String, description = "Another one for every change"))),
        (status = 412, body = ErrorBody, description = "The task has changed by now"),
        refusals::SignedIn, refusals::NotFound
    )
)]
pub async fn toggle(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Path(TaskPath { id }): Path<TaskPath>,
    conditions: Conditions,
) -> Answer<Response> {
    let version = conditions.current(task(&server, &viewer, id)).await?.map(|task| task.version);
    Ok(shown(server.backend.task_toggle(&viewer, id, version).await?).into_response())
}

async fn task(server: &Server, viewer: &Viewer, id: TaskId) -> Answer<TaskBody> {
    Ok(server.backend.task_get(viewer, id).await?.into())
}

fn shown(task: Task) -> impl IntoResponse {
    let body = TaskBody::from(task);
    (etag(tag(&body)), Json(body))
}
