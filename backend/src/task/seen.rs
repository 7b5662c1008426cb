//! A task as its viewer sees it: with the names and the access that belong to it.

use chrono::{DateTime, Utc};
use taskwire_domain::{
    TaskId, TeamId, UserId,
    task::{Access, Status, Task},
};
use uuid::Uuid;

/// A row of [`seen!`].
pub(super) struct TaskRow {
    pub(super) id: i64,
    pub(super) user_id: Uuid,
    pub(super) owner: Option<String>,
    pub(super) in_team: bool,
    pub(super) team_id: Option<Uuid>,
    pub(super) team: Option<String>,
    pub(super) role: Option<String>,
    pub(super) permission: Option<String>,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) status: String,
    pub(super) version: i32,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
    pub(super) completed_at: Option<DateTime<Utc>>,
}

impl TaskRow {
    pub(super) fn seen_by(self, viewer: UserId) -> Task {
        let own = UserId(self.user_id) == viewer;
        let role = self.role.and_then(|word| word.parse().ok());
        let permission = self.permission.and_then(|word| word.parse().ok());
        Task {
            id: TaskId(self.id),
            user_id: UserId(self.user_id),
            owner: (!own).then(|| self.owner.unwrap_or_default()),
            team_id: self.team_id.map(TeamId),
            team: self.team,
            title: self.title,
            description: self.description,
            // The column's check allows no third word.
            status: self.status.parse().unwrap_or(Status::Pending),
            // Whoever sees a row at all may at least view it.
            access: Access::of(own, self.in_team, role, permission).unwrap_or(Access::View),
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
            completed_at: self.completed_at,
        }
    }
}

/// The tasks that `$from` calls `task`, as rows of [`TaskRow`]. `$with` begins with the statement's name. The first
/// argument, `$1`, is always the viewer. A team of others does not show, not even by its id: row-level security leaves
/// the join empty.
macro_rules! seen {
    ($with:literal, [$($from:literal)+], [$($rest:literal)*], $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            crate::task::seen::TaskRow,
            $with
                + r#" SELECT task.id AS "id!", task.user_id AS "user_id!", owner.name AS "owner?",
                      task.team_id IS NOT NULL AS "in_team!", team.id AS "team_id?", team.name AS "team?",
                      member.role AS "role?", share.permission AS "permission?", task.title AS "title!",
                      task.description AS "description!", task.status AS "status!", task.version AS "version!",
                      task.created_at AS "created_at!", task.updated_at AS "updated_at!",
                      task.completed_at AS "completed_at?"
                  FROM "#
                + $($from +)+ " LEFT JOIN users owner ON owner.id = task.user_id AND task.user_id <> $1
                    LEFT JOIN teams team ON team.id = task.team_id
                    LEFT JOIN team_members member ON member.team_id = task.team_id AND member.user_id = $1
                    LEFT JOIN task_shares share ON share.task_id = task.id AND share.user_id = $1 "
                $(+ $rest)*,
            $($argument),+
        )
    };
}

pub(super) use seen;
