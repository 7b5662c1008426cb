//! The task list.

use crate::{
    components::{
        banner::Refusal,
        empty::Empty,
        load::Load,
        page::Page,
        pager::Pager,
        quick_add::QuickAdd,
        skeleton::Skeleton,
        task_filter::{StatusTabs, TaskFilter},
        task_row::{TaskActions, TaskRow},
        undo::Undo,
    },
    list_url::ListUrl,
    rpc::{
        self, RpcError,
        task::{Create, Restore},
    },
};
use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};
use taskwire_domain::task::{Status, Task, TaskPage};

/// Adds, finds, completes and deletes tasks; the address carries what is shown.
#[component]
pub fn TasksPage() -> impl IntoView {
    let query = use_query_map();
    let url = Memo::new(move |_| query.with(ListUrl::read));
    let create = ServerAction::<Create>::new();
    let restore = ServerAction::<Restore>::new();
    let actions = TaskActions::new();

    let wanted = Memo::new(move |_| url.with(ListUrl::query));
    let changes = move || (create.version().get(), restore.version().get(), actions.delete.version().get());
    let page = Resource::new(move || (wanted.get(), changes()), |(query, _)| rpc::task::list(query));

    let navigate = use_navigate();
    let quietly = NavigateOptions { scroll: false, replace: true, ..NavigateOptions::default() };
    Effect::watch(
        move || (actions.delete.value().get(), restore.value().get()),
        move |(deleted, restored), before, _| {
            let (was_deleted, was_restored) = before.cloned().unwrap_or_default();
            let url = url.get_untracked();
            match (deleted, restored) {
                (Some(Ok(task)), _) if *deleted != was_deleted => {
                    navigate(&url.deleted(task.id).to_string(), quietly.clone());
                }
                (_, Some(Ok(_))) if *restored != was_restored => navigate(&url.settled().to_string(), quietly.clone()),
                _ => {}
            }
        },
        false,
    );

    view! {
        <Page title="Tasks">
            <h1>"Tasks"</h1>
            <QuickAdd action=create />
            <Undo id=Signal::derive(move || url.with(|url| url.deleted)) action=restore />
            <Refusal error=Signal::derive(move || failed(actions)) />
            <TaskFilter url />
            <Load resource=page skeleton=|| view! { <Skeleton lines=6 /> } let:page>
                <TaskList page url actions />
            </Load>
        </Page>
    }
}

fn failed(actions: TaskActions) -> Option<RpcError> {
    let (complete, reopen) = (actions.complete.value().get(), actions.reopen.value().get());
    let changed = complete.and_then(Result::err).or_else(|| reopen.and_then(Result::err));
    changed.or_else(|| actions.delete.value().get().and_then(Result::err))
}

/// What the list holds. Completing and reopening changes a row where it stands, so that it neither jumps
/// away from under the pointer nor loses the focus; the next visit sorts and filters anew.
#[component]
fn TaskList(
    /// What the server answered.
    page: TaskPage,
    /// The list's address.
    url: Memo<ListUrl>,
    /// What rows can ask for.
    actions: TaskActions,
) -> impl IntoView {
    let counts = RwSignal::new((page.pending, page.completed));
    let now = page.now;
    let rows: Vec<RwSignal<Task>> = page.tasks.into_iter().map(RwSignal::new).collect();
    Effect::new({
        let rows = rows.clone();
        move |_| {
            for changed in
                [actions.complete.value().get(), actions.reopen.value().get()].into_iter().flatten().flatten()
            {
                let Some(row) = rows.iter().find(|row| row.with_untracked(|task| task.id == changed.id)) else {
                    continue;
                };
                let (status, version) = row.with_untracked(|task| (task.status, task.version));
                if version >= changed.version {
                    continue;
                }
                counts.update(|(pending, completed)| match (status, changed.status) {
                    (Status::Pending, Status::Completed) => (*pending, *completed) = (*pending - 1, *completed + 1),
                    (Status::Completed, Status::Pending) => (*pending, *completed) = (*pending + 1, *completed - 1),
                    _ => {}
                });
                row.set(changed);
            }
        }
    });
    let list = if rows.is_empty() {
        view! { <NoTasks url=url.get_untracked() none_at_all=page.pending + page.completed == 0 /> }.into_any()
    } else {
        let rows = rows.into_iter().map(|task| view! { <TaskRow task now url actions /> }).collect_view();
        view! { <ul class="task-list panel">{rows}</ul> }.into_any()
    };
    view! {
        <StatusTabs url counts />
        {list}
        <Pager url=url.get_untracked() next=page.next />
    }
}

#[component]
fn NoTasks(url: ListUrl, none_at_all: bool) -> impl IntoView {
    match (none_at_all, url.is_filtered(), url.status) {
        (true, ..) => view! {
            <Empty icon=icondata::LuInbox title="No tasks yet">
                <p>"Type what needs doing into the field above and press Enter."</p>
            </Empty>
        }
        .into_any(),
        (_, _, Some(Status::Pending)) if url.q.is_empty() && url.cursor.is_none() => view! {
            <Empty icon=icondata::LuCircleCheckBig title="All done">
                <p>"Nothing is pending."</p>
            </Empty>
        }
        .into_any(),
        _ => view! {
            <Empty icon=icondata::LuSearchX title="Nothing matches">
                <p>
                    <a href="/tasks">"Show all tasks"</a>
                </p>
            </Empty>
        }
        .into_any(),
    }
}
