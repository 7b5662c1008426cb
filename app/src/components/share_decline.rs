//! Giving back what somebody shared.

use super::{access_mark::shared, banner::Refusal, here::Here, icon::Icon, question::Question};
use crate::rpc::{self, share::Decline};
use leptos::{html, prelude::*};
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};
use taskwire_domain::task::Task;

/// Takes a task that was shared with the viewer off their list, after a question that the address carries. Nothing for
/// a task that they see by another right.
#[component]
pub fn DeclineShare(
    /// The task.
    #[prop(into)]
    task: Signal<Task>,
) -> impl IntoView {
    let Task { id, access, .. } = task.get_untracked();
    let query = use_query_map();
    let asks = Memo::new(move |_| query.with(|query| query.get_str("confirm") == Some("decline")));
    let action = rpc::action::<Decline>();
    let error = Signal::derive(move || action.value().get().and_then(Result::err));
    let opener = NodeRef::new();
    let navigate = use_navigate();
    Effect::new(move |_| {
        if let Some(Ok(())) = action.value().get() {
            navigate("/shared", NavigateOptions::default());
        }
    });
    shared(access).map(|_| {
        view! {
            <section class="decline-part" id="decline" aria-label="Your list">
                <Refusal error />
                <Show
                    when=move || asks.get()
                    fallback=move || {
                        view! {
                            <a node_ref=opener href=format!("/tasks/{id}?confirm=decline#decline") data-noscroll="" class="button">
                                <Icon icon=icondata::LuListX />
                                "Remove from my list…"
                            </a>
                        }
                    }
                >
                    <Ask task action opener />
                </Show>
            </section>
        }
    })
}

/// Says what will be different, because only the owner can give it back.
#[component]
fn Ask(task: Signal<Task>, action: ServerAction<Decline>, opener: NodeRef<html::A>) -> impl IntoView {
    let Task { id, title, team, owner, .. } = task.get_untracked();
    let then = match team {
        Some(team) => view! { "You still see it in " <bdi>{team}</bdi> ", but can no longer change it." }.into_any(),
        None => view! { "To see it again you have to ask " <bdi>{owner.unwrap_or_default()}</bdi> "." }.into_any(),
    };
    view! {
        <Question
            id="confirm-decline"
            words=view! { "Remove “" <bdi>{title}</bdi> "” from your list? " {then} }
            opener
            cancel=format!("/tasks/{id}#decline")
            cancel_words="Keep it"
        >
            <ActionForm action on:submit:capture=rpc::once(action)>
                <Here />
                <input type="hidden" name="task_id" value=id.to_string() />
                <button class="button button-danger">
                    <Icon icon=icondata::LuListX />
                    "Remove from my list"
                </button>
            </ActionForm>
        </Question>
    }
}
