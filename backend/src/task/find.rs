//! Finding tasks by what people call them, many at once (requirement G5).
//!
//! One statement whatever is named. The viewer's own tasks are found by the index of their titles; those of their teams and
//! those shared with them are passed once, as a search does.

use super::{numbers, seen::seen};
use crate::{Backend, Result, Viewer, viewer::Need};
use taskwire_domain::{TaskId, task::Task};

/// Tasks of one title that are read at most: enough to tell that there are several, and to list some.
const ALIKE: i64 = 11;

impl Backend {
    /// The tasks with one of these ids, and those that are called just so, whatever the case: of each title the first
    /// [`ALIKE`]. What the viewer may not see is left out, as what is not there.
    pub async fn task_find(&self, viewer: &Viewer, ids: &[TaskId], titles: &[String]) -> Result<Vec<Task>> {
        let mut scope = self.reading(viewer, Need::TASKS_READ).await?;
        let user = scope.user();
        // No title has a NUL, which Postgres takes in no text.
        let titles: Vec<_> = titles.iter().filter(|title| !title.contains('\0')).cloned().collect();
        let rows = seen!(
            "/* task_find */ WITH said AS (SELECT ARRAY(SELECT lower(title) FROM unnest($3::text[]) AS named (title)) AS keys)",
            [
                "(SELECT * FROM (
                      SELECT called.*, row_number() OVER (PARTITION BY called.title_key ORDER BY called.id) AS place
                      FROM (
                          SELECT tasks.* FROM tasks WHERE tasks.id = ANY ($2)
                          UNION
                          SELECT tasks.* FROM tasks
                          WHERE tasks.user_id = $1 AND tasks.status = ANY ('{pending,completed}')
                              AND tasks.title_key = ANY ((SELECT keys FROM said)::text[])
                          UNION
                          SELECT tasks.* FROM tasks
                          WHERE tasks.team_id = ANY (app_team_ids('{owner,admin,member,viewer}'))
                              AND tasks.title_key = ANY ((SELECT keys FROM said)::text[])
                          UNION
                          SELECT shared.* FROM task_shares mine
                          CROSS JOIN LATERAL (
                              SELECT tasks.* FROM tasks
                              WHERE tasks.id = mine.task_id AND tasks.title_key = ANY ((SELECT keys FROM said)::text[])
                              LIMIT 1
                          ) shared
                          WHERE mine.user_id = $1
                      ) called
                  ) numbered WHERE place <= $4 OR id = ANY ($2)) task"
            ],
            ["ORDER BY task.id"],
            user,
            &numbers(ids),
            &titles,
            ALIKE
        )
        .fetch_all(scope.connection()?)
        .await?;
        Ok(rows.into_iter().map(|row| row.seen_by(viewer.user_id)).collect())
    }
}
