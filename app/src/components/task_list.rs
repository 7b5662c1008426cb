//! A list of tasks with everything that belongs to it, wherever it stands.

use super::{
    banner::Refusal, load::NotLoaded, quick_add::QuickAdd, skeleton::Skeleton, task_filter::TaskFilter,
    task_list_rows::Rows, task_row::TaskActions, undo::Undo,
};
use crate::{
    list_url::{ListUrl, Place},
    reset,
    rpc::{
        self, Remote, RpcError,
        task::{Complete, Create, Delete, Reopen, Restore},
    },
};
use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};
use taskwire_domain::{
    Error, TaskId,
    task::{DeletedTask, TaskPage},
};

/// What a list shows and can do. The page makes it, and not the part in which the list stands: a part that waits for
/// something else is rendered more than once on the server, and would ask for its tasks each time.
#[derive(Clone, Copy)]
pub struct TaskListState {
    /// What the address asks for.
    url: Memo<ListUrl>,
    page: Remote<Result<TaskPage, RpcError>>,
    deleted: Remote<Option<DeletedTask>>,
    create: ServerAction<Create>,
    key: RwSignal<String>,
    restore: ServerAction<Restore>,
    rows: TaskActions,
}

/// What changed the list last.
#[derive(Debug, Clone, Default, PartialEq)]
struct Done {
    created: Option<TaskId>,
    deleted: Option<DeletedTask>,
    restored: Option<(TaskId, i32)>,
    /// How many answers there were when a deletion was refused, because the list was out of date.
    outdated: usize,
}

impl TaskListState {
    /// The list at a place; nothing while there is no such place.
    pub fn new(place: impl Fn() -> Option<Place> + Copy + Send + Sync + 'static) -> Self {
        let query = use_query_map();
        let url = Memo::new(move |_| query.with(|query| ListUrl::read(place().unwrap_or_default(), query)));
        let (create, restore) = (rpc::action::<Create>(), rpc::action::<Restore>());
        let refused =
            rpc::refused_form::<Complete>().or_else(rpc::refused_form::<Reopen>).or_else(rpc::refused_form::<Delete>);
        let rows = TaskActions::new(refused);
        let wanted = Memo::new(move |_| place().map(|_| url.with(ListUrl::query)));
        // What was done last, and not what was refused: a refusal must leave the list, and what is typed, alone.
        let done = Memo::new(move |before: Option<&Done>| {
            let before = before.cloned().unwrap_or_default();
            let (created, restored) = (create.value().get(), restore.value().get());
            let outdated = rows.answers.refused.get() == Some(RpcError::Refused(Error::Stale));
            Done {
                outdated: if outdated { rows.answers.count.get() } else { before.outdated },
                created: created.and_then(Result::ok).map(|task| task.id).or(before.created),
                deleted: rows.deleted.get(),
                restored: restored.and_then(Result::ok).map(|task| (task.id, task.version)).or(before.restored),
            }
        });
        let page = rpc::remote(
            move || (wanted.get(), done.get()),
            |(query, _)| async move {
                match query {
                    Some(query) => rpc::task::list(query).await,
                    None => Err(RpcError::Refused(Error::NotFound)),
                }
            },
        );
        let undoable = Memo::new(move |_| url.with(|url| url.deleted));
        let deleted = rpc::remote(
            move || undoable.get(),
            |id| async move {
                match id {
                    Some(id) => rpc::task::deleted(id).await.ok().flatten(),
                    None => None,
                }
            },
        );
        let key = reset::entry_key(create);
        let state = Self { url, page, deleted, create, key, restore, rows };
        state.follow_deletions();
        state
    }

    /// Keeps the address true: it offers what was deleted last, until it is back.
    fn follow_deletions(self) {
        let Self { url, rows, restore, .. } = self;
        let navigate = use_navigate();
        let quietly = NavigateOptions { scroll: false, replace: true, ..NavigateOptions::default() };
        Effect::watch(
            move || (rows.deleted.get(), restore.value().get()),
            move |(deleted, restored), before, _| {
                let (was_deleted, was_restored) = before.cloned().unwrap_or_default();
                let url = url.get_untracked();
                match (deleted, restored) {
                    (Some(task), _) if *deleted != was_deleted => {
                        // Another one than the one that could not be brought back.
                        restore.clear();
                        navigate(&url.deleted(task.id).to_string(), quietly.clone());
                    }
                    (_, Some(Ok(task))) if *restored != was_restored => {
                        navigate(&url.restored(task.id).to_string(), quietly.clone());
                    }
                    _ => {}
                }
            },
            false,
        );
    }
}

/// Adds, finds, completes and deletes tasks; the address carries what is shown.
#[component]
pub fn TaskList(
    /// What it shows.
    list: TaskListState,
    /// Whether the viewer may make tasks here.
    creates: bool,
) -> impl IntoView {
    let TaskListState { url, page, deleted, create, key, restore, rows } = list;
    let team = url.with_untracked(|url| url.place.team());
    let loaded = move || page.with(|page| matches!(page, Some(Ok(_))));
    view! {
        {creates.then(|| view! { <QuickAdd action=create key team /> })}
        <Undo deleted action=restore />
        <Refusal error=rows.answers.refused />
        <TaskFilter url />
        <Transition fallback=|| view! { <Skeleton lines=6 /> }>
            {move || page.get().and_then(Result::err).map(|error| view! { <NotLoaded error /> })}
            <Show when=loaded>
                <Rows page url creates actions=rows />
            </Show>
        </Transition>
    }
}
