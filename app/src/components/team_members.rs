//! Who is in a team, and the ways in and out.

use super::{
    banner::Refusal, field::Field, here::Here, icon::Icon, moment::At, settings_done::Confirmation,
    team_actions::TeamActions,
};
use crate::{
    browser,
    rpc::{self, team::AddMember},
    typed::typed,
};
use leptos::{html, prelude::*};
use leptos_router::hooks::use_query_map;
use taskwire_domain::{
    TeamId,
    rights::TeamAction,
    team::{Added, Invitation, Member, Role, Team, TeamPeople},
};

/// The members, those invited, and the form that adds people, each as far as the viewer may.
#[component]
pub fn TeamMembers(
    /// Team and people.
    people: TeamPeople,
    /// What the forms do.
    actions: TeamActions,
) -> impl IntoView {
    let TeamPeople { team, members, invitations } = people;
    let id = team.id;
    let invites = team.role.may(TeamAction::Invite);
    let rows = {
        let team = team.clone();
        members.into_iter().map(move |member| view! { <MemberRow team=team.clone() member actions /> }).collect_view()
    };
    // What had the focus is gone with the list that it stood in.
    let section = NodeRef::<html::Section>::new();
    let again = actions.done.last().is_some();
    Effect::new(move |_| {
        if again {
            browser::focus(section.get().map(Into::into));
        }
    });
    view! {
        <section class="panel" aria-labelledby="members" tabindex="-1" node_ref=section>
            <h2 id="members">"Members"</h2>
            <Refusal error=actions.refused fields=&["email", "role"] />
            <Confirmation done=actions.done name="changed" words="The role is changed." />
            <Confirmation done=actions.done name="removed" words="Removed. Their tasks here belong to the owner now." />
            <Confirmation done=actions.done name="transferred" words="The team has another owner. You are an admin." />
            <ul class="plain-list members">{rows}</ul>
        </section>
        {invites.then(|| view! { <AddPart id role=team.role actions /> })}
        {(invites && !invitations.is_empty()).then(|| view! { <Invitations id invitations actions /> })}
    }
}

#[component]
fn MemberRow(team: Team, member: Member, actions: TeamActions) -> impl IntoView {
    let (id, user, anchor) = (team.id, member.user_id, format!("member-{}", member.user_id));
    let others = !member.is_viewer && member.role != Role::Owner;
    let may = |action| others && team.role.may(action);
    let (changes, removes, transfers) =
        (may(TeamAction::ChangeRole), may(TeamAction::Remove), may(TeamAction::Transfer));
    let query = use_query_map();
    let asked =
        move |key: &'static str| query.with(|query| query.get_str(key).is_some_and(|asked| asked == user.to_string()));
    let asks_remove = Memo::new(move |_| removes && asked("remove"));
    let asks_transfer = Memo::new(move |_| transfers && asked("transfer"));
    let ask = {
        let anchor = anchor.clone();
        move |key: &str| format!("/teams/{id}/members?{key}={user}#{anchor}")
    };
    let name = StoredValue::new(member.name.clone());
    let owners_name = StoredValue::new(member.name.clone());
    view! {
        <li class="member" id=anchor>
            <div class="member-who">
                <p>
                    <strong dir="auto">{member.name.clone()}</strong>
                    {member.is_viewer.then(|| view! { " " <span class="badge badge-good">"You"</span> })}
                </p>
                <p class="task-meta">
                    <bdi>{member.email}</bdi>
                    <span>"since " <At then=member.created_at /></span>
                </p>
            </div>
            <div class="member-tools">
                {match changes {
                    true => view! { <ChangeRole id member_role=member.role user=user.to_string() name=member.name.clone() gives=team.role.gives() actions /> }.into_any(),
                    false => view! { <span class="badge">{member.role.as_str()}</span> }.into_any(),
                }}
                {transfers
                    .then(|| {
                        view! {
                            <a
                                href=ask("transfer")
                                data-noscroll=""
                                class="button"
                                aria-label=format!("Make {} the owner", member.name)
                            >
                                "Make owner…"
                            </a>
                        }
                    })}
                {removes
                    .then(|| {
                        view! {
                            <a
                                href=ask("remove")
                                data-noscroll=""
                                class="button button-quiet-danger"
                                aria-label=format!("Remove {}", member.name)
                            >
                                "Remove…"
                            </a>
                        }
                    })}
            </div>
            <Show when=move || asks_remove.get()>
                <Question
                    id
                    label=format!("remove-{user}")
                    question=Signal::derive(move || {
                        format!("Remove {} from the team? Their tasks here go to the team's owner.", name.get_value())
                    })
                >
                    <ActionForm action=actions.remove on:submit:capture=rpc::once(actions.remove)>
                        <Here />
                        <input type="hidden" name="id" value=id.to_string() />
                        <input type="hidden" name="user_id" value=user.to_string() />
                        <button class="button button-danger">"Remove from team"</button>
                    </ActionForm>
                </Question>
            </Show>
            <Show when=move || asks_transfer.get()>
                <Question
                    id
                    label=format!("transfer-{user}")
                    question=Signal::derive(move || {
                        format!("Make {} the owner? You stay in the team as an admin.", owners_name.get_value())
                    })
                >
                    <ActionForm action=actions.transfer on:submit:capture=rpc::once(actions.transfer)>
                        <Here />
                        <input type="hidden" name="id" value=id.to_string() />
                        <input type="hidden" name="user_id" value=user.to_string() />
                        <button class="button button-danger">"Make owner"</button>
                    </ActionForm>
                </Question>
            </Show>
        </li>
    }
}

#[component]
fn ChangeRole(
    id: TeamId,
    member_role: Role,
    user: String,
    name: String,
    gives: &'static [Role],
    actions: TeamActions,
) -> impl IntoView {
    view! {
        <ActionForm action=actions.change attr:class="role-form" on:submit:capture=rpc::once(actions.change)>
            <Here />
            <input type="hidden" name="id" value=id.to_string() />
            <input type="hidden" name="user_id" value=user />
            <select name="role" aria-label=format!("Role of {name}")>
                // A role that is not the viewer's to give may still be the one that the member has.
                {(!gives.contains(&member_role))
                    .then(|| view! { <option value=member_role.as_str() selected=true disabled=true>{member_role.as_str()}</option> })}
                <RoleOptions gives chosen=member_role />
            </select>
            <button class="button" aria-label=format!("Change role of {name}")>
                "Change"
            </button>
        </ActionForm>
    }
}

#[component]
fn RoleOptions(gives: &'static [Role], chosen: Role) -> impl IntoView {
    gives
        .iter()
        .map(|&role| {
            view! {
                <option value=role.as_str() selected=role == chosen>
                    {role.as_str()}
                </option>
            }
        })
        .collect_view()
}

/// Asks before something that cannot be undone. Part of the address, as with tasks.
#[component]
fn Question(id: TeamId, label: String, question: Signal<String>, children: Children) -> impl IntoView {
    let group = NodeRef::<html::Div>::new();
    Effect::new(move |_| browser::focus(group.get().map(Into::into)));
    let labelled = label.clone();
    view! {
        <div class="confirm" role="group" aria-labelledby=labelled tabindex="-1" node_ref=group>
            <p id=label dir="auto">{question}</p>
            <div class="actions">
                {children()}
                <a href=format!("/teams/{id}/members") data-noscroll="" class="button">
                    "Cancel"
                </a>
            </div>
        </div>
    }
}

#[component]
fn AddPart(id: TeamId, role: Role, actions: TeamActions) -> impl IntoView {
    let add = actions.add;
    let error = Signal::derive(move || add.value().get().and_then(Result::err));
    let added = move || match add.value().get() {
        Some(Ok(Added::Now)) => Some("Added."),
        Some(Ok(Added::Invited)) => Some("Nobody has signed up with this address yet: they will join when they do."),
        _ => None,
    };
    let email = typed::<AddMember>("email").unwrap_or_default();
    let chosen = typed::<AddMember>("role").and_then(|word| word.parse().ok()).unwrap_or(Role::Member);
    view! {
        <section class="panel form" aria-labelledby="add">
            <h2 id="add">"Add somebody"</h2>
            <ActionForm action=add on:submit:capture=rpc::once(add)>
                <Here />
                <input type="hidden" name="id" value=id.to_string() />
                <Field
                    name="email"
                    label="Email"
                    kind="email"
                    value=email
                    hint="If nobody has signed up with it yet, they will join when they do."
                    error
                />
                <div class="field">
                    <label for="role">"Role"</label>
                    <select id="role" name="role">
                        <RoleOptions gives=role.gives() chosen />
                    </select>
                </div>
                <div class="actions">
                    <button class="button button-primary">
                        <Icon icon=icondata::LuUserPlus />
                        "Add to team"
                    </button>
                    <span class="saved" role="status">
                        {move || added().map(|words| view! { <Icon icon=icondata::LuCheck /> {words} })}
                    </span>
                </div>
            </ActionForm>
        </section>
    }
}

#[component]
fn Invitations(id: TeamId, invitations: Vec<Invitation>, actions: TeamActions) -> impl IntoView {
    let uninvite = actions.uninvite;
    let row = move |invitation: Invitation| {
        view! {
            <li class="member">
                <div class="member-who">
                    <p>
                        <bdi>{invitation.email.clone()}</bdi>
                        " "
                        <span class="badge">{invitation.role.as_str()}</span>
                    </p>
                    <p class="task-meta">"Invited " <At then=invitation.created_at /></p>
                </div>
                <ActionForm action=uninvite on:submit:capture=rpc::once(uninvite)>
                    <Here />
                    <input type="hidden" name="id" value=id.to_string() />
                    <input type="hidden" name="email" value=invitation.email.clone() />
                    <button class="button" aria-label=format!("Take back the invitation of {}", invitation.email)>
                        "Take back"
                    </button>
                </ActionForm>
            </li>
        }
    };
    view! {
        <section class="panel" aria-labelledby="invited">
            <h2 id="invited">"Invited"</h2>
            <ul class="plain-list members">{invitations.into_iter().map(row).collect_view()}</ul>
        </section>
    }
}
