//! Undoing calls: the last one first, each wholly or, where something stands against it, not at all.
//!
//! What there is now is read once and everything is thought through on that; then what is to be different is written. So
//! the number of round trips grows with what was deleted and with the shares, not with the calls or with the tasks.

use super::{CLIENT_MAX, kept};
use crate::{Backend, Error, Result, Viewer, audit::Line, scope::Scope, task::numbers, viewer::Need};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use sqlx::{query, types::Json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use taskwire_domain::{
    Error as Refusal, TaskId, ToolCallId,
    account::{Email, Whom},
    rights::TaskAction,
    share::{NewShare, Permission, Share},
    task::{Status, Task},
    tool_call::{NotUndone, UNDO_MAX, Undo, Undone},
};
use uuid::Uuid;

/// The tool that undoes, which is not undone itself.
pub const UNDO_TOOL: &str = "undo_action";

/// What of a task a call can change.
#[derive(Debug, Clone, Deserialize)]
struct State {
    title: String,
    description: String,
    status: Status,
    completed_at: Option<DateTime<Utc>>,
}

impl State {
    /// Whether nobody has changed one to be the other.
    fn is_like(&self, other: &Self) -> bool {
        (&self.title, &self.description, self.status) == (&other.title, &other.description, other.status)
    }
}

impl From<&Task> for State {
    fn from(task: &Task) -> Self {
        let Task { title, description, status, completed_at, .. } = task;
        Self { title: title.clone(), description: description.clone(), status: *status, completed_at: *completed_at }
    }
}

/// What a call did to one thing.
#[derive(Debug)]
enum Change {
    Task { id: TaskId, before: Option<State>, after: Option<State> },
    Share { id: TaskId, email: String, before: Option<Permission>, after: Option<Permission> },
}

impl Change {
    fn task(&self) -> TaskId {
        match self {
            Self::Task { id, .. } | Self::Share { id, .. } => *id,
        }
    }

    /// Whether the task itself came or went with it, and its shares with that.
    fn makes_or_ends(&self) -> bool {
        matches!(self, Self::Task { before: None, .. } | Self::Task { after: None, .. })
    }
}

/// A call that may be undone.
struct Candidate {
    id: ToolCallId,
    tool: String,
    changed: bool,
    is_undone: bool,
}

impl Candidate {
    /// What stands against it, whatever there is now.
    fn obstacle(&self) -> Option<&'static str> {
        match self {
            Self { is_undone: true, .. } => Some("It has been undone already."),
            Self { changed: false, .. } => Some("It changed nothing."),
            Self { tool, .. } if tool == UNDO_TOOL => Some("Undoing is not undone: do again what is wanted."),
            _ => None,
        }
    }
}

/// Tasks and shares: as they are, and as they are to be.
#[derive(Debug, Clone)]
struct World {
    tasks: BTreeMap<TaskId, Thing>,
    shares: BTreeMap<(TaskId, String), (Option<Share>, Option<Permission>)>,
}

#[derive(Debug, Clone)]
struct Thing {
    /// As the viewer sees it now, unless it is gone.
    seen: Option<Task>,
    /// Whether it can be brought back.
    is_kept: bool,
    /// As it is to be; `None` for gone.
    wanted: Option<State>,
}

impl World {
    /// What stands against undoing this change.
    fn obstacle(&self, change: &Change) -> Option<String> {
        let id = change.task();
        let thing = self.tasks.get(&id)?;
        let lacks = |action| thing.seen.as_ref().is_some_and(|task| !task.may(action));
        match change {
            Change::Task { after: None, .. } => match thing {
                Thing { wanted: Some(_), .. } => Some(format!("Task {id} was brought back since.")),
                Thing { is_kept: false, .. } => Some(format!("Task {id} cannot be brought back any more.")),
                _ => None,
            },
            Change::Task { before, after: Some(after), .. } => match &thing.wanted {
                None => Some(format!("Task {id} is gone.")),
                Some(now) if !now.is_like(after) => Some(format!("Somebody has changed task {id} since.")),
                Some(_) if before.is_some() && lacks(TaskAction::Edit) => {
                    Some(format!("Task {id} is no longer yours to change."))
                }
                Some(_) if before.is_none() && lacks(TaskAction::Delete) => {
                    Some(format!("Task {id} is no longer yours to delete."))
                }
                Some(_) => None,
            },
            Change::Share { email, after, .. } => {
                let now = self.shares.get(&(id, email.clone())).and_then(|(_, wanted)| *wanted);
                match thing.wanted {
                    None => Some(format!("Task {id} is gone.")),
                    Some(_) if lacks(TaskAction::Share) => Some(format!("Task {id} is no longer yours to share.")),
                    Some(_) if now != *after => {
                        Some(format!("Somebody has changed since what {email} may do with task {id}."))
                    }
                    Some(_) => None,
                }
            }
        }
    }

    fn undo(&mut self, change: &Change) {
        match change {
            Change::Task { id, before, .. } => {
                if let Some(thing) = self.tasks.get_mut(id) {
                    thing.wanted.clone_from(before);
                }
            }
            Change::Share { id, email, before, .. } => {
                if let Some((_, wanted)) = self.shares.get_mut(&(*id, email.clone())) {
                    *wanted = *before;
                }
            }
        }
    }

    /// The world in which all that a call did is undone, or what stands against it.
    fn without(&self, changes: &[Change]) -> Result<Self, String> {
        let moved: BTreeSet<_> = changes.iter().filter(|it| it.makes_or_ends()).map(Change::task).collect();
        let mut world = self.clone();
        for change in changes.iter().rev() {
            if matches!(change, Change::Share { id, .. } if moved.contains(id)) {
                continue;
            }
            match world.obstacle(change) {
                Some(reason) => return Err(reason),
                None => world.undo(change),
            }
        }
        Ok(world)
    }
}

impl Backend {
    /// Undoes what calls did that were made in the viewer's name, the last one first. A call is undone wholly or, where
    /// somebody has changed since what it did, not at all.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a call that is not the viewer's, [`Refusal::Invalid`] about `since` for more than
    /// [`UNDO_MAX`] calls at once, and [`Refusal::Conflict`] where a share cannot be given back.
    pub async fn tool_call_undo(&self, viewer: &Viewer, undo: &Undo) -> Result<Undone> {
        let Undo::Call(id) = undo else { return self.undo_calls(viewer, undo).await };
        self.attempt(viewer, "tool_call.undo", *id, self.undo_calls(viewer, undo)).await
    }

    async fn undo_calls(&self, viewer: &Viewer, undo: &Undo) -> Result<Undone> {
        let mut scope = self.scope(viewer, Need::TASKS_WRITE).await?;
        let calls = scope.candidates(undo).await?;
        let ids: Vec<_> = calls.iter().map(|call| call.id.0).collect();
        let mut changes = scope.changes_of(&ids).await?;
        let mut world = scope.world(changes.values().flatten()).await?;
        let mut outcome = Undone::default();
        for call in &calls {
            let undone = match call.obstacle() {
                Some(reason) => Err(reason.to_owned()),
                None => world.without(&changes.remove(&call.id.0).unwrap_or_default()),
            };
            match undone {
                Ok(without) => {
                    world = without;
                    outcome.undone.push(call.id);
                }
                Err(reason) => outcome.refused.push(NotUndone { id: call.id, reason }),
            }
        }
        if outcome.undone.is_empty() {
            return Ok(outcome);
        }
        scope.bring_about(world).await?;
        scope.note_undone(&calls, &outcome.undone).await?;
        scope.commit().await?;
        Ok(outcome)
    }
}

impl Scope {
    /// The calls that are asked about, the last one first; others who undo them wait.
    async fn candidates(&mut self, undo: &Undo) -> Result<Vec<Candidate>> {
        let user = self.user();
        let (id, client, since, until) = match undo {
            Undo::Call(id) => (Some(id.0), None, None, None),
            // Nothing is older, and Postgres knows no time before 4714 BC.
            Undo::Client { client, since, until } => {
                let since = (*since).max(DateTime::UNIX_EPOCH);
                (None, Some(kept(client, CLIENT_MAX)), Some(since), until.map(|until| until.max(since)))
            }
        };
        let most = i64::try_from(UNDO_MAX).unwrap_or(i64::MAX);
        let rows = query!(
            r#"/* tool_call_lock */ SELECT id, tool, changed, undone_at IS NOT NULL AS "is_undone!" FROM tool_calls
             WHERE user_id = $1 AND (
                 id = $2
                 OR client = $3 AND changed AND undone_at IS NULL AND tool <> $7 AND called_at >= $4
                    AND ($5::timestamptz IS NULL OR called_at < $5)
             )
             ORDER BY id DESC LIMIT $6 FOR UPDATE"#,
            user,
            id,
            client,
            since,
            until,
            most + 1,
            UNDO_TOOL
        )
        .fetch_all(self.connection()?)
        .await?;
        if rows.is_empty() && id.is_some() {
            return Err(Refusal::NotFound.into());
        }
        if rows.len() > UNDO_MAX {
            let text = format!("These are more than {UNDO_MAX} calls. Name a shorter time.");
            return Err(Refusal::invalid("since", text).into());
        }
        let candidates = rows.into_iter().map(|row| Candidate {
            id: ToolCallId(row.id),
            tool: row.tool,
            changed: row.changed,
            is_undone: row.is_undone,
        });
        Ok(candidates.collect())
    }

    /// What these calls did, in the order in which they did it.
    async fn changes_of(&mut self, calls: &[Uuid]) -> Result<HashMap<Uuid, Vec<Change>>> {
        let rows = query!(
            r#"/* tool_call_changes */ SELECT call_id, task_id, share_email,
                   before AS "before: Json<serde_json::Value>", after AS "after: Json<serde_json::Value>"
               FROM tool_call_changes WHERE call_id = ANY ($1) ORDER BY call_id, no"#,
            calls
        )
        .fetch_all(self.connection()?)
        .await?;
        let mut changes = HashMap::<Uuid, Vec<Change>>::new();
        for row in rows {
            let (id, before, after) = (TaskId(row.task_id), row.before, row.after);
            let change = match row.share_email {
                None => Change::Task { id, before: read(before)?, after: read(after)? },
                Some(email) => Change::Share { id, email, before: read(before)?, after: read(after)? },
            };
            changes.entry(row.call_id).or_default().push(change);
        }
        Ok(changes)
    }

    /// What these changes are about, as it is now. It stays so until the scope ends.
    async fn world(&mut self, changes: impl Iterator<Item = &Change> + Clone) -> Result<World> {
        let ids: Vec<_> = changes.clone().map(Change::task).collect::<BTreeSet<_>>().into_iter().collect();
        let shared = changes.filter_map(|change| match change {
            Change::Share { id, email, .. } => Some((*id, email.clone())),
            Change::Task { .. } => None,
        });
        let shared: BTreeSet<_> = shared.collect();
        let emails: Vec<_> = shared.iter().map(|(_, email)| email.clone()).collect();
        // In the order in which everybody locks: addresses, also those of invitations that come back, teams, tasks.
        query!(
            "/* undo_hold_accounts */ SELECT account_by_email(email) FROM (
                 SELECT unnest($1::text[]) AS email
                 UNION SELECT email FROM deleted_share_invitations WHERE task_id = ANY ($2)
                 ORDER BY email
             ) concerned",
            &emails,
            &numbers(&ids)
        )
        .fetch_all(self.connection()?)
        .await?;
        self.lock_tasks(&ids).await?;
        let mut seen = self.tasks(&ids).await?;
        let kept: BTreeSet<_> = self.deleted_tasks(&ids).await?.into_iter().map(|gone| gone.id).collect();
        let thing = |id: TaskId| {
            let seen = seen.remove(&id);
            let wanted = seen.as_ref().map(State::from);
            (id, Thing { seen, is_kept: kept.contains(&id), wanted })
        };
        let tasks = ids.iter().copied().map(thing).collect();
        let mut shares = BTreeMap::new();
        if !shared.is_empty() {
            let now = self.shares(&numbers(&ids)).await?;
            for (id, email) in shared {
                let share = now.get(&id).and_then(|shares| shares.iter().find(|share| share.email == email)).cloned();
                let permission = share.as_ref().map(|share| share.permission);
                shares.insert((id, email), (share, permission));
            }
        }
        Ok(World { tasks, shares })
    }

    /// Makes everything as it is to be.
    async fn bring_about(&mut self, World { tasks, shares }: World) -> Result<()> {
        let mut changed = Vec::new();
        let mut gone = Vec::new();
        for (id, Thing { seen, wanted, .. }) in tasks {
            match (seen, wanted) {
                (Some(_), None) => gone.push(id),
                (Some(task), Some(wanted)) if !wanted.is_like(&State::from(&task)) => changed.push((id, wanted)),
                (None, Some(wanted)) => {
                    let back = self.bring_back(id).await?.ok_or(Refusal::Stale)?;
                    if !wanted.is_like(&State::from(&back)) {
                        changed.push((id, wanted));
                    }
                }
                _ => {}
            }
        }
        self.set_states(&changed).await?;
        if !gone.is_empty() && self.move_to_deleted(&gone, None).await?.len() != gone.len() {
            return Err(Refusal::Stale.into());
        }
        for ((id, email), (share, wanted)) in shares {
            match (share, wanted) {
                (Some(Share { user_id: Some(user), .. }), None) => self.revoke_share(id, user).await?,
                (Some(_), None) => self.uninvite(id, &Email::parse(&email).map_err(Refusal::from)?).await?,
                (share, Some(permission)) if share.as_ref().is_none_or(|share| share.permission != permission) => {
                    let whom = Whom::Email(Email::parse(&email).map_err(Refusal::from)?);
                    self.give_share(id, NewShare { whom, permission }).await?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    async fn set_states(&mut self, wanted: &[(TaskId, State)]) -> Result<()> {
        if wanted.is_empty() {
            return Ok(());
        }
        let now = self.now;
        let ids: Vec<_> = wanted.iter().map(|(id, _)| id.0).collect();
        let titles: Vec<_> = wanted.iter().map(|(_, state)| state.title.clone()).collect();
        let descriptions: Vec<_> = wanted.iter().map(|(_, state)| state.description.clone()).collect();
        let statuses: Vec<_> = wanted.iter().map(|(_, state)| state.status.to_string()).collect();
        let completed: Vec<_> = wanted.iter().map(|(_, state)| state.completed_at).collect();
        let set = query!(
            "/* undo_update */ UPDATE tasks task SET
                 title = wanted.title, description = wanted.description, status = wanted.status,
                 completed_at = wanted.completed_at, updated_at = greatest(updated_at, $6)
             FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
                 AS wanted (id, title, description, status, completed_at)
             WHERE task.id = wanted.id",
            &ids,
            &titles,
            &descriptions,
            &statuses,
            &completed as &[Option<DateTime<Utc>>],
            now
        )
        .execute(self.connection()?)
        .await?;
        match usize::try_from(set.rows_affected()) {
            Ok(rows) if rows == wanted.len() => Ok(()),
            // A right was taken away between the look and the write.
            _ => Err(Refusal::Stale.into()),
        }
    }

    async fn note_undone(&mut self, calls: &[Candidate], undone: &[ToolCallId]) -> Result<()> {
        let (user, now) = (self.user(), self.now);
        let ids: Vec<_> = undone.iter().map(|id| id.0).collect();
        query!(
            "/* tool_call_undone */ UPDATE tool_calls SET undone_at = $3 WHERE user_id = $1 AND id = ANY ($2)",
            user,
            &ids,
            now
        )
        .execute(self.connection()?)
        .await?;
        let tools = calls.iter().filter(|call| undone.contains(&call.id)).map(|call| call.tool.as_str());
        let tools = tools.collect::<Vec<_>>().join(", ");
        self.audit(Line::new("tool_call.undo").target(tools)).await
    }
}

/// What a trigger has recorded.
fn read<T: serde::de::DeserializeOwned>(recorded: Option<Json<serde_json::Value>>) -> Result<Option<T>> {
    let read = recorded.map(|Json(value)| serde_json::from_value(value));
    read.transpose().map_err(|error| Error::Fault(format!("what a call has changed cannot be read: {error}")))
}
