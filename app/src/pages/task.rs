//! One task: shows it, changes it, shares it, deletes it.

use crate::{
    components::{
        access_mark::{AccessMark, StatusBadge},
        banner::Refusal,
        icon::Icon,
        load::Load,
        moment::At,
        page::Page,
        share_actions::ShareActions,
        share_decline::DeclineShare,
        share_view::ViewOnly,
        sharing::Sharing,
        skeleton::Skeleton,
        task_form::TaskForm,
        task_row::{ConfirmDelete, StatusButton, TaskActions},
    },
    list_url::ListUrl,
    rpc::{
        self, Remote, RpcError,
        task::{Complete, Delete, Reopen, Update},
    },
    typed::typed,
};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_params_map, use_query_map},
};
use taskwire_domain::{Error, TaskId, rights::TaskAction, share::Share, task::Task};

/// The page of the task whose id the address holds.
#[component]
pub fn TaskPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id").and_then(|id| id.parse::<TaskId>().ok())));
    let update = rpc::action::<Update>();
    let delete = rpc::action::<Delete>();
    let actions = TaskActions::new(rpc::refused_form::<Complete>().or_else(rpc::refused_form::<Reopen>));
    let sharing = ShareActions::new();
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
    // Only whoever may share a task may ask who has it.
    let shares = rpc::remote(
        move || (id.get(), sharing.answers.count.get()),
        move |_| async move {
            match task.await {
                Ok(task) if task.may(TaskAction::Share) => rpc::share::list(task.id).await,
                _ => Ok(Vec::new()),
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
                <TaskView task update delete actions shares sharing title=title.clone() />
            </Load>
        </Page>
    }
}

#[component]
fn TaskView(
    task: Task,
    update: ServerAction<Update>,
    delete: ServerAction<Delete>,
    actions: TaskActions,
    shares: Remote<Result<Vec<Share>, RpcError>>,
    sharing: ShareActions,
    title: ArcRwSignal<String>,
) -> impl IntoView {
    title.set(task.title.clone());
    let shown_title = title.clone();
    let id = task.id;
    // Decided once: a form must never go away with what is typed in it. Nor must one that was refused.
    let may = |action| task.may(action);
    let may_edit = may(TaskAction::Edit);
    let (edits, shares_it, deletes) =
        (may_edit || typed::<Update>("title").is_some(), may(TaskAction::Share), may(TaskAction::Delete));
    // Without JavaScript: a refusal whose form is not offered any more.
    let refused_to_share = sharing.answers.refused.get_untracked().filter(|_| !shares_it);
    let refused_to_delete = delete.value().get_untracked().and_then(Result::err).filter(|_| !deletes);
    let refused = Signal::stored(refused_to_share.or(refused_to_delete));
    let task = RwSignal::new(task);
    Effect::new(move |_| {
        let saved = update.value().get().and_then(Result::ok);
        for changed in actions.changed.get().into_iter().chain(saved) {
            if changed.id == id && changed.version > task.with_untracked(|task| task.version) {
                title.set(changed.title.clone());
                task.set(changed);
            }
        }
    });
    // Somebody else was faster: what the task is now belongs on the page.
    let unread = RwSignal::new(None);
    Effect::new(move |_| {
        let stale = Some(RpcError::Refused(Error::Stale));
        let refused = [update.value().get().and_then(Result::err), delete.value().get().and_then(Result::err)];
        unread.set(None);
        if refused.contains(&stale) {
            let title = shown_title.clone();
            spawn_local(async move {
                match rpc::task::get(id).await {
                    // Unless something newer has been shown since.
                    Ok(now) if task.try_with_untracked(|task| now.version >= task.version) == Some(true) => {
                        title.set(now.title.clone());
                        task.set(now);
                    }
                    Ok(_) => {}
                    Err(error) => {
                        let _gone = unread.try_set(Some(error));
                    }
                }
            });
        }
    });
    view! {
        <TaskHead task actions may_edit />
        <Refusal error=refused />
        {match edits {
            true => view! { <TaskForm task update unread /> }.into_any(),
            false => view! { <ViewOnly task /> }.into_any(),
        }}
        {shares_it.then(|| view! { <Sharing task shares actions=sharing /> })}
        <DeclineShare task />
        {deletes.then(|| view! { <DeletePart id task action=delete /> })}
    }
}

/// Title, status and where it comes from.
#[component]
fn TaskHead(#[prop(into)] task: Signal<Task>, actions: TaskActions, may_edit: bool) -> impl IntoView {
    view! {
        <header class="task-head">
            <h1 dir="auto">{move || task.with(|task| task.title.clone())}</h1>
            <p class="task-meta">
                <StatusBadge status=Signal::derive(move || task.with(|task| task.status)) />
                <AccessMark task />
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
            {may_edit
                .then(|| {
                    view! {
                        <div class="actions">
                            <StatusButton task actions words=true />
                        </div>
                    }
                })}
            <Refusal error=actions.answers.refused />
        </header>
    }
}

/// Deletes, after a question that the address carries.
#[component]
fn DeletePart(id: TaskId, #[prop(into)] task: Signal<Task>, action: ServerAction<Delete>) -> impl IntoView {
    let query = use_query_map();
    let asks = Memo::new(move |_| query.with(|query| query.get_str("confirm") == Some("delete")));
    let error = Signal::derive(move || action.value().get().and_then(Result::err));
    let opener = NodeRef::new();
    let navigate = use_navigate();
    Effect::new(move |_| {
        if let Some(Ok(task)) = action.value().get() {
            navigate(&ListUrl::default().deleted(task.id).to_string(), NavigateOptions::default());
        }
    });
    view! {
        <section class="delete-part" id="delete" aria-label="Delete">
            <Refusal error />
            <Show
                when=move || asks.get()
                fallback=move || {
                    view! {
                        <a
                            node_ref=opener
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
                    action
                    opener
                    keep=format!("/tasks/{id}#delete")
                />
            </Show>
        </section>
    }
}
