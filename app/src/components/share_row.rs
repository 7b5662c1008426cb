//! One person whom a task is shared with.

use super::{access_mark::allowed, here::Here, share_actions::ShareActions};
use crate::{reset, rpc};
use leptos::{html, prelude::*};
use taskwire_domain::{
    TaskId, UserId,
    share::{Permission, Share},
};

/// Who it is, what they may do, and the way to change and to end that.
#[component]
pub fn ShareRow(
    /// The task.
    task_id: TaskId,
    /// The share; changes where it stands.
    share: Memo<Share>,
    /// What the buttons do.
    actions: ShareActions,
) -> impl IntoView {
    let Share { user_id, name, email, .. } = share.get_untracked();
    // Two people may have the same name.
    let who = if name.is_empty() { email.clone() } else { format!("{name} ({email})") };
    let change = actions.change();
    let permission = Memo::new(move |_| share.with(|share| share.permission));
    let choice = NodeRef::<html::Select>::new();
    let (submit, choose) = reset::to_stored(change, choice, permission);
    let (permission_label, change_label) = (format!("Permission of {who}"), format!("Change share of {who}"));
    let end = match user_id {
        Some(user_id) => view! { <Revoke task_id user_id who actions /> }.into_any(),
        None => view! { <Withdraw task_id email=email.clone() actions /> }.into_any(),
    };
    view! {
        <li class="share">
            <p class="share-who">
                {(!name.is_empty()).then(|| view! { <strong dir="auto">{name}</strong> })}
                <bdi>{email.clone()}</bdi>
                {user_id.is_none().then(|| view! { <span class="hint">"Invited: has not signed up yet"</span> })}
            </p>
            <ActionForm action=change attr:class="share-change" on:submit:capture=submit>
                <Here />
                <input type="hidden" name="task_id" value=task_id.to_string() />
                <input type="hidden" name="email" value=email />
                <select name="permission" aria-label=permission_label node_ref=choice on:change=choose>
                    <PermissionOptions chosen=permission />
                </select>
                <button class="button" aria-label=change_label>
                    "Change"
                </button>
            </ActionForm>
            {end}
        </li>
    }
}

#[component]
fn Revoke(task_id: TaskId, user_id: UserId, who: String, actions: ShareActions) -> impl IntoView {
    let action = actions.revoke();
    view! {
        <ActionForm action on:submit:capture=rpc::once(action)>
            <Here />
            <input type="hidden" name="task_id" value=task_id.to_string() />
            <input type="hidden" name="user_id" value=user_id.to_string() />
            <button class="button button-quiet-danger" aria-label=format!("Revoke share of {who}")>
                "Revoke"
            </button>
        </ActionForm>
    }
}

#[component]
fn Withdraw(task_id: TaskId, email: String, actions: ShareActions) -> impl IntoView {
    let action = actions.uninvite();
    let label = format!("Withdraw invitation of {email}");
    view! {
        <ActionForm action on:submit:capture=rpc::once(action)>
            <Here />
            <input type="hidden" name="task_id" value=task_id.to_string() />
            <input type="hidden" name="email" value=email />
            <button class="button button-quiet-danger" aria-label=label>
                "Withdraw"
            </button>
        </ActionForm>
    }
}

/// What a share can allow, for a `select`.
#[component]
pub fn PermissionOptions(
    /// What is chosen at first.
    #[prop(into)]
    chosen: Signal<Permission>,
) -> impl IntoView {
    Permission::ALL
        .iter()
        .map(|&permission| {
            view! {
                <option value=permission.as_str() selected=move || chosen.get() == permission>
                    {allowed(permission)}
                </option>
            }
        })
        .collect_view()
}
