//! The log: which lines an attempt may leave, in whose log, and who reads what of them.

use super::{
    attempts::Attempt,
    doors::Outcome,
    truth::{Reading, Truth, markers},
};
use serde::Deserialize;
use serde_json::Value;
use sqlx::{
    AssertSqlSafe, PgConnection,
    types::chrono::{DateTime, Utc},
};
use taskwire_domain::{
    TeamId, UserId,
    audit::{AuditLine, AuditPage, LINES_ON_PAGE},
    task::Source,
};

#[derive(Debug, Deserialize)]
pub struct LineRow {
    pub id: i64,
    at: DateTime<Utc>,
    actor_id: Option<UserId>,
    account_id: Option<UserId>,
    team_id: Option<TeamId>,
    action: String,
    target: Option<String>,
    address: Option<String>,
    user_agent: Option<String>,
}

fn rows(lines: Value) -> Vec<LineRow> {
    serde_json::from_value(lines).unwrap()
}

/// The digest of everything as it is now, and the lines written since this one.
pub async fn since(database: &mut PgConnection, reading: &Reading, id: i64) -> (String, Vec<LineRow>) {
    let lines = "(SELECT coalesce(jsonb_agg(to_jsonb(line) ORDER BY id), '[]') FROM audit_log line WHERE id > $1)";
    let sql = AssertSqlSafe(format!("SELECT {}, {lines}", reading.digest));
    let (digest, lines) = sqlx::query_as(sql).bind(id).fetch_one(database).await.unwrap();
    (digest, rows(lines))
}

/// The page that the viewer must be shown of their log, or of a team's.
pub async fn page(
    database: &mut PgConnection,
    truth: &Truth,
    me: UserId,
    team: Option<TeamId>,
    before: Option<i64>,
) -> AuditPage {
    let lines = sqlx::query_scalar(
        "SELECT coalesce(jsonb_agg(to_jsonb(line) ORDER BY id DESC), '[]') FROM (
             SELECT * FROM audit_log
             WHERE CASE
                     WHEN $2 IS NULL THEN account_id = $1
                     -- What was written into the log of another whom it concerns is theirs alone.
                     ELSE team_id = $2 AND (account_id IS NULL OR account_id = actor_id)
                 END
                 AND id < coalesce($3, id + 1)
             ORDER BY id DESC LIMIT $4
         ) line",
    )
    .bind(me.0)
    .bind(team.map(|team| team.0))
    .bind(before)
    .bind(LINES_ON_PAGE + 1)
    .fetch_one(database)
    .await
    .unwrap();
    let mut lines = rows(lines);
    let more = lines.len() as i64 > LINES_ON_PAGE;
    lines.truncate(LINES_ON_PAGE as usize);
    let next = lines.last().filter(|_| more).map(|line| line.id);
    let shown = lines.into_iter().map(|line| {
        let actor = line.actor_id.filter(|actor| truth.knows(me, *actor)).and_then(|actor| truth.user(actor));
        let team = line.team_id.filter(|team| truth.role(*team, me).is_some()).and_then(|team| truth.team(team));
        AuditLine {
            id: line.id,
            at: line.at,
            by_viewer: line.actor_id == Some(me),
            actor: actor.map(|user| user.name.clone()),
            action: line.action,
            target: line.target,
            team: team.map(|team| team.name.clone()),
            address: line.address,
            user_agent: line.user_agent,
        }
    });
    AuditPage { lines: shown.collect(), next }
}

impl Attempt {
    /// How the log calls it.
    pub fn logged(&self) -> String {
        let operation = self.operation();
        match operation.strip_prefix("tool_call_") {
            Some(action) => format!("tool_call.{action}"),
            None => operation.replacen('_', ".", 1),
        }
    }

    /// How the log calls what it is tried on, and the team that this belongs to, if that exists.
    fn target(&self, truth: &Truth) -> Option<(String, Option<TeamId>)> {
        let team = |id: &TeamId| Some((format!("team:{id}"), truth.team(*id).map(|team| team.id)));
        let team_of = |id| truth.task(id).or_else(|| truth.deleted(id)).and_then(|task| task.team_id);
        match self {
            Self::SessionEnd { id } => Some((format!("session:{id}"), None)),
            Self::TokenRevoke { id } => Some((format!("token:{id}"), None)),
            Self::ToolCallUndo { id } => Some((format!("tool_call:{id}"), None)),
            Self::Performance => Some((String::new(), None)),
            Self::TaskGet { id }
            | Self::TaskUpdate { id, .. }
            | Self::TaskStatus { id, .. }
            | Self::TaskDelete { id }
            | Self::TaskRestore { id }
            | Self::ShareList { id }
            | Self::ShareGive { id, .. }
            | Self::ShareChange { id, .. }
            | Self::ShareRevoke { id, .. }
            | Self::ShareDecline { id }
            | Self::ShareUninvite { id, .. } => Some((format!("task:{id}"), team_of(*id))),
            Self::AuditList { team: Some(id), .. }
            | Self::TaskList { source: Source::Team(id) }
            | Self::TaskCreate { team: Some(id), .. }
            | Self::TeamGet { id, .. }
            | Self::TeamUpdate { id, .. }
            | Self::TeamDelete { id }
            | Self::TeamLeave { id }
            | Self::TeamTransfer { id, .. }
            | Self::MemberAdd { id, .. }
            | Self::MemberChange { id, .. }
            | Self::MemberRemove { id, .. }
            | Self::TeamUninvite { id, .. } => team(id),
            _ => None,
        }
    }

    /// What is wrong with the lines that it left; `operation` is what was asked, as the log calls it.
    pub fn faults_of_lines(
        &self,
        operation: &str,
        outcome: Outcome,
        me: UserId,
        (before, after): (&Truth, &Truth),
        lines: &[LineRow],
    ) -> Vec<String> {
        let mut faults = Vec::new();
        let denied = matches!(outcome, Outcome::NotFound | Outcome::Forbidden);
        if outcome != Outcome::Done || self.reads() {
            // The same for a thing that exists and one that does not, but for its id.
            let mut wanted = Vec::new();
            if let Some((target, team)) = self.target(before).filter(|_| denied) {
                let action = format!("{operation}.denied");
                wanted.push((Some(me), None, action.clone(), Some(target.clone())));
                wanted.extend(team.map(|team| (None, Some(team), action, Some(target))));
            }
            let found: Vec<_> =
                lines.iter().map(|row| (row.account_id, row.team_id, row.action.clone(), row.target.clone())).collect();
            if found != wanted {
                faults.push(format!("the log got {found:?} instead of {wanted:?}"));
            }
        }
        let known = |user: UserId| &before.known(user) | &after.known(user);
        for line in lines {
            let texts = markers(line.target.as_deref().unwrap_or_default());
            let readers =
                [line.account_id, line.team_id.and_then(|team| before.owner(team).or_else(|| after.owner(team)))];
            let concerned = line.account_id.is_none_or(|user| user == me || self.concerns(before).contains(&user));
            let whence = line.address.is_some() || line.user_agent.is_some();
            if line.actor_id != Some(me) || !concerned {
                faults.push(format!("a line is in the log of somebody whom it does not concern: {line:?}"));
            }
            if line.account_id.is_some_and(|user| user != me) && whence {
                faults.push(format!("a line tells another person where it came from: {line:?}"));
            }
            for reader in readers.into_iter().flatten() {
                if !texts.is_subset(&known(reader)) {
                    faults.push(format!("a line tells {reader} what they may not know: {line:?}"));
                }
            }
        }
        faults
    }
}
