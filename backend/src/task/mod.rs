//! Tasks: making, changing, deleting and bringing back (requirements T1, T2, T4). Listing is in [`list`], finding by name
//! in [`find`], what is done to many at once in [`bulk`].

mod bulk;
pub mod file;
mod find;
mod import;
mod list;
mod seen;

use crate::{Backend, Result, Viewer, scope::Scope, viewer::Need};
use chrono::{DateTime, Utc};
use seen::seen;
use sqlx::{query, query_as};
use std::collections::BTreeMap;
use taskwire_domain::{
    Error as Refusal, TaskId,
    rights::{TaskAction, TeamAction},
    task::{DeletedTask, NewTask, Status, Task, TaskChange, UNDO_DAYS},
};
use uuid::Uuid;

struct DeletedRow {
    id: i64,
    title: String,
    deleted_at: DateTime<Utc>,
}

impl From<DeletedRow> for DeletedTask {
    fn from(DeletedRow { id, title, deleted_at }: DeletedRow) -> Self {
        Self { id: TaskId(id), title, deleted_at }
    }
}

/// What tells a task made under a key from others, made under the same one with other texts.
fn creation_key(key: &Uuid, new: &NewTask) -> Uuid {
    // A title has one line, so no two pairs of texts are joined alike.
    let team = new.team_id.map(|team| team.0.to_string()).unwrap_or_default();
    let texts = format!("{} {team} {}\n{}", new.status, new.title, new.description);
    Uuid::new_v5(key, texts.as_bytes())
}

/// Ids as the database has them.
pub(crate) fn numbers(ids: &[TaskId]) -> Vec<i64> {
    ids.iter().map(|id| id.0).collect()
}

impl Scope {
    /// A task, if the viewer may see it.
    pub(crate) async fn task(&mut self, id: TaskId) -> Result<Option<Task>> {
        let user = self.user();
        let row = seen!("/* task_get */", ["tasks task"], ["WHERE task.id = $2"], user, id.0)
            .fetch_optional(self.connection()?)
            .await?;
        Ok(row.map(|row| row.seen_by(self.user_id())))
    }

    /// Those of these tasks that the viewer may see.
    pub(crate) async fn tasks(&mut self, ids: &[TaskId]) -> Result<BTreeMap<TaskId, Task>> {
        let user = self.user();
        let rows = seen!("/* task_get_many */", ["tasks task"], ["WHERE task.id = ANY ($2)"], user, &numbers(ids))
            .fetch_all(self.connection()?)
            .await?;
        Ok(rows.into_iter().map(|row| row.seen_by(self.viewer.user_id)).map(|task| (task.id, task)).collect())
    }

    /// A task that the viewer may do this to.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::Forbidden`].
    pub(crate) async fn task_for(&mut self, id: TaskId, action: TaskAction) -> Result<Task> {
        match self.task(id).await? {
            None => Err(Refusal::NotFound.into()),
            Some(task) if !task.may(action) => Err(Refusal::Forbidden.into()),
            Some(task) => Ok(task),
        }
    }

    /// Waits until nobody else changes or shares these tasks, and keeps others waiting until the scope ends. What the
    /// viewer may not edit is not locked. Their teams come first: whoever deletes one waits for the tasks in it.
    pub(crate) async fn lock_tasks(&mut self, ids: &[TaskId]) -> Result<()> {
        self.hold_teams_of(ids).await?;
        query!("/* task_lock */ SELECT id FROM tasks WHERE id = ANY ($1) ORDER BY id FOR UPDATE", &numbers(ids))
            .fetch_all(self.connection()?)
            .await?;
        Ok(())
    }

    /// Those of these tasks that are deleted and that the viewer can still bring back.
    pub(crate) async fn deleted_tasks(&mut self, ids: &[TaskId]) -> Result<Vec<DeletedTask>> {
        let oldest = self.now - chrono::TimeDelta::days(UNDO_DAYS);
        let rows = query_as!(
            DeletedRow,
            "/* deleted_task_list */ SELECT id, title, deleted_at FROM deleted_tasks
             WHERE id = ANY ($1) AND deleted_at >= $2",
            &numbers(ids),
            oldest
        )
        .fetch_all(self.connection()?)
        .await?;
        Ok(rows.into_iter().map(DeletedTask::from).collect())
    }

    /// Moves tasks that the viewer may delete, of this version if one is asked for, to those that can be brought back.
    pub(crate) async fn move_to_deleted(&mut self, ids: &[TaskId], version: Option<i32>) -> Result<Vec<DeletedTask>> {
        let (user, now, ids) = (self.user(), self.now, numbers(ids));
        // Whoever gives a share back does not wait for the task, which is not theirs to lock. They are waited for instead:
        // what they gave back must not come back with the task.
        query!(
            "/* share_lock */ SELECT FROM task_shares WHERE task_id = ANY ($1) ORDER BY task_id, user_id FOR UPDATE",
            &ids
        )
        .execute(self.connection()?)
        .await?;
        let rows = query_as!(
            DeletedRow,
            "/* task_delete */ WITH gone AS (
                 DELETE FROM tasks WHERE id = ANY ($1) AND ($2::integer IS NULL OR version = $2) RETURNING *
             ), gone_shares AS (
                 INSERT INTO deleted_task_shares (task_id, owner_id, user_id, permission, created_at)
                 SELECT share.task_id, share.owner_id, share.user_id, share.permission, share.created_at
                 FROM gone JOIN task_shares share ON share.task_id = gone.id
             ), gone_invitations AS (
                 INSERT INTO deleted_share_invitations (task_id, owner_id, email, permission, created_at)
                 SELECT offer.task_id, offer.owner_id, offer.email, offer.permission, offer.created_at
                 FROM gone JOIN share_invitations offer ON offer.task_id = gone.id
             ), expired AS (
                 DELETE FROM deleted_tasks WHERE user_id = $3 AND deleted_at < $5
             )
             INSERT INTO deleted_tasks (id, user_id, team_id, title, description, status, version, created_at,
                                        updated_at, completed_at, deleted_by, deleted_at)
             SELECT id, user_id, team_id, title, description, status, version, created_at,
                    updated_at, completed_at, $3, $4 FROM gone
             RETURNING id, title, deleted_at",
            &ids,
            version,
            user,
            now,
            now - chrono::TimeDelta::days(UNDO_DAYS)
        )
        .fetch_all(self.connection()?)
        .await?;
        Ok(rows.into_iter().map(DeletedTask::from).collect())
    }

    /// Brings a deleted task back as it was, with its shares and its invitations. `None` if there is none that the viewer
    /// may bring back, or it is back already.
    pub(crate) async fn bring_back(&mut self, id: TaskId) -> Result<Option<Task>> {
        let user = self.user();
        let oldest = self.now - chrono::TimeDelta::days(UNDO_DAYS);
        // First the addresses, in one order, as in sharing and in a sign-up: whoever signs up with one at this moment
        // waits, and then finds the invitation.
        query!(
            "/* task_restore_accounts */ SELECT account_by_email(email) FROM (
                 SELECT email FROM deleted_share_invitations WHERE task_id = $1 ORDER BY email
             ) invited",
            id.0
        )
        .fetch_all(self.connection()?)
        .await?;
        self.hold_teams_of(&[id]).await?;
        let restored = seen!(
            "/* task_restore */ WITH task AS (
                 INSERT INTO tasks (id, user_id, team_id, title, description, status, version, created_at, updated_at,
                                    completed_at)
                 SELECT id, user_id, team_id, title, description, status, version + 1, created_at, updated_at,
                     completed_at
                 FROM deleted_tasks WHERE id = $2 AND deleted_at >= $3
                 ON CONFLICT (id) DO NOTHING
                 RETURNING *
             )",
            ["task"],
            [],
            user,
            id.0,
            oldest
        )
        .fetch_optional(self.connection()?)
        .await?;
        let Some(row) = restored else { return Ok(None) };
        // Apart, because nobody may share a task that is not there yet.
        query!(
            "/* task_restore_shares */ WITH back AS (
                 INSERT INTO task_shares (task_id, owner_id, user_id, permission, created_at)
                 SELECT task_id, owner_id, user_id, permission, created_at FROM deleted_task_shares WHERE task_id = $1
             ), invited AS (
                 INSERT INTO share_invitations (task_id, owner_id, email, permission, created_at)
                 SELECT task_id, owner_id, email, permission, created_at FROM deleted_share_invitations
                 WHERE task_id = $1
             )
             DELETE FROM deleted_tasks WHERE id = $1",
            id.0
        )
        .execute(self.connection()?)
        .await?;
        Ok(Some(row.seen_by(self.viewer.user_id)))
    }
}

impl Backend {
    /// Makes a task of the viewer's own, alone or in a team. The same form again, by its key and what it says, returns
    /// the task that it made the first time; under the same key other texts make another task, so that none are ever
    /// lost.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] or [`Refusal::Forbidden`] for a team of others, or one in which the viewer may only look on.
    pub async fn task_create(&self, viewer: &Viewer, new: NewTask) -> Result<Task> {
        let Some(team) = new.team_id else { return self.create_task(viewer, new).await };
        self.attempt(viewer, "task.create", team, self.create_task(viewer, new)).await
    }

    async fn create_task(&self, viewer: &Viewer, new: NewTask) -> Result<Task> {
        let mut scope = self.scope(viewer, Need::TASKS_WRITE).await?;
        let (user, now) = (scope.user(), scope.now);
        if let Some(team) = new.team_id {
            scope.hold_team_for(team, TeamAction::CreateTask).await?;
        }
        let team = new.team_id.map(|team| team.0);
        let key = new.key.map(|key| creation_key(&key, &new));
        // Once more, where the task that the form had made is deleted between the two statements.
        for _ in 0..2 {
            let made = seen!(
                "/* task_insert */ WITH task AS (
                     INSERT INTO tasks (user_id, team_id, title, description, created_at, updated_at, creation_key, status,
                                        completed_at)
                     VALUES ($1, $2, $3, $4, $5, $5, $6, $7, CASE $7::text WHEN 'completed' THEN $5::timestamptz END)
                     ON CONFLICT ON CONSTRAINT tasks_creation_key DO NOTHING
                     RETURNING *
                 )",
                ["task"],
                [],
                user,
                team,
                new.title,
                new.description,
                now,
                key,
                new.status.as_str()
            )
            .fetch_optional(scope.connection()?)
            .await?;
            let row = match made {
                Some(row) => Some(row),
                None => {
                    seen!(
                        "/* task_by_key */",
                        ["tasks task"],
                        ["WHERE task.user_id = $1 AND task.creation_key = $2"],
                        user,
                        key
                    )
                    .fetch_optional(scope.connection()?)
                    .await?
                }
            };
            if let Some(row) = row {
                scope.commit().await?;
                return Ok(row.seen_by(viewer.user_id));
            }
        }
        Err(Refusal::Stale.into())
    }

    /// One task.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] unless the viewer may see it.
    pub async fn task_get(&self, viewer: &Viewer, id: TaskId) -> Result<Task> {
        let read = async { self.reading(viewer, Need::TASKS_READ).await?.task_for(id, TaskAction::View).await };
        self.attempt(viewer, "task.get", id, read).await
    }

    /// Changes what `change` names. What already is as asked stays as it is, so asking twice does no harm.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::Forbidden`], or [`Refusal::Stale`] if the task has another version by now.
    pub async fn task_update(&self, viewer: &Viewer, id: TaskId, change: TaskChange) -> Result<Task> {
        self.attempt(viewer, "task.update", id, self.update_task(viewer, id, change)).await
    }

    async fn update_task(&self, viewer: &Viewer, id: TaskId, change: TaskChange) -> Result<Task> {
        let mut scope = self.scope(viewer, Need::TASKS_WRITE).await?;
        let (user, now) = (scope.user(), scope.now);
        let changed = seen!(
            "/* task_update */ WITH task AS (
                 UPDATE tasks SET
                     title = coalesce($4, title),
                     description = coalesce($5, description),
                     status = coalesce($6, status),
                     completed_at = CASE coalesce($6, status) WHEN 'completed' THEN coalesce(completed_at, $7) END,
                     updated_at = greatest(updated_at, $7)
                 WHERE id = $2 AND ($3::integer IS NULL OR version = $3)
                     AND (title, description, status)
                         IS DISTINCT FROM (coalesce($4, title), coalesce($5, description), coalesce($6, status))
                 RETURNING *
             )",
            ["task"],
            [],
            user,
            id.0,
            change.version,
            change.title,
            change.description,
            change.status.map(Status::as_str),
            now
        )
        .fetch_optional(scope.connection()?)
        .await?;
        let Some(row) = changed else {
            let task = scope.task_for(id, TaskAction::Edit).await?;
            // Otherwise somebody else was faster: by the version, or in the moment between the two statements.
            return if change.is_met_by(&task) { Ok(task) } else { Err(Refusal::Stale.into()) };
        };
        scope.commit().await?;
        Ok(row.seen_by(viewer.user_id))
    }

    /// Completes a task, or reopens it if it is completed. Asked twice at once, it does both, one after the other.
    ///
    /// # Errors
    /// As [`task_update`](Self::task_update).
    pub async fn task_toggle(&self, viewer: &Viewer, id: TaskId, version: Option<i32>) -> Result<Task> {
        self.attempt(viewer, "task.update", id, self.toggle_task(viewer, id, version)).await
    }

    async fn toggle_task(&self, viewer: &Viewer, id: TaskId, version: Option<i32>) -> Result<Task> {
        let mut scope = self.scope(viewer, Need::TASKS_WRITE).await?;
        let (user, now) = (scope.user(), scope.now);
        let toggled = seen!(
            "/* task_toggle */ WITH task AS (
                 UPDATE tasks SET
                     status = CASE status WHEN 'pending' THEN 'completed' ELSE 'pending' END,
                     completed_at = CASE status WHEN 'pending' THEN $4::timestamptz END,
                     updated_at = greatest(updated_at, $4)
                 WHERE id = $2 AND ($3::integer IS NULL OR version = $3)
                 RETURNING *
             )",
            ["task"],
            [],
            user,
            id.0,
            version,
            now
        )
        .fetch_optional(scope.connection()?)
        .await?;
        let Some(row) = toggled else {
            scope.task_for(id, TaskAction::Edit).await?;
            return Err(Refusal::Stale.into());
        };
        scope.commit().await?;
        Ok(row.seen_by(viewer.user_id))
    }

    /// Deletes a task; for [`UNDO_DAYS`] whoever may delete it can bring it back. One that is deleted already, from
    /// whatever version, stays deleted as it was, so asking twice does no harm.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::Forbidden`], or [`Refusal::Stale`] if the task has another version by now.
    pub async fn task_delete(&self, viewer: &Viewer, id: TaskId, version: Option<i32>) -> Result<DeletedTask> {
        self.attempt(viewer, "task.delete", id, self.delete_task(viewer, id, version)).await
    }

    async fn delete_task(&self, viewer: &Viewer, id: TaskId, version: Option<i32>) -> Result<DeletedTask> {
        let mut scope = self.scope(viewer, Need::TASKS_WRITE).await?;
        scope.lock_tasks(&[id]).await?;
        let Some(deleted) = scope.move_to_deleted(&[id], version).await?.pop() else {
            if let Some(deleted) = scope.deleted_tasks(&[id]).await?.pop() {
                return Ok(deleted);
            }
            scope.task_for(id, TaskAction::Delete).await?;
            return Err(Refusal::Stale.into());
        };
        scope.commit().await?;
        Ok(deleted)
    }

    /// A deleted task that the viewer can still bring back.
    pub async fn task_deleted(&self, viewer: &Viewer, id: TaskId) -> Result<Option<DeletedTask>> {
        let veil = viewer.client.db_time.veil();
        let deleted = self.reading(viewer, Need::TASKS_READ).await?.deleted_tasks(&[id]).await?.pop();
        if deleted.is_none() {
            veil.missing().await;
        }
        Ok(deleted)
    }

    /// Brings a deleted task back as it was, with its id, its shares and its invitations. One that is back already is
    /// returned.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if there is no such task that the viewer may bring back, or it was deleted too long ago.
    pub async fn task_restore(&self, viewer: &Viewer, id: TaskId) -> Result<Task> {
        self.attempt(viewer, "task.restore", id, self.restore_task(viewer, id)).await
    }

    async fn restore_task(&self, viewer: &Viewer, id: TaskId) -> Result<Task> {
        let mut scope = self.scope(viewer, Need::TASKS_WRITE).await?;
        let Some(task) = scope.bring_back(id).await? else {
            return scope.task_for(id, TaskAction::View).await;
        };
        scope.commit().await?;
        Ok(task)
    }
}
