//! What agents did (requirements G2, G5): the calls of tools, as the person sees them in whose name they were made.

use crate::{TaskId, ToolCallId, words::words};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Calls on one page.
pub const CALLS_ON_PAGE: i64 = 25;
/// Tasks that are told of one call at most: as many as one tool changes at once, but for the one that undoes.
pub const CHANGED_MAX: i64 = 100;
/// Days that calls are kept; what is older is forgotten, and can no longer be undone.
pub const CALLS_KEPT_DAYS: i64 = 90;
/// The tool that undoes, which is not undone itself.
pub const UNDO_TOOL: &str = "undo_action";
/// Calls that are undone at once at most.
pub const UNDO_MAX: usize = 100;

words!(
    /// What a call came to.
    Outcome {
        /// What was asked was done.
        Done = "done",
        /// The person, or their agent, was asked whether it is meant.
        Asked = "asked",
        /// It was refused, and nothing was done.
        Refused = "refused",
        /// It failed, by a fault of ours, and nothing was done.
        Failed = "failed",
    }
);

/// One call of a tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    /// Its id, by which it can be undone.
    pub id: ToolCallId,
    /// When it was made.
    pub called_at: DateTime<Utc>,
    /// What the client calls itself; hostile text.
    pub client: String,
    /// The name of the API token that it was made with; `None` without one, or with one that is gone.
    pub token: Option<String>,
    /// The tool.
    pub tool: String,
    /// What it was called with: an object in JSON, full of hostile text.
    pub arguments: String,
    /// What it came to.
    pub outcome: Outcome,
    /// Why it was refused.
    pub detail: Option<String>,
    /// How long it took.
    pub duration_ms: f64,
    /// What it changed, in the order in which it was done; each task once, and no more than [`CHANGED_MAX`].
    pub changed: Vec<ChangedTask>,
    /// When it was undone.
    pub undone_at: Option<DateTime<Utc>>,
}

impl ToolCall {
    /// Whether there is something to be undone.
    pub fn is_undoable(&self) -> bool {
        self.undone_at.is_none() && !self.changed.is_empty() && self.tool != UNDO_TOOL
    }
}

words!(
    /// What was done with a task.
    Change {
        /// It was made, or brought back.
        Created = "created",
        /// Its texts or its status were changed.
        Updated = "updated",
        /// It was deleted.
        Deleted = "deleted",
        /// With whom it is shared was changed.
        Shared = "shared",
    }
);

/// A task that a call has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedTask {
    /// The task.
    pub id: TaskId,
    /// Its title as the call left it, or found it where it is gone; where a share alone was changed, as it is now, if the
    /// viewer sees it. Hostile text.
    pub title: Option<String>,
    /// The address of whom it is shared with, or is no longer, where that was changed.
    pub with: Option<String>,
    /// What was done.
    pub change: Change,
}

/// Which calls to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCallQuery {
    /// Only those that changed something.
    pub only_changes: bool,
    /// Only calls from before this one.
    pub before: Option<ToolCallId>,
}

/// One page of calls, the last one first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolCallPage {
    /// The calls.
    pub calls: Vec<ToolCall>,
    /// Where the next page starts, from before this call; `None` on the last page.
    pub next: Option<ToolCallId>,
}

/// What to undo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undo {
    /// One call.
    Call(ToolCallId),
    /// Just these.
    Calls(Vec<ToolCallId>),
    /// All calls of one client, by what it calls itself, from one instant up to another, which is not among them.
    Client {
        /// The client.
        client: String,
        /// From then on.
        since: DateTime<Utc>,
        /// Up to then; `None` for now.
        until: Option<DateTime<Utc>>,
    },
}

/// What came of undoing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undone {
    /// What was undone, the last call first.
    pub undone: Vec<ToolCallId>,
    /// What was left as it is, and why.
    pub kept: Vec<NotUndone>,
}

/// A call that was not undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotUndone {
    /// The call.
    pub id: ToolCallId,
    /// What stands against it.
    pub reason: String,
}
