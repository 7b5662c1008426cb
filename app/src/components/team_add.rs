//! One more person in a team.

use super::{
    banner::Refusal,
    field::Field,
    here::Here,
    icon::Icon,
    team_actions::{PeopleDone, TeamActions},
    team_roles::RoleOptions,
};
use crate::{
    reset,
    rpc::{self, team::AddMember},
    typed::typed,
};
use leptos::{html, prelude::*};
use taskwire_domain::{TeamId, team::Role};

/// Adds whoever has an address, or invites them until they sign up.
#[component]
pub fn AddMemberForm(
    /// The team.
    team: TeamId,
    /// What the viewer is in it.
    viewer: Memo<Role>,
    /// What the form does.
    actions: TeamActions,
) -> impl IntoView {
    let action = actions.add;
    let error = Signal::derive(move || action.value().get().and_then(Result::err));
    let form = NodeRef::<html::Form>::new();
    reset::after_success(action, form, &["email", "role"]);
    let email = typed::<AddMember>("email").unwrap_or_default();
    let chosen = typed::<AddMember>("role").and_then(|word| word.parse().ok()).unwrap_or(Role::Member);
    let done = move || match actions.answers.done.get() {
        Some(PeopleDone::Added(email)) => {
            Some(view! { "Added. " <bdi>{email}</bdi> " is in the team now." }.into_any())
        }
        Some(PeopleDone::Invited(email)) => Some(
            view! { "Nobody has signed up with " <bdi>{email}</bdi> " yet: they will join when they do." }.into_any(),
        ),
        _ => None,
    };
    view! {
        <section class="panel form" aria-labelledby="add">
            <h2 id="add">"Add somebody"</h2>
            <Refusal error fields=&["email", "role"] />
            <ActionForm action node_ref=form on:submit:capture=rpc::once(action)>
                <Here />
                <input type="hidden" name="id" value=team.to_string() />
                <Field
                    name="email"
                    label="Email"
                    kind="email"
                    placeholder="ada@example.org"
                    hint="If nobody has signed up with it yet, they will join when they do."
                    value=email
                    error
                />
                <div class="field">
                    <label for="role">"Role"</label>
                    <select id="role" name="role" aria-describedby="role-hint" required>
                        <RoleOptions viewer chosen />
                    </select>
                    <p class="hint" id="role-hint">
                        "An admin runs the team together with its owner, a member works in it, a viewer sees it."
                    </p>
                </div>
                <div class="actions">
                    <button class="button button-primary">
                        <Icon icon=icondata::LuUserPlus />
                        "Add to team"
                    </button>
                    <p class="saved" role="status">
                        {move || done().map(|words| view! { <Icon icon=icondata::LuCheck /> <span>{words}</span> })}
                    </p>
                </div>
            </ActionForm>
        </section>
    }
}
