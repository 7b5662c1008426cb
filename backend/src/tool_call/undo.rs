//! Undoing calls: the last one first, each wholly or, where something stands against it, not at all.
//!
//! What there is now is read once and everything is thought through on that ([`plan`]); then what is to be different is
//! written. So the number of round trips grows with what was deleted and with the shares, not with the calls or with the
//! tasks.

use super::{
    CLIENT_MAX, CallRow, calls, kept,
    plan::{Candidate, Change, Deleted, Grant, State, Thing, World},
};
use crate::{Backend, Error, Result, Viewer, audit::Line, scope::Scope, task::numbers, viewer::Need};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{query, types::Json};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use taskwire_domain::{
    Error as Refusal, TaskId, TeamId, ToolCallId, UserId,
    account::{Email, Whom},
    share::{NewShare, Permission},
    task::{Status, Task, UNDO_DAYS},
    tool_call::{NotUndone, ToolCall, UNDO_MAX, UNDO_TOOL, Undo, Undone},
};
use uuid::Uuid;

/// The calls that are asked about, as a statement takes them.
#[derive(Default)]
struct Selection {
    ids: Vec<Uuid>,
    client: Option<String>,
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
}

impl From<&Undo> for Selection {
    fn from(undo: &Undo) -> Self {
        match undo {
            Undo::Call(id) => Self { ids: vec![id.0], ..Self::default() },
            Undo::Calls(ids) => Self { ids: ids.iter().map(|id| id.0).collect(), ..Self::default() },
            Undo::Client { client, since, until } => {
                // Nothing is older, and Postgres knows no time before 4714 BC.
                let since = (*since).max(DateTime::UNIX_EPOCH);
                let until = until.map(|until| until.max(since));
                Self { ids: vec![], client: Some(kept(client, CLIENT_MAX)), since: Some(since), until }
            }
        }
    }
}

/// Reads the calls that are asked about, the last one first: those that are named, whatever they did, or those of a client
/// that can be undone.
macro_rules! selected {
    ($name:literal, $lock:literal, $user:expr, $selection:expr) => {
        calls!(
            $name,
            ["AND (
                 call.id = ANY ($2)
                 OR call.client = $3 AND call.changed AND call.undone_at IS NULL AND call.tool <> $7 AND call.called_at >= $4
                    AND ($5::timestamptz IS NULL OR call.called_at < $5)
             ) ORDER BY call.id DESC LIMIT $6 " $lock],
            $user,
            &$selection.ids,
            $selection.client,
            $selection.since,
            $selection.until,
            // One more shows that there are too many.
            i64::try_from(UNDO_MAX + 1).unwrap_or(i64::MAX),
            UNDO_TOOL
        )
    };
}

/// The team of a task, wherever that is.
fn team_of(seen: Option<&Task>, deleted: Option<&Deleted>) -> Option<TeamId> {
    seen.and_then(|task| task.team_id).or(deleted.and_then(|task| task.team))
}

/// A share, or an invitation, that went with its task.
struct DeletedShare {
    task: TaskId,
    user: Option<UserId>,
    email: Option<String>,
    permission: Permission,
}

impl DeletedShare {
    fn is_for(&self, account: Option<UserId>, email: &str) -> bool {
        (account.is_some() && self.user == account) || self.email.as_deref() == Some(email)
    }
}

impl Backend {
    /// The calls that [`tool_call_undo`](Self::tool_call_undo) would try to undo, the last one first.
    ///
    /// # Errors
    /// As there.
    pub async fn tool_call_undoable(&self, viewer: &Viewer, undo: &Undo) -> Result<Vec<ToolCall>> {
        let Undo::Call(id) = undo else { return self.undoable(viewer, undo).await };
        self.attempt(viewer, "tool_call.undoable", *id, self.undoable(viewer, undo)).await
    }

    async fn undoable(&self, viewer: &Viewer, undo: &Undo) -> Result<Vec<ToolCall>> {
        let mut scope = self.reading(viewer, Need::TASKS_READ).await?;
        let (user, selection) = (scope.user(), Selection::from(undo));
        let rows = selected!("/* tool_call_undoable */", "", user, selection).fetch_all(scope.connection()?).await?;
        check(undo, &rows)?;
        scope.calls(rows).await
    }

    /// Undoes what calls did that were made in the viewer's name, the last one first. A call is undone wholly or, where
    /// somebody has changed since what it did, not at all.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a call that is not the viewer's, and [`Refusal::Invalid`] about `since` for more than
    /// [`UNDO_MAX`] calls at once.
    pub async fn tool_call_undo(&self, viewer: &Viewer, undo: &Undo) -> Result<Undone> {
        let Undo::Call(id) = undo else { return self.undo_calls(viewer, undo).await };
        self.attempt(viewer, "tool_call.undo", *id, self.undo_calls(viewer, undo)).await
    }

    async fn undo_calls(&self, viewer: &Viewer, undo: &Undo) -> Result<Undone> {
        let mut scope = self.scope(viewer, Need::TASKS_WRITE).await?;
        let calls = scope.candidates(undo).await?;
        let mut world = scope.world(&calls).await?;
        let mut outcome = Undone::default();
        for call in &calls {
            match world.undo(call) {
                Ok(()) => outcome.undone.push(call.id),
                Err(reason) => outcome.kept.push(NotUndone { id: call.id, reason }),
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

/// Whether what was found can be undone at once.
fn check(undo: &Undo, rows: &[CallRow]) -> Result<(), Refusal> {
    match undo {
        Undo::Call(_) if rows.is_empty() => Err(Refusal::NotFound),
        _ if rows.len() > UNDO_MAX => {
            let text = format!("These are more than {UNDO_MAX} calls. Name a shorter time.");
            Err(Refusal::invalid("since", text))
        }
        _ => Ok(()),
    }
}

impl Scope {
    /// The calls that are asked about, the last one first; others who undo them wait.
    async fn candidates(&mut self, undo: &Undo) -> Result<Vec<Candidate>> {
        let (user, selection) = (self.user(), Selection::from(undo));
        let rows = selected!("/* tool_call_lock */", "FOR UPDATE OF call", user, selection);
        let rows = rows.fetch_all(self.connection()?).await?;
        check(undo, &rows)?;
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        let mut changes = self.changes_of(&ids).await?;
        let candidates = rows.into_iter().map(|row| Candidate {
            id: ToolCallId(row.id),
            ended_at: row.called_at + TimeDelta::microseconds(row.duration_us),
            tool: row.tool,
            is_undone: row.undone_at.is_some(),
            changes: changes.remove(&row.id).unwrap_or_default(),
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

    /// What these calls have changed, as it is now. It stays so until the scope ends.
    async fn world(&mut self, calls: &[Candidate]) -> Result<World> {
        let changes = || calls.iter().flat_map(|call| &call.changes);
        let ids: Vec<_> = changes().map(Change::task).collect::<BTreeSet<_>>().into_iter().collect();
        let shared = changes().filter_map(|change| match change {
            Change::Share { id, email, .. } => Some((*id, email.clone())),
            Change::Task { .. } => None,
        });
        let shared: BTreeSet<_> = shared.collect();
        let accounts = self.hold_accounts(&ids, &shared).await?;
        self.lock_tasks(&ids).await?;
        let mut seen = self.tasks(&ids).await?;
        let mut deleted = self.deleted_states(&ids).await?;
        let numbers = numbers(&ids);
        let (live, gone) = (self.shares(&numbers).await?, self.deleted_shares(&numbers).await?);
        let teams: BTreeMap<_, _> =
            ids.iter().filter_map(|id| Some((*id, team_of(seen.get(id), deleted.get(id))?))).collect();
        let members = self.members_among(teams.values(), accounts.values()).await?;
        let grant = |(id, email): (TaskId, String)| {
            let account = accounts.get(&email).copied();
            let share = live.get(&id).and_then(|shares| shares.iter().find(|share| share.email == email));
            let kept = gone.iter().find(|share| share.task == id && share.is_for(account, &email));
            let permission = share.map(|share| share.permission).or(kept.map(|share| share.permission));
            let in_team = teams.get(&id).copied().zip(account).is_some_and(|it| members.contains(&it));
            ((id, email), Grant { account, seen: permission, wanted: permission, in_team })
        };
        let grants = shared.into_iter().map(grant).collect();
        let thing = |id: TaskId| {
            let seen = seen.remove(&id);
            let wanted = seen.as_ref().map(State::from);
            let shares = live.get(&id).map_or(0, Vec::len) + gone.iter().filter(|share| share.task == id).count();
            let shares = i64::try_from(shares).unwrap_or(i64::MAX);
            (id, Thing { seen, deleted: deleted.remove(&id), wanted, shares })
        };
        Ok(World { tasks: ids.into_iter().map(thing).collect(), grants })
    }

    /// Keeps the addresses from being signed up with, also those of invitations that come back, and returns who has signed
    /// up with which. Addresses come before teams and tasks, in the order in which everybody locks.
    async fn hold_accounts(
        &mut self,
        tasks: &[TaskId],
        shared: &BTreeSet<(TaskId, String)>,
    ) -> Result<HashMap<String, UserId>> {
        let emails: Vec<_> = shared.iter().map(|(_, email)| email.clone()).collect();
        let rows = query!(
            r#"/* undo_hold_accounts */ SELECT email AS "email!", account_by_email(email) AS account FROM (
                   SELECT unnest($1::text[]) AS email
                   UNION SELECT email FROM deleted_share_invitations WHERE task_id = ANY ($2)
                   ORDER BY email
               ) concerned"#,
            &emails,
            &numbers(tasks)
        )
        .fetch_all(self.connection()?)
        .await?;
        Ok(rows.into_iter().filter_map(|row| Some((row.email, UserId(row.account?)))).collect())
    }

    /// Which of these people are in which of these teams.
    async fn members_among(
        &mut self,
        teams: impl Iterator<Item = &TeamId>,
        people: impl Iterator<Item = &UserId>,
    ) -> Result<HashSet<(TeamId, UserId)>> {
        let teams: Vec<_> = teams.map(|team| team.0).collect();
        let people: Vec<_> = people.map(|user| user.0).collect();
        if teams.is_empty() || people.is_empty() {
            return Ok(HashSet::new());
        }
        let rows = query!(
            "/* undo_members */ SELECT team_id, user_id FROM team_members
             WHERE team_id = ANY ($1) AND user_id = ANY ($2)",
            &teams,
            &people
        )
        .fetch_all(self.connection()?)
        .await?;
        Ok(rows.into_iter().map(|row| (TeamId(row.team_id), UserId(row.user_id))).collect())
    }

    /// What comes back with these tasks if they do.
    async fn deleted_shares(&mut self, tasks: &[i64]) -> Result<Vec<DeletedShare>> {
        let rows = query!(
            r#"/* undo_deleted_shares */ SELECT task_id AS "task_id!", user_id, NULL AS email, permission AS "permission!"
               FROM deleted_task_shares WHERE task_id = ANY ($1)
               UNION ALL
               SELECT task_id, NULL, email, permission FROM deleted_share_invitations WHERE task_id = ANY ($1)"#,
            tasks
        )
        .fetch_all(self.connection()?)
        .await?;
        let shares = rows.into_iter().map(|row| DeletedShare {
            task: TaskId(row.task_id),
            user: row.user_id.map(UserId),
            email: row.email,
            // The column's check allows no third word.
            permission: row.permission.parse().unwrap_or(Permission::View),
        });
        Ok(shares.collect())
    }

    /// What was deleted of these and can be brought back.
    async fn deleted_states(&mut self, ids: &[TaskId]) -> Result<BTreeMap<TaskId, Deleted>> {
        let oldest = self.now - TimeDelta::days(UNDO_DAYS);
        let rows = query!(
            "/* undo_deleted */ SELECT id, team_id, title, description, status, completed_at, deleted_at FROM deleted_tasks
             WHERE id = ANY ($1) AND deleted_at >= $2",
            &numbers(ids),
            oldest
        )
        .fetch_all(self.connection()?)
        .await?;
        let deleted = rows.into_iter().map(|row| {
            let status = row.status.parse().unwrap_or(Status::Pending);
            let state =
                State { title: row.title, description: row.description, status, completed_at: row.completed_at };
            (TaskId(row.id), Deleted { state, team: row.team_id.map(TeamId), at: row.deleted_at })
        });
        Ok(deleted.collect())
    }

    /// Makes everything as it is to be. Shares are taken back before a task goes, or they would come back with it, and
    /// before others are given, of which there may be only so many.
    async fn bring_about(&mut self, World { tasks, grants }: World) -> Result<()> {
        let mut changed = Vec::new();
        let mut gone = Vec::new();
        let mut absent = HashSet::new();
        for (id, Thing { seen, wanted, .. }) in tasks {
            match (seen, wanted) {
                (None, None) => _ = absent.insert(id),
                (Some(_), None) => gone.push(id),
                (Some(task), Some(wanted)) if wanted != State::from(&task) => changed.push((id, wanted)),
                (None, Some(wanted)) => {
                    let back = self.bring_back(id).await?.ok_or(Refusal::Stale)?;
                    if wanted != State::from(&back) {
                        changed.push((id, wanted));
                    }
                }
                _ => {}
            }
        }
        self.set_states(&changed).await?;
        let is_changed =
            |((id, _), grant): &((TaskId, String), Grant)| grant.wanted != grant.seen && !absent.contains(id);
        let (given, taken): (Vec<_>, Vec<_>) =
            grants.into_iter().filter(is_changed).partition(|(_, grant)| grant.wanted.is_some());
        for ((id, email), Grant { account, .. }) in taken {
            match account {
                Some(user) => self.revoke_share(id, user).await?,
                None => self.uninvite(id, &Email::parse(&email).map_err(Refusal::from)?).await?,
            }
        }
        for ((id, email), Grant { wanted, .. }) in given {
            let whom = Whom::Email(Email::parse(&email).map_err(Refusal::from)?);
            if let Some(permission) = wanted {
                self.give_share(id, NewShare { whom, permission }).await?;
            }
        }
        if !gone.is_empty() && self.move_to_deleted(&gone, None).await?.len() != gone.len() {
            return Err(Refusal::Stale.into());
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
