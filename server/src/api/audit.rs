//! The audit log.

use super::{
    answers::{Answer, Page, page},
    extract::{Caller, Query},
    refusals,
};
use crate::router::Server;
use axum::{extract::State, http::Uri};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use taskwire_domain::{
    TeamId,
    audit::{AuditLine, AuditQuery},
};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditLine, example = json!({
    "id": 4711,
    "at": "2026-11-02T08:20:00Z",
    "by_viewer": true,
    "actor": "Ada Lovelace",
    "action": "team.member_add",
    "target": "Bob",
    "team": "Crew",
    "address": "192.0.2.7",
    "user_agent": "curl/8.14.1"
}))]
pub struct LineBody {
    /// Counts up, with gaps.
    id: i64,
    at: DateTime<Utc>,
    /// Whether the caller did it.
    by_viewer: bool,
    /// Who did it, as far as the caller knows them.
    actor: Option<String>,
    /// Resource and verb; a refused attempt ends in `.denied`.
    action: String,
    /// What it happened to, in words that people have written.
    target: Option<String>,
    /// The team it belongs to, if the caller is in it.
    team: Option<String>,
    /// The address it came from.
    address: Option<String>,
    /// What the client called itself.
    user_agent: Option<String>,
}

impl From<AuditLine> for LineBody {
    fn from(line: AuditLine) -> Self {
        let AuditLine { id, at, by_viewer, actor, action, target, team, address, user_agent } = line;
        Self { id, at, by_viewer, actor, action, target, team, address, user_agent }
    }
}

/// Which log, and from where.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct LinesQuery {
    /// The log of a team that the caller runs; without it the caller's own.
    team_id: Option<Uuid>,
    /// The `X-Next-Cursor` of the page before.
    cursor: Option<i64>,
}

/// A page of 50 lines of the audit log, newest first.
#[utoipa::path(
    get, path = "/api/audit", tag = "audit", operation_id = "audit_list",
    params(LinesQuery),
    responses(
        (status = 200, body = Vec<LineBody>, headers(
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
    Query(LinesQuery { team_id, cursor }): Query<LinesQuery>,
) -> Answer<Page<LineBody>> {
    let query = AuditQuery { team: team_id.map(TeamId), before: cursor };
    let found = server.backend.audit_list(&viewer, query).await?;
    Ok(page(&uri, found.next, found.lines))
}
