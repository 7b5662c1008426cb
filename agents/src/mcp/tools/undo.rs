//! What agents did, and taking it back.

use super::{Cx, Effect, Stop, Tool};
use crate::mcp::{
    confirm::{Confirmable, listed},
    schema,
};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use taskwire_domain::{
    ToolCallId,
    api_token::TokenScope,
    tool_call::{Change, ChangedTask, NotUndone, Outcome, ToolCall, ToolCallQuery, UNDO_TOOL, Undo, Undone},
};
use uuid::Uuid;

/// Which calls to list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActivityArguments {
    /// Also calls that changed nothing, such as reading.
    #[serde(default)]
    all: bool,
    /// The next_cursor of the page before.
    cursor: Option<String>,
}

/// A task that a call has changed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChangedAnswer {
    task_id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// The email of whom it is shared with, or is no longer, where that was changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    with: Option<String>,
    #[schemars(schema_with = "schema::change")]
    change: Change,
}

/// A call of a tool.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ActionAnswer {
    /// For undo_action.
    action_id: Uuid,
    at: DateTime<Utc>,
    /// What the client calls itself.
    client: String,
    tool: String,
    #[schemars(schema_with = "schema::outcome")]
    outcome: Outcome,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    changed: Vec<ChangedAnswer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    undone_at: Option<DateTime<Utc>>,
}

impl From<ToolCall> for ActionAnswer {
    fn from(call: ToolCall) -> Self {
        let ToolCall { id, called_at, client, tool, outcome, detail, changed, undone_at, .. } = call;
        let changed = changed.into_iter().map(|task| {
            let ChangedTask { id, title, with, change } = task;
            ChangedAnswer { task_id: id.0, title, with, change }
        });
        Self { action_id: id.0, at: called_at, client, tool, outcome, detail, changed: changed.collect(), undone_at }
    }
}

/// A page of what agents did.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ActivityAnswer {
    actions: Vec<ActionAnswer>,
    /// For the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Lists what agents did.
pub struct GetActivity;

impl Tool for GetActivity {
    const NAME: &'static str = "get_activity";
    const TITLE: &'static str = "See what agents did";
    const DESCRIPTION: &'static str = "Lists what agents did in the person's name, the last first, with the action_id of each. \
        Use it before undo_action, or when the person asks what was changed.";
    const EFFECT: Effect = Effect::Reads;
    const SCOPE: TokenScope = TokenScope::TasksRead;
    type Arguments = ActivityArguments;
    type Answer = ActivityAnswer;

    async fn call(cx: &Cx<'_>, ActivityArguments { all, cursor }: ActivityArguments) -> Result<ActivityAnswer, Stop> {
        let before = cursor.map(|cursor| cursor.parse::<ToolCallId>()).transpose();
        let before = before.map_err(|_| Stop::Refused("cursor: This is not a cursor from here.".to_owned()))?;
        let page = cx.backend.tool_call_list(cx.viewer, ToolCallQuery { only_changes: !all, before }).await?;
        let actions = page.calls.into_iter().map(Into::into).collect();
        Ok(ActivityAnswer { actions, next_cursor: page.next.map(|id| id.to_string()) })
    }
}

/// What to undo.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UndoArguments {
    /// One action, as it was returned or listed by get_activity.
    action_id: Option<Uuid>,
    /// Instead of one action: everything from this time on, in RFC 3339.
    since: Option<DateTime<Utc>>,
    /// With since: only up to this time.
    until: Option<DateTime<Utc>>,
    /// With since: what this client did, as get_activity names it; without it, clients that call themselves as you do.
    client: Option<String>,
    /// From the answer that asked for it, once the person has agreed.
    confirmation: Option<String>,
}

/// An action that was left as it is.
#[derive(Debug, Serialize, JsonSchema)]
pub struct KeptAnswer {
    action_id: Uuid,
    /// What stands against it.
    reason: String,
}

/// What came of undoing.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UndoneAnswer {
    /// The actions that were undone, the last first.
    undone: Vec<Uuid>,
    /// Those that were left as they are.
    kept: Vec<KeptAnswer>,
}

impl From<Undone> for UndoneAnswer {
    fn from(Undone { undone, kept }: Undone) -> Self {
        let kept = kept.into_iter().map(|NotUndone { id, reason }| KeptAnswer { action_id: id.0, reason });
        Self { undone: undone.into_iter().map(|id| id.0).collect(), kept: kept.collect() }
    }
}

/// Whether undoing it does what must be confirmed when it is done: deleting, unsharing, or changing several tasks.
fn takes_away(call: &ToolCall) -> bool {
    let ends = |task: &ChangedTask| matches!(task.change, Change::Created | Change::Shared);
    call.is_undoable() && (call.changed.len() > 1 || call.changed.iter().any(ends))
}

/// What undoing a change of a task does.
fn reverse(ChangedTask { id, title, with, change }: &ChangedTask) -> String {
    let named = title.as_ref().map(|title| format!("{id} “{title}”")).unwrap_or_else(|| id.to_string());
    match (change, with) {
        (Change::Created, _) => format!("delete {named}"),
        (Change::Deleted, _) => format!("bring back {named}"),
        (Change::Shared, Some(email)) => format!("change back what {email} may do with {named}"),
        (Change::Updated | Change::Shared, _) => format!("change back {named}"),
    }
}

fn question(calls: &[ToolCall]) -> String {
    let mut steps = Vec::new();
    for step in calls.iter().flat_map(|call| &call.changed).map(reverse) {
        if !steps.contains(&step) {
            steps.push(step);
        }
    }
    let steps = listed(steps.into_iter());
    match calls {
        [ToolCall { client, tool, called_at, .. }] => format!("Undo the {tool} of “{client}” at {called_at}: {steps}?"),
        several => {
            let client = several.first().map(|call| &*call.client).unwrap_or_default();
            format!("Undo {} actions of “{client}”: {steps}?", several.len())
        }
    }
}

/// Undoes.
pub struct UndoAction;

impl Tool for UndoAction {
    const NAME: &'static str = UNDO_TOOL;
    const TITLE: &'static str = "Undo";
    const DESCRIPTION: &'static str = "Takes back what one action did, or all that a client did since a time. Where that deletes, unshares \
        or changes several tasks, the person must confirm it. What somebody has changed since is left as it is, with the reason.";
    const EFFECT: Effect = Effect::Destroys;
    const SCOPE: TokenScope = TokenScope::TasksWrite;
    type Arguments = UndoArguments;
    type Answer = Confirmable<UndoneAnswer>;

    async fn call(cx: &Cx<'_>, arguments: UndoArguments) -> Result<Self::Answer, Stop> {
        let UndoArguments { action_id, since, until, client, confirmation } = arguments;
        let undo = match (action_id, since) {
            (Some(id), None) if until.is_none() && client.is_none() => Undo::Call(ToolCallId(id)),
            (None, Some(since)) => {
                let own = || cx.viewer.call.as_ref().map(|call| call.client().to_owned());
                Undo::Client { client: client.or_else(own).unwrap_or_default(), since, until }
            }
            _ => return Err(Stop::Refused("Name one action by its action_id, or a time by since.".to_owned())),
        };
        let calls = cx.backend.tool_call_undoable(cx.viewer, &undo).await?;
        // What is agreed to, and done, is just these.
        let ids: Vec<_> = calls.iter().map(|call| call.id).collect();
        if calls.len() > 1 || calls.iter().any(takes_away) {
            cx.confirmed(question(&calls), confirmation.as_deref(), &ids)?;
        }
        let undo = match undo {
            Undo::Client { .. } => Undo::Calls(ids),
            named => named,
        };
        Ok(UndoneAnswer::from(cx.backend.tool_call_undo(cx.viewer, &undo).await?).into())
    }
}
