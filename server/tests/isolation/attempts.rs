//! Everything that somebody may try, as the browser says it and as the backend's method.

use super::doors::{Outcome, answer};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::fmt::Display;
use taskwire_app::rpc::{token::Tokens, tool_call::Calls};
use taskwire_backend::{Backend, Viewer};
use taskwire_domain::{
    SessionId, TaskId, TeamId, TokenId, ToolCallId, UserId,
    account::{Email, Name, Password},
    api_token::{NewApiToken, TokenEnd, TokenScope},
    audit::AuditQuery,
    share::{NewShare, Permission},
    task::{FileFormat, NewTask, PAGE_MAX, Source, Status, TaskChange, TaskQuery},
    team::{NewMember, Role, TeamTexts},
    tool_call::{ToolCallQuery, Undo},
};
use uuid::Uuid;

/// Everybody's, before and after it was changed.
pub const PASSWORD: &str = "Correct-horse-1";

/// One operation with its targets, of which some exist.
#[derive(Debug, Clone)]
pub enum Attempt {
    /// `whole` is everything that is kept about one, of which the browser asks for the account.
    AccountGet {
        whole: bool,
    },
    AccountUpdate {
        name: String,
    },
    AccountPassword,
    AccountDelete,
    AccountZone {
        zone: &'static str,
    },
    TimeZones,
    /// All, or `one` of them, which is among those that the browser asks for.
    SessionList {
        one: Option<SessionId>,
    },
    SessionEnd {
        id: SessionId,
    },
    SessionEndOthers,
    /// All, or `one` of them, which is among those that the browser asks for.
    TokenList {
        one: Option<TokenId>,
    },
    TokenCreate {
        name: String,
    },
    TokenRevoke {
        id: TokenId,
    },
    /// `part` is what programs ask for, the numbers of which are among those that the browser asks for.
    Dashboard {
        part: &'static str,
    },
    AuditList {
        team: Option<TeamId>,
        before: Option<i64>,
    },
    TaskList {
        source: Source,
    },
    /// Among all.
    TaskSearch {
        text: String,
    },
    TaskGet {
        id: TaskId,
    },
    TaskCreate {
        title: String,
        team: Option<TeamId>,
    },
    /// From a file, of one line.
    TaskImport {
        title: String,
    },
    TaskUpdate {
        id: TaskId,
        version: i32,
        title: String,
    },
    TaskStatus {
        id: TaskId,
        status: Status,
    },
    TaskDelete {
        id: TaskId,
    },
    TaskDeleted {
        id: TaskId,
    },
    TaskRestore {
        id: TaskId,
    },
    ShareList {
        id: TaskId,
    },
    ShareGive {
        id: TaskId,
        email: String,
        permission: Permission,
    },
    ShareChange {
        id: TaskId,
        email: String,
        permission: Permission,
    },
    ShareRevoke {
        id: TaskId,
        user: UserId,
    },
    ShareDecline {
        id: TaskId,
    },
    ShareUninvite {
        id: TaskId,
        email: String,
    },
    ShareByMe,
    Performance,
    ToolCallList,
    ToolCallUndo {
        id: ToolCallId,
    },
    /// What a client did that nobody knows.
    ToolCallUndoSince,
    TeamList,
    /// The same with a team, its members and who is invited.
    TeamGet {
        id: TeamId,
        part: &'static str,
    },
    TeamCreate {
        name: String,
    },
    TeamUpdate {
        id: TeamId,
        version: i32,
        name: String,
    },
    TeamDelete {
        id: TeamId,
    },
    TeamLeave {
        id: TeamId,
    },
    TeamTransfer {
        id: TeamId,
        to: UserId,
    },
    MemberAdd {
        id: TeamId,
        email: String,
        role: Role,
    },
    MemberChange {
        id: TeamId,
        user: UserId,
        role: Role,
    },
    MemberRemove {
        id: TeamId,
        user: UserId,
    },
    TeamUninvite {
        id: TeamId,
        email: String,
    },
}

/// The server function's path, and its fields.
pub type Call = (&'static str, Vec<(&'static str, String)>);

/// A client that has never called.
pub const NO_CLIENT: &str = "nobody";
/// Before anything.
pub const LONG_AGO: &str = "2020-01-01T00:00:00Z";

pub fn about(text: &str) -> String {
    format!("More about {text}")
}

/// Whose it is said to be goes for nothing.
pub fn file_of(title: &str) -> Value {
    json!([{ "title": title, "description": about(title), "id": 1, "user_id": Uuid::nil() }])
}

fn call(path: &'static str, fields: &[(&'static str, &dyn Display)]) -> Call {
    (path, fields.iter().map(|(name, value)| (*name, value.to_string())).collect())
}

impl Attempt {
    pub fn call(&self) -> Call {
        match self {
            Self::AccountGet { .. } => call("/rpc/account/get", &[]),
            Self::AccountUpdate { name } => call("/rpc/account/update", &[("name", name)]),
            Self::AccountPassword => {
                call("/rpc/account/change_password", &[("current_password", &PASSWORD), ("new_password", &PASSWORD)])
            }
            Self::AccountDelete => call("/rpc/account/delete", &[("password", &PASSWORD)]),
            Self::AccountZone { zone } => call("/rpc/account/set_time_zone", &[("time_zone", zone)]),
            Self::TimeZones => call("/rpc/account/time_zones", &[]),
            Self::SessionList { .. } => call("/rpc/session/list", &[]),
            Self::SessionEnd { id } => call("/rpc/session/end", &[("id", id)]),
            Self::SessionEndOthers => call("/rpc/session/end_others", &[]),
            Self::TokenList { .. } => call("/rpc/token/list", &[]),
            Self::TokenCreate { name } => {
                call("/rpc/token/create", &[("name", name), ("teams", &TokenScope::TeamsRead), ("days", &7)])
            }
            Self::TokenRevoke { id } => call("/rpc/token/revoke", &[("id", id)]),
            Self::Dashboard { .. } => call("/rpc/dashboard/read", &[]),
            Self::AuditList { team: None, before: None } => call("/rpc/audit/list", &[]),
            Self::AuditList { team: None, before: Some(id) } => call("/rpc/audit/list", &[("query[before]", id)]),
            Self::AuditList { team: Some(team), .. } => call("/rpc/audit/list", &[("query[team]", team)]),
            Self::TaskList { source } => {
                let (field, value): (_, &dyn Display) = match source {
                    Source::All => ("query[source]", &"all"),
                    Source::Own => ("query[source]", &"own"),
                    Source::Shared => ("query[source]", &"shared"),
                    Source::Team(team) => ("query[source][team]", team),
                };
                let limit: (_, &dyn Display) = ("query[limit]", &PAGE_MAX);
                call("/rpc/task/list", &[(field, value), limit, ("query[search]", &""), ("query[sort]", &"updated")])
            }
            Self::TaskSearch { text } => call(
                "/rpc/task/list",
                &[
                    ("query[source]", &"all"),
                    ("query[limit]", &PAGE_MAX),
                    ("query[search]", text),
                    ("query[sort]", &"updated"),
                ],
            ),
            Self::TaskGet { id } => call("/rpc/task/get", &[("id", id)]),
            Self::TaskCreate { title, team: None } => {
                call("/rpc/task/create", &[("title", title), ("description", &about(title))])
            }
            Self::TaskCreate { title, team: Some(team) } => {
                call("/rpc/task/create", &[("title", title), ("description", &about(title)), ("team_id", team)])
            }
            Self::TaskImport { title } => call("/rpc/task/import", &[("text", &file_of(title))]),
            Self::TaskUpdate { id, version, title } => call(
                "/rpc/task/update",
                &[("id", id), ("version", version), ("title", title), ("description", &about(title))],
            ),
            Self::TaskStatus { id, status: Status::Completed } => call("/rpc/task/complete", &[("id", id)]),
            Self::TaskStatus { id, status: Status::Pending } => call("/rpc/task/reopen", &[("id", id)]),
            Self::TaskDelete { id } => call("/rpc/task/delete", &[("id", id)]),
            Self::TaskDeleted { id } => call("/rpc/task/deleted", &[("id", id)]),
            Self::TaskRestore { id } => call("/rpc/task/restore", &[("id", id)]),
            Self::ShareList { id } => call("/rpc/share/list", &[("task_id", id)]),
            Self::ShareGive { id, email, permission } => {
                call("/rpc/share/give", &[("task_id", id), ("email", email), ("permission", permission)])
            }
            Self::ShareChange { id, email, permission } => {
                call("/rpc/share/change", &[("task_id", id), ("email", email), ("permission", permission)])
            }
            Self::ShareRevoke { id, user } => call("/rpc/share/revoke", &[("task_id", id), ("user_id", user)]),
            Self::ShareDecline { id } => call("/rpc/share/decline", &[("task_id", id)]),
            Self::ShareUninvite { id, email } => call("/rpc/share/uninvite", &[("task_id", id), ("email", email)]),
            Self::ShareByMe => call("/rpc/share/by_me", &[]),
            Self::Performance => call("/rpc/performance/read", &[]),
            Self::ToolCallList => call("/rpc/tool_call/list", &[]),
            Self::ToolCallUndo { id } => call("/rpc/tool_call/undo", &[("id", id)]),
            Self::ToolCallUndoSince => {
                call("/rpc/tool_call/undo_since", &[("client", &NO_CLIENT), ("since", &LONG_AGO)])
            }
            Self::TeamList => call("/rpc/team/list", &[]),
            Self::TeamGet { id, .. } => call("/rpc/team/get", &[("id", id)]),
            Self::TeamCreate { name } => call("/rpc/team/create", &[("name", name), ("description", &about(name))]),
            Self::TeamUpdate { id, version, name } => call(
                "/rpc/team/update",
                &[("id", id), ("version", version), ("name", name), ("description", &about(name))],
            ),
            Self::TeamDelete { id } => call("/rpc/team/delete", &[("id", id)]),
            Self::TeamLeave { id } => call("/rpc/team/leave", &[("id", id)]),
            Self::TeamTransfer { id, to } => call("/rpc/team/transfer", &[("id", id), ("user_id", to)]),
            Self::MemberAdd { id, email, role } => {
                call("/rpc/team/add_member", &[("id", id), ("email", email), ("role", role)])
            }
            Self::MemberChange { id, user, role } => {
                call("/rpc/team/change_member", &[("id", id), ("user_id", user), ("role", role)])
            }
            Self::MemberRemove { id, user } => call("/rpc/team/remove_member", &[("id", id), ("user_id", user)]),
            Self::TeamUninvite { id, email } => call("/rpc/team/uninvite", &[("id", id), ("email", email)]),
        }
    }

    pub async fn through_backend(&self, backend: &Backend, me: &Viewer) -> (Outcome, Value) {
        let email = |text: &str| Email::parse(text).unwrap();
        match self.clone() {
            Self::AccountGet { .. } => answer(backend.account_get(me).await),
            Self::AccountUpdate { name } => answer(backend.account_update(me, Name::parse(&name).unwrap()).await),
            Self::AccountPassword => {
                answer(backend.account_change_password(me, PASSWORD, Password::parse(PASSWORD).unwrap()).await)
            }
            Self::AccountDelete => answer(backend.account_delete(me, PASSWORD).await),
            Self::AccountZone { zone } => answer(backend.account_set_time_zone(me, Some(zone)).await),
            Self::TimeZones => answer(backend.account_time_zones(me).await),
            Self::SessionList { .. } => answer(backend.session_list(me).await),
            Self::SessionEnd { id } => answer(backend.session_end(me, id).await),
            Self::SessionEndOthers => answer(backend.session_end_others(me).await),
            Self::TokenList { .. } => answer(backend.token_list(me).await.map(|tokens| Tokens { tokens, made: None })),
            Self::TokenCreate { name } => {
                let new = NewApiToken::parse(&name, &[TokenScope::TeamsRead], TokenEnd::After(7)).unwrap();
                answer(backend.token_create(me, new).await.map(|made| made.secret.expose_secret().to_owned()))
            }
            Self::TokenRevoke { id } => answer(backend.token_revoke(me, id).await),
            Self::Dashboard { .. } => answer(backend.dashboard_read(me, None).await),
            Self::AuditList { team, before } => answer(backend.audit_list(me, AuditQuery { team, before }).await),
            Self::TaskList { source } => {
                let query = TaskQuery { source, limit: Some(PAGE_MAX), ..TaskQuery::default() };
                answer(backend.task_list(me, &query).await)
            }
            Self::TaskSearch { text } => {
                let query = TaskQuery { search: text, limit: Some(PAGE_MAX), ..TaskQuery::default() };
                answer(backend.task_list(me, &query).await)
            }
            Self::TaskGet { id } => answer(backend.task_get(me, id).await),
            Self::TaskCreate { title, team } => {
                let new = NewTask::parse(&title, &about(&title), None).unwrap().in_team(team);
                answer(backend.task_create(me, new).await)
            }
            Self::TaskImport { title } => {
                let (key, file) = (Uuid::new_v4(), file_of(&title).to_string());
                let imported = backend.task_import(me, key, FileFormat::Json, file, false).await;
                answer(imported.map(|imported| imported.made.len()))
            }
            Self::TaskUpdate { id, version, title } => {
                let change = TaskChange::parse(Some(&title), Some(&about(&title)), None, Some(version)).unwrap();
                answer(backend.task_update(me, id, change).await)
            }
            Self::TaskStatus { id, status } => answer(backend.task_update(me, id, TaskChange::status(status)).await),
            Self::TaskDelete { id } => answer(backend.task_delete(me, id, None).await),
            Self::TaskDeleted { id } => answer(backend.task_deleted(me, id).await),
            Self::TaskRestore { id } => answer(backend.task_restore(me, id).await),
            Self::ShareList { id } => answer(backend.share_list(me, id).await),
            Self::ShareGive { id, email, permission } => {
                answer(backend.share_give(me, id, NewShare::parse(&email, permission.as_str()).unwrap()).await)
            }
            Self::ShareChange { id, email, permission } => {
                answer(backend.share_change(me, id, NewShare::parse(&email, permission.as_str()).unwrap()).await)
            }
            Self::ShareRevoke { id, user } => answer(backend.share_revoke(me, id, user).await),
            Self::ShareDecline { id } => answer(backend.share_decline(me, id).await),
            Self::ShareUninvite { id, email: text } => answer(backend.share_uninvite(me, id, email(&text)).await),
            Self::ShareByMe => answer(backend.share_by_me(me, None).await),
            Self::Performance => answer(backend.performance_read(me, None).await),
            Self::ToolCallList => answer(
                backend.tool_call_list(me, ToolCallQuery::default()).await.map(|page| Calls { page, kept: None }),
            ),
            Self::ToolCallUndo { id } => answer(backend.tool_call_undo(me, &Undo::Call(id)).await),
            Self::ToolCallUndoSince => {
                let undo = Undo::Client { client: NO_CLIENT.to_owned(), since: LONG_AGO.parse().unwrap(), until: None };
                answer(backend.tool_call_undo(me, &undo).await)
            }
            Self::TeamList => answer(backend.team_list(me).await),
            Self::TeamGet { id, .. } => answer(backend.team_get(me, id).await),
            Self::TeamCreate { name } => {
                answer(backend.team_create(me, TeamTexts::parse(&name, &about(&name)).unwrap()).await)
            }
            Self::TeamUpdate { id, version, name } => {
                let texts = TeamTexts::parse(&name, &about(&name)).unwrap();
                answer(backend.team_update(me, id, texts, Some(version)).await)
            }
            Self::TeamDelete { id } => answer(backend.team_delete(me, id, None).await),
            Self::TeamLeave { id } => answer(backend.team_leave(me, id).await),
            Self::TeamTransfer { id, to } => answer(backend.team_transfer(me, id, to).await),
            Self::MemberAdd { id, email, role } => {
                answer(backend.team_member_add(me, id, NewMember::parse(&email, role.as_str()).unwrap()).await)
            }
            Self::MemberChange { id, user, role } => answer(backend.team_member_change(me, id, user, role).await),
            Self::MemberRemove { id, user } => answer(backend.team_member_remove(me, id, user).await),
            Self::TeamUninvite { id, email: text } => answer(backend.team_uninvite(me, id, email(&text)).await),
        }
    }
}
