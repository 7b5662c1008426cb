//! The viewer's teams.

use crate::{
    components::{
        banner::Refusal, empty::Empty, field::Field, here::Here, icon::Icon, load::Load, page::Page, skeleton::Skeleton,
    },
    number::count,
    rpc::{self, team::Create},
    typed::typed,
};
use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};
use taskwire_domain::team::Team;

/// Lists them, and makes new ones.
#[component]
pub fn TeamsPage() -> impl IntoView {
    let create = rpc::action::<Create>();
    let teams = rpc::remote(|| (), |()| rpc::team::list());
    let navigate = use_navigate();
    Effect::new(move |_| {
        if let Some(Ok(team)) = create.value().get() {
            navigate(&format!("/teams/{}", team.id), NavigateOptions::default());
        }
    });
    view! {
        <Page title="Teams" class="page-narrow">
            <h1>"Teams"</h1>
            <Load resource=teams skeleton=|| view! { <Skeleton lines=4 /> } let:teams>
                <TeamList teams />
            </Load>
            <NewTeam action=create />
        </Page>
    }
}

#[component]
fn TeamList(teams: Vec<Team>) -> impl IntoView {
    if teams.is_empty() {
        return view! {
            <div class="panel">
                <Empty icon=icondata::LuUsers title="You are not in a team yet">
                    <p>"Make one below, or ask somebody to add you to theirs by your email address."</p>
                </Empty>
            </div>
        }
        .into_any();
    }
    let rows = teams.into_iter().map(|team| view! { <TeamRow team /> }).collect_view();
    view! { <ul class="plain-list panel teams">{rows}</ul> }.into_any()
}

#[component]
fn TeamRow(team: Team) -> impl IntoView {
    let people = match team.members {
        1 => "1 person".to_owned(),
        members => format!("{} people", count(members)),
    };
    view! {
        <li class="team">
            <div class="team-line">
                <a href=format!("/teams/{}", team.id) class="task-title" dir="auto">
                    {team.name}
                </a>
                <span class="badge">{team.role.as_str()}</span>
            </div>
            {(!team.description.is_empty())
                .then(|| {
                    view! {
                        <p class="task-description" dir="auto">
                            {team.description}
                        </p>
                    }
                })}
            <p class="task-meta">{people}</p>
        </li>
    }
}

#[component]
fn NewTeam(action: ServerAction<Create>) -> impl IntoView {
    let error = Signal::derive(move || action.value().get().and_then(Result::err));
    let name = typed::<Create>("name").unwrap_or_default();
    let description = typed::<Create>("description").unwrap_or_default();
    view! {
        <section class="panel form" aria-labelledby="new-team">
            <h2 id="new-team">"New team"</h2>
            <Refusal error fields=&["name", "description"] />
            <ActionForm action on:submit:capture=rpc::once(action)>
                <Here />
                <Field name="name" label="Name" value=name error />
                <Field
                    name="description"
                    label="What it is for"
                    rows=3
                    optional=true
                    value=description
                    error
                />
                <div class="actions">
                    <button class="button button-primary">
                        <Icon icon=icondata::LuPlus />
                        "Create team"
                    </button>
                </div>
            </ActionForm>
        </section>
    }
}
