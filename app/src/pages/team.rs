//! One team: its tasks, its members, and what can be changed about it.

use super::task_list::TaskList;
use crate::{
    components::{
        icon::Icon, load::Load, page::Page, skeleton::Skeleton, team_actions::TeamActions, team_members::TeamMembers,
        team_settings::TeamSettings,
    },
    list_url::Place,
    rpc::{self, RpcError},
};
use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate, use_params_map},
};
use taskwire_domain::{
    Error, TeamId,
    rights::TeamAction,
    team::{Team, TeamPeople},
};

/// A tab of the page.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Tasks,
    Members,
    Settings,
}

impl Part {
    const ALL: [(Self, &'static str, &'static str); 3] =
        [(Self::Tasks, "Tasks", ""), (Self::Members, "Members", "/members"), (Self::Settings, "Settings", "/settings")];

    fn at(path: &str) -> Self {
        let found = Self::ALL.into_iter().rev().find(|(_, _, end)| path.trim_end_matches('/').ends_with(end));
        found.map_or(Self::Tasks, |(part, ..)| part)
    }
}

/// The page of the team whose id the address holds; the path's end says which part of it.
#[component]
pub fn TeamPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id").and_then(|id| id.parse::<TeamId>().ok())));
    let part = Part::at(&use_location().pathname.get_untracked());
    let actions = TeamActions::new();
    let people = rpc::remote(
        move || (id.get(), actions.done.times()),
        |(id, _)| async move {
            match id {
                Some(id) => rpc::team::get(id).await,
                None => Err(RpcError::Refused(Error::NotFound)),
            }
        },
    );
    let navigate = use_navigate();
    Effect::new(move |_| {
        let (left, deleted) = (actions.leave.value().get(), actions.delete.value().get());
        if matches!(left, Some(Ok(()))) || matches!(deleted, Some(Ok(()))) {
            navigate("/teams", NavigateOptions::default());
        }
    });
    let title = ArcRwSignal::new("Team".to_owned());
    let window_title = {
        let title = title.clone();
        move || title.get()
    };
    view! {
        <Page title=window_title>
            <p class="crumbs">
                <a href="/teams">
                    <Icon icon=icondata::LuArrowLeft />
                    "All teams"
                </a>
            </p>
            <Load resource=people skeleton=|| view! { <Skeleton lines=6 /> } let:people>
                <TeamView people part actions title=title.clone() />
            </Load>
        </Page>
    }
}

#[component]
fn TeamView(people: TeamPeople, part: Part, actions: TeamActions, title: ArcRwSignal<String>) -> impl IntoView {
    title.set(people.team.name.clone());
    let team = people.team.clone();
    let content = match part {
        Part::Tasks => {
            let (place, adds) = (Place::Team(team.id), team.role.may(TeamAction::CreateTask));
            view! { <TaskList place adds /> }.into_any()
        }
        Part::Members => view! { <TeamMembers people actions /> }.into_any(),
        Part::Settings => view! { <TeamSettings people actions /> }.into_any(),
    };
    view! {
        <TeamHead team=team.clone() />
        <TeamTabs team part />
        {content}
    }
}

#[component]
fn TeamHead(team: Team) -> impl IntoView {
    view! {
        <header class="task-head">
            <h1 dir="auto">{team.name}</h1>
            <p class="task-meta">
                <span>"You are " <span class="badge">{team.role.as_str()}</span></span>
                {team
                    .role
                    .may(TeamAction::ReadLog)
                    .then(|| view! { <a href=format!("/activity?team={}", team.id)>"Activity"</a> })}
            </p>
            {(!team.description.is_empty())
                .then(|| {
                    view! {
                        <p class="task-words" dir="auto">
                            {team.description}
                        </p>
                    }
                })}
        </header>
    }
}

#[component]
fn TeamTabs(team: Team, part: Part) -> impl IntoView {
    let tabs = Part::ALL.into_iter().map(|(tab, name, end)| {
        view! {
            <li>
                <a href=format!("/teams/{}{end}", team.id) aria-current=(tab == part).then_some("page")>
                    {name}
                    {(tab == Part::Members).then(|| view! { " " <span class="count">{team.members}</span> })}
                </a>
            </li>
        }
    });
    view! {
        <nav aria-label="Team">
            <ul class="tabs">{tabs.collect_view()}</ul>
        </nav>
    }
}
