//! Resources: tasks, lists of them, and the dashboard, under an address each.

use super::{
    text,
    tools::{
        dashboard::DashboardAnswer,
        tasks::{TaskAnswer, TasksAnswer},
    },
};
use rmcp::model::{CompletionInfo, Resource, ResourceContents, ResourceTemplate};
use serde_json::{Value, json};
use std::{fmt, str::FromStr};
use taskwire_backend::{Backend, Result, Viewer};
use taskwire_domain::{
    TaskId, TeamId,
    api_token::TokenScope,
    task::{PAGE_MAX, Source, TaskQuery},
    team::Team,
};

const JSON: &str = "application/json";

/// Values that are offered to complete one at most.
const OFFERED: usize = 50;

/// Where a resource is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Uri {
    Task(TaskId),
    Mine,
    Team(TeamId),
    Dashboard,
}

impl Uri {
    /// What a token must be good for to read it. It is looked at beforehand where nobody has asked for this very one: a
    /// refusal would stand in the log.
    pub(super) fn scope(self) -> TokenScope {
        match self {
            Self::Task(_) | Self::Mine | Self::Team(_) => TokenScope::TasksRead,
            Self::Dashboard => TokenScope::DashboardRead,
        }
    }
}

impl FromStr for Uri {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.split_once("://").ok_or(())? {
            ("task", id) => id.parse().map(Self::Task).map_err(drop),
            ("tasks", "mine") => Ok(Self::Mine),
            ("tasks", place) => place.strip_prefix("team/").and_then(|id| id.parse().ok()).map(Self::Team).ok_or(()),
            ("dashboard", "me") => Ok(Self::Dashboard),
            _ => Err(()),
        }
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Task(id) => write!(f, "task://{id}"),
            Self::Mine => write!(f, "tasks://mine"),
            Self::Team(id) => write!(f, "tasks://team/{id}"),
            Self::Dashboard => write!(f, "dashboard://me"),
        }
    }
}

/// What there is for a viewer without knowing an id of a task.
pub(super) async fn list(backend: &Backend, viewer: &Viewer) -> Result<Vec<Resource>> {
    let fixed = [
        (Uri::Dashboard, "dashboard", "Dashboard", "How many tasks there are, and what happened lately."),
        (Uri::Mine, "my-tasks", "My tasks", "The person's own tasks, the last changed first."),
    ];
    let mut resources: Vec<_> = fixed
        .into_iter()
        .map(|(uri, name, title, about)| resource(uri, name).with_title(title).with_description(about))
        .collect();
    let teams = teams(backend, viewer).await?;
    let team = |team: Team| {
        let name = text::visible(&team.name);
        resource(Uri::Team(team.id), &format!("team-{}", team.id))
            .with_title(format!("Tasks of {name}"))
            .with_description("The tasks of a team, the last changed first. The team's name is data that people wrote.")
    };
    resources.extend(teams.into_iter().map(team));
    Ok(resources)
}

/// The viewer's teams, as far as the token is good for them.
pub(super) async fn teams(backend: &Backend, viewer: &Viewer) -> Result<Vec<Team>> {
    if viewer.covers(TokenScope::TeamsRead) { backend.team_list(viewer).await } else { Ok(Vec::new()) }
}

fn resource(uri: Uri, name: &str) -> Resource {
    Resource::new(uri.to_string(), name).with_mime_type(JSON)
}

/// What there is for whoever knows an id.
pub(super) fn templates() -> Vec<ResourceTemplate> {
    let template = |uri: &str, name: &str, title: &str, about: &str| {
        ResourceTemplate::new(uri, name).with_title(title).with_description(about).with_mime_type(JSON)
    };
    vec![
        template("task://{id}", "task", "Task", "One task with everything in it."),
        template("tasks://team/{id}", "team-tasks", "Tasks of a team", "The tasks of a team, the last changed first."),
    ]
}

/// What is in a resource, marked as what it is.
///
/// # Errors
/// [`Refusal::NotFound`] for what the viewer does not see.
pub(super) async fn read(backend: &Backend, viewer: &Viewer, uri: Uri) -> Result<ResourceContents> {
    let mut value = json!({ "note": text::DATA, "data": data(backend, viewer, uri).await? });
    text::make_visible(&mut value);
    Ok(ResourceContents::text(value.to_string(), uri.to_string()).with_mime_type(JSON))
}

/// What is in a resource, but for when it was read: the same as long as nothing changes.
///
/// # Errors
/// As [`read`].
pub(super) async fn lasting(backend: &Backend, viewer: &Viewer, uri: Uri) -> Result<Value> {
    let mut value = data(backend, viewer, uri).await?;
    if let Some(fields) = value.as_object_mut() {
        fields.remove("as_of");
    }
    Ok(value)
}

async fn data(backend: &Backend, viewer: &Viewer, uri: Uri) -> Result<Value> {
    let tasks = async |source| {
        let query = TaskQuery { source, limit: Some(PAGE_MAX), ..TaskQuery::default() };
        Ok(json!(TasksAnswer::from(backend.task_list(viewer, &query).await?)))
    };
    match uri {
        Uri::Task(id) => Ok(json!(TaskAnswer::from(backend.task_get(viewer, id).await?))),
        Uri::Mine => tasks(Source::Own).await,
        Uri::Team(id) => tasks(Source::Team(id)).await,
        Uri::Dashboard => Ok(json!(DashboardAnswer::from(&*backend.dashboard_read(viewer, None).await?))),
    }
}

/// What an id can be, for somebody who has begun to type it, or the name of what it stands for.
pub(super) async fn complete(backend: &Backend, viewer: &Viewer, template: &str, said: &str) -> Result<CompletionInfo> {
    let begins = |text: &str| text.to_lowercase().starts_with(&said.to_lowercase());
    let ids: Vec<_> = match template {
        "task://{id}" => {
            let query = TaskQuery { limit: Some(PAGE_MAX), ..TaskQuery::default() };
            let by_id = said.chars().all(|c| c.is_ascii_digit());
            let search = if by_id { String::new() } else { said.to_owned() };
            let page = backend.task_list(viewer, &TaskQuery { search, ..query }).await?;
            let ids = page.tasks.into_iter().map(|task| task.id.to_string());
            ids.filter(|id| !by_id || begins(id)).collect()
        }
        "tasks://team/{id}" => {
            let teams = teams(backend, viewer).await?.into_iter();
            teams
                .filter(|team| begins(&team.name) || begins(&team.id.to_string()))
                .map(|it| it.id.to_string())
                .collect()
        }
        _ => Vec::new(),
    };
    Ok(offered(ids))
}

/// As many of these as may be offered.
pub(super) fn offered(mut values: Vec<String>) -> CompletionInfo {
    let (total, has_more) = (u32::try_from(values.len()).ok(), values.len() > OFFERED);
    values.truncate(OFFERED);
    CompletionInfo::with_pagination(values, total, has_more).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_back_as_it_is_written() {
        let team = "0199a4d0-0000-7000-8000-000000000001".parse().unwrap();
        for uri in [Uri::Task(TaskId(17)), Uri::Mine, Uri::Team(team), Uri::Dashboard] {
            assert_eq!(uri.to_string().parse(), Ok(uri));
        }
        for text in
            ["", "task://", "task://x", "task:17", "tasks://", "tasks://team/", "tasks://yours", "file:///etc/passwd"]
        {
            assert_eq!(text.parse::<Uri>(), Err(()), "{text}");
        }
    }
}

#[cfg(test)]
mod fuzz {
    use super::*;
    use taskwire_fuzz::{check, text};

    #[test]
    fn what_is_an_address_has_one_way_to_be_written() {
        const PIECES: &[&str] = &[
            "task",
            "tasks",
            "dashboard",
            "://",
            "mine",
            "me",
            "team/",
            "17",
            "-1",
            "+",
            "/",
            "?",
            "0199a4d0-0000-7000-8000-000000000001",
        ];
        check!().with_generator(text(PIECES)).for_each(|text| {
            if let Ok(uri) = text.parse::<Uri>() {
                assert_eq!(uri.to_string().parse(), Ok(uri), "{text}");
            }
        });
    }
}
