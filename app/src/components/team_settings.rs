//! What can be changed about a team, and the ways out of it.

use super::{
    banner::Refusal,
    team_ending::{DeletePart, LeavePart},
    team_form::TeamForm,
    team_members::owner_of,
};
use crate::{
    rpc::{
        self,
        team::{Delete, Leave, Update},
    },
    typed::typed,
};
use leptos::prelude::*;
use taskwire_domain::{
    rights::TeamAction,
    team::{Team, TeamPeople},
};

/// Name and description, leaving and deleting, each as far as the viewer may.
#[component]
pub fn TeamSettings(
    /// The team and everybody in it.
    people: Memo<TeamPeople>,
    /// Saves name and description.
    update: ServerAction<Update>,
) -> impl IntoView {
    // Decided once: a form must never go away with what is typed in it. Nor must one that was refused.
    let Team { id, role, .. } = people.with_untracked(|people| people.team.clone());
    let edits = role.may(TeamAction::Edit) || typed::<Update>("name").is_some();
    // Without JavaScript: a refusal whose form is not offered any more.
    let refused_to_leave = rpc::refused_form::<Leave>().filter(|_| !role.may(TeamAction::Leave));
    let refused_to_delete = rpc::refused_form::<Delete>().filter(|_| !role.may(TeamAction::Delete));
    let refused = Signal::stored(refused_to_leave.or(refused_to_delete));
    let owner = people.with_untracked(owner_of).map(|owner| owner.name).unwrap_or_default();
    view! {
        <Refusal error=refused />
        {match edits {
            true => view! { <TeamForm people update /> }.into_any(),
            false => view! { <About people /> }.into_any(),
        }}
        {role.may(TeamAction::Leave).then(|| view! { <LeavePart team=id owner /> })}
        {role.may(TeamAction::Delete).then(|| view! { <DeletePart team=id /> })}
    }
}

/// Name and description in full, for whoever may not change them.
#[component]
fn About(people: Memo<TeamPeople>) -> impl IntoView {
    let described = move || people.with(|people| !people.team.description.is_empty());
    view! {
        <section class="panel" aria-labelledby="about">
            <h2 id="about">"What it is"</h2>
            <dl class="facts">
                <dt>"Name"</dt>
                <dd dir="auto">{move || people.with(|people| people.team.name.clone())}</dd>
                <Show when=described>
                    <dt>"What it is for"</dt>
                    <dd class="task-words" dir="auto">
                        {move || people.with(|people| people.team.description.clone())}
                    </dd>
                </Show>
            </dl>
        </section>
    }
}
