//! What undoing comes to, thought through on what there is: nothing is read here, and nothing written.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use taskwire_domain::{
    TaskId, TeamId, ToolCallId, UserId,
    rights::TaskAction,
    share::{Permission, SHARES_MAX},
    task::{Status, Task},
    tool_call::UNDO_TOOL,
};

/// A call that may be undone.
pub(super) struct Candidate {
    pub(super) id: ToolCallId,
    /// When it was over.
    pub(super) ended_at: DateTime<Utc>,
    pub(super) tool: String,
    pub(super) is_undone: bool,
    /// What it did, in the order in which it did it.
    pub(super) changes: Vec<Change>,
}

impl Candidate {
    /// What stands against it, whatever there is now.
    fn obstacle(&self) -> Option<&'static str> {
        match self {
            Self { is_undone: true, .. } => Some("It has been undone already."),
            Self { changes, .. } if changes.is_empty() => Some("It changed nothing."),
            Self { tool, .. } if tool == UNDO_TOOL => Some("Undoing is not undone: do again what is wanted."),
            _ => None,
        }
    }
}

/// What a call did to one thing.
#[derive(Debug)]
pub(super) enum Change {
    Task { id: TaskId, before: Option<State>, after: Option<State> },
    Share { id: TaskId, email: String, before: Option<Permission>, after: Option<Permission> },
}

impl Change {
    pub(super) fn task(&self) -> TaskId {
        match self {
            Self::Task { id, .. } | Self::Share { id, .. } => *id,
        }
    }

    /// Whether the task itself came or went with it, and its shares with that.
    fn makes_or_ends(&self) -> bool {
        matches!(self, Self::Task { before: None, .. } | Self::Task { after: None, .. })
    }
}

/// What of a task a call can change.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct State {
    pub(super) title: String,
    pub(super) description: String,
    pub(super) status: Status,
    pub(super) completed_at: Option<DateTime<Utc>>,
}

impl From<&Task> for State {
    fn from(task: &Task) -> Self {
        let Task { title, description, status, completed_at, .. } = task;
        Self { title: title.clone(), description: description.clone(), status: *status, completed_at: *completed_at }
    }
}

/// A task, as it is and as it is to be.
#[derive(Debug, Clone)]
pub(super) struct Thing {
    /// As the viewer sees it now, unless it is gone.
    pub(super) seen: Option<Task>,
    /// As it was when it was deleted, where it can be brought back.
    pub(super) deleted: Option<Deleted>,
    /// As it is to be; `None` for gone.
    pub(super) wanted: Option<State>,
    /// With how many it is to be shared.
    pub(super) shares: i64,
}

/// A task that can be brought back.
#[derive(Debug, Clone)]
pub(super) struct Deleted {
    pub(super) state: State,
    pub(super) team: Option<TeamId>,
    /// When it was deleted.
    pub(super) at: DateTime<Utc>,
}

/// Somebody's share of a task, as it is and as it is to be.
#[derive(Debug, Clone)]
pub(super) struct Grant {
    /// Who has signed up with the address.
    pub(super) account: Option<UserId>,
    /// As it is now, or will be again when the task is back.
    pub(super) seen: Option<Permission>,
    /// As it is to be; `None` for none.
    pub(super) wanted: Option<Permission>,
    /// Whether they are in the task's team, in which a share is not given.
    pub(super) in_team: bool,
}

/// What calls have changed.
#[derive(Debug)]
pub(super) struct World {
    pub(super) tasks: BTreeMap<TaskId, Thing>,
    pub(super) grants: BTreeMap<(TaskId, String), Grant>,
}

impl World {
    /// Wants all undone that a call did or, if something stands against that, leaves everything wanted as it was.
    ///
    /// # Errors
    /// What stands against it.
    pub(super) fn undo(&mut self, call: &Candidate) -> Result<(), String> {
        if let Some(reason) = call.obstacle() {
            return Err(reason.to_owned());
        }
        let moved: BTreeSet<_> = call.changes.iter().filter(|it| it.makes_or_ends()).map(Change::task).collect();
        // What is shared with a task that comes or goes, comes and goes with it.
        let is_apart = |change: &&Change| !matches!(change, Change::Share { id, .. } if moved.contains(id));
        let mut done = Vec::new();
        for change in call.changes.iter().rev().filter(is_apart) {
            if let Some(reason) = self.obstacle(change, call.ended_at) {
                // Each of these stood as its call had left it.
                for change in done.into_iter().rev() {
                    self.want(change, Side::After);
                }
                return Err(reason);
            }
            self.want(change, Side::Before);
            done.push(change);
        }
        Ok(())
    }

    /// What stands against undoing this change of a call that was over then.
    fn obstacle(&self, change: &Change, ended_at: DateTime<Utc>) -> Option<String> {
        let id = change.task();
        let thing = self.tasks.get(&id)?;
        let lacks = |action| thing.seen.as_ref().is_some_and(|task| !task.may(action));
        match change {
            Change::Task { before, after: None, .. } => match &thing.deleted {
                _ if thing.wanted.is_some() => Some(format!("Task {id} was brought back since.")),
                None => Some(format!("Task {id} cannot be brought back any more.")),
                Some(Deleted { state, at, .. }) if Some(state) != before.as_ref() || *at > ended_at => {
                    Some(format!("Somebody has brought task {id} back since, and deleted it again."))
                }
                Some(_) => None,
            },
            Change::Task { before, after: Some(after), .. } => match &thing.wanted {
                None => Some(format!("Task {id} is gone.")),
                Some(now) if now != after => Some(format!("Somebody has changed task {id} since.")),
                Some(_) if before.is_some() && lacks(TaskAction::Edit) => {
                    Some(format!("Task {id} is no longer yours to change."))
                }
                Some(_) if before.is_none() && lacks(TaskAction::Delete) => {
                    Some(format!("Task {id} is no longer yours to delete."))
                }
                Some(_) if before.is_none() && thing.shares > 0 => {
                    Some(format!("Somebody has shared task {id} since."))
                }
                Some(_) => None,
            },
            Change::Share { email, before, after, .. } => {
                let grant = self.grants.get(&(id, email.clone()))?;
                let gives = before.is_some() && grant.wanted.is_none();
                match thing.wanted {
                    None => Some(format!("Task {id} is gone.")),
                    Some(_) if lacks(TaskAction::Share) => Some(format!("Task {id} is no longer yours to share.")),
                    Some(_) if grant.wanted != *after => {
                        Some(format!("Somebody has changed since what {email} may do with task {id}."))
                    }
                    Some(_) if gives && grant.in_team => {
                        Some(format!("{email} is in the team of task {id} by now and sees it already."))
                    }
                    Some(_) if gives && thing.shares >= SHARES_MAX => {
                        Some(format!("Task {id} is shared with {SHARES_MAX} others by now, which is the most."))
                    }
                    Some(_) => None,
                }
            }
        }
    }

    /// Wants what a change is about to be as it was on this side of it.
    fn want(&mut self, change: &Change, side: Side) {
        match change {
            Change::Task { id, before, after } => {
                if let Some(thing) = self.tasks.get_mut(id) {
                    thing.wanted.clone_from(side.of(before, after));
                }
            }
            Change::Share { id, email, before, after } => {
                let Some(grant) = self.grants.get_mut(&(*id, email.clone())) else { return };
                let had = grant.wanted.is_some();
                grant.wanted = *side.of(before, after);
                if let Some(thing) = self.tasks.get_mut(id) {
                    thing.shares += i64::from(grant.wanted.is_some()) - i64::from(had);
                }
            }
        }
    }
}

/// Of a change.
#[derive(Clone, Copy)]
enum Side {
    Before,
    After,
}

impl Side {
    fn of<'a, T>(self, before: &'a T, after: &'a T) -> &'a T {
        match self {
            Self::Before => before,
            Self::After => after,
        }
    }
}
