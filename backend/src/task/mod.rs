//! Tasks: making, changing, deleting and bringing back (requirements T1, T2, T4). Listing is in [`list`].

mod list;

use crate::{Backend, Result, Viewer, scope::Scope};
use chrono::{DateTime, Utc};
use sqlx::{query, query_as};
use taskwire_domain::{
    Error as Refusal, TaskId, TeamId, UserId,
    task::{Access, DeletedTask, NewTask, Status, Task, TaskChange, UNDO_DAYS},
};
use uuid::Uuid;

/// A task as every query here selects it.
struct TaskRow {
    id: i64,
    user_id: Uuid,
    team_id: Option<Uuid>,
    title: String,
    description: String,
    status: String,
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    completed_at: Option<DateTime<Utc>>,
}

impl TaskRow {
    fn seen_by(self, viewer: UserId) -> Task {
        Task {
            id: TaskId(self.id),
            user_id: UserId(self.user_id),
            team_id: self.team_id.map(TeamId),
            title: self.title,
            description: self.description,
            // The column's check allows no third word.
            status: self.status.parse().unwrap_or(Status::Pending),
            access: if UserId(self.user_id) == viewer { Access::Owner } else { Access::View },
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
            completed_at: self.completed_at,
        }
    }
}

impl Scope {
    async fn task(&mut self, id: TaskId) -> Result<Option<Task>> {
        let viewer = self.user_id();
        let row = query_as!(
            TaskRow,
            "SELECT id, user_id, team_id, title, description, status, version, created_at, updated_at, completed_at
             FROM tasks WHERE id = $1",
            id.0
        )
        .fetch_optional(self.connection()?)
        .await?;
        Ok(row.map(|row| row.seen_by(viewer)))
    }

    /// A deleted task of the viewer that can still be brought back.
    async fn deleted_task(&mut self, id: TaskId) -> Result<Option<DeletedTask>> {
        let oldest = self.now - chrono::TimeDelta::days(UNDO_DAYS);
        let row =
            query!("SELECT title, deleted_at FROM deleted_tasks WHERE id = $1 AND deleted_at >= $2", id.0, oldest)
                .fetch_optional(self.connection()?)
                .await?;
        Ok(row.map(|row| DeletedTask { id, title: row.title, deleted_at: row.deleted_at }))
    }
}

/// Why a statement that names a task and a version touched nothing, from what the viewer sees of the task after it.
fn refusal(task: Option<Task>, version: Option<i32>) -> Refusal {
    match task {
        None => Refusal::NotFound,
        Some(task) if version.is_some_and(|version| version != task.version) => Refusal::Stale,
        Some(_) => Refusal::Forbidden,
    }
}

impl Backend {
    /// Makes a task of the viewer's own. The same form again, by its key and its texts, returns the task that it made
    /// the first time; under the same key other texts make another task, so that none are ever lost.
    pub async fn task_create(&self, viewer: &Viewer, new: NewTask) -> Result<Task> {
        let mut scope = self.scope(viewer).await?;
        let (user, now) = (scope.user(), scope.now);
        // A title has one line, so no two pairs of texts are joined alike.
        let key = new.key.map(|key| Uuid::new_v5(&key, format!("{}\n{}", new.title, new.description).as_bytes()));
        let made = query_as!(
            TaskRow,
            "INSERT INTO tasks (user_id, title, description, created_at, updated_at, creation_key)
             VALUES ($1, $2, $3, $4, $4, $5)
             ON CONFLICT ON CONSTRAINT tasks_creation_key DO NOTHING
             RETURNING id, user_id, team_id, title, description, status, version, created_at, updated_at, completed_at",
            user,
            new.title,
            new.description,
            now,
            key
        )
        .fetch_optional(scope.connection()?)
        .await?;
        let row = match made {
            Some(row) => row,
            None => {
                query_as!(
                TaskRow,
                "SELECT id, user_id, team_id, title, description, status, version, created_at, updated_at, completed_at
                     FROM tasks WHERE user_id = $1 AND creation_key = $2",
                user,
                key
            )
                .fetch_one(scope.connection()?)
                .await?
            }
        };
        scope.commit().await?;
        Ok(row.seen_by(viewer.user_id))
    }

    /// One task, if the viewer may see it.
    pub async fn task_get(&self, viewer: &Viewer, id: TaskId) -> Result<Option<Task>> {
        self.reading(viewer).await?.task(id).await
    }

    /// Changes what `change` names. What already is as asked stays as it is, so asking twice does no harm.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::Forbidden`], or [`Refusal::Stale`] if the task has another version by now.
    pub async fn task_update(&self, viewer: &Viewer, id: TaskId, change: TaskChange) -> Result<Task> {
        let mut scope = self.scope(viewer).await?;
        let now = scope.now;
        let changed = query_as!(
            TaskRow,
            "UPDATE tasks SET
                 title = coalesce($3, title),
                 description = coalesce($4, description),
                 status = coalesce($5, status),
                 completed_at = CASE coalesce($5, status) WHEN 'completed' THEN coalesce(completed_at, $6) END,
                 updated_at = greatest(updated_at, $6),
                 version = version + 1
             WHERE id = $1 AND ($2::integer IS NULL OR version = $2)
                 AND (title, description, status)
                     IS DISTINCT FROM (coalesce($3, title), coalesce($4, description), coalesce($5, status))
             RETURNING id, user_id, team_id, title, description, status, version, created_at, updated_at, completed_at",
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
            return match scope.task(id).await? {
                Some(task) if change.is_met_by(&task) => Ok(task),
                seen => Err(refusal(seen, change.version).into()),
            };
        };
        scope.commit().await?;
        Ok(row.seen_by(viewer.user_id))
    }

    /// Deletes a task; for [`UNDO_DAYS`] its owner can bring it back. One that the viewer has deleted already, from
    /// whatever version, stays deleted as it was, so asking twice does no harm.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::Forbidden`], or [`Refusal::Stale`] if the task has another version by now.
    pub async fn task_delete(&self, viewer: &Viewer, id: TaskId, version: Option<i32>) -> Result<DeletedTask> {
        let mut scope = self.scope(viewer).await?;
        let (user, now) = (scope.user(), scope.now);
        let deleted = query!(
            r#"WITH gone AS (
                   DELETE FROM tasks WHERE id = $1 AND ($2::integer IS NULL OR version = $2) RETURNING *
               ), gone_shares AS (
                   INSERT INTO deleted_task_shares (task_id, owner_id, user_id, permission, created_at)
                   SELECT share.task_id, share.owner_id, share.user_id, share.permission, share.created_at
                   FROM gone JOIN task_shares share ON share.task_id = gone.id AND share.owner_id = $3
               ), expired AS (
                   DELETE FROM deleted_tasks WHERE user_id = $3 AND deleted_at < $5
               )
               INSERT INTO deleted_tasks (id, user_id, team_id, title, description, status, version, created_at,
                                          updated_at, completed_at, deleted_by, deleted_at)
               SELECT id, user_id, team_id, title, description, status, version, created_at,
                      updated_at, completed_at, $3, $4 FROM gone
               RETURNING title, deleted_at"#,
            id.0,
            version,
            user,
            now,
            now - chrono::TimeDelta::days(UNDO_DAYS)
        )
        .fetch_optional(scope.connection()?)
        .await?;
        let Some(row) = deleted else {
            return match scope.deleted_task(id).await? {
                Some(deleted) => Ok(deleted),
                None => Err(refusal(scope.task(id).await?, version).into()),
            };
        };
        scope.commit().await?;
        Ok(DeletedTask { id, title: row.title, deleted_at: row.deleted_at })
    }

    /// A deleted task of the viewer that can still be brought back.
    pub async fn task_deleted(&self, viewer: &Viewer, id: TaskId) -> Result<Option<DeletedTask>> {
        self.reading(viewer).await?.deleted_task(id).await
    }

    /// Brings a deleted task back as it was, with its id and its shares. One that is back already is returned.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if the viewer has deleted no such task, or too long ago.
    pub async fn task_restore(&self, viewer: &Viewer, id: TaskId) -> Result<Task> {
        let mut scope = self.scope(viewer).await?;
        let oldest = scope.now - chrono::TimeDelta::days(UNDO_DAYS);
        let restored = query_as!(
            TaskRow,
            "WITH back AS (
                 DELETE FROM deleted_tasks WHERE id = $1 AND deleted_at >= $2 RETURNING *
             ), back_shares AS (
                 INSERT INTO task_shares (task_id, owner_id, user_id, permission, created_at)
                 SELECT share.task_id, share.owner_id, share.user_id, share.permission, share.created_at
                 FROM back JOIN deleted_task_shares share ON share.task_id = back.id
             )
             INSERT INTO tasks (id, user_id, team_id, title, description, status, version, created_at, updated_at,
                                completed_at)
             OVERRIDING SYSTEM VALUE
             SELECT id, user_id, team_id, title, description, status, version + 1, created_at, updated_at, completed_at
             FROM back
             RETURNING id, user_id, team_id, title, description, status, version, created_at, updated_at, completed_at",
            id.0,
            oldest
        )
        .fetch_optional(scope.connection()?)
        .await?;
        let Some(row) = restored else {
            return Ok(scope.task(id).await?.ok_or(Refusal::NotFound)?);
        };
        scope.commit().await?;
        Ok(row.seen_by(viewer.user_id))
    }
}
