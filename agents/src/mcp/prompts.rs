//! Prompts: what people ask again and again, with what it is about.

use super::resources::{self, Uri, offered};
use rmcp::model::{
    CompletionInfo, ContentBlock, EmbeddedResource, GetPromptResult, JsonObject, Prompt, PromptArgument, PromptMessage,
    Role,
};
use serde_json::Value;
use taskwire_backend::{Backend, Result, Viewer};
use taskwire_domain::{Error as Refusal, team::Team};

/// A prompt.
struct Template {
    name: &'static str,
    title: &'static str,
    about: &'static str,
    /// What the model is asked.
    text: &'static str,
    /// What it is about, besides a team if one is named.
    about_what: &'static [Uri],
    /// Whether it may be about one team.
    of_team: bool,
}

const ALL: [Template; 4] = [
    Template {
        name: "daily_review",
        title: "Daily review",
        about: "What was done today, and what is left.",
        text: "Review my day. Say in a few sentences what I completed today and what I created, then what is still pending, \
               the most urgent first as far as the titles tell. End with one suggestion for what to close before I stop. \
               Change nothing unless I ask you to.",
        about_what: &[Uri::Dashboard, Uri::Mine],
        of_team: false,
    },
    Template {
        name: "weekly_report",
        title: "Weekly report",
        about: "A report on the week, of one's own or of a team's tasks.",
        text: "Write a report on this week that I can send to others: what was completed since Monday, what was begun, what is \
               open and what seems stuck. Use list_tasks for what is not below. No more than a page, with a heading for each \
               part. Change nothing.",
        about_what: &[Uri::Dashboard],
        of_team: true,
    },
    Template {
        name: "triage",
        title: "Triage",
        about: "Goes through pending tasks and sorts them out.",
        text: "Help me sort out my pending tasks. Go through them in groups of at most five and suggest for each: keep, reword, \
               split, hand over, complete or delete, with a reason of a few words. Wait for my answer after each group, and \
               change only what I have agreed to.",
        about_what: &[Uri::Mine],
        of_team: true,
    },
    Template {
        name: "plan_my_day",
        title: "Plan my day",
        about: "Picks what to do today.",
        text: "Plan my day. Choose three to five pending tasks that I should do today, say why these, and put them into an \
               order. Ask me first if you need to know how much time I have. Change nothing unless I ask you to.",
        about_what: &[Uri::Dashboard, Uri::Mine],
        of_team: false,
    },
];

impl Template {
    fn definition(&self) -> Prompt {
        let team = PromptArgument::new("team")
            .with_title("Team")
            .with_description("Name or id of a team")
            .with_required(false);
        Prompt::new(self.name, Some(self.about), self.of_team.then(|| vec![team])).with_title(self.title)
    }
}

pub(super) fn list() -> Vec<Prompt> {
    ALL.iter().map(Template::definition).collect()
}

/// A prompt with what it is about. `None` if there is no such prompt.
///
/// # Errors
/// [`Refusal::Invalid`] for an argument that is none, and [`Refusal::NotFound`] for a team that is not the viewer's.
pub(super) async fn get(
    backend: &Backend,
    viewer: &Viewer,
    name: &str,
    arguments: &JsonObject,
) -> Result<Option<GetPromptResult>> {
    let Some(template) = ALL.iter().find(|template| template.name == name) else { return Ok(None) };
    if let Some(odd) = arguments.keys().find(|key| !(template.of_team && *key == "team")) {
        return Err(Refusal::invalid(odd, "This prompt takes no such argument.").into());
    }
    let team = match arguments.get("team").and_then(Value::as_str).map(str::trim).filter(|team| !team.is_empty()) {
        Some(said) => Some(team_called(&backend.team_list(viewer).await?, said)?),
        None => None,
    };
    let mut messages = vec![PromptMessage::new_text(Role::User, template.text)];
    // What the token is not good for, the model does without.
    let about = template.about_what.iter().copied().filter(|uri| viewer.covers(uri.scope()));
    for uri in team.map(Uri::Team).into_iter().chain(about) {
        let embedded = ContentBlock::Resource(EmbeddedResource::new(resources::read(backend, viewer, uri).await?));
        messages.push(PromptMessage::new(Role::User, embedded));
    }
    Ok(Some(GetPromptResult::new(messages).with_description(template.about)))
}

fn team_called(teams: &[Team], said: &str) -> Result<taskwire_domain::TeamId, Refusal> {
    let is_meant = |team: &&Team| team.name.to_lowercase() == said.to_lowercase() || team.id.to_string() == said;
    teams.iter().find(is_meant).map(|team| team.id).ok_or(Refusal::NotFound)
}

/// The teams that an argument can name.
pub(super) async fn complete(backend: &Backend, viewer: &Viewer, argument: &str, said: &str) -> Result<CompletionInfo> {
    if argument != "team" {
        return Ok(CompletionInfo::default());
    }
    let teams = resources::teams(backend, viewer).await?.into_iter().map(|team| super::text::visible(&team.name));
    Ok(offered(teams.filter(|name| name.to_lowercase().starts_with(&said.to_lowercase())).collect()))
}
