//! The same attempts by the tools of the MCP server, as an agent with a bearer token makes them.

use super::{
    attempts::{Attempt, LONG_AGO, NO_CLIENT, about},
    doors::Outcome,
    rest::{DASHBOARD, TEAM_PARTS},
    society::Person,
    truth::Truth,
};
use axum::{body::Body, http::Method};
use serde_json::{Value, json};
use taskwire_domain::{
    Error as Refusal, TaskId, UserId,
    rights::TaskAction,
    task::{PAGE_MAX, Source, Status},
};

/// What the agents of these benches call themselves.
pub const CLIENT: &str = "bench";

/// A call: the tool, and its arguments.
pub type ToolCall = (&'static str, Value);

impl Attempt {
    /// The call of a tool, where there is one for it.
    pub fn tool(&self) -> Option<ToolCall> {
        Some(match self {
            Self::TaskList { source: Source::All } => ("list_tasks", json!({ "limit": PAGE_MAX })),
            Self::TaskList { source: Source::Team(team) } => ("list_tasks", json!({ "team": team, "limit": PAGE_MAX })),
            Self::TaskList { source: Source::Shared } => ("list_shared_tasks", json!({ "direction": "with_me" })),
            Self::TaskSearch { text } => ("search_tasks", json!({ "query": text, "limit": PAGE_MAX })),
            Self::TaskGet { id } => ("get_task", json!({ "task": id })),
            Self::TaskCreate { title, team } => {
                ("add_task", json!({ "title": title, "description": about(title), "team": team }))
            }
            Self::TaskUpdate { id, version, title } => {
                ("update_task", json!({ "task": id, "title": title, "description": about(title), "version": version }))
            }
            Self::TaskStatus { id, status: Status::Completed } => ("complete_tasks", json!({ "tasks": [id] })),
            Self::TaskStatus { id, status: Status::Pending } => ("reopen_tasks", json!({ "tasks": [id] })),
            Self::TaskDelete { id } => ("delete_task", json!({ "task": id })),
            Self::ShareGive { id, email, permission } => {
                ("share_task", json!({ "task": id, "with": email, "permission": permission }))
            }
            Self::ShareRevoke { id, user } => ("unshare_task", json!({ "task": id, "from": user })),
            Self::ShareUninvite { id, email } => ("unshare_task", json!({ "task": id, "from": email })),
            Self::ShareByMe => ("list_shared_tasks", json!({ "direction": "by_me" })),
            Self::Dashboard { part } if *part == DASHBOARD[0] => ("get_dashboard", json!({})),
            Self::TeamList => ("list_teams", json!({})),
            Self::TeamGet { id, part } if *part == TEAM_PARTS[1] => ("list_teams", json!({ "team": id })),
            Self::ToolCallList => ("get_activity", json!({ "all": true })),
            Self::ToolCallUndo { id } => ("undo_action", json!({ "action_id": id })),
            Self::ToolCallUndoSince => ("undo_action", json!({ "client": NO_CLIENT, "since": LONG_AGO })),
            _ => return None,
        })
    }

    /// Whether a tool does the same as the operation. Agents bring nothing back but by undoing, and are told where there is
    /// nothing to take back.
    pub fn is_for_agents(&self, truth: &Truth, me: UserId) -> bool {
        let shares = |id: &TaskId| truth.task(*id).is_some_and(|task| truth.may(me, task, TaskAction::Share));
        match self {
            Self::TaskDelete { id } => truth.deleted(*id).is_none(),
            Self::ShareRevoke { id, user } => !shares(id) || truth.share(*id, *user).is_some(),
            Self::ShareUninvite { id, email } => {
                !shares(id) || truth.share_invitations.iter().any(|row| row.task_id == *id && row.email == *email)
            }
            _ => self.tool().is_some(),
        }
    }

    /// What is noted where a tool is denied: what it asked first.
    pub fn denied_tool(&self, outcome: Outcome) -> Option<&'static str> {
        Some(match self {
            Self::TaskDelete { .. } if outcome == Outcome::NotFound => "task.get",
            Self::ShareRevoke { .. } | Self::ShareUninvite { .. } => "share.list",
            Self::ToolCallUndo { .. } => "tool_call.undoable",
            _ => return None,
        })
    }

    /// What the tool answers where the server function answers `value`.
    pub fn as_tool(&self, value: Value) -> Value {
        if value.get("refused").is_some() {
            return value;
        }
        match self {
            // It depends on what was so already, which is looked at in the database.
            Self::TaskStatus { .. } | Self::ShareRevoke { .. } | Self::ShareUninvite { .. } => Value::Null,
            Self::TaskList { source: Source::Shared } => all(&value["tasks"], |task| {
                let mut shown = only(task, &["id", "title", "status", "owner"]);
                shown["permission"] = task["access"].clone();
                shown
            }),
            Self::ShareByMe => all(&value["tasks"], |task| {
                let mut shown = only(task, &["id", "title", "status"]);
                shown["shares"] = all(&task["shares"], |share| {
                    let mut shown = only(share, &["name", "email", "permission"]);
                    shown["since"] = share["created_at"].clone();
                    shown
                });
                shown
            }),
            Self::TaskList { .. } | Self::TaskSearch { .. } => all(&value["tasks"], task),
            Self::TaskGet { .. } | Self::TaskCreate { .. } | Self::TaskUpdate { .. } => task(&value),
            Self::ShareGive { .. } => json!({ "invited": value == "invited" }),
            Self::Dashboard { .. } => dashboard(&value),
            Self::TeamList => all(&value, |it| team(it, &Value::Null)),
            Self::TeamGet { .. } => json!([team(&value["team"], &value["members"])]),
            Self::ToolCallList => all(&value["page"]["calls"], |call| {
                let mut shown = only(call, &["client", "tool", "outcome", "changed", "detail", "undone_at"]);
                shown["action_id"] = call["id"].clone();
                shown["at"] = call["called_at"].clone();
                shown
            }),
            Self::ToolCallUndo { .. } => {
                let kept = all(&value["kept"], |it| json!({ "action_id": it["id"], "reason": it["reason"] }));
                json!({ "undone": value["undone"], "kept": kept })
            }
            _ => value,
        }
    }

    /// What the tool's answer says of the thing itself.
    fn told(&self, mut answer: Value) -> Value {
        if let Some(done) = answer.get_mut("done") {
            answer = done.take();
        }
        match self {
            Self::TaskStatus { id, .. } => {
                let changed = &answer["changed"];
                assert!([json!([]), json!([id])].contains(changed), "{answer}");
                Value::Null
            }
            Self::ShareRevoke { .. } | Self::ShareUninvite { .. } => Value::Null,
            Self::ShareGive { .. } => json!({ "invited": answer["invited"] }),
            Self::TaskCreate { .. } | Self::TaskUpdate { .. } => answer["task"].take(),
            Self::TaskDelete { .. } => only(&answer, &["id", "title", "deleted_at"]),
            Self::TaskList { .. } | Self::TaskSearch { .. } | Self::ShareByMe => answer["tasks"].take(),
            Self::TeamList | Self::TeamGet { .. } => answer["teams"].take(),
            Self::ToolCallList => answer["actions"].take(),
            _ => answer,
        }
    }

    /// Calls the tool, and confirms what it asks. What it asked stands in the answer, too.
    pub async fn through_tool(&self, person: &mut Person) -> (Outcome, Value) {
        let Some((tool, mut arguments)) = self.tool() else { panic!("no tool for {self:?}") };
        if let Value::Object(fields) = &mut arguments {
            fields.retain(|_, value| !value.is_null());
        }
        let mut result = call(person, tool, &arguments).await;
        let required = result.pointer("/structuredContent/confirmation_required").cloned().unwrap_or_default();
        if let Value::String(confirmation) = &required["confirmation"] {
            arguments["confirmation"] = json!(confirmation);
            result = call(person, tool, &arguments).await;
        }
        let asked = required["question"].clone();
        if result["isError"] == false {
            let mut answer = result["structuredContent"].take();
            answer.as_object_mut().unwrap().remove("note");
            let told = self.told(answer);
            return (Outcome::Done, if asked.is_null() { told } else { with(told, &asked) });
        }
        let text = result["content"][0]["text"].as_str().unwrap_or_default();
        let is = |refusal: &Refusal| {
            let of_many = |task: &TaskId| Refusal::OneOfMany { task: *task, refusal: Box::new(refusal.clone()) };
            match self {
                Self::TaskStatus { id, .. } => text == of_many(id).to_string(),
                _ => text == refusal.to_string(),
            }
        };
        let stands_against = ["is in the task's team", "your own address"].iter().any(|words| text.contains(words));
        match (is(&Refusal::NotFound), is(&Refusal::Forbidden)) {
            (true, _) => (Outcome::NotFound, json!({ "refused": Refusal::NotFound })),
            (_, true) => (Outcome::Forbidden, json!({ "refused": Refusal::Forbidden })),
            _ if stands_against => (Outcome::Conflict, json!(text)),
            _ => (Outcome::Other, result),
        }
    }
}

async fn call(person: &mut Person, tool: &str, arguments: &Value) -> Value {
    let bearer = format!("Bearer {}", person.browser.token());
    let version = "2026-07-28";
    let mut agent = person
        .browser
        .with("authorization", &bearer)
        .with("content-type", "application/json")
        .with("mcp-protocol-version", version)
        .with("mcp-method", "tools/call")
        .with("mcp-name", tool);
    agent.cookies.clear();
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": version,
        "io.modelcontextprotocol/clientInfo": { "name": CLIENT, "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let params = json!({ "name": tool, "arguments": arguments, "_meta": meta });
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
    let accept = "application/json, text/event-stream";
    let sent = agent.send(Method::POST, "/mcp", accept, Body::from(message.to_string())).await;
    sent.json()["result"].take()
}

/// These fields, as far as there is something in them.
fn only(value: &Value, names: &[&str]) -> Value {
    let kept = names.iter().map(|name| ((*name).to_owned(), value[*name].clone()));
    Value::Object(kept.filter(|(_, value)| !value.is_null()).collect())
}

fn with(mut told: Value, asked: &Value) -> Value {
    if let Value::Object(fields) = &mut told {
        fields.insert("asked".to_owned(), asked.clone());
    }
    told
}

fn all(items: &Value, each: impl Fn(&Value) -> Value) -> Value {
    items.as_array().unwrap().iter().map(each).collect()
}

fn task(value: &Value) -> Value {
    let mut shown = only(
        value,
        &["id", "title", "status", "access", "owner", "team", "version", "created_at", "updated_at", "completed_at"],
    );
    if value["description"] != "" {
        shown["description"] = value["description"].clone();
    }
    shown
}

fn team(value: &Value, members: &Value) -> Value {
    let mut shown = only(value, &["id", "name", "role"]);
    if value["description"] != "" {
        shown["description"] = value["description"].clone();
    }
    shown["size"] = value["members"].clone();
    if members.is_array() {
        shown["members"] = all(members, |member| only(member, &["name", "email", "role"]));
    }
    shown
}

/// The numbers of the dashboard.
fn dashboard(value: &Value) -> Value {
    let number = |name: &str| value["statistics"][name].as_i64().unwrap();
    let (pending, completed) = (number("pending"), number("completed"));
    let total = pending + completed;
    json!({
        "tasks": {
            "total": total,
            "pending": pending,
            "completed": completed,
            "completion_rate": (completed * 1000 + total / 2).checked_div(total).unwrap_or_default() as f64 / 10.0,
            "shared_to_view": number("shared_view"),
            "shared_to_edit": number("shared_edit"),
        },
        "lately": value["activity"],
        "recent": value["recent"],
        "teams": all(&value["teams"], |team| only(team, &["id", "name"])),
    })
}
