//! What is so, read past row-level security, and what a viewer may therefore see and know.

use serde::Deserialize;
use serde_json::Value;
use sqlx::{
    AssertSqlSafe, PgConnection,
    types::chrono::{DateTime, Utc},
};
use std::collections::BTreeSet;
use taskwire_domain::{
    SessionId, TaskId, TeamId, TokenId, ToolCallId, UserId,
    api_token::TokenScope,
    rights::{TaskAction, TeamAction},
    share::Permission,
    task::{Access, Status},
    team::Role,
};

/// The whole database but the log, at one moment.
#[derive(Debug, Deserialize)]
pub struct Truth {
    pub users: Vec<UserRow>,
    pub sessions: Vec<SessionRow>,
    pub api_tokens: Vec<TokenRow>,
    pub teams: Vec<TeamRow>,
    pub team_members: Vec<MemberRow>,
    pub team_invitations: Vec<TeamInvitationRow>,
    pub tasks: Vec<TaskRow>,
    pub deleted_tasks: Vec<TaskRow>,
    pub task_shares: Vec<ShareRow>,
    pub share_invitations: Vec<ShareInvitationRow>,
    pub tool_calls: Vec<ToolCallRow>,
    /// A digest of every row of every table, also of those that nothing here asks about.
    #[serde(skip)]
    pub digest: String,
}

#[derive(Debug, Deserialize)]
pub struct UserRow {
    pub id: UserId,
    pub email: String,
    pub name: String,
    pub time_zone: Option<String>,
    pub created_at: DateTime<Utc>,
    pub administrator: bool,
}

#[derive(Debug, Deserialize)]
pub struct SessionRow {
    pub id: SessionId,
    pub user_id: UserId,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    pub user_agent: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct TokenRow {
    pub id: TokenId,
    pub user_id: UserId,
    pub name: String,
    pub scopes: Vec<TokenScope>,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Deserialize)]
pub struct TeamRow {
    pub id: TeamId,
    pub name: String,
    pub description: String,
    pub version: i32,
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Deserialize)]
pub struct MemberRow {
    pub team_id: TeamId,
    pub user_id: UserId,
    pub role: Role,
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Deserialize)]
pub struct TeamInvitationRow {
    pub team_id: TeamId,
    pub email: String,
    pub role: Role,
    pub created_at: DateTime<Utc>,
}

/// A task, or one that was deleted.
#[derive(Debug, Deserialize)]
pub struct TaskRow {
    pub id: TaskId,
    pub user_id: UserId,
    pub team_id: Option<TeamId>,
    pub title: String,
    pub description: String,
    pub status: Status,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub completed_at: Option<DateTime<Utc>>,
    pub deleted_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Deserialize)]
pub struct ShareRow {
    pub task_id: TaskId,
    pub user_id: UserId,
    pub permission: Permission,
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Deserialize)]
pub struct ShareInvitationRow {
    pub task_id: TaskId,
    pub email: String,
    pub permission: Permission,
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Deserialize)]
pub struct ToolCallRow {
    pub id: ToolCallId,
    pub user_id: UserId,
    pub client: String,
    pub called_at: DateTime<Utc>,
}

/// The statements that read every table but the log: a digest, and all rows.
pub struct Reading {
    pub digest: String,
    pub rows: String,
}

impl Reading {
    pub async fn of(database: &mut PgConnection) -> Self {
        // The last use of a session or a token is noted with whatever is done.
        let tables: Vec<(String, String)> = sqlx::query_as(
            "SELECT table_name::text, string_agg(column_name, ', ' ORDER BY ordinal_position)
             FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
             WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND column_name NOT IN ('last_seen_at', 'last_used_at')
                 AND table_name NOT IN ('_sqlx_migrations', 'audit_log', 'audit_seals')
             GROUP BY 1",
        )
        .fetch_all(database)
        .await
        .unwrap();
        let each = |statement: &dyn Fn(&str) -> String| {
            let parts = tables.iter().map(|(table, columns)| {
                format!("'{table}', {}", statement(&format!("FROM (SELECT {columns} FROM {table}) r")))
            });
            format!("jsonb_build_object({})", parts.collect::<Vec<_>>().join(", "))
        };
        let made = "(to_jsonb(r) ->> 'created_at')::timestamptz";
        let digest = each(&|rows| format!("(SELECT sum(hashtextextended(r::text, 0)) {rows})"));
        let rows = each(&|rows| format!("(SELECT coalesce(jsonb_agg(to_jsonb(r) ORDER BY {made}), '[]') {rows})"));
        Self { digest: format!("{digest}::text"), rows: format!("SELECT {rows}") }
    }
}

impl Truth {
    pub async fn read(database: &mut PgConnection, reading: &Reading) -> Self {
        let rows = AssertSqlSafe(reading.rows.clone());
        let rows: Value = sqlx::query_scalar(rows).fetch_one(&mut *database).await.unwrap();
        let digest = AssertSqlSafe(format!("SELECT {}", reading.digest));
        let digest = sqlx::query_scalar(digest).fetch_one(database).await.unwrap();
        Self { digest, ..serde_json::from_value(rows).unwrap() }
    }

    pub fn user(&self, id: UserId) -> Option<&UserRow> {
        self.users.iter().find(|user| user.id == id)
    }

    pub fn administers(&self, id: UserId) -> bool {
        self.user(id).is_some_and(|user| user.administrator)
    }

    pub fn user_of(&self, email: &str) -> Option<UserId> {
        self.users.iter().find(|user| user.email == email).map(|user| user.id)
    }

    pub fn team(&self, id: TeamId) -> Option<&TeamRow> {
        self.teams.iter().find(|team| team.id == id)
    }

    pub fn task(&self, id: TaskId) -> Option<&TaskRow> {
        self.tasks.iter().find(|task| task.id == id)
    }

    pub fn deleted(&self, id: TaskId) -> Option<&TaskRow> {
        self.deleted_tasks.iter().find(|task| task.id == id)
    }

    pub fn role(&self, team: TeamId, user: UserId) -> Option<Role> {
        self.team_members.iter().find(|row| row.team_id == team && row.user_id == user).map(|row| row.role)
    }

    /// Whom the team belongs to.
    pub fn owner(&self, team: TeamId) -> Option<UserId> {
        let found = self.team_members.iter().find(|row| row.team_id == team && row.role == Role::Owner);
        found.map(|row| row.user_id)
    }

    pub fn share(&self, task: TaskId, user: UserId) -> Option<Permission> {
        self.task_shares.iter().find(|row| row.task_id == task && row.user_id == user).map(|row| row.permission)
    }

    /// By what right the viewer sees a task, or would see a deleted one.
    pub fn access(&self, me: UserId, task: &TaskRow) -> Option<Access> {
        let role = task.team_id.and_then(|team| self.role(team, me));
        Access::of(task.user_id == me, task.team_id.is_some(), role, self.share(task.id, me))
    }

    pub fn may(&self, me: UserId, task: &TaskRow, action: TaskAction) -> bool {
        self.access(me, task).is_some_and(|access| access.may(action, task.user_id == me))
    }

    pub fn may_in(&self, me: UserId, team: TeamId, action: TeamAction) -> bool {
        self.role(team, me).is_some_and(|role| role.may(action))
    }

    /// What is wrong afterwards where somebody has deleted their account: theirs alone is gone, and their tasks in teams
    /// of others are the owners'.
    pub fn faults_of_end(&self, me: UserId, after: &Self) -> Vec<String> {
        let others = |truth: &Self| truth.users.iter().map(|user| user.id).filter(|id| *id != me).collect::<Vec<_>>();
        let mut faults = Vec::new();
        if after.user(me).is_some() || others(self) != others(after) {
            faults.push("somebody else is gone".to_owned());
        }
        for task in self.tasks.iter().chain(&self.deleted_tasks) {
            let heir = task.team_id.and_then(|team| self.owner(team)).filter(|owner| *owner != me);
            let wanted = if task.user_id == me { heir } else { Some(task.user_id) };
            let found = after.task(task.id).or_else(|| after.deleted(task.id)).map(|task| task.user_id);
            if found != wanted {
                faults.push(format!("the task {} is {found:?}'s instead of {wanted:?}'s", task.id));
            }
        }
        let is_others = |row: &&ShareRow| {
            row.user_id != me && after.task(row.task_id).is_some_and(|task| task.user_id != row.user_id)
        };
        for share in self.task_shares.iter().filter(is_others) {
            if after.share(share.task_id, share.user_id) != Some(share.permission) {
                faults.push(format!("a share of the task {} is gone", share.task_id));
            }
        }
        faults
    }

    /// Whether the viewer has to do with somebody, so that they may know their name.
    pub fn knows(&self, me: UserId, person: UserId) -> bool {
        let together = |team: &TeamRow| self.role(team.id, me).is_some() && self.role(team.id, person).is_some();
        let by_share = |row: &ShareRow| {
            let Some(task) = self.task(row.task_id) else { return false };
            let gives = task.user_id == me || self.may(me, task, TaskAction::Share);
            (row.user_id == person && gives) || (row.user_id == me && task.user_id == person)
        };
        me == person || self.teams.iter().any(together) || self.task_shares.iter().any(by_share)
    }

    /// The markers of all that the viewer may know.
    pub fn known(&self, me: UserId) -> BTreeSet<String> {
        let mut texts: Vec<&str> = Vec::new();
        for task in self.tasks.iter().filter(|task| self.may(me, task, TaskAction::View)) {
            texts.extend([&*task.title, &*task.description]);
            let invited = self.share_invitations.iter().filter(|row| row.task_id == task.id);
            texts.extend(invited.filter(|_| self.may(me, task, TaskAction::Share)).map(|row| &*row.email));
        }
        for task in self.deleted_tasks.iter().filter(|task| self.may(me, task, TaskAction::Delete)) {
            texts.extend([&*task.title, &*task.description]);
        }
        for team in self.teams.iter().filter(|team| self.may_in(me, team.id, TeamAction::View)) {
            texts.extend([&*team.name, &*team.description]);
            let invited = self.team_invitations.iter().filter(|row| row.team_id == team.id);
            texts.extend(invited.filter(|_| self.may_in(me, team.id, TeamAction::Invite)).map(|row| &*row.email));
        }
        for user in self.users.iter().filter(|user| self.knows(me, user.id)) {
            texts.extend([&*user.name, &*user.email]);
        }
        texts.extend(self.api_tokens.iter().filter(|row| row.user_id == me).map(|row| &*row.name));
        texts.extend(self.tool_calls.iter().filter(|row| row.user_id == me).map(|row| &*row.client));
        let sessions = self.sessions.iter().filter(|row| row.user_id == me);
        texts.extend(sessions.filter_map(|row| row.user_agent.as_deref()));
        markers(&texts.join("\n"))
    }
}

/// What every text of somebody's holds, such as `secret-task-12`: no two have the same.
pub fn markers(text: &str) -> BTreeSet<String> {
    let ends = |c: char| !c.is_ascii_alphanumeric() && c != '-';
    text.split("secret-")
        .skip(1)
        .map(|rest| format!("secret-{}", rest.split(ends).next().unwrap_or_default()))
        .collect()
}
