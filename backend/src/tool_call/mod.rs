//! Calls of tools (requirements G2, G5): recording them, reading them, and in [`undo`] taking back what they did.
//!
//! A viewer who bears a [`Call`] leaves its id in each transaction that they open. Triggers record there what the
//! statements change, and the commit writes the call itself, so that there is no change without its call. A call that
//! changes nothing is written when it ends.

mod plan;
mod undo;

use crate::{Backend, Result, Viewer, scope::Scope, viewer::Need};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgConnection, query, query_scalar};
use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};
use taskwire_domain::{
    TaskId, ToolCallId,
    tool_call::{
        CALLS_KEPT_DAYS, CALLS_ON_PAGE, CHANGED_MAX, Change, ChangedTask, Outcome, ToolCall, ToolCallPage,
        ToolCallQuery,
    },
};
use uuid::Uuid;

/// Characters of a client's name at most: the column's own limit.
const CLIENT_MAX: usize = 100;
/// Characters of a reason at most: the column's own limit.
const DETAIL_MAX: usize = 500;
/// Bytes of arguments at most that are kept.
const ARGUMENTS_MAX: usize = 8 * 1024;
/// Calls that are forgotten at once.
const FORGOTTEN_AT_ONCE: i64 = 1000;

/// A call as it is read.
struct CallRow {
    id: Uuid,
    called_at: DateTime<Utc>,
    client: String,
    token: Option<String>,
    tool: String,
    arguments: String,
    outcome: String,
    detail: Option<String>,
    duration_us: i64,
    undone_at: Option<DateTime<Utc>>,
}

/// Reads calls of the user `$1`. `$name` is the statement's, `$which` what else holds of the calls.
macro_rules! calls {
    ($name:literal, [$($which:literal)+], $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            crate::tool_call::CallRow,
            $name
                + r#" SELECT call.id, call.called_at, call.client, token.name AS "token?", call.tool,
                      call.arguments::text AS "arguments!", call.outcome, call.detail, call.duration_us, call.undone_at
                  FROM tool_calls call LEFT JOIN api_tokens token ON token.id = call.token_id
                  WHERE call.user_id = $1 "#
                $(+ $which)+,
            $($argument),+
        )
    };
}

use calls;

/// A call that is being made.
#[derive(Debug)]
pub struct Call {
    id: ToolCallId,
    tool: String,
    client: String,
    arguments: String,
    called_at: DateTime<Utc>,
    began: Instant,
    is_written: AtomicBool,
}

impl Call {
    /// Its id, by which it can be undone.
    pub fn id(&self) -> ToolCallId {
        self.id
    }

    /// What the client calls itself.
    pub fn client(&self) -> &str {
        &self.client
    }

    /// How long it has taken so far.
    pub fn duration(&self) -> std::time::Duration {
        self.began.elapsed()
    }
}

fn kept(text: &str, most: usize) -> String {
    text.chars().filter(|c| *c != '\0').take(most).collect()
}

impl Backend {
    /// The viewer as whom a call is made, with all that follows from it. `arguments` is an object in JSON.
    pub fn call(&self, viewer: Viewer, client: &str, tool: &str, arguments: String) -> Viewer {
        let arguments = match arguments.len() {
            0..=ARGUMENTS_MAX => arguments,
            bytes => format!(r#"{{"too_long_to_keep":{bytes}}}"#),
        };
        let call = Call {
            id: ToolCallId(self.clock.id()),
            tool: tool.to_owned(),
            client: kept(client, CLIENT_MAX),
            arguments,
            called_at: self.clock.now(),
            began: Instant::now(),
            is_written: AtomicBool::new(false),
        };
        Viewer { call: Some(call.into()), ..viewer }
    }

    /// One page of the calls made in the viewer's name, the last one first.
    pub async fn tool_call_list(&self, viewer: &Viewer, asked: ToolCallQuery) -> Result<ToolCallPage> {
        let mut scope = self.reading(viewer, Need::TASKS_READ).await?;
        let user = scope.user();
        // One more than the page shows whether there is a next one.
        let mut rows = calls!(
            "/* tool_call_list */",
            ["AND ($2::uuid IS NULL OR call.id < $2) AND (call.changed OR NOT $3) ORDER BY call.id DESC LIMIT $4"],
            user,
            asked.before.map(|call| call.0),
            asked.only_changes,
            CALLS_ON_PAGE + 1
        )
        .fetch_all(scope.connection()?)
        .await?;
        let page = usize::try_from(CALLS_ON_PAGE).unwrap_or(usize::MAX);
        let more = rows.len() > page;
        rows.truncate(page);
        let calls = scope.calls(rows).await?;
        let next = calls.last().filter(|_| more).map(|call| call.id);
        Ok(ToolCallPage { calls, next })
    }

    /// Forgets calls that are older than [`CALLS_KEPT_DAYS`]. The system's own work: it has no viewer, and reads nothing
    /// out.
    pub async fn tool_calls_forget(&self) -> Result<()> {
        let before = self.clock.now() - TimeDelta::days(CALLS_KEPT_DAYS);
        loop {
            let gone = query_scalar!(
                r#"/* tool_calls_forget */ SELECT tool_calls_forget($1, $2) AS "gone!""#,
                before,
                FORGOTTEN_AT_ONCE
            )
            .fetch_one(&self.pool)
            .await?;
            if gone < FORGOTTEN_AT_ONCE {
                return Ok(());
            }
        }
    }
}

impl Viewer {
    /// Writes what the call came to that is made as this viewer, unless it was written with what it changed.
    pub async fn end_call(&self, backend: &Backend, outcome: Outcome, detail: Option<&str>) -> Result<()> {
        let Some(call) = self.call.as_ref().filter(|call| !call.is_written.load(Ordering::Relaxed)) else {
            return Ok(());
        };
        let start = Instant::now();
        let mut connection = backend.connection(self).await?;
        let written = call.write(self, &mut connection, outcome, detail).await;
        self.client.db_time.add_since(start);
        written
    }

    /// Notes that the call is written.
    pub(crate) fn call_is_written(&self) {
        if let Some(call) = &self.call {
            call.is_written.store(true, Ordering::Relaxed);
        }
    }
}

impl Call {
    async fn write(
        &self,
        viewer: &Viewer,
        connection: &mut PgConnection,
        outcome: Outcome,
        detail: Option<&str>,
    ) -> Result<()> {
        query!(
            "/* tool_call_note */ SELECT tool_call_note($1, $2, $3, $4, $5, $6::text::json, $7, $8, $9, $10)",
            viewer.user_id.0,
            viewer.credential.id(),
            self.id.0,
            self.client,
            self.tool,
            self.arguments,
            outcome.as_str(),
            detail.map(|detail| kept(detail, DETAIL_MAX)),
            self.called_at,
            i64::try_from(self.duration().as_micros()).unwrap_or(i64::MAX)
        )
        .execute(connection)
        .await?;
        Ok(())
    }
}

impl Scope {
    /// Writes the call that the viewer makes, together with what it has changed.
    pub(crate) async fn write_call(&mut self) -> Result<()> {
        let Some(call) = self.viewer.call.clone() else { return Ok(()) };
        let viewer = self.viewer.clone();
        call.write(&viewer, self.connection()?, Outcome::Done, None).await
    }

    /// These calls, with what they changed.
    async fn calls(&mut self, rows: Vec<CallRow>) -> Result<Vec<ToolCall>> {
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        let mut changed = self.changed_by(&ids).await?;
        let calls = rows.into_iter().map(|row| ToolCall {
            id: ToolCallId(row.id),
            called_at: row.called_at,
            client: row.client,
            token: row.token,
            tool: row.tool,
            arguments: row.arguments,
            // The column's check allows no fifth word.
            outcome: row.outcome.parse().unwrap_or(Outcome::Failed),
            detail: row.detail,
            duration_ms: row.duration_us as f64 / 1000.0,
            changed: changed.remove(&row.id).unwrap_or_default(),
            undone_at: row.undone_at,
        });
        Ok(calls.collect())
    }

    /// What each of these calls has changed: each task once, in the order in which it was done, and no more than
    /// [`CHANGED_MAX`].
    async fn changed_by(&mut self, calls: &[Uuid]) -> Result<HashMap<Uuid, Vec<ChangedTask>>> {
        // What is shared with a task that was brought back belongs to that.
        let rows = query!(
            r#"/* tool_call_change_list */ SELECT done.call_id AS "call_id!", done.task_id AS "task_id!", done.before,
                   done.after, done.share_email, task.title AS "title?"
               FROM unnest($1::uuid[]) AS of (call)
               CROSS JOIN LATERAL (
                   SELECT each.* FROM (
                       SELECT DISTINCT ON (task_id) no, call_id, task_id, before->>'title' AS before,
                           after->>'title' AS after, share_email
                       FROM tool_call_changes WHERE call_id = of.call ORDER BY task_id, no
                   ) each ORDER BY no LIMIT $2
               ) done
               LEFT JOIN tasks task ON task.id = done.task_id AND done.share_email IS NOT NULL
               ORDER BY done.call_id, done.no"#,
            calls,
            CHANGED_MAX
        )
        .fetch_all(self.connection()?)
        .await?;
        let mut changed = HashMap::<Uuid, Vec<ChangedTask>>::new();
        for row in rows {
            let id = TaskId(row.task_id);
            let change = match (&row.share_email, &row.before, &row.after) {
                (Some(_), ..) => Change::Shared,
                (None, None, _) => Change::Created,
                (None, _, None) => Change::Deleted,
                _ => Change::Updated,
            };
            let task = ChangedTask { id, title: row.after.or(row.before).or(row.title), with: row.share_email, change };
            changed.entry(row.call_id).or_default().push(task);
        }
        Ok(changed)
    }
}
