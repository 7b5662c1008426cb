//! What an answer must hold, to the last row and count.

use super::{
    attempts::Attempt,
    audit,
    truth::{TaskRow, TeamRow, Truth},
};
use serde::Serialize;
use serde_json::Value;
use sqlx::{
    PgConnection,
    types::chrono::{DateTime, Utc},
};
use taskwire_app::rpc::{token::Tokens, tool_call::Calls};
use taskwire_backend::Viewer;
use taskwire_domain::{
    TaskId, TeamId, UserId,
    account::Account,
    api_token::ApiToken,
    dashboard::{Activity, Dashboard, RECENT_TASKS, RecentTask, Statistics, TeamSummary},
    rights::{TaskAction, TeamAction},
    session::Session,
    share::{Permission, Share, SharedTask, SharedTaskPage},
    task::{Counts, DeletedTask, PAGE_SIZE, Source, Status, Task, TaskPage},
    team::{Added, Invitation, Member, Team, TeamPeople},
    tool_call::{NotUndone, Outcome, ToolCall, ToolCallPage, Undone},
};

impl Truth {
    fn account(&self, me: UserId) -> Account {
        let row = self.user(me).unwrap();
        let (email, name, time_zone) = (row.email.clone(), row.name.clone(), row.time_zone.clone());
        Account { id: me, email, name, time_zone, created_at: row.created_at, administrator: row.administrator }
    }

    fn sessions_of(&self, me: &Viewer) -> Vec<Session> {
        let live = self.sessions.iter().filter(|row| row.user_id == me.user_id && row.ended_at.is_none());
        live.map(|row| Session {
            id: row.id,
            created_at: row.created_at,
            last_seen_at: row.created_at,
            expires_at: row.expires_at,
            address: None,
            user_agent: row.user_agent.clone(),
            current: row.id == me.session().unwrap(),
        })
        .collect()
    }

    fn tokens_of(&self, me: UserId) -> Tokens {
        let live = self.api_tokens.iter().filter(|row| row.user_id == me && row.revoked_at.is_none());
        let tokens = live.map(|row| ApiToken {
            id: row.id,
            name: row.name.clone(),
            scopes: row.scopes.clone(),
            created_at: row.created_at,
            last_used_at: None,
            expires_at: row.expires_at,
        });
        Tokens { tokens: tokens.collect(), made: None }
    }

    fn calls_of(&self, me: UserId) -> Calls {
        let calls = self.tool_calls.iter().filter(|row| row.user_id == me).map(|row| ToolCall {
            id: row.id,
            called_at: row.called_at,
            client: row.client.clone(),
            token: None,
            tool: "list_tasks".to_owned(),
            arguments: "{}".to_owned(),
            outcome: Outcome::Done,
            detail: None,
            duration_ms: 1.0,
            changed: vec![],
            undone_at: None,
        });
        Calls { page: ToolCallPage { calls: calls.collect(), next: None }, kept: None }
    }

    fn task_for(&self, me: UserId, row: &TaskRow) -> Option<Task> {
        let access = self.access(me, row)?;
        let team = row.team_id.and_then(|id| self.team(id)).filter(|team| self.role(team.id, me).is_some());
        Some(Task {
            id: row.id,
            user_id: row.user_id,
            owner: (row.user_id != me).then(|| self.user(row.user_id).unwrap().name.clone()),
            team_id: team.map(|team| team.id),
            team: team.map(|team| team.name.clone()),
            title: row.title.clone(),
            description: row.description.clone(),
            status: row.status,
            access,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
            completed_at: row.completed_at,
        })
    }

    /// Those of all tasks in whose texts this stands, whatever the case.
    fn search(&self, me: UserId, text: &str) -> TaskPage {
        let mut page = self.list(me, Source::All);
        let has = |field: &str| field.to_lowercase().contains(&text.to_lowercase());
        page.tasks.retain(|task| has(&task.title) || has(&task.description));
        page
    }

    fn list(&self, me: UserId, source: Source) -> TaskPage {
        let wanted = |row: &&TaskRow| match source {
            Source::All => true,
            Source::Own => row.user_id == me,
            Source::Shared => self.share(row.id, me).is_some(),
            Source::Team(team) => row.team_id == Some(team),
        };
        let tasks = self.tasks.iter().filter(wanted).filter_map(|row| self.task_for(me, row)).collect();
        let statistics = self.statistics(me);
        let alone = statistics.shared() == 0 && !self.team_members.iter().any(|row| row.user_id == me);
        let counted = source == Source::Own || (source == Source::All && alone);
        let counts = Counts { pending: statistics.pending, completed: statistics.completed };
        TaskPage { tasks, next: None, now: DateTime::UNIX_EPOCH, counts: counted.then_some(counts) }
    }

    fn deleted_for(&self, me: UserId, id: TaskId) -> Option<DeletedTask> {
        let row = self.deleted(id).filter(|row| self.may(me, row, TaskAction::Delete))?;
        Some(DeletedTask { id, title: row.title.clone(), deleted_at: row.deleted_at? })
    }

    fn statistics(&self, me: UserId) -> Statistics {
        let own = |status| self.tasks.iter().filter(|row| row.user_id == me && row.status == status).count();
        let shared = |may| self.task_shares.iter().filter(|row| row.user_id == me && row.permission == may).count();
        Statistics {
            pending: own(Status::Pending) as i64,
            completed: own(Status::Completed) as i64,
            shared_view: shared(Permission::View) as i64,
            shared_edit: shared(Permission::Edit) as i64,
        }
    }

    fn dashboard(&self, me: UserId, activity: Activity) -> Dashboard {
        let mut own: Vec<_> = self.tasks.iter().filter(|row| row.user_id == me).collect();
        own.sort_by_key(|row| std::cmp::Reverse((row.updated_at, row.id)));
        let recent = own.into_iter().take(RECENT_TASKS).map(|row| RecentTask {
            id: row.id,
            title: row.title.clone(),
            status: row.status,
            updated_at: DateTime::from_timestamp(row.updated_at.timestamp(), 0).unwrap(),
        });
        let teams = self.teams.iter().filter_map(|team| self.team_for(me, team));
        let teams = teams.map(|team| TeamSummary { id: team.id, name: team.name, role: team.role.to_string() });
        Dashboard {
            cached: false,
            computed_at: DateTime::UNIX_EPOCH,
            utc_offset: 0,
            statistics: self.statistics(me),
            activity,
            recent: recent.collect(),
            teams: teams.collect(),
        }
    }

    fn team_for(&self, me: UserId, row: &TeamRow) -> Option<Team> {
        Some(Team {
            id: row.id,
            name: row.name.clone(),
            description: row.description.clone(),
            role: self.role(row.id, me)?,
            members: self.team_members.iter().filter(|member| member.team_id == row.id).count() as i64,
            version: row.version,
            created_at: row.created_at,
        })
    }

    fn people(&self, me: UserId, id: TeamId) -> Option<TeamPeople> {
        let team = self.team_for(me, self.team(id)?)?;
        let members = self.team_members.iter().filter(|row| row.team_id == id).map(|row| {
            let user = self.user(row.user_id).unwrap();
            let (user_id, name, email) = (user.id, user.name.clone(), user.email.clone());
            Member { user_id, name, email, role: row.role, created_at: row.created_at, is_viewer: user_id == me }
        });
        let seen = self.team_invitations.iter().filter(|row| row.team_id == id && team.role.may(TeamAction::Invite));
        let invitations =
            seen.map(|row| Invitation { email: row.email.clone(), role: row.role, created_at: row.created_at });
        Some(TeamPeople { members: members.collect(), invitations: invitations.collect(), team })
    }

    fn shares(&self, id: TaskId) -> Vec<Share> {
        let given = self.task_shares.iter().filter(|row| row.task_id == id).map(|row| {
            let user = self.user(row.user_id).unwrap();
            let (name, email) = (user.name.clone(), user.email.clone());
            Share { user_id: Some(user.id), name, email, permission: row.permission, created_at: row.created_at }
        });
        let waiting = self.share_invitations.iter().filter(|row| row.task_id == id).map(|row| {
            let (name, email) = (String::new(), row.email.clone());
            Share { user_id: None, name, email, permission: row.permission, created_at: row.created_at }
        });
        given.chain(waiting).collect()
    }

    fn shared_by(&self, me: UserId) -> SharedTaskPage {
        let mut rows: Vec<_> = self.tasks.iter().filter(|row| row.user_id == me).collect();
        rows.retain(|row| self.may(me, row, TaskAction::Share) && !self.shares(row.id).is_empty());
        rows.sort_by_key(|row| std::cmp::Reverse(row.id));
        assert!(rows.len() <= PAGE_SIZE as usize, "these worlds are small");
        let tasks = rows.into_iter().map(|row| SharedTask {
            id: row.id,
            title: row.title.clone(),
            status: row.status,
            shares: self.shares(row.id),
        });
        SharedTaskPage { tasks: tasks.collect(), next: None }
    }

    fn added(&self, email: &str) -> Added {
        if self.user_of(email).is_some() { Added::Now } else { Added::Invited }
    }
}

/// What the viewer made and completed on the day and in the week of `now`, in their own zone.
async fn activity(database: &mut PgConnection, me: UserId, now: &Value) -> Activity {
    // Not every part of the dashboard tells when it was computed.
    let now: Option<DateTime<Utc>> = serde_json::from_value(now.clone()).unwrap();
    let counted: Value = sqlx::query_scalar(
        "SELECT jsonb_build_object(
             'created_today', count(*) FILTER (WHERE created_at >= date_trunc('day', coalesce($2, now()), zone)),
             'completed_today', count(*) FILTER (WHERE completed_at >= date_trunc('day', coalesce($2, now()), zone)),
             'created_this_week', count(*) FILTER (WHERE created_at >= date_trunc('week', coalesce($2, now()), zone)),
             'completed_this_week', count(*) FILTER (WHERE completed_at >= date_trunc('week', coalesce($2, now()), zone)))
         FROM (SELECT coalesce(time_zone, 'UTC') AS zone FROM users WHERE id = $1) u LEFT JOIN tasks ON user_id = $1",
    )
    .bind(me.0)
    .bind(now)
    .fetch_one(database)
    .await
    .unwrap();
    serde_json::from_value(counted).unwrap()
}

/// What an attempt that was allowed must have been answered; `None` where nothing is said of what somebody may see.
/// `before` and `after` are the same for whatever only reads.
pub async fn expected_answer(
    attempt: &Attempt,
    viewer: &Viewer,
    (before, after): (&Truth, &Truth),
    database: &mut PgConnection,
    given: &Value,
) -> Option<Value> {
    let me = viewer.user_id;
    let task = |id: &TaskId| json(&after.task(*id).and_then(|row| after.task_for(me, row)));
    let made: Option<TaskId> = serde_json::from_value(given["id"].clone()).ok();
    let founded: Option<TeamId> = serde_json::from_value(given["id"].clone()).ok();
    Some(match attempt {
        Attempt::TimeZones => return None,
        // It tells of no rows; what it tells is looked at by `performance`.
        Attempt::Performance => return None,
        // What is in the file besides is compared with the database by `api::export`.
        Attempt::AccountGet { whole: true } => return None,
        Attempt::AccountGet { whole: false } | Attempt::AccountUpdate { .. } => json(&after.account(me)),
        Attempt::SessionList { .. } => json(&after.sessions_of(viewer)),
        Attempt::TokenList { .. } => json(&after.tokens_of(me)),
        // The secret is new.
        Attempt::TokenCreate { .. } => return None,
        Attempt::SessionEndOthers => json(&(before.sessions_of(viewer).len() - 1)),
        Attempt::Dashboard { .. } => json(&after.dashboard(me, activity(database, me, &given["computed_at"]).await)),
        Attempt::AuditList { team, before } => json(&audit::page(database, after, me, *team, *before).await),
        Attempt::TaskList { source } => json(&after.list(me, *source)),
        Attempt::TaskSearch { text } => json(&after.search(me, text)),
        Attempt::TaskGet { id } | Attempt::TaskUpdate { id, .. } | Attempt::TaskStatus { id, .. } => task(id),
        Attempt::TaskRestore { id } => task(id),
        Attempt::TaskCreate { .. } => task(&made?),
        Attempt::TaskImport { .. } => json(&(after.tasks.len() - before.tasks.len())),
        Attempt::TaskDelete { id } | Attempt::TaskDeleted { id } => json(&after.deleted_for(me, *id)),
        Attempt::ShareList { id } => json(&after.shares(*id)),
        Attempt::ShareByMe => json(&after.shared_by(me)),
        Attempt::ShareGive { email, .. } | Attempt::MemberAdd { email, .. } => json(&after.added(email)),
        Attempt::ToolCallList => json(&after.calls_of(me)),
        Attempt::ToolCallUndo { id } => {
            let kept = vec![NotUndone { id: *id, reason: "It changed nothing.".to_owned() }];
            json(&Undone { undone: vec![], kept })
        }
        Attempt::ToolCallUndoSince => json(&Undone::default()),
        Attempt::TeamList => json(&after.teams.iter().filter_map(|row| after.team_for(me, row)).collect::<Vec<_>>()),
        Attempt::TeamGet { id, .. } => json(&after.people(me, *id)),
        Attempt::TeamCreate { .. } => json(&after.team(founded?).and_then(|row| after.team_for(me, row))),
        Attempt::TeamUpdate { id, .. } => json(&after.team(*id).and_then(|row| after.team_for(me, row))),
        _ => Value::Null,
    })
}

fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

/// Without what depends on the moment, and without the order of lists, which other tests look at.
pub fn comparable(value: &Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(comparable).collect();
            items.sort_by_cached_key(Value::to_string);
            Value::Array(items)
        }
        Value::Object(fields) => {
            // And what was asked before, for which no row stands.
            let moment = [
                "computed_at",
                "as_of",
                "cached",
                "utc_offset",
                "now",
                "last_seen_at",
                "slices",
                "connections",
                "asked",
            ];
            let kept = fields.iter().filter(|(name, _)| !moment.contains(&name.as_str()));
            Value::Object(kept.map(|(name, value)| (name.clone(), comparable(value))).collect())
        }
        other => other.clone(),
    }
}
