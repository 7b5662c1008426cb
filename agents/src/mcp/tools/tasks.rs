//! Tasks.

use super::{Cx, Effect, Stop, Tool};
use crate::mcp::{
    confirm::{Confirmable, listed},
    names::TaskName,
    schema,
};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use taskwire_domain::{
    TaskId,
    api_token::TokenScope,
    rights::TaskAction,
    task::{
        Access, BulkAction, BulkChange, NewTask, PAGE_SIZE, Sort, Source, Status, Task, TaskChange, TaskPage,
        TaskQuery, UNDO_DAYS,
    },
};
use uuid::Uuid;

/// Tasks that a tool changes at once at most.
const AT_ONCE: usize = 100;

/// A task.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TaskAnswer {
    id: i64,
    title: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    #[schemars(schema_with = "schema::status")]
    status: Status,
    /// By what right the person sees it: owner, a role in its team, or the permission of a share.
    #[schemars(schema_with = "schema::access")]
    access: Access,
    /// Whose it is, where it is not the person's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    /// The team it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    team: Option<String>,
    /// Counts up with each change.
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<DateTime<Utc>>,
}

impl From<Task> for TaskAnswer {
    fn from(task: Task) -> Self {
        let Task { id, title, description, status, access, owner, team, version, .. } = task;
        let Task { created_at, updated_at, completed_at, .. } = task;
        let TaskId(id) = id;
        Self { id, title, description, status, access, owner, team, version, created_at, updated_at, completed_at }
    }
}

/// A page of tasks.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TasksAnswer {
    tasks: Vec<TaskAnswer>,
    /// For the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

impl From<TaskPage> for TasksAnswer {
    fn from(page: TaskPage) -> Self {
        Self { tasks: page.tasks.into_iter().map(Into::into).collect(), next_cursor: page.next }
    }
}

/// A task that was made or changed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChangedAnswer {
    task: TaskAnswer,
    /// For undo_action.
    #[serde(skip_serializing_if = "Option::is_none")]
    action_id: Option<Uuid>,
}

impl ChangedAnswer {
    fn of(cx: &Cx<'_>, task: Task) -> Self {
        Self { task: task.into(), action_id: cx.action_id().map(|id| id.0) }
    }
}

/// What makes a task.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTaskArguments {
    /// One line, at most 200 characters.
    title: String,
    /// At most 1000 characters.
    description: Option<String>,
    /// Name or id of the team to make it in; without it the task is the person's alone.
    team: Option<String>,
    /// A UUID of your choice: the same call again with it makes no second task.
    key: Option<Uuid>,
}

/// Makes a task.
pub struct AddTask;

impl Tool for AddTask {
    const NAME: &'static str = "add_task";
    const TITLE: &'static str = "Add a task";
    const DESCRIPTION: &'static str = "Makes a new pending task. Use it when the person wants something to be remembered or \
        done. To change a task that is there, use update_task.";
    const EFFECT: Effect = Effect::Adds;
    const SCOPE: TokenScope = TokenScope::TasksWrite;
    type Arguments = NewTaskArguments;
    type Answer = ChangedAnswer;

    async fn call(cx: &Cx<'_>, arguments: NewTaskArguments) -> Result<ChangedAnswer, Stop> {
        let NewTaskArguments { title, description, team, key } = arguments;
        let new = NewTask::parse(&title, description.as_deref().unwrap_or_default(), key)?;
        let team = match team {
            Some(team) => Some(cx.team_named(&team).await?),
            None => None,
        };
        Ok(ChangedAnswer::of(cx, cx.backend.task_create(cx.viewer, new.in_team(team)).await?))
    }
}

/// Which tasks to list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListArguments {
    /// Only tasks of this status.
    #[schemars(schema_with = "schema::status")]
    #[serde(default)]
    status: Option<Status>,
    /// Only tasks of this team, by name or id.
    team: Option<String>,
    /// The order; without it the last changed come first.
    #[schemars(schema_with = "schema::sort")]
    #[serde(default)]
    sort: Option<Sort>,
    /// 1 to 100; 25 without it.
    #[schemars(range(min = 1, max = 100))]
    limit: Option<u32>,
    /// The next_cursor of the page before, with everything else the same.
    cursor: Option<String>,
}

/// Lists tasks.
pub struct ListTasks;

impl Tool for ListTasks {
    const NAME: &'static str = "list_tasks";
    const TITLE: &'static str = "List tasks";
    const DESCRIPTION: &'static str = "Lists tasks that the person sees: their own, those of their teams and those shared with \
        them, a page at a time. Use it for an overview, or for what is still to do (status pending). To find a task by its \
        words, use search_tasks.";
    const EFFECT: Effect = Effect::Reads;
    const SCOPE: TokenScope = TokenScope::TasksRead;
    type Arguments = ListArguments;
    type Answer = TasksAnswer;

    async fn call(cx: &Cx<'_>, arguments: ListArguments) -> Result<TasksAnswer, Stop> {
        let ListArguments { status, team, sort, limit, cursor } = arguments;
        let source = match team {
            Some(team) => Source::Team(cx.team_named(&team).await?),
            None => Source::All,
        };
        let limit = Some(limit.unwrap_or(PAGE_SIZE));
        let query = TaskQuery { source, status, search: String::new(), sort: sort.unwrap_or_default(), cursor, limit };
        Ok(cx.backend.task_list(cx.viewer, &query).await?.into())
    }
}

/// What to search for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchArguments {
    /// Text in the title or the description, whatever its case; at most 200 characters.
    query: String,
    /// Only tasks of this status.
    #[schemars(schema_with = "schema::status")]
    #[serde(default)]
    status: Option<Status>,
    /// 1 to 100; 25 without it.
    #[schemars(range(min = 1, max = 100))]
    limit: Option<u32>,
    /// The next_cursor of the page before, with everything else the same.
    cursor: Option<String>,
}

/// Searches tasks.
pub struct SearchTasks;

impl Tool for SearchTasks {
    const NAME: &'static str = "search_tasks";
    const TITLE: &'static str = "Search tasks";
    const DESCRIPTION: &'static str = "Finds tasks that have a text in their title or description, the last changed first. Use \
        it when the person speaks of a task by some of its words.";
    const EFFECT: Effect = Effect::Reads;
    const SCOPE: TokenScope = TokenScope::TasksRead;
    type Arguments = SearchArguments;
    type Answer = TasksAnswer;

    async fn call(cx: &Cx<'_>, arguments: SearchArguments) -> Result<TasksAnswer, Stop> {
        let SearchArguments { query, status, limit, cursor } = arguments;
        if query.trim().is_empty() {
            return Err(Stop::Refused("query: Say what to search for, or use list_tasks.".to_owned()));
        }
        let limit = Some(limit.unwrap_or(PAGE_SIZE));
        let query = TaskQuery { status, search: query.trim().to_owned(), cursor, limit, ..TaskQuery::default() };
        Ok(cx.backend.task_list(cx.viewer, &query).await?.into())
    }
}

/// One task.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OneTask {
    task: TaskName,
}

/// Reads a task.
pub struct GetTask;

impl Tool for GetTask {
    const NAME: &'static str = "get_task";
    const TITLE: &'static str = "Read a task";
    const DESCRIPTION: &'static str =
        "Reads one task with everything in it. Use it before changing a task whose text matters.";
    const EFFECT: Effect = Effect::Reads;
    const SCOPE: TokenScope = TokenScope::TasksRead;
    type Arguments = OneTask;
    type Answer = TaskAnswer;

    async fn call(cx: &Cx<'_>, OneTask { task }: OneTask) -> Result<TaskAnswer, Stop> {
        let id = cx.task_named(&task).await?;
        Ok(cx.backend.task_get(cx.viewer, id).await?.into())
    }
}

/// What to change of a task.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateArguments {
    task: TaskName,
    /// Another title.
    title: Option<String>,
    /// Another description, which replaces the whole of the old one; empty for none.
    description: Option<String>,
    /// Whether it is done.
    #[schemars(schema_with = "schema::status")]
    #[serde(default)]
    status: Option<Status>,
    /// The version that the change was made from: refused if somebody has changed the task since.
    version: Option<i32>,
}

/// Changes a task.
pub struct UpdateTask;

impl Tool for UpdateTask {
    const NAME: &'static str = "update_task";
    const TITLE: &'static str = "Change a task";
    const DESCRIPTION: &'static str = "Changes the title, description or status of one task; what is left out stays. To complete \
        or reopen tasks, use complete_tasks and reopen_tasks.";
    const EFFECT: Effect = Effect::Destroys;
    const SCOPE: TokenScope = TokenScope::TasksWrite;
    type Arguments = UpdateArguments;
    type Answer = ChangedAnswer;

    async fn call(cx: &Cx<'_>, arguments: UpdateArguments) -> Result<ChangedAnswer, Stop> {
        let UpdateArguments { task, title, description, status, version } = arguments;
        let change = TaskChange::parse(title.as_deref(), description.as_deref(), status, version)?;
        if (&change.title, &change.description, change.status) == (&None, &None, None) {
            return Err(Stop::Refused("Say what to change: title, description or status.".to_owned()));
        }
        let id = cx.task_named(&task).await?;
        Ok(ChangedAnswer::of(cx, cx.backend.task_update(cx.viewer, id, change).await?))
    }
}

/// Some tasks.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SomeTasks {
    /// 1 to 100 tasks.
    #[schemars(length(min = 1, max = 100))]
    tasks: Vec<TaskName>,
    /// From the answer that asked for it, once the person has agreed.
    confirmation: Option<String>,
}

/// Tasks whose status was changed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StatusAnswer {
    /// Those that were not so already.
    changed: Vec<i64>,
    /// For undo_action.
    #[serde(skip_serializing_if = "Option::is_none")]
    action_id: Option<Uuid>,
}

fn named(task: &Task) -> String {
    format!("{} “{}”", task.id, task.title)
}

async fn change_all(
    cx: &Cx<'_>,
    SomeTasks { tasks, confirmation }: SomeTasks,
    action: BulkAction,
) -> Result<Confirmable<StatusAnswer>, Stop> {
    if !(1..=AT_ONCE).contains(&tasks.len()) {
        return Err(Stop::Refused(format!("tasks: Name 1 to {AT_ONCE} tasks.")));
    }
    let ids = match tasks.as_slice() {
        [one] => vec![cx.task_named(one).await?],
        several => {
            let mut meant = cx.tasks_named(several).await?;
            meant.sort_by_key(|task| task.id);
            meant.dedup_by_key(|task| task.id);
            if meant.len() > 1 {
                let verb = if action == BulkAction::Complete { "Complete" } else { "Reopen" };
                let question = format!("{verb} {} tasks: {}?", meant.len(), listed(meant.iter().map(named)));
                // What is agreed to is the tasks as they were.
                let about: Vec<_> = meant.iter().map(|task| (task.id, task.version)).collect();
                cx.confirmed(question, confirmation.as_deref(), &about)?;
            }
            meant.into_iter().map(|task| task.id).collect()
        }
    };
    let change = BulkChange::parse(action, ids)?;
    let changed = cx.backend.task_bulk(cx.viewer, &change).await?;
    let changed = changed.into_iter().map(|id| id.0).collect();
    Ok(StatusAnswer { changed, action_id: cx.action_id().map(|id| id.0) }.into())
}

/// Completes tasks.
pub struct CompleteTasks;

impl Tool for CompleteTasks {
    const NAME: &'static str = "complete_tasks";
    const TITLE: &'static str = "Complete tasks";
    const DESCRIPTION: &'static str = "Marks one or more tasks as completed: all of them or, if one is refused, none. Several at \
        once must be confirmed by the person.";
    const EFFECT: Effect = Effect::Changes;
    const SCOPE: TokenScope = TokenScope::TasksWrite;
    type Arguments = SomeTasks;
    type Answer = Confirmable<StatusAnswer>;

    async fn call(cx: &Cx<'_>, arguments: SomeTasks) -> Result<Self::Answer, Stop> {
        change_all(cx, arguments, BulkAction::Complete).await
    }
}

/// Reopens tasks.
pub struct ReopenTasks;

impl Tool for ReopenTasks {
    const NAME: &'static str = "reopen_tasks";
    const TITLE: &'static str = "Reopen tasks";
    const DESCRIPTION: &'static str = "Marks one or more completed tasks as pending again: all of them or, if one is refused, \
        none. Several at once must be confirmed by the person.";
    const EFFECT: Effect = Effect::Changes;
    const SCOPE: TokenScope = TokenScope::TasksWrite;
    type Arguments = SomeTasks;
    type Answer = Confirmable<StatusAnswer>;

    async fn call(cx: &Cx<'_>, arguments: SomeTasks) -> Result<Self::Answer, Stop> {
        change_all(cx, arguments, BulkAction::Reopen).await
    }
}

/// The task to delete.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteArguments {
    task: TaskName,
    /// From the answer that asked for it, once the person has agreed.
    confirmation: Option<String>,
}

/// A task that is deleted.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DeletedAnswer {
    id: i64,
    title: String,
    deleted_at: DateTime<Utc>,
    /// For undo_action.
    #[serde(skip_serializing_if = "Option::is_none")]
    action_id: Option<Uuid>,
}

/// Deletes a task.
pub struct DeleteTask;

impl Tool for DeleteTask {
    const NAME: &'static str = "delete_task";
    const TITLE: &'static str = "Delete a task";
    const DESCRIPTION: &'static str = "Deletes one task, also for everybody it is shared with. The person must confirm it. For 30 \
        days undo_action brings it back. Use complete_tasks for what is done.";
    const EFFECT: Effect = Effect::Destroys;
    const SCOPE: TokenScope = TokenScope::TasksWrite;
    type Arguments = DeleteArguments;
    type Answer = Confirmable<DeletedAnswer>;

    async fn call(cx: &Cx<'_>, DeleteArguments { task, confirmation }: DeleteArguments) -> Result<Self::Answer, Stop> {
        let id = cx.task_named(&task).await?;
        let task = cx.backend.task_get(cx.viewer, id).await?;
        // Nobody is asked for what the operation then refuses.
        let may = task.may(TaskAction::Delete);
        let Task { title, team, version, .. } = task;
        if may {
            let place = team.map(|team| format!(" of the team “{team}”")).unwrap_or_default();
            let question = format!("Delete task {id}, “{title}”{place}? It can be brought back for {UNDO_DAYS} days.");
            cx.confirmed(question, confirmation.as_deref(), &(id, version))?;
        }
        let deleted = cx.backend.task_delete(cx.viewer, id, Some(version)).await?;
        let action_id = cx.action_id().map(|id| id.0);
        Ok(DeletedAnswer { id: id.0, title, deleted_at: deleted.deleted_at, action_id }.into())
    }
}
