//! Sharing tasks.

use super::{Cx, Effect, Stop, Tool};
use crate::mcp::{
    confirm::Confirmable,
    names::{Named, TaskName, share_named},
    schema,
};
use chrono::{DateTime, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use taskwire_domain::{
    TaskId,
    account::{Email, Person, Whom},
    api_token::TokenScope,
    share::{NewShare, Permission, Share},
    task::{PAGE_SIZE, Source, Status, TaskQuery},
    team::Added,
};
use uuid::Uuid;

/// With whom to share a task.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareArguments {
    task: TaskName,
    /// The person's email, or the name of somebody whom the person knows.
    with: String,
    /// view to read it, edit to change it too.
    #[schemars(schema_with = "schema::permission")]
    permission: Permission,
    /// From the answer that asked for it, once the person has agreed.
    confirmation: Option<String>,
}

/// What came of sharing.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SharedAnswer {
    task_id: i64,
    /// With whom: their email, or their id where that was given.
    with: String,
    #[schemars(schema_with = "schema::permission")]
    permission: Permission,
    /// Whether nobody has signed up with the address yet: they see the task once they do.
    invited: bool,
    /// For undo_action.
    #[serde(skip_serializing_if = "Option::is_none")]
    action_id: Option<Uuid>,
}

/// Shares a task.
pub struct ShareTask;

impl Tool for ShareTask {
    const NAME: &'static str = "share_task";
    const TITLE: &'static str = "Share a task";
    const DESCRIPTION: &'static str = "Lets one more person see or change one task, or changes what they may do with it. People \
        in the task's team see it anyway. Whoever is named by name and not by email must be confirmed by the person.";
    const EFFECT: Effect = Effect::Changes;
    const SCOPE: TokenScope = TokenScope::TasksWrite;
    type Arguments = ShareArguments;
    type Answer = Confirmable<SharedAnswer>;

    async fn call(cx: &Cx<'_>, arguments: ShareArguments) -> Result<Self::Answer, Stop> {
        let ShareArguments { task, with, permission, confirmation } = arguments;
        let id = cx.task_named(&task).await?;
        let (whom, with) = match cx.person_named(&with).await? {
            Named::Exactly(whom) => (whom, with),
            Named::ByName(Person { user_id, name, email }) => {
                let task = cx.backend.task_get(cx.viewer, id).await?;
                // What cannot be made up stands first: anybody can choose a name, and write a title.
                let person = format!("{email} (called “{name}”), who may then {permission} it");
                let question = format!("Share with {person}: task {id}, “{}”?", task.title);
                cx.confirmed(question, confirmation.as_deref(), &(id, task.version, user_id, permission))?;
                (Whom::User(user_id), email)
            }
        };
        let added = cx.backend.share_give(cx.viewer, id, NewShare { whom, permission }).await?;
        let (invited, action_id) = (added == Added::Invited, cx.action_id().map(|id| id.0));
        Ok(SharedAnswer { task_id: id.0, with, permission, invited, action_id }.into())
    }
}

/// From whom to take a share back.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnshareArguments {
    task: TaskName,
    /// The email or the name of somebody it is shared with.
    from: String,
    /// From the answer that asked for it, once the person has agreed.
    confirmation: Option<String>,
}

/// A share that was taken back.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UnsharedAnswer {
    task_id: i64,
    email: String,
    /// For undo_action.
    #[serde(skip_serializing_if = "Option::is_none")]
    action_id: Option<Uuid>,
}

/// Takes a share back.
pub struct UnshareTask;

impl Tool for UnshareTask {
    const NAME: &'static str = "unshare_task";
    const TITLE: &'static str = "Stop sharing a task";
    const DESCRIPTION: &'static str = "Takes one person's share of one task back, or an invitation to it: they see the task no \
        more. The person must confirm it.";
    const EFFECT: Effect = Effect::Destroys;
    const SCOPE: TokenScope = TokenScope::TasksWrite;
    type Arguments = UnshareArguments;
    type Answer = Confirmable<UnsharedAnswer>;

    async fn call(cx: &Cx<'_>, arguments: UnshareArguments) -> Result<Self::Answer, Stop> {
        let UnshareArguments { task, from, confirmation } = arguments;
        let id = cx.task_named(&task).await?;
        let shares = cx.backend.share_list(cx.viewer, id).await?;
        let Share { user_id, email, name, permission, created_at } = share_named(&shares, &from)?;
        let title = cx.backend.task_get(cx.viewer, id).await?.title;
        let person = format!("{email} (called “{name}”), who may {permission} it");
        let question = format!("Stop sharing with {person}: task {id}, “{title}”?");
        cx.confirmed(question, confirmation.as_deref(), &(id, email, permission, created_at))?;
        match user_id {
            Some(user) => cx.backend.share_revoke(cx.viewer, id, *user).await?,
            None => {
                cx.backend
                    .share_uninvite(cx.viewer, id, Email::parse(email).map_err(taskwire_domain::Error::from)?)
                    .await?
            }
        }
        Ok(UnsharedAnswer { task_id: id.0, email: email.clone(), action_id: cx.action_id().map(|id| id.0) }.into())
    }
}

/// Which of two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// What others share with the person.
    WithMe,
    /// What the person shares with others.
    ByMe,
}

fn directions(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": ["with_me", "by_me"] })
}

/// Which shared tasks to list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListArguments {
    /// with_me for what others share with the person, by_me for what the person shares with others.
    #[schemars(schema_with = "directions")]
    direction: Direction,
    /// The next_cursor of the page before.
    cursor: Option<String>,
}

/// Somebody who has a task.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ShareAnswer {
    /// Empty as long as nobody has signed up with the address.
    name: String,
    email: String,
    #[schemars(schema_with = "schema::permission")]
    permission: Permission,
    since: DateTime<Utc>,
}

impl From<Share> for ShareAnswer {
    fn from(Share { name, email, permission, created_at, .. }: Share) -> Self {
        Self { name, email, permission, since: created_at }
    }
}

/// A task that is shared.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SharedTaskAnswer {
    id: i64,
    title: String,
    #[schemars(schema_with = "schema::status")]
    status: Status,
    /// Whose it is, where it is not the person's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    /// What the person may do with it, where it is not their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    permission: Option<String>,
    /// Who has it, where it is the person's own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    shares: Vec<ShareAnswer>,
}

/// A page of shared tasks.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ListAnswer {
    tasks: Vec<SharedTaskAnswer>,
    /// For the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Lists shared tasks.
pub struct ListSharedTasks;

impl Tool for ListSharedTasks {
    const NAME: &'static str = "list_shared_tasks";
    const TITLE: &'static str = "List shared tasks";
    const DESCRIPTION: &'static str = "Lists the tasks that others share with the person, or those that the person shares and \
        with whom, 25 at a time.";
    const EFFECT: Effect = Effect::Reads;
    const SCOPE: TokenScope = TokenScope::TasksRead;
    type Arguments = ListArguments;
    type Answer = ListAnswer;

    async fn call(cx: &Cx<'_>, ListArguments { direction, cursor }: ListArguments) -> Result<ListAnswer, Stop> {
        match direction {
            Direction::WithMe => {
                let query =
                    TaskQuery { source: Source::Shared, cursor, limit: Some(PAGE_SIZE), ..TaskQuery::default() };
                let page = cx.backend.task_list(cx.viewer, &query).await?;
                let tasks = page.tasks.into_iter().map(|task| SharedTaskAnswer {
                    id: task.id.0,
                    title: task.title,
                    status: task.status,
                    owner: task.owner,
                    permission: Some(task.access.to_string()),
                    shares: Vec::new(),
                });
                Ok(ListAnswer { tasks: tasks.collect(), next_cursor: page.next })
            }
            Direction::ByMe => {
                let before = cursor.map(|cursor| cursor.parse::<TaskId>()).transpose();
                let before = before.map_err(|_| Stop::Refused("cursor: This is not a cursor from here.".to_owned()))?;
                let page = cx.backend.share_by_me(cx.viewer, before).await?;
                let tasks = page.tasks.into_iter().map(|task| SharedTaskAnswer {
                    id: task.id.0,
                    title: task.title,
                    status: task.status,
                    owner: None,
                    permission: None,
                    shares: task.shares.into_iter().map(Into::into).collect(),
                });
                Ok(ListAnswer { tasks: tasks.collect(), next_cursor: page.next.map(|id| id.to_string()) })
            }
        }
    }
}
