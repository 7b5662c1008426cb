//! One team: its tasks, its members, and what can be changed about it.

use crate::{
    components::{
        banner::Refusal,
        icon::Icon,
        load::NotLoaded,
        page::Page,
        skeleton::Skeleton,
        task_list::{TaskList, TaskListState},
        team_actions::TeamActions,
        team_head::{Part, TeamHead},
        team_members::TeamMembers,
        team_settings::TeamSettings,
    },
    list_url::Place,
    rows,
    rpc::{self, Remote, RpcError, team::Update},
};
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_params_map};
use taskwire_domain::{Error, TeamId, rights::TeamAction, team::TeamPeople};

/// What the parts of the page work with.
#[derive(Clone, Copy)]
struct Parts {
    part: Part,
    /// Only for the tasks.
    list: Option<TaskListState>,
    /// Rewrites name and description.
    update: ServerAction<Update>,
    actions: TeamActions,
}

/// The page of the team whose id the address holds; the path's end says which part of it.
#[component]
pub fn TeamPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id").and_then(|id| id.parse::<TeamId>().ok())));
    let part = Part::at(&use_location().pathname.get_untracked());
    let list = (part == Part::Tasks).then(|| TaskListState::new(move || id.get().map(Place::Team)));
    let (update, actions) = (rpc::action::<Update>(), TeamActions::new());
    // Also after a refusal, whose reason may be that the team is no longer what the page shows.
    let people = rpc::remote(
        move || (id.get(), actions.answers.count.get() + update.version().get()),
        |(id, _)| async move {
            match id {
                Some(id) => rpc::team::get(id).await,
                None => Err(RpcError::Refused(Error::NotFound)),
            }
        },
    );
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
            <Transition fallback=|| view! { <Skeleton lines=6 /> }>
                <TeamView id people parts=Parts { part, list, update, actions } title=title.clone() />
            </Transition>
        </Page>
    }
}

/// The team once it is known. What is typed on the page stays when newer data comes, or when none can be had.
#[component]
fn TeamView(
    id: Memo<Option<TeamId>>,
    people: Remote<Result<TeamPeople, RpcError>>,
    parts: Parts,
    title: ArcRwSignal<String>,
) -> impl IntoView {
    let last = Memo::new(move |last: Option<&Option<TeamPeople>>| match people.get() {
        Some(Ok(people)) => Some(people),
        _ => last.cloned().flatten().filter(|last| Some(last.team.id) == id.get()),
    });
    let shown = Memo::new(move |_| last.with(|last| last.as_ref().map(|people| people.team.id)));
    let error = move || people.get().and_then(Result::err);
    let not_read = Signal::derive(move || {
        let refused = parts.actions.answers.refused.get().or_else(|| parts.update.value().get().and_then(Result::err));
        error().filter(|error| shown.get().is_some() && refused.as_ref() != Some(error))
    });
    let view = move |id: TeamId| {
        let Some(first) = last.get_untracked() else { return ().into_any() };
        let people = rows::newest(first, move || last.get().filter(|people| people.team.id == id));
        view! { <TeamParts people parts title=title.clone() /> }.into_any()
    };
    view! {
        // A list that is not in the document yet needs an element to stand in.
        <div class="stack">
            {move || error().filter(|_| shown.get().is_none()).map(|error| view! { <NotLoaded error /> })}
            <Refusal error=not_read />
            <For each=move || shown.get() key=|id| *id children=view />
        </div>
    }
}

#[component]
fn TeamParts(people: Memo<TeamPeople>, parts: Parts, title: ArcRwSignal<String>) -> impl IntoView {
    let Parts { part, list, update, actions } = parts;
    let name = Memo::new(move |_| people.with(|people| people.team.name.clone()));
    title.set(name.get_untracked());
    Effect::new(move |_| title.set(name.get()));
    let creates = people.with_untracked(|people| people.team.role.may(TeamAction::CreateTask));
    let content = match (part, list) {
        (Part::Tasks, list) => list.map(|list| view! { <TaskList list creates /> }).into_any(),
        (Part::Members, _) => view! { <TeamMembers people actions /> }.into_any(),
        (Part::Settings, _) => view! { <TeamSettings people update /> }.into_any(),
    };
    view! {
        <TeamHead people part />
        {content}
    }
}
