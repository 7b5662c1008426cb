//! Whom a task is shared with.

use super::{
    banner::Refusal,
    field::Field,
    here::Here,
    icon::Icon,
    share_actions::ShareActions,
    share_row::{PermissionOptions, ShareRow},
    skeleton::Skeleton,
};
use crate::{
    reset, rows,
    rpc::{self, Remote, RpcError, share::Give},
    typed::typed,
};
use leptos::{html, prelude::*};
use taskwire_domain::{
    TaskId, UserId,
    share::{Permission, Share},
    task::Task,
};

/// The panel of a task that the viewer may share.
#[component]
pub fn Sharing(
    /// The task.
    #[prop(into)]
    task: Signal<Task>,
    /// Who has it.
    shares: Remote<Result<Vec<Share>, RpcError>>,
    /// What the buttons do.
    actions: ShareActions,
) -> impl IntoView {
    let Task { id, team, .. } = task.get_untracked();
    let heading = NodeRef::<html::H2>::new();
    view! {
        <section class="panel sharing" id="sharing" aria-labelledby="sharing-title">
            <h2 id="sharing-title" tabindex="-1" node_ref=heading>
                "Sharing"
            </h2>
            {team
                .map(|team| {
                    view! {
                        <p class="hint">"Everybody in " <bdi>{team}</bdi> " sees this task anyway. Share it with others here."</p>
                    }
                })}
            <Refusal error=actions.answers.refused fields=&["email"] />
            <Transition fallback=|| view! { <Skeleton lines=2 /> }>
                <Shares id shares actions heading />
            </Transition>
            <ShareForm id actions />
        </section>
    }
}

/// Everybody who has the task. A row is the same element as long as it shows the same person, so that no focus is lost
/// when newer data comes.
#[component]
fn Shares(
    id: TaskId,
    shares: Remote<Result<Vec<Share>, RpcError>>,
    actions: ShareActions,
    heading: NodeRef<html::H2>,
) -> impl IntoView {
    let last = Memo::new(move |last: Option<&Option<Vec<Share>>>| {
        shares.get().and_then(Result::ok).or_else(|| last.cloned().flatten())
    });
    // Also then the last known list stays.
    let not_read = Signal::derive(move || {
        let refused = actions.answers.refused.get();
        shares.get().and_then(Result::err).filter(|error| refused.as_ref() != Some(error))
    });
    rows::keep_focus(last, heading);
    let nobody = Memo::new(move |_| last.with(|last| last.as_ref().is_some_and(Vec::is_empty)));
    let row = move |first: Share| {
        let email = first.email.clone();
        let find = move || last.with(|last| last.iter().flatten().find(|share| share.email == email).cloned());
        let share = rows::newest(first, find);
        view! { <ShareRow task_id=id share actions /> }
    };
    view! {
        <Refusal error=not_read />
        <Show when=move || nobody.get()>
            <p class="hint">"Shared with nobody yet."</p>
        </Show>
        <ul class="plain-list shares" hidden=move || last.with(|last| last.iter().flatten().next().is_none())>
            <For
                each=move || last.get().unwrap_or_default()
                key=row_key
                children=row
            />
        </ul>
    }
}

/// Whoever signs up with the address gets another row, whose button takes the share back instead of the invitation.
fn row_key(share: &Share) -> (Option<UserId>, String) {
    (share.user_id, share.email.clone())
}

/// Shares with one more person.
#[component]
fn ShareForm(id: TaskId, actions: ShareActions) -> impl IntoView {
    let action = actions.give;
    let error = Signal::derive(move || action.value().get().and_then(Result::err));
    let form = NodeRef::<html::Form>::new();
    reset::after_success(action, form, &["email", "permission"]);
    let email = typed::<Give>("email").unwrap_or_default();
    let chosen = typed::<Give>("permission").and_then(|word| word.parse().ok()).unwrap_or(Permission::View);
    view! {
        <ActionForm action attr:class="share-new" node_ref=form on:submit:capture=rpc::once(action)>
            <Here />
            <input type="hidden" name="task_id" value=id.to_string() />
            <Field
                name="email"
                label="Share with"
                kind="email"
                placeholder="ada@example.org"
                hint="An email address. Somebody without an account gets the task when they sign up with it."
                value=email
                error
            />
            <div class="field">
                <label for="permission">"Permission"</label>
                <select id="permission" name="permission">
                    <PermissionOptions chosen />
                </select>
            </div>
            <div class="actions">
                <button class="button">
                    <Icon icon=icondata::LuUserPlus />
                    "Share"
                </button>
                <span class="saved" role="status">
                    {move || actions.answers.done.get().map(|words| view! { <Icon icon=icondata::LuCheck /> {words} })}
                </span>
            </div>
        </ActionForm>
    }
}
