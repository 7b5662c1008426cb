//! What people call things (requirement G5). An id is always taken; a name only if it can mean one thing. Otherwise the
//! choices are told, and nothing is guessed.

use super::tools::{Cx, Stop};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use std::{borrow::Cow, fmt::Display};
use taskwire_domain::{
    TaskId, TeamId, UserId,
    account::{Email, Whom},
    share::Share,
    task::{PAGE_MAX, Task, TaskQuery},
    team::Team,
};

/// Choices that are told at most.
const CHOICES: usize = 10;

/// A task as it is named: by its id, as a number or as text, or by its title.
#[derive(Debug, Clone)]
pub struct TaskName(String);

impl<'de> Deserialize<'de> for TaskName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Models send numbers for ids, whatever the schema says.
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "expected a task's id or its title")]
        enum Said {
            Id(i64),
            Text(String),
        }
        Ok(Self(match Said::deserialize(deserializer)? {
            Said::Id(id) => id.to_string(),
            Said::Text(text) => text.trim().to_owned(),
        }))
    }
}

impl JsonSchema for TaskName {
    fn schema_name() -> Cow<'static, str> {
        "TaskName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "description": "The task's id, or its whole title" })
    }
}

impl TaskName {
    fn id(&self) -> Option<TaskId> {
        let text = self.0.strip_prefix("task://").or(self.0.strip_prefix('#')).unwrap_or(&self.0);
        text.parse().ok()
    }
}

fn is_called(name: &str, said: &str) -> bool {
    name.to_lowercase() == said.to_lowercase()
}

/// The choices, one a line.
fn choices<T>(intro: impl Display, found: impl Iterator<Item = T>, line: impl Fn(T) -> String) -> Stop {
    let lines: Vec<_> = found.take(CHOICES).map(|it| format!("- {}", line(it))).collect();
    Stop::Refused(format!("{intro}\n{}", lines.join("\n")))
}

fn described(task: &Task) -> String {
    let team = task.team.as_ref().map(|team| format!(", in the team “{team}”")).unwrap_or_default();
    let owner = task.owner.as_ref().map(|owner| format!(", of {owner}")).unwrap_or_default();
    format!("{}: “{}” ({}{owner}{team})", task.id, task.title, task.status)
}

impl Cx<'_> {
    /// The task that is meant.
    pub(super) async fn task_named(&self, name: &TaskName) -> Result<TaskId, Stop> {
        if let Some(id) = name.id() {
            return Ok(id);
        }
        let said = &name.0;
        let query = TaskQuery { search: said.clone(), limit: Some(PAGE_MAX), ..TaskQuery::default() };
        let page = self.backend.task_list(self.viewer, &query).await?;
        let mut called = page.tasks.iter().filter(|task| is_called(&task.title, said));
        match (called.next(), called.next()) {
            // There could be another one among those that were not read.
            _ if page.next.is_some() => {
                Err(Stop::Refused(format!("Many tasks have “{said}” in them. Search, and name the task by its id.")))
            }
            (Some(task), None) => Ok(task.id),
            (Some(first), Some(second)) => {
                let all = [first, second].into_iter().chain(called);
                Err(choices(format!("Several tasks are called “{said}”. Which one, by its id?"), all, described))
            }
            (None, _) if page.tasks.is_empty() => Err(Stop::Refused(format!("There is no task called “{said}”."))),
            (None, _) => {
                let intro = format!("No task is called just “{said}”. Is one of these meant? Name it by its id.");
                Err(choices(intro, page.tasks.iter(), described))
            }
        }
    }

    /// The tasks that are meant.
    pub(super) async fn tasks_named(&self, names: &[TaskName]) -> Result<Vec<TaskId>, Stop> {
        let mut ids = Vec::with_capacity(names.len());
        for name in names {
            ids.push(self.task_named(name).await?);
        }
        Ok(ids)
    }

    /// The team that is meant, by its id or its name.
    pub(super) async fn team_named(&self, said: &str) -> Result<TeamId, Stop> {
        let said = said.trim();
        if let Ok(id) = said.parse() {
            return Ok(id);
        }
        let teams = self.backend.team_list(self.viewer).await?;
        if let Some(team) = teams.iter().find(|team| is_called(&team.name, said)) {
            return Ok(team.id);
        }
        match teams.as_slice() {
            [] => Err(Stop::Refused(format!("There is no team called “{said}”: this person is in no team."))),
            teams => {
                let line = |team: &Team| format!("{}: “{}”", team.id, team.name);
                Err(choices(format!("There is no team called “{said}”. The teams are:"), teams.iter(), line))
            }
        }
    }

    /// The person that is meant: by their email, whom one need not know, by their id, or by their name.
    pub(super) async fn person_named(&self, said: &str) -> Result<Whom, Stop> {
        let said = said.trim();
        if let Ok(email) = Email::parse(said) {
            return Ok(Whom::Email(email));
        }
        if let Ok(id) = said.parse() {
            return Ok(Whom::User(UserId(id)));
        }
        let people = self.backend.account_find(self.viewer, said).await?;
        match people.as_slice() {
            [person] => Ok(Whom::User(person.user_id)),
            [] => Err(Stop::Refused(format!("You know nobody called “{said}”. Name them by their email."))),
            several => {
                let intro = format!("You know several people called “{said}”. Which one, by their email?");
                Err(choices(intro, several.iter(), |person| format!("{} <{}>", person.name, person.email)))
            }
        }
    }
}

/// The one of these that is meant, by their email, their id or their name.
pub(super) fn share_named<'a>(shares: &'a [Share], said: &str) -> Result<&'a Share, Stop> {
    let said = said.trim();
    let id = said.parse().ok().map(UserId);
    let is_meant = |share: &&Share| {
        is_called(&share.email, said) || is_called(&share.name, said) || (id.is_some() && share.user_id == id)
    };
    let mut meant = shares.iter().filter(is_meant);
    let line = |share: &Share| format!("{} <{}>, who may {} it", share.name, share.email, share.permission);
    match (meant.next(), meant.next()) {
        (Some(share), None) => Ok(share),
        (Some(first), Some(second)) => {
            let all = [first, second].into_iter().chain(meant);
            Err(choices(format!("Several people are called “{said}”. Which one, by their email?"), all, line))
        }
        (None, _) if shares.is_empty() => Err(Stop::Refused("This task is shared with nobody.".to_owned())),
        (None, _) => Err(choices(format!("This task is not shared with “{said}”, but with:"), shares.iter(), line)),
    }
}
