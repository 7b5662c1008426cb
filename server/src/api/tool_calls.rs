//! What agents did in the caller's name.

use super::{
    answers::{Answer, Page, page},
    extract::{Body, Caller, Query},
    refusals, words,
};
use crate::router::Server;
use axum::{Json, extract::State, http::Uri};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use taskwire_domain::{
    Error, ToolCallId,
    tool_call::{Change, ChangedTask, NotUndone, Outcome, ToolCall, ToolCallQuery, Undo, Undone},
};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A task that a call has changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChangedTask, example = json!({ "task_id": 17, "title": "Plan the offsite", "with": null, "change": "updated" }))]
pub struct ChangedBody {
    task_id: i64,
    /// As the call left it, or found it where it is gone; where a share alone was changed, as it is now, or null.
    title: Option<String>,
    /// The address of whom it is shared with, or is no longer; null where that was not changed.
    with: Option<String>,
    #[schema(schema_with = words::change)]
    change: Change,
}

/// A call of an agent's tool.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ToolCall, example = json!({
    "id": "01a22c1a-cd24-77c5-91a9-7246888edf98",
    "called_at": "2026-11-02T08:20:00Z",
    "client": "claude-code",
    "token": "Laptop",
    "tool": "update_task",
    "arguments": { "task": "17", "title": "Plan the offsite" },
    "outcome": "done",
    "detail": null,
    "duration_ms": 4.2,
    "changed": [{ "task_id": 17, "title": "Plan the offsite", "with": null, "change": "updated" }],
    "undone_at": null
}))]
pub struct ToolCallBody {
    id: Uuid,
    called_at: DateTime<Utc>,
    /// What the client calls itself.
    client: String,
    /// The name of the API token that it bore.
    token: Option<String>,
    tool: String,
    #[schema(value_type = serde_json::Value)]
    arguments: Box<RawValue>,
    #[schema(schema_with = words::outcome)]
    outcome: Outcome,
    /// Why it was refused.
    detail: Option<String>,
    duration_ms: f64,
    /// Each task once, in the order in which it was done.
    changed: Vec<ChangedBody>,
    undone_at: Option<DateTime<Utc>>,
}

impl From<ToolCall> for ToolCallBody {
    fn from(call: ToolCall) -> Self {
        let ToolCall { id, called_at, client, token, tool, arguments, outcome, .. } = call;
        let ToolCall { detail, duration_ms, changed, undone_at, .. } = call;
        let changed = changed.into_iter().map(|task| {
            let ChangedTask { id, title, with, change } = task;
            ChangedBody { task_id: id.0, title, with, change }
        });
        Self {
            id: id.0,
            called_at,
            client,
            token,
            tool,
            // The database has checked that it is JSON.
            arguments: RawValue::from_string(arguments).unwrap_or_default(),
            outcome,
            detail,
            duration_ms,
            changed: changed.collect(),
            undone_at,
        }
    }
}

/// Which calls, and from where.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct CallsQuery {
    /// Only those that changed something.
    #[serde(default)]
    changes: bool,
    /// The `X-Next-Cursor` of the page before.
    cursor: Option<Uuid>,
}

/// A page of 25 calls of tools that agents made in the caller's name, the last one first.
#[utoipa::path(
    get, path = "/api/tool-calls", tag = "agents", operation_id = "tool_call_list",
    params(CallsQuery),
    responses(
        (status = 200, body = Vec<ToolCallBody>, headers(
            ("Link" = String, description = "The next page, as `rel=\"next\"`; absent on the last one"),
            ("X-Next-Cursor" = String, description = "Its cursor; absent on the last one"),
        )),
        refusals::SignedIn
    )
)]
pub async fn list(
    State(server): State<Server>,
    Caller(viewer): Caller,
    uri: Uri,
    Query(CallsQuery { changes, cursor }): Query<CallsQuery>,
) -> Answer<Page<ToolCallBody>> {
    let query = ToolCallQuery { only_changes: changes, before: cursor.map(ToolCallId) };
    let found = server.backend.tool_call_list(&viewer, query).await?;
    Ok(page(&uri, found.next, found.calls))
}

/// What to undo: one call by its `id`, or what one `client` did from a time on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Undo, example = json!({ "client": "claude-code", "since": "2026-11-02T08:00:00Z" }))]
pub struct UndoBody {
    #[serde(default)]
    id: Option<Uuid>,
    /// What the client calls itself.
    #[serde(default)]
    client: Option<String>,
    #[serde(default)]
    since: Option<DateTime<Utc>>,
    /// Up to then, or up to now.
    #[serde(default)]
    until: Option<DateTime<Utc>>,
}

impl UndoBody {
    fn parse(self) -> Result<Undo, Error> {
        match self {
            Self { id: Some(id), client: None, since: None, until: None } => Ok(Undo::Call(ToolCallId(id))),
            Self { id: None, client: Some(client), since: Some(since), until } => {
                Ok(Undo::Client { client, since, until })
            }
            _ => Err(Error::invalid("id", "Name one call by its id, or a client and since when.")),
        }
    }
}

/// A call that was left as it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NotUndone, example = json!({
    "id": "01a22c1a-cd24-77c5-91a9-7246888edf98",
    "reason": "Somebody has changed task 17 since."
}))]
pub struct NotUndoneBody {
    id: Uuid,
    /// What stands against it.
    reason: String,
}

/// What came of undoing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Undone, example = json!({ "undone": ["01a22c1a-cd24-77c5-91a9-7246888edf98"], "kept": [] }))]
pub struct UndoneBody {
    /// The last call first.
    undone: Vec<Uuid>,
    /// Those that were left as they are.
    kept: Vec<NotUndoneBody>,
}

/// Undoes what calls did, the last one first: each wholly or, if somebody has changed the same since, not at all.
#[utoipa::path(
    post, path = "/api/tool-calls/undo", tag = "agents", operation_id = "tool_call_undo",
    request_body = UndoBody,
    responses((status = 200, body = UndoneBody), refusals::SignedIn, refusals::NotFound, refusals::Body)
)]
pub async fn undo(
    State(server): State<Server>,
    Caller(viewer): Caller,
    Body(undo): Body<UndoBody>,
) -> Answer<Json<UndoneBody>> {
    let Undone { undone, kept } = server.backend.tool_call_undo(&viewer, &undo.parse()?).await?;
    let kept = kept.into_iter().map(|NotUndone { id, reason }| NotUndoneBody { id: id.0, reason });
    Ok(Json(UndoneBody { undone: undone.into_iter().map(|id| id.0).collect(), kept: kept.collect() }))
}
