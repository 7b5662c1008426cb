//! Many new tasks at once.
//!
//! The number of round trips does not depend on the number of tasks.

use super::{
    creation_key,
    file::{self, Line},
};
use crate::{Backend, Error, Result, Viewer, viewer::Need};
use sqlx::query;
use std::collections::BTreeMap;
use taskwire_domain::{
    Error as Refusal, FieldError, TaskId,
    task::{FileFormat, Imported, ImportedLine, NewTask, Status},
};
use tokio::task::spawn_blocking;
use uuid::Uuid;

impl Backend {
    /// Makes tasks of the viewer's own from a file, outside teams: all of them or none. The same file again under the same
    /// `key` returns the tasks that it made the first time. A dry run says what would come of each line, and whether the
    /// viewer might.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for a file that cannot be read, and about each line that breaks a rule, unless it is a dry run.
    pub async fn task_import(
        &self,
        viewer: &Viewer,
        key: Uuid,
        format: FileFormat,
        file: impl AsRef<[u8]> + Send + 'static,
        dry_run: bool,
    ) -> Result<Imported> {
        if dry_run {
            drop(self.reading(viewer, Need::TASKS_WRITE).await?);
        } else {
            // First, or a token without the right would have a file read.
            self.permit(viewer, Need::TASKS_WRITE).await?;
        }
        // Thousands of lines would keep everybody else on this thread waiting.
        let read = spawn_blocking(move || file::read(format, file.as_ref()));
        let read = read.await.map_err(|error| Error::Fault(format!("reading a file was interrupted: {error}")))??;
        let lines: Vec<_> = read.iter().map(told).collect();
        if dry_run {
            return Ok(Imported { made: Vec::new(), lines });
        }
        let complaints: Vec<_> = lines.iter().flat_map(complaints).collect();
        if !complaints.is_empty() {
            return Err(Refusal::Invalid(complaints).into());
        }
        let tasks: Vec<_> = read.into_iter().filter_map(|line| line.task.ok()).collect();
        Ok(Imported { made: self.make_tasks(viewer, key, &tasks).await?, lines })
    }

    /// Makes tasks; returns their ids in the order of `tasks`.
    async fn make_tasks(&self, viewer: &Viewer, key: Uuid, tasks: &[NewTask]) -> Result<Vec<TaskId>> {
        let mut scope = self.scope(viewer, Need::TASKS_WRITE).await?;
        let (user, now) = (scope.user(), scope.now);
        // Each line has a key of its own, so that two alike make two tasks.
        let of_line = |(line, task): (u64, &NewTask)| creation_key(&Uuid::new_v5(&key, &line.to_be_bytes()), task);
        let keys: Vec<_> = (0..).zip(tasks).map(of_line).collect();
        let titles: Vec<_> = tasks.iter().map(|task| task.title.clone()).collect();
        let descriptions: Vec<_> = tasks.iter().map(|task| task.description.clone()).collect();
        let completed: Vec<_> = tasks.iter().map(|task| task.status == Status::Completed).collect();
        query!(
            "/* task_import */ INSERT INTO tasks (user_id, title, description, created_at, updated_at, creation_key,
                                                  status, completed_at)
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
            r#"/* task_import_ids */ SELECT creation_key AS "key!", id FROM tasks
               WHERE user_id = $1 AND creation_key = ANY ($2)"#,
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

/// What comes of a line.
fn told(Line { number, task }: &Line) -> ImportedLine {
    let (title, fields) = match task {
        Ok(task) => (Some(task.title.clone()), Vec::new()),
        Err(Refusal::Invalid(fields)) => (None, fields.clone()),
        Err(other) => (None, vec![FieldError::new("line", other.to_string())]),
    };
    ImportedLine { number: *number, title, fields }
}

/// What is wrong with a line, named as in the whole file.
fn complaints(line: &ImportedLine) -> impl Iterator<Item = FieldError> {
    let about =
        |one: &FieldError| FieldError::new(&format!("lines[{}].{}", line.number, one.field), one.message.clone());
    line.fields.iter().map(about)
}
