//! The tools: what an agent can do, one type each.

pub(super) mod dashboard;
mod shares;
pub(super) mod tasks;
mod undo;

use super::{
    confirm::{Answer, Question, Seals},
    schema,
};
use rmcp::model::{JsonObject, Tool as Definition, ToolAnnotations};
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{future::Future, pin::Pin, sync::LazyLock};
use taskwire_backend::{Backend, Error, Viewer};
use taskwire_domain::{Error as Refusal, ToolCallId, api_token::TokenScope};

/// What a tool does to what there is, from which the hints for clients follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    Reads,
    /// It makes something new each time.
    Adds,
    /// It changes something so that nothing is lost, and twice is as once.
    Changes,
    /// It takes something away or writes over it; twice is as once.
    Destroys,
}

impl Effect {
    fn annotations(self) -> ToolAnnotations {
        ToolAnnotations::new()
            .read_only(self == Self::Reads)
            .destructive(self == Self::Destroys)
            .idempotent(self != Self::Adds)
            // Nothing but what is kept here.
            .open_world(false)
    }
}

/// A tool.
pub trait Tool {
    /// By which it is called.
    const NAME: &'static str;
    /// For people.
    const TITLE: &'static str;
    /// For models: what it does, and when to use it.
    const DESCRIPTION: &'static str;
    /// What it does to what there is.
    const EFFECT: Effect;
    /// What a token must be good for.
    const SCOPE: TokenScope;
    /// What it takes.
    type Arguments: DeserializeOwned + JsonSchema + Send;
    /// What it answers.
    type Answer: Serialize + JsonSchema;

    /// Does it.
    fn call(cx: &Cx<'_>, arguments: Self::Arguments) -> impl Future<Output = Result<Self::Answer, Stop>> + Send;
}

/// What a call works with.
#[derive(Clone, Copy)]
pub struct Cx<'a> {
    pub(super) backend: &'a Backend,
    pub(super) seals: &'a Seals,
    pub(super) viewer: &'a Viewer,
    pub(super) answer: &'a Answer,
    pub(super) tool: &'static str,
}

impl Cx<'_> {
    /// By which this call can be undone.
    fn action_id(&self) -> Option<ToolCallId> {
        self.viewer.call.as_ref().map(|call| call.id())
    }
}

/// Why a call comes to nothing.
#[derive(Debug)]
pub enum Stop {
    /// For a reason that the model can put right, or tell.
    Refused(String),
    /// By a fault of ours, or because something is away.
    Failed(String),
    /// The person has to be asked first.
    Ask(Question),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        error.into_public().into()
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        match &refusal {
            Refusal::Internal | Refusal::Unavailable => Self::Failed(refusal.to_string()),
            Refusal::Invalid(fields) => {
                let complaints = fields.iter().map(|field| format!("{}: {}", argument(&field.field), field.message));
                Self::Refused(complaints.collect::<Vec<_>>().join("\n"))
            }
            _ => Self::Refused(refusal.to_string()),
        }
    }
}

/// As tools call what the operations call so.
fn argument(field: &str) -> &str {
    match field {
        "ids" => "tasks",
        "q" => "query",
        "user_id" | "email" => "with",
        other => other,
    }
}

type Called<'a> = Pin<Box<dyn Future<Output = Result<Value, Stop>> + Send + 'a>>;

/// A tool as the server has it.
#[derive(Debug)]
pub struct Entry {
    /// By which it is called.
    pub name: &'static str,
    /// What a token must be good for.
    pub scope: TokenScope,
    /// As clients see it.
    pub definition: Definition,
    pub(super) call: for<'a> fn(Cx<'a>, JsonObject) -> Called<'a>,
}

fn entry<T: Tool>() -> Entry {
    let definition = Definition::new(T::NAME, T::DESCRIPTION, schema::input::<T::Arguments>())
        .with_title(T::TITLE)
        .with_raw_output_schema(schema::output::<T::Answer>())
        .with_annotations(T::EFFECT.annotations());
    Entry { name: T::NAME, scope: T::SCOPE, definition, call: call::<T> }
}

fn call<T: Tool>(cx: Cx<'_>, arguments: JsonObject) -> Called<'_> {
    Box::pin(async move {
        let arguments = serde_path_to_error::deserialize(Value::Object(arguments)).map_err(|error| {
            let (path, error) = (error.path().to_string(), error.into_inner());
            match path.as_str() {
                "." => Stop::Refused(error.to_string()),
                path => Stop::Refused(format!("{path}: {error}")),
            }
        })?;
        // Before anybody is asked for their consent.
        cx.viewer.require(cx.backend, T::SCOPE).await?;
        let answer = T::call(&cx, arguments).await?;
        serde_json::to_value(answer).map_err(|error| {
            tracing::error!(%error, tool = T::NAME, "an answer could not be written");
            Refusal::Internal.into()
        })
    })
}

/// Every tool, in the order in which clients see them.
static ALL: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    vec![
        entry::<tasks::AddTask>(),
        entry::<tasks::ListTasks>(),
        entry::<tasks::SearchTasks>(),
        entry::<tasks::GetTask>(),
        entry::<tasks::UpdateTask>(),
        entry::<tasks::CompleteTasks>(),
        entry::<tasks::ReopenTasks>(),
        entry::<tasks::DeleteTask>(),
        entry::<shares::ShareTask>(),
        entry::<shares::UnshareTask>(),
        entry::<shares::ListSharedTasks>(),
        entry::<dashboard::ListTeams>(),
        entry::<dashboard::GetDashboard>(),
        entry::<undo::GetActivity>(),
        entry::<undo::UndoAction>(),
    ]
});

/// Every tool, in the order in which clients see them.
pub fn all() -> &'static [Entry] {
    &ALL
}

/// The tool of this name.
pub fn by_name(name: &str) -> Option<&'static Entry> {
    ALL.iter().find(|entry| entry.name == name)
}
