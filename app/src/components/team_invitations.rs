//! Who is invited into a team.

use super::{here::Here, moment::At, team_actions::TeamActions};
use crate::{rows, rpc};
use leptos::prelude::*;
use taskwire_domain::{
    TeamId,
    team::{Invitation, TeamPeople},
};

/// The addresses that join when somebody signs up with them; nothing where there are none.
#[component]
pub fn Invitations(
    /// The team and everybody in it.
    people: Memo<TeamPeople>,
    /// What the buttons do.
    actions: TeamActions,
) -> impl IntoView {
    let team = people.with_untracked(|people| people.team.id);
    let none = Memo::new(move |_| people.with(|people| people.invitations.is_empty()));
    let row = move |first: Invitation| {
        let email = first.email.clone();
        let find = move || people.with(|people| people.invitations.iter().find(|known| known.email == email).cloned());
        view! { <Row team invitation=rows::newest(first, find) actions /> }
    };
    view! {
        <section class="panel" aria-labelledby="invitations" hidden=move || none.get()>
            <h2 id="invitations">"Invited"</h2>
            <p class="hint">"They join when somebody signs up with their address."</p>
            <ul class="plain-list members">
                <For
                    each=move || people.with(|people| people.invitations.clone())
                    key=|invitation| invitation.email.clone()
                    children=row
                />
            </ul>
        </section>
    }
}

#[component]
fn Row(team: TeamId, invitation: Memo<Invitation>, actions: TeamActions) -> impl IntoView {
    let Invitation { email, created_at, .. } = invitation.get_untracked();
    let action = actions.uninvite();
    let label = format!("Take back the invitation of {email}");
    view! {
        <li class="member">
            <div class="member-who">
                <p>
                    <bdi>{email.clone()}</bdi>
                </p>
                <p class="task-meta">
                    <span class="badge">{move || invitation.with(|invitation| invitation.role.as_str())}</span>
                    <span>"since " <At then=created_at /></span>
                </p>
            </div>
            <ActionForm action on:submit:capture=rpc::once(action)>
                <Here />
                <input type="hidden" name="id" value=team.to_string() />
                <input type="hidden" name="email" value=email />
                <button class="button" aria-label=label>
                    "Take back"
                </button>
            </ActionForm>
        </li>
    }
}
