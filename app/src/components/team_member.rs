//! One member of a team.

use super::{here::Here, moment::At, question::Question, team_actions::TeamActions, team_roles::RoleOptions};
use crate::{reset, rpc};
use leptos::{html, prelude::*};
use leptos_router::{hooks::use_query_map, params::ParamsMap};
use taskwire_domain::{
    TeamId, UserId,
    rights::TeamAction,
    team::{Member, Role},
};

/// Who it is, what they are in the team, and what the viewer may do about that.
#[component]
pub fn MemberRow(
    /// The team.
    team: TeamId,
    /// The member; changes where it stands.
    member: Memo<Member>,
    /// What the viewer is in the team.
    viewer: Memo<Role>,
    /// Who gets the tasks of whoever is removed.
    owner: Memo<Option<Member>>,
    /// Whether somebody else in the team has the same name.
    #[prop(into)]
    has_namesake: Signal<bool>,
    /// What the buttons do.
    actions: TeamActions,
) -> impl IntoView {
    let Member { user_id, name, email, created_at, is_viewer, .. } = member.get_untracked();
    let label = {
        let (name, email) = (name.clone(), email.clone());
        Memo::new(move |_| if has_namesake.get() { format!("{name} ({email})") } else { name.clone() })
    };
    let role = Memo::new(move |_| member.with(|member| member.role));
    let may = move |action| Memo::new(move |_| !is_viewer && role.get() != Role::Owner && viewer.get().may(action));
    let (may_change, may_transfer, may_remove) =
        (may(TeamAction::ChangeRole), may(TeamAction::Transfer), may(TeamAction::Remove));
    let query = use_query_map();
    let asked = move |key| query.with(|query| asks_about(query, key, user_id));
    let asks_transfer = Memo::new(move |_| may_transfer.get() && asked("transfer"));
    let asks_remove = Memo::new(move |_| may_remove.get() && asked("remove"));
    let place = format!("/teams/{team}/members");
    let (transfer, remove) =
        (format!("{place}?transfer={user_id}#{user_id}"), format!("{place}?remove={user_id}#{user_id}"));
    let cancel = StoredValue::new(format!("{place}#{user_id}"));
    let (transfer_link, remove_link) = (NodeRef::new(), NodeRef::new());
    let (make_owner, take_out) = (actions.transfer(user_id), actions.remove(user_id));
    let (shown_name, name) = (name.clone(), StoredValue::new(name));
    view! {
        <li class="member" id=user_id.to_string()>
            <div class="member-who">
                <p>
                    <strong dir="auto">{shown_name}</strong>
                    {is_viewer.then(|| view! { " " <span class="badge badge-good">"You"</span> })}
                </p>
                <p class="task-meta">
                    <bdi>{email}</bdi>
                    <span>"since " <At then=created_at /></span>
                </p>
            </div>
            <div class="member-tools">
                <Show
                    when=move || may_change.get()
                    fallback=move || view! { <span class="badge">{move || role.get().as_str()}</span> }
                >
                    <ChangeRole team member viewer role label actions />
                </Show>
                <Show when=move || may_transfer.get()>
                    <a
                        node_ref=transfer_link
                        href=transfer.clone()
                        data-noscroll=""
                        class="button"
                        aria-label=move || format!("Hand over: make {} the owner", label.get())
                    >
                        "Hand over…"
                    </a>
                </Show>
                <Show when=move || may_remove.get()>
                    <a
                        node_ref=remove_link
                        href=remove.clone()
                        data-noscroll=""
                        class="button button-quiet-danger"
                        aria-label=move || format!("Remove {}", label.get())
                    >
                        "Remove…"
                    </a>
                </Show>
            </div>
            <Show when=move || asks_transfer.get()>
                <Question
                    id=format!("transfer-{user_id}")
                    words=view! {
                        "Make " <bdi>{name.get_value()}</bdi>
                        " the owner? You stay in the team as an admin, and only they can make you the owner again."
                    }
                    opener=transfer_link
                    cancel=cancel.get_value()
                >
                    <ActionForm action=make_owner on:submit:capture=rpc::once(make_owner)>
                        <Here />
                        <input type="hidden" name="id" value=team.to_string() />
                        <input type="hidden" name="user_id" value=user_id.to_string() />
                        <button class="button button-danger">"Make owner"</button>
                    </ActionForm>
                </Question>
            </Show>
            <Show when=move || asks_remove.get()>
                <Question
                    id=format!("remove-{user_id}")
                    words=view! {
                        "Remove " <bdi>{name.get_value()}</bdi> " from the team? Their tasks here go to " <Heir owner /> "."
                    }
                    opener=remove_link
                    cancel=cancel.get_value()
                >
                    <ActionForm action=take_out on:submit:capture=rpc::once(take_out)>
                        <Here />
                        <input type="hidden" name="id" value=team.to_string() />
                        <input type="hidden" name="user_id" value=user_id.to_string() />
                        <button class="button button-danger">"Remove from team"</button>
                    </ActionForm>
                </Question>
            </Show>
        </li>
    }
}

/// Whether the address asks the question `key` about a member.
pub fn asks_about(query: &ParamsMap, key: &str, member: UserId) -> bool {
    query.get_str(key) == Some(member.to_string().as_str())
}

/// The owner as the viewer calls them.
#[component]
fn Heir(owner: Memo<Option<Member>>) -> impl IntoView {
    move || match owner.get() {
        Some(owner) if owner.is_viewer => view! { "you, its owner" }.into_any(),
        Some(owner) => view! { "its owner, " <bdi>{owner.name}</bdi> }.into_any(),
        None => view! { "its owner" }.into_any(),
    }
}

#[component]
fn ChangeRole(
    team: TeamId,
    member: Memo<Member>,
    viewer: Memo<Role>,
    role: Memo<Role>,
    label: Memo<String>,
    actions: TeamActions,
) -> impl IntoView {
    let user_id = member.with_untracked(|member| member.user_id);
    let action = actions.change();
    let choice = NodeRef::<html::Select>::new();
    let (submit, choose) = reset::to_stored(action, choice, role);
    view! {
        <ActionForm action attr:class="role-form" on:submit:capture=submit>
            <Here />
            <input type="hidden" name="id" value=team.to_string() />
            <input type="hidden" name="user_id" value=user_id.to_string() />
            <select
                name="role"
                aria-label=move || format!("Role of {}", label.get())
                required
                node_ref=choice
                on:change=choose
            >
                <RoleOptions viewer chosen=role />
            </select>
            <button class="button" aria-label=move || format!("Change role of {}", label.get())>
                "Change"
            </button>
        </ActionForm>
    }
}
