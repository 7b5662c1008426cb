//! Sharing tasks.

use super::{
    answers::{Answer, Page, all, page},
    extract::{Body, Caller, Path, Query},
    refusals,
    tasks::{TaskBody, TaskPath},
    words,
};
use crate::{middleware::problem::ErrorBody, router::Server};
use axum::{
    Json,
    extract::State,
    http::{HeaderName, StatusCode, Uri, header},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use taskwire_domain::{
    Error, TaskId, UserId,
    account::{Email, Whom},
    share::{NewShare, Permission, Share, SharedTask},
    task::{PAGE_MAX, Sort, Source, Status, TaskQuery},
    team::Added,
};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// With whom a task is shared.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Share, example = json!({
    "user_id": "0192b1c9-02d4-7e10-8f3b-5a7c9be1d202",
    "name": "Bob",
    "email": "bob@example.org",
    "permission": "view",
    "created_at": "2026-11-02T08:20:00Z"
}))]
pub struct ShareBody {
    /// The person; null as long as nobody has signed up with the address.
    user_id: Option<Uuid>,
    /// Their name; empty as long as nobody has signed up.
    name: String,
    email: String,
    #[schema(schema_with = words::permission)]
    permission: Permission,
    created_at: DateTime<Utc>,
}

impl From<Share> for ShareBody {
    fn from(Share { user_id, name, email, permission, created_at }: Share) -> Self {
        Self { user_id: user_id.map(|user| user.0), name, email, permission, created_at }
    }
}

/// With whom to share, and how.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewShare, example = json!({ "email": "bob@example.org", "permission": "view" }))]
pub struct NewShareBody {
    /// Whoever has this address, now or once they sign up; or `user_id`.
    #[serde(default)]
    #[schema(max_length = 254)]
    email: Option<String>,
    /// Somebody who has a team or a task in common with the caller; or `email`.
    #[serde(default)]
    user_id: Option<Uuid>,
    #[schema(schema_with = words::permission)]
    permission: String,
}

impl NewShareBody {
    fn parse(self) -> Result<NewShare, Error> {
        NewShare::of(Whom::parse(self.email.as_deref(), self.user_id.map(UserId)), &self.permission)
    }
}

/// What has become of somebody.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "added": "now" }))]
pub struct Outcome {
    /// `now` for somebody with an account, `invited` for an address that waits for somebody to sign up with it.
    #[schema(schema_with = words::added)]
    added: Added,
}

impl From<Added> for Outcome {
    fn from(added: Added) -> Self {
        Self { added }
    }
}

/// Shares a task. Whoever has a share of it already has this one from now on.
#[utoipa::path(
    post, path = "/api/tasks/{id}/share", tag = "shares", operation_id = "share_give",
    request_body = NewShareBody,
    params(TaskPath),
    responses(
        (status = 201, body = Outcome, headers(("Location" = String, description = "The shares of the task"))),
        (status = 409, body = ErrorBody, description = "They have the task without a share, or too many have one"),
        refusals::SignedIn, refusals::NotFound, refusals::Body
    )
)]
pub async fn give(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Path(TaskPath { id }): Path<TaskPath>,
    Body(new): Body<NewShareBody>,
) -> Answer<(StatusCode, [(HeaderName, String); 1], Json<Outcome>)> {
    let added = server.backend.share_give(&viewer, id, new.parse()?).await?;
    Ok((StatusCode::CREATED, [(header::LOCATION, format!("/api/tasks/{id}/shares"))], Json(added.into())))
}

/// Changes what somebody may do who has a share.
#[utoipa::path(
    patch, path = "/api/tasks/{id}/share", tag = "shares", operation_id = "share_change",
    request_body = NewShareBody,
    params(TaskPath),
    responses(
        (status = 204),
        (status = 409, body = ErrorBody, description = "They have no share of this task"),
        refusals::SignedIn, refusals::NotFound, refusals::Body
    )
)]
pub async fn change(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Path(TaskPath { id }): Path<TaskPath>,
    Body(share): Body<NewShareBody>,
) -> Answer<StatusCode> {
    server.backend.share_change(&viewer, id, share.parse()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The share of the path.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct SharePath {
    /// The task.
    #[param(value_type = i64)]
    id: TaskId,
    /// Who has it.
    #[param(value_type = Uuid)]
    user_id: UserId,
}

/// Takes a share back, or gives one's own back. One that is not there needs no taking back.
#[utoipa::path(
    delete, path = "/api/tasks/{id}/share/{user_id}", tag = "shares", operation_id = "share_revoke",
    params(SharePath),
    responses(
        (status = 204),
        (status = 412, body = ErrorBody, description = "One's own was given anew all the time"),
        refusals::SignedIn, refusals::NotFound
    )
)]
pub async fn revoke(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Path(SharePath { id, user_id }): Path<SharePath>,
) -> Answer<StatusCode> {
    match user_id == viewer.user_id {
        true => server.backend.share_decline(&viewer, id).await?,
        false => server.backend.share_revoke(&viewer, id, user_id).await?,
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The invitation of the path.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct InvitationPath {
    /// The task.
    #[param(value_type = i64)]
    id: TaskId,
    /// The invited address.
    email: String,
}

/// Takes back a share that waits for somebody to sign up.
#[utoipa::path(
    delete, path = "/api/tasks/{id}/invitations/{email}", tag = "shares", operation_id = "share_uninvite",
    params(InvitationPath),
    responses(
        (status = 204),
        (status = 409, body = ErrorBody, description = "Somebody has signed up with it and has the share"),
        refusals::SignedIn, refusals::NotFound
    )
)]
pub async fn uninvite(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Path(InvitationPath { id, email }): Path<InvitationPath>,
) -> Answer<StatusCode> {
    server.backend.share_uninvite(&viewer, id, address(&email)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An address in a path.
pub fn address(email: &str) -> Answer<Email> {
    Ok(Email::parse(email).map_err(Error::from)?)
}

/// Whom a task is shared with: people by name, then invited addresses; at most 100.
#[utoipa::path(
    get, path = "/api/tasks/{id}/shares", tag = "shares", operation_id = "share_list",
    params(TaskPath),
    responses((status = 200, body = Vec<ShareBody>), refusals::SignedIn, refusals::NotFound)
)]
pub async fn list(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Path(TaskPath { id }): Path<TaskPath>,
) -> Answer<Json<Vec<ShareBody>>> {
    Ok(all(server.backend.share_list(&viewer, id).await?))
}

/// The shared tasks to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct WithMeQuery {
    /// Only tasks of this status.
    #[param(schema_with = words::status)]
    status: Option<Status>,
    /// Only tasks whose title or description contains this text, whatever its case.
    #[param(max_length = 200)]
    q: Option<String>,
    /// The order; without it the last changed come first.
    #[param(schema_with = words::sort)]
    sort: Option<Sort>,
    /// Tasks on a page; 100 without it.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// Where the page starts: the `X-Next-Cursor` of the page before, in the same order.
    cursor: Option<String>,
}

impl From<WithMeQuery> for TaskQuery {
    fn from(WithMeQuery { status, q, sort, limit, cursor }: WithMeQuery) -> Self {
        Self {
            source: Source::Shared,
            status,
            search: q.unwrap_or_default(),
            sort: sort.unwrap_or_default(),
            cursor,
            limit: Some(limit.unwrap_or(PAGE_MAX)),
        }
    }
}

/// A page of the tasks that others share with the caller.
#[utoipa::path(
    get, path = "/api/tasks/shared-with-me", tag = "shares", operation_id = "share_with_me",
    params(WithMeQuery),
    responses(
        (status = 200, body = Vec<TaskBody>, headers(
            ("Link" = String, description = "The next page, as `rel=\"next\"`; absent on the last one"),
            ("X-Next-Cursor" = String, description = "Its cursor; absent on the last one"),
        )),
        refusals::SignedIn
    )
)]
pub async fn with_me(
    State(server): State<Server>,
    Caller(viewer): Caller,
    uri: Uri,
    Query(query): Query<WithMeQuery>,
) -> Answer<Page<TaskBody>> {
    let found = server.backend.task_list(&viewer, &query.into()).await?;
    Ok(page(&uri, found.next, found.tasks))
}

/// A task of the caller's own that others have.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SharedTask, example = json!({
    "id": 17,
    "title": "Plan the offsite",
    "status": "pending",
    "shares": [
        {
            "user_id": "0192b1c9-02d4-7e10-8f3b-5a7c9be1d202",
            "name": "Bob",
            "email": "bob@example.org",
            "permission": "view",
            "created_at": "2026-11-02T08:20:00Z"
        }
    ]
}))]
pub struct SharedTaskBody {
    id: i64,
    title: String,
    #[schema(schema_with = words::status)]
    status: Status,
    shares: Vec<ShareBody>,
}

impl From<SharedTask> for SharedTaskBody {
    fn from(SharedTask { id, title, status, shares }: SharedTask) -> Self {
        Self { id: id.0, title, status, shares: shares.into_iter().map(Into::into).collect() }
    }
}

/// Where a page starts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ByMeQuery {
    /// The `X-Next-Cursor` of the page before.
    #[param(value_type = Option<i64>)]
    cursor: Option<TaskId>,
}

/// A page of 25 of the caller's own tasks that others have, newest first, and who has them.
#[utoipa::path(
    get, path = "/api/tasks/shared-by-me", tag = "shares", operation_id = "share_by_me",
    params(ByMeQuery),
    responses(
        (status = 200, body = Vec<SharedTaskBody>, headers(
            ("Link" = String, description = "The next page, as `rel=\"next\"`; absent on the last one"),
            ("X-Next-Cursor" = String, description = "Its cursor; absent on the last one"),
        )),
        refusals::SignedIn
    )
)]
pub async fn by_me(
    State(server): State<Server>,
    Caller(viewer): Caller,
    uri: Uri,
    Query(ByMeQuery { cursor }): Query<ByMeQuery>,
) -> Answer<Page<SharedTaskBody>> {
    let found = server.backend.share_by_me(&viewer, cursor).await?;
    Ok(page(&uri, found.next, found.tasks))
}
