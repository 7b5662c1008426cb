//! Many new tasks at once.
//!
//! The number of round trips does not depend on the number of tasks.

use super::creation_key;
use crate::{Backend, Result, Viewer, viewer::Need};
use sqlx::query;
use std::collections::BTreeMap;
use taskwire_domain::{
    TaskId,
    task::{NewTask, Status},
};
use uuid::Uuid;

impl Backend {
    /// Makes tasks of the viewer's own, outside teams: all of them or none. Returns their ids in the order of `tasks`. The
    /// same tasks again under the same `key` are those that it made the first time. A dry run only finds out whether the
    /// viewer might.
    pub async fn task_import(
        &self,
        viewer: &Viewer,
        key: Uuid,
        tasks: &[NewTask],
        dry_run: bool,
    ) -> Result<Vec<TaskId>> {
        if dry_run {
            drop(self.reading(viewer, Need::TASKS_WRITE).await?);
            return Ok(Vec::new());
        }
        let mut scope = self.scope(viewer, Need::TASKS_WRITE).await?;
        let (user, now) = (scope.user(), scope.now);
        // Each line has a key of its own, so that two alike make two tasks.
        let of_line = |(line, task): (u64, &NewTask)| creation_key(&Uuid::new_v5(&key, &line.to_be_bytes()), task);
        let keys: Vec<_> = (0..).zip(tasks).map(of_line).collect();
        let titles: Vec<_> = tasks.iter().map(|task| task.title.clone()).collect();
        let descriptions: Vec<_> = tasks.iter().map(|task| task.description.clone()).collect();
        let completed: Vec<_> = tasks.iter().map(|task| task.status == Status::Completed).collect();
        query!(
            "INSERT INTO tasks (user_id, title, description, created_at, updated_at, creation_key, status, completed_at)
             SELECT $1, title, description, $2::timestamptz, $2, key, CASE WHEN completed THEN 'completed' ELSE 'pending' END,
                 CASE WHEN completed THEN $2::timestamptz END
             FROM unnest($3::uuid[], $4::text[], $5::text[], $6::boolean[])
                 WITH ORDINALITY AS new (key, title, description, completed, line)
             ORDER BY line
             ON CONFLICT ON CONSTRAINT tasks_creation_key DO NOTHING",
            user,
            now,
            &keys,
            &titles,
            &descriptions,
            &completed
        )
        .execute(scope.connection()?)
        .await?;
        // Also those that the same file made before.
        let made = query!(
            r#"SELECT creation_key AS "key!", id FROM tasks WHERE user_id = $1 AND creation_key = ANY ($2)"#,
            user,
            &keys
        )
        .fetch_all(scope.connection()?)
        .await?;
        scope.commit().await?;
        let ids: BTreeMap<_, _> = made.into_iter().map(|row| (row.key, TaskId(row.id))).collect();
        Ok(keys.iter().filter_map(|key| ids.get(key).copied()).collect())
    }
}
