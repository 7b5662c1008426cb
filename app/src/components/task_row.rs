//! One task in a list.

use super::{
    access_mark::{AccessMark, StatusMark},
    here::Here,
    icon::Icon,
    moment::Ago,
    question::Question,
};
use crate::{
    list_url::ListUrl,
    rpc::{
        self, RpcError,
        task::{Complete, Delete, Reopen},
    },
};
use chrono::{DateTime, Utc};
use leptos::{ev::SubmitEvent, html, prelude::*, server_fn::ServerFn};
use taskwire_domain::{
    TaskId,
    rights::TaskAction,
    task::{Status, Task},
};

/// What a row can ask for; the page does it.
#[derive(Clone, Copy)]
pub struct TaskActions {
    /// Marks as done.
    pub complete: ServerAction<Complete>,
    /// Marks as to do.
    pub reopen: ServerAction<Reopen>,
    /// Deletes.
    pub delete: ServerAction<Delete>,
    /// Why the last of these was refused.
    pub refused: RwSignal<Option<RpcError>>,
}

impl TaskActions {
    /// Fresh ones for a page; after a refused form without JavaScript they hold the refusal.
    pub fn new() -> Self {
        let (complete, reopen, delete, refused) = (rpc::action(), rpc::action(), rpc::action(), RwSignal::new(None));
        rpc::note_refusal(complete, refused);
        rpc::note_refusal(reopen, refused);
        rpc::note_refusal(delete, refused);
        Self { complete, reopen, delete, refused }
    }
}

impl Default for TaskActions {
    fn default() -> Self {
        Self::new()
    }
}

/// A task with the buttons that its viewer may use.
#[component]
pub fn TaskRow(
    /// The task; changes where it stands.
    task: Memo<Task>,
    /// When the list was read.
    #[prop(into)]
    now: Signal<DateTime<Utc>>,
    /// The list's address.
    #[prop(into)]
    url: Signal<ListUrl>,
    /// What the buttons do.
    actions: TaskActions,
) -> impl IntoView {
    let id = task.with_untracked(|task| task.id);
    let title = Memo::new(move |_| task.with(|task| task.title.clone()));
    let description = Memo::new(move |_| task.with(|task| task.description.clone()));
    let may = move |action| Memo::new(move |_| task.with(|task| task.may(action)));
    let (may_edit, may_delete) = (may(TaskAction::Edit), may(TaskAction::Delete));
    let asks = Memo::new(move |_| may_delete.get() && url.with(|url| url.confirm == Some(id)));
    let opener = NodeRef::new();
    let verb = move || if may_edit.get() { "Edit" } else { "Open" };
    view! {
        <li class="task" id=format!("task-{id}") class:task-done=move || task.with(|task| task.status == Status::Completed)>
            <Show
                when=move || may_edit.get()
                fallback=move || view! { <StatusMark status=Signal::derive(move || task.with(|task| task.status)) /> }
            >
                <StatusButton task actions />
            </Show>
            <div class="task-text">
                <a href=format!("/tasks/{id}") class="task-title" dir="auto">
                    {title}
                </a>
                <Show when=move || description.with(|text| !text.is_empty())>
                    <p class="task-description" dir="auto">
                        {description}
                    </p>
                </Show>
                <p class="task-meta">
                    {move || {
                        let now = now.get();
                        task.with(|task| match task.completed_at {
                            Some(done) => view! { "Completed " <Ago then=done now /> },
                            None => view! { "Changed " <Ago then=task.updated_at now /> },
                        })
                    }}
                    <AccessMark task />
                </p>
            </div>
            <div class="task-tools">
                <a
                    href=format!("/tasks/{id}")
                    class="icon-button"
                    title=verb
                    aria-label=move || format!("{} {}", verb(), title.get())
                >
                    {move || match may_edit.get() {
                        true => view! { <Icon icon=icondata::LuPencil /> },
                        false => view! { <Icon icon=icondata::LuEye /> },
                    }}
                </a>
                <Show when=move || may_delete.get()>
                    <a
                        node_ref=opener
                        href=move || format!("{}#task-{id}", url.with(|url| url.confirm(id)))
                        data-noscroll=""
                        class="icon-button"
                        title="Delete"
                        aria-label=move || format!("Delete {}", title.get())
                    >
                        <Icon icon=icondata::LuTrash2 />
                    </a>
                </Show>
            </div>
            <Show when=move || asks.get()>
                <ConfirmDelete
                    id
                    title
                    version=Signal::derive(move || task.with(|task| task.version))
                    action=actions.delete
                    opener
                    keep=Signal::derive(move || format!("{}#task-{id}", url.with(ListUrl::settled)))
                />
            </Show>
        </li>
    }
}

/// Completes or reopens a task. One form for both, so that the button keeps the focus when it changes.
#[component]
pub fn StatusButton(
    /// The task.
    #[prop(into)]
    task: Signal<Task>,
    /// What it does.
    actions: TaskActions,
    /// Whether it says what it does, beside the icon.
    #[prop(optional)]
    words: bool,
) -> impl IntoView {
    let id = task.with_untracked(|task| task.id);
    let done = Memo::new(move |_| task.with(|task| task.status == Status::Completed));
    let verb = move || if done.get() { "Reopen" } else { "Complete" };
    // Only this task's own click is waited for, not those on other rows.
    let busy = move || {
        let completing = actions.complete.input().with_untracked(|input| input.as_ref().map(|input| input.id));
        let reopening = actions.reopen.input().with_untracked(|input| input.as_ref().map(|input| input.id));
        completing == Some(id) || reopening == Some(id)
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy() {
            return;
        }
        if done.get_untracked() {
            actions.reopen.dispatch(Reopen { id });
        } else {
            actions.complete.dispatch(Complete { id });
        }
    };
    let name = move || task.with(|task| format!("{} {}", verb(), task.title));
    view! {
        <form method="post" action=move || if done.get() { Reopen::url() } else { Complete::url() } on:submit=submit>
            <Here />
            <input type="hidden" name="id" value=id.to_string() />
            <button
                class=if words { "button" } else { "icon-button status-button" }
                aria-label=move || (!words).then(name)
                title=move || (!words).then(verb)
            >
                {move || match (words, done.get()) {
                    (false, true) => view! { <Icon icon=icondata::LuCircleCheckBig /> },
                    (false, false) => view! { <Icon icon=icondata::LuCircle /> },
                    (true, true) => view! { <Icon icon=icondata::LuRotateCcw /> },
                    (true, false) => view! { <Icon icon=icondata::LuCheck /> },
                }}
                {move || words.then(verb)}
            </button>
        </form>
    }
}

/// Asks before deleting.
#[component]
pub fn ConfirmDelete(
    /// The task.
    id: TaskId,
    /// Its title.
    #[prop(into)]
    title: Signal<String>,
    /// The version that the person sees.
    #[prop(into)]
    version: Signal<i32>,
    /// Deletes.
    action: ServerAction<Delete>,
    /// The link that asks.
    opener: NodeRef<html::A>,
    /// Where "Keep it" leads.
    #[prop(into)]
    keep: Signal<String>,
) -> impl IntoView {
    view! {
        <Question
            id=format!("confirm-{id}")
            words=view! { "Delete “"<bdi>{title}</bdi>"”? You can undo it for 30 days." }
            opener
            cancel=keep
            cancel_words="Keep it"
        >
            <ActionForm action on:submit:capture=rpc::once(action)>
                <Here />
                <input type="hidden" name="id" value=id.to_string() />
                <input type="hidden" name="version" value=move || version.get().to_string() />
                <button class="button button-danger">
                    <Icon icon=icondata::LuTrash2 />
                    "Delete task"
                </button>
            </ActionForm>
        </Question>
    }
}
