//! Everything that is kept about a person, for themselves: a page at a time, so that it may be of any length.
//!
//! What has a list of its own comes from there. The other statements ask for their columns by name; a password's or a
//! token's hash the application's role may not even read.

use crate::{Backend, Error, Result, Viewer, viewer::Need};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use sqlx::query_as;
use taskwire_domain::{
    TaskId,
    audit::AuditQuery,
    task::{PAGE_MAX, Sort, Source, TaskQuery},
};

/// Rows of a page that a statement here reads.
const ROWS: i64 = 500;

#[derive(Debug, Clone, Copy)]
enum Part {
    Sessions,
    ApiTokens,
    Teams,
    Tasks,
    DeletedTasks,
    SharedByMe,
    SharedWithMe,
    Conversations,
    ToolCalls,
    Activity,
}

/// What there is, in the order in which it comes, and what it is called.
const PARTS: [(Part, &str); 10] = [
    (Part::Sessions, "sessions"),
    (Part::ApiTokens, "api_tokens"),
    (Part::Teams, "teams"),
    (Part::Tasks, "tasks"),
    (Part::DeletedTasks, "deleted_tasks"),
    (Part::SharedByMe, "shared_by_me"),
    (Part::SharedWithMe, "shared_with_me"),
    (Part::Conversations, "conversations"),
    (Part::ToolCalls, "tool_calls"),
    (Part::Activity, "activity"),
];

/// Where a page begins: at a part or, if there is one, behind a row of it.
#[derive(Debug, Clone, Default)]
pub struct ExportPlace {
    part: usize,
    after: Option<String>,
}

/// A page of what is kept.
#[derive(Debug)]
pub struct ExportPage {
    /// What the rows are.
    pub part: &'static str,
    /// Each an object in JSON.
    pub rows: Vec<Box<RawValue>>,
    /// Where the next page begins; `None` behind the last one.
    pub next: Option<ExportPlace>,
    /// When it was read.
    pub now: DateTime<Utc>,
}

/// The rows of a page, and behind which one their part goes on.
type Rows = (Vec<Box<RawValue>>, Option<String>);

fn rows<T: Serialize>(items: &[T], rest: Option<impl ToString>) -> Result<Rows> {
    let objects = items.iter().map(|item| to_raw_value(item).map_err(|error| Error::Fault(error.to_string())));
    Ok((objects.collect::<Result<_>>()?, rest.map(|key| key.to_string())))
}

/// A row that the database has made JSON of.
struct Kept {
    key: String,
    json: String,
}

fn kept(found: Vec<Kept>) -> Result<Rows> {
    let is_full = i64::try_from(found.len()).is_ok_and(|rows| rows == ROWS);
    let rest = found.last().filter(|_| is_full).map(|row| row.key.clone());
    let objects = found.into_iter().map(|row| RawValue::from_string(row.json));
    let objects = objects.map(|object| object.map_err(|error| Error::Fault(error.to_string())));
    Ok((objects.collect::<Result<_>>()?, rest))
}

/// The viewer's rows (`$1`) behind one (`$2`), at most so many (`$3`).
macro_rules! kept {
    ($backend:expr, $viewer:expr, $after:expr, $statement:literal) => {{
        let mut scope = $backend.reading($viewer, Need::Session).await?;
        let user = scope.user();
        kept(query_as!(Kept, $statement, user, $after, ROWS).fetch_all(scope.connection()?).await?)?
    }};
}

impl Backend {
    /// The page at `place` of everything that is kept about the viewer besides their account.
    pub async fn account_export(&self, viewer: &Viewer, place: ExportPlace) -> Result<ExportPage> {
        self.permit(viewer, Need::Session).await?;
        let (now, ExportPlace { part: at, after }) = (self.clock.now(), place);
        let (part, name) = *PARTS.get(at).ok_or_else(|| Error::Fault("there is no such part".into()))?;
        let (rows, rest) = match part {
            // Also those that have ended.
            Part::Sessions => kept!(
                self,
                viewer,
                after,
                r#"/* export_sessions */ SELECT id::text AS "key!", row_to_json(kept)::text AS "json!" FROM (
                       SELECT id, created_at, last_seen_at, expires_at, ended_at, host(address) AS address, user_agent
                       FROM sessions
                       WHERE user_id = $1 AND id > coalesce($2::text, '00000000-0000-0000-0000-000000000000')::uuid
                       ORDER BY id LIMIT $3
                   ) kept"#
            ),
            // Also those that were revoked.
            Part::ApiTokens => kept!(
                self,
                viewer,
                after,
                r#"/* export_api_tokens */ SELECT id::text AS "key!", row_to_json(kept)::text AS "json!" FROM (
                       SELECT id, name, scopes, created_at, last_used_at, expires_at, revoked_at FROM api_tokens
                       WHERE user_id = $1 AND id > coalesce($2::text, '00000000-0000-0000-0000-000000000000')::uuid
                       ORDER BY id LIMIT $3
                   ) kept"#
            ),
            Part::Teams => rows(&self.team_list(viewer).await?, None::<&str>)?,
            Part::Tasks => self.tasks_from(viewer, Source::Own, after).await?,
            Part::DeletedTasks => kept!(
                self,
                viewer,
                after,
                r#"/* export_deleted_tasks */ SELECT id::text AS "key!", row_to_json(kept)::text AS "json!" FROM (
                       SELECT id, team_id, title, description, status, version, created_at, updated_at, completed_at,
                           deleted_at
                       FROM deleted_tasks WHERE user_id = $1 AND id > coalesce($2::text, '0')::bigint
                       ORDER BY id LIMIT $3
                   ) kept"#
            ),
            Part::SharedByMe => {
                let before = after.and_then(|id| id.parse().ok()).map(TaskId);
                let page = self.share_by_me(viewer, before).await?;
                rows(&page.tasks, page.next)?
            }
            Part::SharedWithMe => self.tasks_from(viewer, Source::Shared, after).await?,
            Part::Conversations => kept!(
                self,
                viewer,
                after,
                r#"/* export_conversations */ SELECT id::text AS "key!", row_to_json(kept)::text AS "json!" FROM (
                       SELECT id, title, created_at, updated_at, (
                           SELECT coalesce(json_agg(said ORDER BY said.id), '[]') FROM (
                               SELECT id, role, content, tool_calls, created_at FROM messages
                               WHERE conversation_id = conversations.id
                           ) said
                       ) AS messages
                       FROM conversations
                       WHERE user_id = $1 AND id > coalesce($2::text, '00000000-0000-0000-0000-000000000000')::uuid
                       ORDER BY id LIMIT $3
                   ) kept"#
            ),
            Part::ToolCalls => kept!(
                self,
                viewer,
                after,
                r#"/* export_tool_calls */ SELECT id::text AS "key!", row_to_json(kept)::text AS "json!" FROM (
                       SELECT id, client, token_id, tool, arguments, outcome, detail, called_at, duration_us, undone_at, (
                           SELECT coalesce(json_agg(done ORDER BY done.no), '[]') FROM (
                               SELECT no, task_id, share_email, before, after FROM tool_call_changes
                               WHERE call_id = tool_calls.id
                           ) done
                       ) AS changes
                       FROM tool_calls
                       WHERE user_id = $1 AND id > coalesce($2::text, '00000000-0000-0000-0000-000000000000')::uuid
                       ORDER BY id LIMIT $3
                   ) kept"#
            ),
            Part::Activity => {
                let query = AuditQuery { team: None, before: after.and_then(|id| id.parse().ok()) };
                let page = self.audit_list(viewer, query).await?;
                rows(&page.lines, page.next)?
            }
        };
        let next = match rest {
            Some(after) => Some(ExportPlace { part: at, after: Some(after) }),
            None => (at + 1 < PARTS.len()).then_some(ExportPlace { part: at + 1, after: None }),
        };
        Ok(ExportPage { part: name, rows, next, now })
    }

    /// First made first: what was made before never changes its place, so none is left out and none comes twice.
    async fn tasks_from(&self, viewer: &Viewer, source: Source, cursor: Option<String>) -> Result<Rows> {
        let query = TaskQuery { source, sort: Sort::Oldest, limit: Some(PAGE_MAX), cursor, ..TaskQuery::default() };
        let page = self.task_list(viewer, &query).await?;
        rows(&page.tasks, page.next)
    }
}
