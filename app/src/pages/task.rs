//! One task: shows it, changes it, deletes it.

use crate::{
    components::{
        banner::Refusal,
        icon::Icon,
        load::Load,
        moment::At,
        page::Page,
        skeleton::Skeleton,
        task_form::TaskForm,
        task_row::{ConfirmDelete, StatusButton, TaskActions},
    },
    list_url::ListUrl,
    rpc::{self, RpcError, task::Update},
};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_params_map, use_query_map},
};
use taskwire_domain::{
    Error, TaskId,
    task::{Status, Task},
};

/// The page of the task whose id the address holds.
#[component]
pub fn TaskPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id").and_then(|id| id.parse::<TaskId>().ok())));
    let update = rpc::action::<Update>();
    let actions = TaskActions::new();
    let title = ArcRwSignal::new("Task".to_owned());
    let task = rpc::remote(
        move || id.get(),
        |id| async move {
            match id {
                Some(id) => rpc::task::get(id).await,
                None => Err(RpcError::Refused(Error::NotFound)),
            }
        },
    );
    let window_title = {
        let title = title.clone();
        move || title.get()
    };
    view! {
        <Page title=window_title class="page-narrow">
            <p class="crumbs">
                <a href="/tasks">
                    <Icon icon=icondata::LuArrowLeft />
                    "All tasks"
                </a>
            </p>
            <Load resource=task skeleton=|| view! { <Skeleton lines=4 /> } let:task>
                <TaskView task update actions title=title.clone() />
            </Load>
        </Page>
    }
}

#[component]
fn TaskView(
    task: Task,
    update: ServerAction<Update>,
    actions: TaskActions,
    title: ArcRwSignal<String>,
) -> impl IntoView {
    title.set(task.title.clone());
    let shown_title = title.clone();
    let id = task.id;
    let task = RwSignal::new(task);
    Effect::new(move |_| {
        let (complete, reopen) = (actions.complete.value().get(), actions.reopen.value().get());
        for changed in [complete, reopen, update.value().get()].into_iter().flatten().flatten() {
            if changed.id == id && changed.version > task.with_untracked(|task| task.version) {
                title.set(changed.title.clone());
                task.set(changed);
            }
        }
    });
    // Somebody else was faster: what the task is now belongs on the page.
    Effect::new(move |_| {
        let stale = Some(RpcError::Refused(Error::Stale));
        let refused = [update.value().get().and_then(Result::err), actions.delete.value().get().and_then(Result::err)];
        if refused.contains(&stale) {
            let title = shown_title.clone();
            spawn_local(async move {
                if let Ok(now) = rpc::task::get(id).await {
                    title.set(now.title.clone());
                    let _gone = task.try_set(now);
                }
            });
        }
    });
    view! {
        <header class="task-head">
            <h1 dir="auto">{move || task.with(|task| task.title.clone())}</h1>
            <p class="task-meta">
                <StatusBadge status=Signal::derive(move || task.with(|task| task.status)) />
                {move || {
                    task.with(|task| {
                        view! {
                            <span>"Created " <At then=task.created_at /></span>
                            <span>"Changed " <At then=task.updated_at /></span>
                            {task.completed_at.map(|then| view! { <span>"Completed " <At then /></span> })}
                        }
                    })
                }}
            </p>
            <div class="actions">
                <StatusButton task actions words=true />
            </div>
        </header>
        <TaskForm task update />
        <DeletePart id task actions />
    }
}

#[component]
fn StatusBadge(#[prop(into)] status: Signal<Status>) -> impl IntoView {
    move || match status.get() {
        Status::Pending => view! { <span class="badge">"Pending"</span> },
        Status::Completed => view! { <span class="badge badge-good">"Completed"</span> },
    }
}

/// Deletes, after a question that the address carries.
#[component]
fn DeletePart(id: TaskId, #[prop(into)] task: Signal<Task>, actions: TaskActions) -> impl IntoView {
    let query = use_query_map();
    let asks = Memo::new(move |_| query.with(|query| query.get_str("confirm") == Some("delete")));
    let navigate = use_navigate();
    Effect::new(move |_| {
        if let Some(Ok(task)) = actions.delete.value().get() {
            navigate(&ListUrl::default().deleted(task.id).to_string(), NavigateOptions::default());
        }
    });
    view! {
        <section class="delete-part" id="delete" aria-label="Delete">
            <Refusal error=actions.refused />
            <Show
                when=move || asks.get()
                fallback=move || {
                    view! {
                        <a
                            href=format!("/tasks/{id}?confirm=delete#delete")
                            data-noscroll=""
                            class="button button-quiet-danger"
                        >
                            <Icon icon=icondata::LuTrash2 />
                            "Delete…"
                        </a>
                    }
                }
            >
                <ConfirmDelete
                    id
                    title=Signal::derive(move || task.with(|task| task.title.clone()))
                    version=Signal::derive(move || task.with(|task| task.version))
                    action=actions.delete
                    keep=format!("/tasks/{id}#delete")
                />
            </Show>
        </section>
    }
}
