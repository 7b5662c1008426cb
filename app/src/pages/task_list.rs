//! The list of tasks that several pages show.

use crate::{
    components::{
        banner::Refusal,
        empty::Empty,
        load::NotLoaded,
        pager::Pager,
        quick_add::QuickAdd,
        skeleton::Skeleton,
        task_filter::{StatusTabs, TaskFilter},
        task_row::{TaskActions, TaskRow},
        undo::Undo,
    },
    list_url::{ListUrl, Place},
    rpc::{
        self, Remote, RpcError,
        task::{Create, Restore},
    },
};
use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};
use taskwire_domain::{
    Error, TaskId,
    task::{DeletedTask, Status, Task, TaskPage},
};

/// What changed the list last.
#[derive(Debug, Clone, Default, PartialEq)]
struct Done {
    created: Option<TaskId>,
    deleted: Option<DeletedTask>,
    restored: Option<(TaskId, i32)>,
    /// How many deletions had been answered when one was refused, because the list was out of date.
    outdated: usize,
}

/// Adds, finds, completes and deletes tasks; the address carries what is shown.
#[component]
pub fn TaskList(
    /// Where it stands.
    place: Place,
    /// Whether the viewer may add tasks here.
    #[prop(optional)]
    adds: bool,
) -> impl IntoView {
    let query = use_query_map();
    let url = Memo::new(move |_| query.with(|query| ListUrl::read(place, query)));
    let create = rpc::action::<Create>();
    let restore = rpc::action::<Restore>();
    let actions = TaskActions::new();

    let wanted = Memo::new(move |_| url.with(ListUrl::query));
    // What was done last, and not what was refused: a refusal must leave the list, and what is typed, alone.
    let done = Memo::new(move |before: Option<&Done>| {
        let before = before.cloned().unwrap_or_default();
        let (created, deleted, restored) = (create.value().get(), actions.delete.value().get(), restore.value().get());
        let outdated = deleted == Some(Err(RpcError::Refused(Error::Stale)));
        Done {
            outdated: if outdated { actions.delete.version().get() } else { before.outdated },
            created: created.and_then(Result::ok).map(|task| task.id).or(before.created),
            deleted: deleted.and_then(Result::ok).or(before.deleted),
            restored: restored.and_then(Result::ok).map(|task| (task.id, task.version)).or(before.restored),
        }
    });
    let page = rpc::remote(move || (wanted.get(), done.get()), |(query, _)| rpc::task::list(query));

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

    let loaded = move || page.with(|page| matches!(page, Some(Ok(_))));
    view! {
        {adds.then(|| view! { <QuickAdd action=create team=place.team() /> })}
        <Undo id=Signal::derive(move || url.with(|url| url.deleted)) action=restore />
        <Refusal error=actions.refused />
        <TaskFilter url />
        <Transition fallback=|| view! { <Skeleton lines=6 /> }>
            {move || page.get().and_then(Result::err).map(|error| view! { <NotLoaded error /> })}
            <Show when=loaded>
                <Rows page url actions />
            </Show>
        </Transition>
    }
}

/// What the list holds. It stays when newer data comes: a row is the same element as long as it shows the
/// same task, so that no click and no focus ever lands on another one. Completing and reopening changes a
/// row where it stands; the next load sorts and filters anew.
#[component]
fn Rows(
    /// What the server answered.
    page: Remote<Result<TaskPage, RpcError>>,
    /// The list's address.
    url: Memo<ListUrl>,
    /// What rows can ask for.
    actions: TaskActions,
) -> impl IntoView {
    let last = Memo::new(move |last: Option<&Option<TaskPage>>| {
        page.get().and_then(Result::ok).or_else(|| last.cloned().flatten())
    });
    // What the buttons changed since.
    let newer = RwSignal::new(Vec::<Task>::new());
    Effect::new(move |_| {
        for task in [actions.complete.value().get(), actions.reopen.value().get()].into_iter().flatten().flatten() {
            newer.update(|newer| {
                newer.retain(|known| known.id != task.id || known.version > task.version);
                newer.push(task);
            });
        }
    });
    let shown = Memo::new(move |_| last.get().map(|page| newer.with(|newer| with_newer(page, newer))));
    let tasks = move || shown.with(|page| page.as_ref().map(|page| page.tasks.clone()).unwrap_or_default());
    let counts = Signal::derive(move || shown.with(|page| page.as_ref().and_then(|page| page.counts)));
    let now = Signal::derive(move || shown.with(|page| page.as_ref().map(|page| page.now).unwrap_or_default()));
    let none = Memo::new(move |_| tasks().is_empty());
    let row = move |first: Task| {
        let task = Memo::new(move |last: Option<&Task>| {
            let current = tasks().into_iter().find(|task| task.id == first.id);
            current.or_else(|| last.cloned()).unwrap_or_else(|| first.clone())
        });
        view! { <TaskRow task now url actions /> }
    };
    view! {
        <StatusTabs url counts />
        <Show when=move || none.get()>
            {move || view! { <NoTasks url=url.get() /> }}
        </Show>
        <ul class="task-list panel" hidden=move || none.get()>
            <For each=tasks key=|task| task.id children=row />
        </ul>
        {move || {
            let next = shown.with(|page| page.as_ref().and_then(|page| page.next.clone()));
            view! { <Pager url=url.get() next /> }
        }}
    }
}

/// The page with what was completed and reopened since it was read.
fn with_newer(mut page: TaskPage, newer: &[Task]) -> TaskPage {
    for task in &mut page.tasks {
        let Some(newer) = newer.iter().find(|newer| newer.id == task.id && newer.version > task.version) else {
            continue;
        };
        let change = match (task.status, newer.status) {
            (Status::Pending, Status::Completed) => 1,
            (Status::Completed, Status::Pending) => -1,
            _ => 0,
        };
        if let Some(counts) = &mut page.counts {
            (counts.pending, counts.completed) = (counts.pending - change, counts.completed + change);
        }
        // Time goes on after the list was read.
        page.now = page.now.max(newer.updated_at);
        task.clone_from(newer);
    }
    page
}

#[component]
fn NoTasks(url: ListUrl) -> impl IntoView {
    let nothing = !url.is_filtered();
    match (url.place, nothing, url.status) {
        (Place::Shared, true, _) => view! {
            <Empty icon=icondata::LuShare2 title="Nothing is shared with you">
                <p>"When somebody shares a task with you, it shows up here."</p>
            </Empty>
        }
        .into_any(),
        (Place::Team(_), true, _) => view! {
            <Empty icon=icondata::LuInbox title="This team has no tasks yet">
                <p>"What is added here is seen by everybody in the team."</p>
            </Empty>
        }
        .into_any(),
        (Place::Tasks, true, _) => view! {
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
        (place, ..) => view! {
            <Empty icon=icondata::LuSearchX title="Nothing matches">
                <p>
                    <a href=place.to_string()>"Show all tasks"</a>
                </p>
            </Empty>
        }
        .into_any(),
    }
}
