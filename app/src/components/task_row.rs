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
        self, Answers, RpcError,
        task::{Complete, Delete, Reopen},
    },
};
use chrono::{DateTime, Utc};
use leptos::{ev::SubmitEvent, html, prelude::*, server_fn::ServerFn};
use taskwire_domain::{
    TaskId,
    rights::TaskAction,
    task::{DeletedTask, Status, Task},
};

/// What rows can ask for; the page does it.
#[derive(Clone, Copy)]
pub struct TaskActions {
    /// What was completed and reopened, each task as it was last.
    pub changed: RwSignal<Vec<Task>>,
    /// What was deleted last.
    pub deleted: RwSignal<Option<DeletedTask>>,
    /// What became of it.
    pub answers: Answers<()>,
}

impl TaskActions {
    /// Fresh ones for a page, with what a form without JavaScript was refused for.
    pub fn new(refused: Option<RpcError>) -> Self {
        let (changed, deleted) = (RwSignal::new(Vec::new()), RwSignal::new(None));
        Self { changed, deleted, answers: Answers::new(refused, None) }
    }

    /// Marks one task as done.
    fn complete(self) -> ServerAction<Complete> {
        self.answers.action(move |task| self.note_change(task))
    }

    /// Marks one task as to do.
    fn reopen(self) -> ServerAction<Reopen> {
        self.answers.action(move |task| self.note_change(task))
    }

    /// Deletes one task.
    fn delete(self) -> ServerAction<Delete> {
        self.answers.action(move |task| self.deleted.set(Some(task)))
    }

    fn note_change(self, task: Task) {
        self.changed.update(|changed| {
            if !changed.iter().any(|known| known.id == task.id && known.version > task.version) {
                changed.retain(|known| known.id != task.id);
                changed.push(task);
            }
        });
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
    let delete = actions.delete();
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
                    action=delete
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
    let (complete, reopen) = (actions.complete(), actions.reopen());
    let (completing, reopening) = (complete.pending(), reopen.pending());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if completing.get_untracked() || reopening.get_untracked() {
            return;
        }
        if done.get_untracked() {
            reopen.dispatch(Reopen { id });
        } else {
            complete.dispatch(Complete { id });
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
