//! The same attempts through the REST API, as a program with a bearer token makes them.

use super::{
    attempts::{Attempt, LONG_AGO, NO_CLIENT, PASSWORD, about, file_of},
    doors::Outcome,
    society::Person,
};
use axum::{body::Body, http::Method};
use serde_json::{Value, json};
use std::fmt::Display;
use taskwire_domain::{
    Error as Refusal, TaskId, UserId,
    task::{PAGE_MAX, Source, Status},
};

/// A request: method, path as the document has it, path, and body.
pub struct RestCall {
    pub method: Method,
    pub template: &'static str,
    pub path: String,
    body: Option<Value>,
}

fn call(method: Method, template: &'static str, path: String, body: Option<Value>) -> Option<RestCall> {
    Some(RestCall { method, template, path, body })
}

const TOKENS: &str = "/api/auth/tokens";
const TASKS: &str = "/api/{user_id}/tasks";
const TASK: &str = "/api/{user_id}/tasks/{id}";
const BULK: &str = "/api/{user_id}/tasks/bulk";
const IMPORT: &str = "/api/{user_id}/tasks/import";
const SHARE: &str = "/api/tasks/{id}/share";
const SHARE_OF: &str = "/api/tasks/{id}/share/{user_id}";
const UNDO: &str = "/api/tool-calls/undo";
const TEAM: &str = "/api/teams/{id}";
const MEMBERS: &str = "/api/teams/{id}/members";
const MEMBER: &str = "/api/teams/{id}/members/{user_id}";

/// What programs ask of the dashboard.
pub const DASHBOARD: [&str; 4] =
    ["/api/dashboard/statistics", "/api/dashboard/activity", "/api/dashboard/breakdown", "/api/dashboard/shared"];

/// What they ask of a team.
pub const TEAM_PARTS: [&str; 3] = [TEAM, MEMBERS, "/api/teams/{id}/invitations"];

impl Attempt {
    /// The request of this person, where the API has one.
    pub fn rest(&self, me: UserId) -> Option<RestCall> {
        let plain = |method, path: &'static str| call(method, path, path.to_owned(), None);
        let on = |method, template: &'static str, id: &dyn Display, body: Option<Value>| {
            call(method, template, template.replace("{user_id}", "me").replace("{id}", &id.to_string()), body)
        };
        let list = |filter: String| call(Method::GET, TASKS, format!("/api/me/tasks?limit={PAGE_MAX}{filter}"), None);
        let person = |method, template: &'static str, id: &dyn Display, user: &UserId, body| {
            let path = template.replace("{id}", &id.to_string()).replace("{user_id}", &user.to_string());
            call(method, template, path, body)
        };
        let invitation = |template: &'static str, id: &dyn Display, email: &str| {
            let path = template.replace("{id}", &id.to_string()).replace("{email}", email);
            call(Method::DELETE, template, path, None)
        };
        if let Some((id, action)) = self.as_bulk() {
            return on(Method::POST, BULK, &id, Some(json!({ "action": action, "ids": [id, id] })));
        }
        match self {
            Self::AccountGet { whole: false } => plain(Method::GET, "/api/auth/me"),
            Self::AccountGet { whole: true } => plain(Method::GET, "/api/auth/me/export"),
            Self::AccountUpdate { name } => {
                call(Method::PATCH, "/api/auth/me", "/api/auth/me".to_owned(), Some(json!({ "name": name })))
            }
            Self::AccountPassword => {
                let body = json!({ "current_password": PASSWORD, "new_password": PASSWORD });
                call(Method::POST, "/api/auth/password", "/api/auth/password".to_owned(), Some(body))
            }
            Self::AccountDelete => {
                let body = json!({ "password": PASSWORD });
                call(Method::DELETE, "/api/auth/me", "/api/auth/me".to_owned(), Some(body))
            }
            Self::AccountZone { zone } => {
                let path = "/api/auth/me/time-zone";
                call(Method::PUT, path, path.to_owned(), Some(json!({ "time_zone": zone })))
            }
            Self::TimeZones => plain(Method::GET, "/api/auth/time-zones"),
            Self::SessionList { one: None } => plain(Method::GET, "/api/auth/sessions"),
            Self::SessionList { one: Some(id) } => on(Method::GET, "/api/auth/sessions/{id}", id, None),
            Self::SessionEnd { id } => on(Method::DELETE, "/api/auth/sessions/{id}", id, None),
            Self::SessionEndOthers => plain(Method::DELETE, "/api/auth/sessions"),
            Self::TokenList { one: None } => plain(Method::GET, TOKENS),
            Self::TokenList { one: Some(id) } => on(Method::GET, "/api/auth/tokens/{id}", id, None),
            Self::TokenCreate { name } => {
                let body = json!({ "name": name, "scopes": ["teams:read"], "expires_at": "2100-01-01T00:00:00Z" });
                call(Method::POST, TOKENS, TOKENS.to_owned(), Some(body))
            }
            Self::TokenRevoke { id } => on(Method::DELETE, "/api/auth/tokens/{id}", id, None),
            Self::Dashboard { part } => plain(Method::GET, part),
            Self::AuditList { team, before } => {
                let team = team.map(|team| format!("team_id={team}"));
                let cursor = before.map(|line| format!("cursor={line}"));
                let query = team.or(cursor).unwrap_or_default();
                call(Method::GET, "/api/audit", format!("/api/audit?{query}"), None)
            }
            Self::TaskList { source: Source::All } => list(String::new()),
            Self::TaskList { source: Source::Own } => {
                call(Method::GET, "/api/{user_id}/tasks/export", "/api/me/tasks/export".to_owned(), None)
            }
            Self::TaskList { source: Source::Shared } => {
                let path = "/api/tasks/shared-with-me";
                call(Method::GET, path, format!("{path}?limit={PAGE_MAX}"), None)
            }
            Self::TaskList { source: Source::Team(team) } => list(format!("&team_id={team}")),
            Self::TaskSearch { text } => list(format!("&q={text}")),
            Self::TaskImport { title } => {
                call(Method::POST, IMPORT, "/api/me/tasks/import".to_owned(), Some(file_of(title)))
            }
            Self::TaskCreate { title, team } => {
                let body = json!({ "title": title, "description": about(title), "team_id": team });
                call(Method::POST, TASKS, "/api/me/tasks".to_owned(), Some(body))
            }
            Self::TaskGet { id } => on(Method::GET, TASK, id, None),
            Self::TaskUpdate { id, title, .. } => {
                let method = if id.0 % 2 == 0 { Method::PUT } else { Method::PATCH };
                on(method, TASK, id, Some(json!({ "title": title, "description": about(title) })))
            }
            Self::TaskStatus { id, status: Status::Completed } => {
                on(Method::PATCH, TASK, id, Some(json!({ "status": "completed" })))
            }
            Self::TaskStatus { id, status: Status::Pending } => {
                on(Method::PATCH, "/api/{user_id}/tasks/{id}/complete", id, None)
            }
            Self::TaskDelete { id } => on(Method::DELETE, TASK, id, None),
            Self::TaskDeleted { id } => on(Method::GET, "/api/{user_id}/tasks/{id}/deleted", id, None),
            Self::TaskRestore { id } => on(Method::POST, "/api/{user_id}/tasks/{id}/restore", id, None),
            Self::ShareList { id } => on(Method::GET, "/api/tasks/{id}/shares", id, None),
            Self::ShareGive { id, email, permission } => {
                on(Method::POST, SHARE, id, Some(json!({ "email": email, "permission": permission })))
            }
            Self::ShareChange { id, email, permission } => {
                on(Method::PATCH, SHARE, id, Some(json!({ "email": email, "permission": permission })))
            }
            // One's own share is given back.
            Self::ShareRevoke { user, .. } if *user == me => None,
            Self::ShareRevoke { id, user } => person(Method::DELETE, SHARE_OF, id, user, None),
            Self::ShareDecline { id } => person(Method::DELETE, SHARE_OF, id, &me, None),
            Self::ShareUninvite { id, email } => invitation("/api/tasks/{id}/invitations/{email}", id, email),
            Self::ShareByMe => plain(Method::GET, "/api/tasks/shared-by-me"),
            Self::Performance => plain(Method::GET, "/api/performance"),
            Self::ToolCallList => plain(Method::GET, "/api/tool-calls"),
            Self::ToolCallUndo { id } => call(Method::POST, UNDO, UNDO.to_owned(), Some(json!({ "id": id }))),
            Self::ToolCallUndoSince => {
                let body = json!({ "client": NO_CLIENT, "since": LONG_AGO });
                call(Method::POST, UNDO, UNDO.to_owned(), Some(body))
            }
            Self::TeamList => plain(Method::GET, "/api/teams"),
            Self::TeamGet { id, part } => on(Method::GET, part, id, None),
            Self::TeamCreate { name } => {
                let body = json!({ "name": name, "description": about(name) });
                call(Method::POST, "/api/teams", "/api/teams".to_owned(), Some(body))
            }
            Self::TeamUpdate { id, name, .. } => {
                on(Method::PATCH, TEAM, id, Some(json!({ "name": name, "description": about(name) })))
            }
            Self::TeamDelete { id } => on(Method::DELETE, TEAM, id, None),
            Self::TeamLeave { id } => on(Method::POST, "/api/teams/{id}/leave", id, None),
            Self::TeamTransfer { id, to } => {
                on(Method::POST, "/api/teams/{id}/transfer", id, Some(json!({ "user_id": to })))
            }
            Self::MemberAdd { id, email, role } => {
                on(Method::POST, MEMBERS, id, Some(json!({ "email": email, "role": role })))
            }
            Self::MemberChange { id, user, role } => {
                person(Method::PATCH, MEMBER, id, user, Some(json!({ "role": role })))
            }
            Self::MemberRemove { id, user } => person(Method::DELETE, MEMBER, id, user, None),
            Self::TeamUninvite { id, email } => invitation("/api/teams/{id}/invitations/{email}", id, email),
        }
    }

    /// What is done to several tasks at once is done to every third one so, alone.
    fn as_bulk(&self) -> Option<(TaskId, &'static str)> {
        let (id, action) = match self {
            Self::TaskStatus { id, status: Status::Completed } => (*id, "complete"),
            Self::TaskStatus { id, status: Status::Pending } => (*id, "reopen"),
            Self::TaskDelete { id } => (*id, "delete"),
            _ => return None,
        };
        (id.0 % 3 == 0).then_some((id, action))
    }

    /// What the API answers where the server function answers `value`.
    pub fn as_rest(&self, mut value: Value) -> Value {
        if value.get("refused").is_some() {
            return value;
        }
        if self.as_bulk().is_some() {
            return Value::Null;
        }
        let without = |mut value: Value, names: &[&str]| {
            if let Value::Object(fields) = &mut value {
                fields.retain(|name, _| !names.contains(&name.as_str()));
            }
            value
        };
        let task = |value| without(value, &["owner", "team"]);
        let all = |value: Value, each: &dyn Fn(Value) -> Value| match value {
            Value::Array(items) => items.into_iter().map(each).collect(),
            other => other,
        };
        match self {
            Self::SessionEndOthers => json!({ "ended": value }),
            Self::SessionList { one: Some(id) } => one_of(value, &id.to_string()),
            Self::TokenList { one: None } => value["tokens"].take(),
            Self::TokenList { one: Some(id) } => one_of(value["tokens"].take(), &id.to_string()),
            Self::Dashboard { part } => numbers(part, &value),
            Self::AuditList { .. } => value["lines"].take(),
            Self::TaskList { .. } | Self::TaskSearch { .. } => all(value["tasks"].take(), &task),
            Self::TaskGet { .. }
            | Self::TaskCreate { .. }
            | Self::TaskUpdate { .. }
            | Self::TaskStatus { .. }
            | Self::TaskRestore { .. } => task(value),
            Self::TaskDelete { .. } => Value::Null,
            Self::ShareGive { .. } | Self::MemberAdd { .. } => json!({ "added": value }),
            Self::ToolCallList => all(value["page"]["calls"].take(), &|mut call| {
                call["arguments"] = serde_json::from_str(call["arguments"].as_str().unwrap()).unwrap();
                call
            }),
            Self::ShareByMe => value["tasks"].take(),
            Self::TeamGet { part: TEAM, .. } => value["team"].take(),
            Self::TeamGet { part: MEMBERS, .. } => {
                all(value["members"].take(), &|member| without(member, &["is_viewer"]))
            }
            Self::TeamGet { .. } => value["invitations"].take(),
            _ => value,
        }
    }

    pub async fn through_rest(&self, person: &mut Person) -> (Outcome, Value) {
        let Some(RestCall { method, template, path, body }) = self.rest(person.viewer.user_id) else {
            panic!("no path for {self:?}")
        };
        let bearer = format!("Bearer {}", person.browser.token());
        let mut program = person.browser.with("authorization", &bearer).with("content-type", "application/json");
        program.cookies.clear();
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let sent = program.send(method, &path, "application/json", body).await;
        let mut value: Value = serde_json::from_slice(&sent.body).unwrap_or_default();
        let outcome = Outcome::of(sent.status);
        if let (Self::AccountGet { whole: true }, Some(file)) = (self, value.as_object_mut()) {
            // The log keeps what one knew once.
            file.remove("activity");
        }
        if template == IMPORT && outcome == Outcome::Done {
            value = value["made"].as_array().unwrap().len().into();
        }
        if let (Some((id, _)), Outcome::Done) = (self.as_bulk(), outcome) {
            // It depends on what was so already, which is looked at in the database.
            let changed = value["changed"].as_array().unwrap();
            assert!(changed.is_empty() || *changed == [json!(id)], "{value}");
            return (outcome, Value::Null);
        }
        let refusal = match outcome {
            Outcome::NotFound => Refusal::NotFound,
            Outcome::Forbidden => Refusal::Forbidden,
            _ => return (outcome, value),
        };
        // It tells nothing but itself.
        let told = match self.as_bulk() {
            Some((task, _)) => Refusal::OneOfMany { task, refusal: Box::new(refusal.clone()) },
            None => refusal.clone(),
        };
        let is_plain = value["detail"] == told.to_string() && value["fields"].is_null();
        match (self, is_plain) {
            // Where the browser is answered with nothing to bring back, there is nothing to find.
            (
                Self::TaskDeleted { .. } | Self::SessionList { one: Some(_) } | Self::TokenList { one: Some(_) },
                true,
            ) if outcome == Outcome::NotFound => (Outcome::Done, Value::Null),
            (_, true) => (outcome, json!({ "refused": refusal })),
            (_, false) => (outcome, value),
        }
    }
}

/// The one with this id, or nothing.
fn one_of(items: Value, id: &str) -> Value {
    items.as_array().unwrap().iter().find(|item| item["id"] == id).cloned().unwrap_or_default()
}

/// The numbers of one part among those that the browser gets.
fn numbers(part: &str, value: &Value) -> Value {
    let number = |name: &str| value["statistics"][name].as_i64().unwrap();
    let (pending, completed) = (number("pending"), number("completed"));
    let (view, edit) = (number("shared_view"), number("shared_edit"));
    let (total, shared) = (pending + completed, view + edit);
    match part {
        "/api/dashboard/statistics" => json!({
            "statistics": {
                "total_tasks": total, "pending_tasks": pending, "completed_tasks": completed, "shared_tasks": shared
            }
        }),
        "/api/dashboard/activity" => json!({
            "tasks_created_today": value["activity"]["created_today"],
            "tasks_completed_today": value["activity"]["completed_today"],
            "tasks_created_this_week": value["activity"]["created_this_week"],
            "tasks_completed_this_week": value["activity"]["completed_this_week"],
            "completion_rate": (completed * 1000 + total / 2).checked_div(total).unwrap_or_default() as f64 / 10.0
        }),
        "/api/dashboard/breakdown" => json!({ "pending": pending, "completed": completed, "total": total }),
        _ => json!({ "total_shared": shared, "view_only": view, "can_edit": edit }),
    }
}
