//! What can be changed about a team, and the ways to end it.

use super::{
    banner::{Banner, Refusal, Tone},
    field::Field,
    here::Here,
    icon::Icon,
    settings_done::Confirmation,
    team_actions::TeamActions,
};
use crate::{
    browser,
    rpc::{self, RpcError, team::Update},
    typed::typed,
};
use leptos::{html, prelude::*, task::spawn_local};
use leptos_router::hooks::use_query_map;
use taskwire_domain::{
    Error, TeamId,
    rights::TeamAction,
    team::{Role, Team, TeamPeople},
};

/// Name and description, leaving and deleting, each as far as the viewer may.
#[component]
pub fn TeamSettings(
    /// Team and people.
    people: TeamPeople,
    /// What the forms do.
    actions: TeamActions,
) -> impl IntoView {
    let TeamPeople { team, members, .. } = people;
    let (id, role) = (team.id, team.role);
    let owner = members.into_iter().find(|member| member.role == Role::Owner).map(|member| member.name);
    view! {
        {role.may(TeamAction::Edit).then(|| view! { <TextsPart team actions /> })}
        {role.may(TeamAction::Leave).then(|| view! { <LeavePart id owner=owner.unwrap_or_default() actions /> })}
        {role.may(TeamAction::Delete).then(|| view! { <DeletePart id actions /> })}
    }
}

/// The form remembers which version its texts were made from; when somebody else was faster, it shows what the team is
/// called now and leaves the choice to the person.
#[component]
fn TextsPart(team: Team, actions: TeamActions) -> impl IntoView {
    let (id, update) = (team.id, actions.update);
    let error = Signal::derive(move || update.value().get().and_then(Result::err));
    let stale = move || error.get() == Some(RpcError::Refused(Error::Stale));
    // Without JavaScript the page is rendered again and has just read the team.
    let shown_again = untrack(stale);
    let read = typed::<Update>("version").and_then(|version| version.parse().ok()).filter(|_| !shown_again);
    let version = RwSignal::new(read.unwrap_or(team.version));
    let rival = RwSignal::new(shown_again.then(|| team.clone()));
    let name = typed::<Update>("name").unwrap_or(team.name);
    let description = typed::<Update>("description").unwrap_or(team.description);
    Effect::new(move |_| {
        if stale() {
            spawn_local(async move {
                if let Ok(now) = rpc::team::get(id).await {
                    let _gone = version.try_set(now.team.version);
                    let _gone = rival.try_set(Some(now.team));
                }
            });
        }
    });
    view! {
        <section class="panel form" aria-labelledby="texts">
            <h2 id="texts">"Name and description"</h2>
            <Refusal error fields=&["name", "description", "version"] />
            {move || rival.get().map(|team| view! { <Rival team /> })}
            <ActionForm
                action=update
                on:input=move |_| actions.done.forget()
                on:submit:capture=rpc::once(update)
            >
                <Here />
                <input type="hidden" name="id" value=id.to_string() />
                <input type="hidden" name="version" value=move || version.get().to_string() />
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
                        {move || if rival.with(Option::is_some) { "Save my text anyway" } else { "Save changes" }}
                    </button>
                    <Confirmation done=actions.done name="texts" />
                </div>
            </ActionForm>
        </section>
    }
}

/// What somebody else made of the team's texts in the meantime.
#[component]
fn Rival(team: Team) -> impl IntoView {
    view! {
        <Banner tone=Tone::Warning>
            <p>"Somebody changed this team in the meantime. It now says:"</p>
            <blockquote>
                <p dir="auto">
                    <strong>{team.name}</strong>
                </p>
                <p class="task-words" dir="auto">
                    {team.description}
                </p>
            </blockquote>
            <p>
                "Your text is still in the form. Save it over the change, or "
                <a href=format!("/teams/{}/settings", team.id) rel="external">
                    "discard your text"
                </a> "."
            </p>
        </Banner>
    }
}

#[component]
fn LeavePart(id: TeamId, owner: String, actions: TeamActions) -> impl IntoView {
    let leave = actions.leave;
    let error = Signal::derive(move || leave.value().get().and_then(Result::err));
    view! {
        <section class="panel" id="leave" aria-labelledby="leave-title">
            <h2 id="leave-title">"Leave"</h2>
            <p class="hint">"Your tasks in this team stay with it: " <bdi>{owner}</bdi> ", its owner, takes them over."</p>
            <Refusal error />
            <Asked id key="leave" link="Leave this team…" question="Leave this team?">
                <ActionForm action=leave on:submit:capture=rpc::once(leave)>
                    <Here />
                    <input type="hidden" name="id" value=id.to_string() />
                    <button class="button button-danger">
                        <Icon icon=icondata::LuLogOut />
                        "Leave team"
                    </button>
                </ActionForm>
            </Asked>
        </section>
    }
}

#[component]
fn DeletePart(id: TeamId, actions: TeamActions) -> impl IntoView {
    let delete = actions.delete;
    let error = Signal::derive(move || delete.value().get().and_then(Result::err));
    view! {
        <section class="panel" id="delete" aria-labelledby="delete-title">
            <h2 id="delete-title">"Delete"</h2>
            <p class="hint">
                "Each of its tasks becomes a personal task of whoever owns it. This cannot be undone. To leave without deleting, make somebody else the owner first."
            </p>
            <Refusal error />
            <Asked id key="delete" link="Delete this team…" question="Delete this team for everybody?">
                <ActionForm action=delete on:submit:capture=rpc::once(delete)>
                    <Here />
                    <input type="hidden" name="id" value=id.to_string() />
                    <button class="button button-danger">
                        <Icon icon=icondata::LuTrash2 />
                        "Delete team"
                    </button>
                </ActionForm>
            </Asked>
        </section>
    }
}

/// A link that asks a question, whose answer is a form. The question is part of the address.
#[component]
fn Asked(
    id: TeamId,
    key: &'static str,
    link: &'static str,
    question: &'static str,
    children: ChildrenFn,
) -> impl IntoView {
    let query = use_query_map();
    let asks = Memo::new(move |_| query.with(|query| query.get_str("confirm") == Some(key)));
    let group = NodeRef::<html::Div>::new();
    Effect::new(move |_| browser::focus(group.get().map(Into::into)));
    view! {
        <Show
            when=move || asks.get()
            fallback=move || {
                view! {
                    <a
                        href=format!("/teams/{id}/settings?confirm={key}#{key}")
                        data-noscroll=""
                        class="button button-quiet-danger"
                    >
                        {link}
                    </a>
                }
            }
        >
            <div class="confirm" role="group" aria-labelledby=format!("ask-{key}") tabindex="-1" node_ref=group>
                <p id=format!("ask-{key}")>{question}</p>
                <div class="actions">
                    {children()} <a href=format!("/teams/{id}/settings#{key}") data-noscroll="" class="button">
                        "Cancel"
                    </a>
                </div>
            </div>
        </Show>
    }
}
