//! Tasks: list, read, create, change, complete, reopen, delete and bring back.

use super::RpcError;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use taskwire_domain::{
    TaskId, TeamId,
    task::{DeletedTask, Task, TaskPage, TaskQuery},
};
use uuid::Uuid;

/// One page of the viewer's tasks.
#[server(prefix = "/rpc", endpoint = "task/list", input = GetUrl)]
pub async fn list(
    /// Which tasks, in what order; without it the first page of all.
    #[server(default)]
    query: TaskQuery,
) -> Result<TaskPage, RpcError> {
    use super::server::{refused, signed_in};
    let (backend, viewer) = signed_in()?;
    backend.task_list(&viewer, &query).await.map_err(refused)
}

/// One task.
#[server(prefix = "/rpc", endpoint = "task/get", input = GetUrl)]
pub async fn get(
    /// Which one.
    id: TaskId,
) -> Result<Task, RpcError> {
    use super::server::{refused, signed_in};
    let (backend, viewer) = signed_in()?;
    backend.task_get(&viewer, id).await.map_err(refused)
}

/// Makes a task; the same texts twice under one `key` make one.
#[server(prefix = "/rpc", endpoint = "task/create")]
pub async fn create(
    /// One line.
    title: String,
    /// More about it, may be empty.
    #[server(default)]
    description: String,
    /// The team to make it in; without it the task is the viewer's alone.
    #[server(default)]
    team_id: Option<TeamId>,
    /// From the form.
    #[server(default)]
    key: Option<Uuid>,
) -> Result<Task, RpcError> {
    use super::server::{after_form, refuse, refused, signed_in};
    use crate::list_url::Place;
    let (backend, viewer) = signed_in()?;
    let new = taskwire_domain::task::NewTask::parse(&title, &description, key).map_err(refuse)?.in_team(team_id);
    let task = backend.task_create(&viewer, new).await.map_err(refused)?;
    after_form(&team_id.map_or(Place::Tasks, Place::Team).to_string());
    Ok(task)
}

/// Makes tasks of the viewer's own from the text of a file: all of them or, if one line is refused, none. The same text
/// twice under one `key` makes them once. Returns how many.
#[server(prefix = "/rpc", endpoint = "task/import")]
pub async fn import(
    /// A list in JSON, or a table in CSV.
    text: String,
    /// From the form.
    #[server(default)]
    key: Option<Uuid>,
) -> Result<usize, RpcError> {
    use super::server::{after_form, refused, signed_in};
    use taskwire_domain::task::FileFormat;
    let (backend, viewer) = signed_in()?;
    // No table begins like this: its first column has a name of ours.
    let format = if text.trim_start().starts_with(['[', '{']) { FileFormat::Json } else { FileFormat::Csv };
    let key = key.unwrap_or_else(crate::request::new_key);
    let made = backend.task_import(&viewer, key, format, text, false).await.map_err(refused)?.made.len();
    after_form(&format!("/settings/import?made={made}"));
    Ok(made)
}

/// Rewrites a task's texts, if it still is at `version`.
#[server(prefix = "/rpc", endpoint = "task/update")]
pub async fn update(
    /// Which one.
    id: TaskId,
    /// What the writer read.
    version: i32,
    /// One line.
    title: String,
    /// More about it, may be empty.
    #[server(default)]
    description: String,
) -> Result<Task, RpcError> {
    use super::server::{after_form, refuse, refused, signed_in};
    use taskwire_domain::task::TaskChange;
    let (backend, viewer) = signed_in()?;
    let change = TaskChange::parse(Some(&title), Some(&description), None, Some(version)).map_err(refuse)?;
    let task = backend.task_update(&viewer, id, change).await.map_err(refused)?;
    after_form(&format!("/tasks/{id}?saved=text"));
    Ok(task)
}

/// Marks a task as done.
#[server(prefix = "/rpc", endpoint = "task/complete")]
pub async fn complete(
    /// Which one.
    id: TaskId,
) -> Result<Task, RpcError> {
    use super::server::{refused, signed_in};
    use taskwire_domain::task::{Status, TaskChange};
    let (backend, viewer) = signed_in()?;
    backend.task_update(&viewer, id, TaskChange::status(Status::Completed)).await.map_err(refused)
}

/// Marks a task as still to do.
#[server(prefix = "/rpc", endpoint = "task/reopen")]
pub async fn reopen(
    /// Which one.
    id: TaskId,
) -> Result<Task, RpcError> {
    use super::server::{refused, signed_in};
    use taskwire_domain::task::{Status, TaskChange};
    let (backend, viewer) = signed_in()?;
    backend.task_update(&viewer, id, TaskChange::status(Status::Pending)).await.map_err(refused)
}

/// Deletes a task, if it still is at `version`; it can be brought back for a while.
#[server(prefix = "/rpc", endpoint = "task/delete")]
pub async fn delete(
    /// Which one.
    id: TaskId,
    /// What the person saw; without it any version is deleted.
    #[server(default)]
    version: Option<i32>,
) -> Result<DeletedTask, RpcError> {
    use super::server::{after_form, refused, signed_in, task_list_after};
    let (backend, viewer) = signed_in()?;
    let deleted = backend.task_delete(&viewer, id, version).await.map_err(refused)?;
    after_form(&task_list_after(Some(id)));
    Ok(deleted)
}

/// Brings a deleted task back.
#[server(prefix = "/rpc", endpoint = "task/restore")]
pub async fn restore(
    /// Which one.
    id: TaskId,
) -> Result<Task, RpcError> {
    use super::server::{after_form, refused, signed_in, task_list_after};
    let (backend, viewer) = signed_in()?;
    let task = backend.task_restore(&viewer, id).await.map_err(refused)?;
    after_form(&task_list_after(None));
    Ok(task)
}

/// What a deleted task was, while it can be brought back.
#[server(prefix = "/rpc", endpoint = "task/deleted", input = GetUrl)]
pub async fn deleted(
    /// Which one.
    id: TaskId,
) -> Result<Option<DeletedTask>, RpcError> {
    use super::server::{refused, signed_in};
    let (backend, viewer) = signed_in()?;
    backend.task_deleted(&viewer, id).await.map_err(refused)
}
