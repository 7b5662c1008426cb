//! What people call things (requirement G5). An id is always taken; a name only if it can mean one thing. Otherwise the
//! choices are told, and nothing is guessed.

use super::{
    text::DATA,
    tools::{Cx, Stop},
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use std::{borrow::Cow, fmt::Display};
use taskwire_domain::{
    Error as Refusal, TaskId, TeamId, UserId,
    account::{Email, Person, Whom},
    share::Share,
    task::{Task, TaskQuery},
    team::Team,
};

/// Choices that are told at most.
const CHOICES: usize = 10;
/// Tasks that are looked for where none is called as was said.
const NEAR: u32 = 10;

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

/// The choices, one a line, and marked as data.
fn choices<T>(intro: impl Display, mut found: impl Iterator<Item = T>, line: impl Fn(T) -> String) -> Stop {
    let mut lines: Vec<_> = found.by_ref().take(CHOICES).map(|it| format!("- {}", line(it))).collect();
    if found.next().is_some() {
        lines.push("- and more".to_owned());
    }
    Stop::Refused(format!("{intro}\n{DATA}\n{}", lines.join("\n")))
}

/// The address in what was said of somebody: alone, or behind a name as choices have it.
fn address_in(said: &str) -> Option<Email> {
    let inner = said.strip_suffix('>').and_then(|said| said.rsplit_once('<')).map(|(_, address)| address);
    Email::parse(inner.unwrap_or(said)).ok()
}

fn described(task: &Task) -> String {
    let team = task.team.as_ref().map(|team| format!(", in the team “{team}”")).unwrap_or_default();
    let owner = task.owner.as_ref().map(|owner| format!(", of {owner}")).unwrap_or_default();
    format!("{}: “{}” ({}{owner}{team})", task.id, task.title, task.status)
}

/// How somebody was named.
pub(super) enum Named {
    /// By what is theirs alone.
    Exactly(Whom),
    /// By a name that several people could have.
    ByName(Person),
}

impl Cx<'_> {
    /// The task that is meant. An id is taken as it is: whether there is such a task, the operation says.
    pub(super) async fn task_named(&self, name: &TaskName) -> Result<TaskId, Stop> {
        match name.id() {
            Some(id) => Ok(id),
            None => Ok(self.tasks_named(std::slice::from_ref(name)).await?.remove(0).id),
        }
    }

    /// The tasks that are meant, one for each name.
    pub(super) async fn tasks_named(&self, names: &[TaskName]) -> Result<Vec<Task>, Stop> {
        let ids: Vec<_> = names.iter().filter_map(TaskName::id).collect();
        let titles: Vec<_> = names.iter().filter(|name| name.id().is_none()).map(|name| name.0.clone()).collect();
        let found = self.backend.task_find(self.viewer, &ids, &titles).await?;
        let mut meant = Vec::with_capacity(names.len());
        for name in names {
            let mut called = found.iter().filter(|task| match name.id() {
                Some(id) => task.id == id,
                None => is_called(&task.title, &name.0),
            });
            match (called.next(), called.next()) {
                (Some(task), None) => meant.push(task.clone()),
                (Some(first), Some(second)) => {
                    let all = [first, second].into_iter().chain(called);
                    let said = &name.0;
                    return Err(choices(
                        format!("Several tasks are called “{said}”. Which one, by its id?"),
                        all,
                        described,
                    ));
                }
                (None, _) => match name.id() {
                    // Refused, and noted, like whatever else is asked for and is not there.
                    Some(task) => meant.push(self.backend.task_get(self.viewer, task).await.map_err(|error| {
                        Stop::from(Refusal::OneOfMany { task, refusal: Box::new(error.into_public()) })
                    })?),
                    None => return Err(self.no_such_task(&name.0).await?),
                },
            }
        }
        Ok(meant)
    }

    /// That nothing is called so, and what comes near.
    async fn no_such_task(&self, said: &str) -> Result<Stop, Stop> {
        let near = TaskQuery { search: said.to_owned(), limit: Some(NEAR), ..TaskQuery::default() };
        let near = self.backend.task_list(self.viewer, &near).await?.tasks;
        if near.is_empty() {
            return Ok(Stop::Refused(format!("There is no task called “{said}”.")));
        }
        let intro = format!("No task is called just “{said}”. Is one of these meant? Name it by its id.");
        Ok(choices(intro, near.iter(), described))
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

    /// The person that is meant: by their email, whom one need not know, by their id, or by their name. Anybody can call
    /// themselves anything: whoever was found by name must be confirmed.
    pub(super) async fn person_named(&self, said: &str) -> Result<Named, Stop> {
        let said = said.trim();
        if let Some(email) = address_in(said) {
            return Ok(Named::Exactly(Whom::Email(email)));
        }
        if let Ok(id) = said.parse() {
            return Ok(Named::Exactly(Whom::User(UserId(id))));
        }
        let mut people = self.backend.account_find(self.viewer, said).await?;
        if people.len() == 1
            && let Some(person) = people.pop()
        {
            return Ok(Named::ByName(person));
        }
        match people.as_slice() {
            [] => Err(Stop::Refused(format!("You know nobody called “{said}”. Name them by their email."))),
            several => {
                let intro = format!("You know several people called “{said}”. Which one, by their email?");
                Err(choices(intro, several.iter(), |person| format!("{} <{}>", person.name, person.email)))
            }
        }
    }
}

/// The one of these that is meant: by their email, which is theirs alone, by their id or, if neither is anybody's, by their
/// name.
pub(super) fn share_named<'a>(shares: &'a [Share], said: &str) -> Result<&'a Share, Stop> {
    let said = said.trim();
    let (email, id) = (address_in(said), said.parse().ok().map(UserId));
    let exactly = |share: &&Share| {
        email.as_ref().is_some_and(|email| email.as_str() == share.email) || (id.is_some() && share.user_id == id)
    };
    if let Some(share) = shares.iter().find(exactly) {
        return Ok(share);
    }
    let meant: Vec<_> = shares.iter().filter(|share| is_called(&share.name, said)).collect();
    let line = |share: &Share| format!("{} <{}>, who may {} it", share.name, share.email, share.permission);
    match meant.as_slice() {
        [share] => Ok(share),
        [] if shares.is_empty() => Err(Stop::Refused("This task is shared with nobody.".to_owned())),
        [] => Err(choices(format!("This task is not shared with “{said}”, but with:"), shares.iter(), line)),
        several => {
            let intro = format!("Several people are called “{said}”. Which one, by their email?");
            Err(choices(intro, several.iter().copied(), line))
        }
    }
}

#[cfg(test)]
mod fuzz {
    use super::*;
    use serde_json::json;
    use taskwire_fuzz::{check, text};

    #[test]
    fn a_task_is_named_by_its_id_or_by_what_was_said() {
        const PIECES: &[&str] =
            &["task://", "#", "17", "-", "+", " ", "0", "9223372036854775807", "Plan", "\0", "\u{a0}"];
        check!().with_generator(text(PIECES)).for_each(|text| {
            let name: TaskName =
                serde_json::from_value(json!(text)).unwrap_or_else(|error| panic!("{text:?}: {error}"));
            assert_eq!(name.0, text.trim());
            let Some(id) = name.id() else { return };
            for said in [json!(id.0), json!(format!("#{id}")), json!(format!(" task://{id} "))] {
                let again: TaskName = serde_json::from_value(said).unwrap_or_else(|error| panic!("{text:?}: {error}"));
                assert_eq!(again.id(), Some(id), "{text:?}");
            }
        });
    }
}
