//! The same done to many tasks at once: to all of them or, if one is refused, to none.
//!
//! The number of round trips does not depend on the number of tasks.

use super::numbers;
use crate::{Backend, Error, Result, Viewer, scope::Scope, viewer::Need};
use sqlx::query_scalar;
use taskwire_domain::{
    Error as Refusal, TaskId,
    rights::TaskAction,
    task::{BulkAction, BulkChange, Status},
};

/// A task that stands in the way of all.
struct Obstacle {
    task: TaskId,
    refusal: Refusal,
}

impl Backend {
    /// Completes, reopens or deletes tasks, and returns those that were not so already, by id.
    ///
    /// # Errors
    /// [`Refusal::OneOfMany`] with the first task that the viewer may not do this to; then nothing is changed.
    pub async fn task_bulk(&self, viewer: &Viewer, change: &BulkChange) -> Result<Vec<TaskId>> {
        let operation = match change.action {
            BulkAction::Complete | BulkAction::Reopen => "task.update",
            BulkAction::Delete => "task.delete",
        };
        match self.change_all(viewer, change).await? {
            Ok(changed) => Ok(changed),
            // Noted as the attempt on this task that it is.
            Err(Obstacle { task, refusal }) => {
                let refused = self.attempt(viewer, operation, task, async { Err(refusal.into()) }).await;
                refused.map_err(|error| match error {
                    Error::Refused(refusal) => Refusal::OneOfMany { task, refusal: Box::new(refusal) }.into(),
                    fault => fault,
                })
            }
        }
    }

    async fn change_all(&self, viewer: &Viewer, change: &BulkChange) -> Result<Result<Vec<TaskId>, Obstacle>> {
        let mut scope = self.scope(viewer, Need::TASKS_WRITE).await?;
        scope.lock_tasks(&change.ids).await?;
        let mut changed = match change.action {
            BulkAction::Complete => scope.set_status(&change.ids, Status::Completed).await?,
            BulkAction::Reopen => scope.set_status(&change.ids, Status::Pending).await?,
            BulkAction::Delete => {
                let deleted = scope.move_to_deleted(&change.ids, None).await?;
                deleted.into_iter().map(|deleted| deleted.id).collect()
            }
        };
        changed.sort_unstable();
        let others: Vec<_> = change.ids.iter().copied().filter(|id| changed.binary_search(id).is_err()).collect();
        if let Some(obstacle) = scope.obstacle(&others, change.action).await? {
            return Ok(Err(obstacle));
        }
        scope.commit().await?;
        Ok(Ok(changed))
    }
}

impl Scope {
    /// Sets the status of those that the viewer may edit and that have another; returns them.
    async fn set_status(&mut self, ids: &[TaskId], status: Status) -> Result<Vec<TaskId>> {
        let now = self.now;
        let changed = query_scalar!(
            "/* task_set_status */ UPDATE tasks SET
                 status = $2,
                 completed_at = CASE $2 WHEN 'completed' THEN $3::timestamptz END,
                 updated_at = greatest(updated_at, $3)
             WHERE id = ANY ($1) AND status <> $2 RETURNING id",
            &numbers(ids),
            status.as_str(),
            now
        )
        .fetch_all(self.connection()?)
        .await?;
        Ok(changed.into_iter().map(TaskId).collect())
    }

    /// The first of these tasks, which were not changed, that is not simply so already.
    async fn obstacle(&mut self, ids: &[TaskId], action: BulkAction) -> Result<Option<Obstacle>> {
        if ids.is_empty() {
            return Ok(None);
        }
        let seen = self.tasks(ids).await?;
        let (right, gone) = match action {
            BulkAction::Complete | BulkAction::Reopen => (TaskAction::Edit, Vec::new()),
            BulkAction::Delete => (TaskAction::Delete, self.deleted_tasks(ids).await?),
        };
        let refusal = |id: &TaskId| match seen.get(id) {
            None if gone.iter().any(|gone| gone.id == *id) => None,
            None => Some(Refusal::NotFound),
            Some(task) if !task.may(right) => Some(Refusal::Forbidden),
            // What may be deleted and is still there has come back in the moment between the two statements.
            Some(_) => (action == BulkAction::Delete).then_some(Refusal::Stale),
        };
        Ok(ids.iter().find_map(|id| refusal(id).map(|refusal| Obstacle { task: *id, refusal })))
    }
}
