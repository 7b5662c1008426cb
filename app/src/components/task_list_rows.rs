//! What a list of tasks holds.

use super::{
    pager::Pager,
    task_filter::StatusTabs,
    task_list_empty::NoTasks,
    task_row::{TaskActions, TaskRow},
};
use crate::{
    list_url::ListUrl,
    rpc::{Remote, RpcError},
};
use leptos::prelude::*;
use taskwire_domain::task::{Counts, Status, Task, TaskPage};

/// The tasks, with tabs and pages. They stay when newer data comes: a row is the same element as long as it shows the
/// same task, so that no click and no focus ever lands on another one. Completing and reopening changes a
/// row where it stands; the next load sorts and filters anew.
#[component]
pub fn Rows(
    /// What the server answered.
    page: Remote<Result<TaskPage, RpcError>>,
    /// The list's address.
    url: Memo<ListUrl>,
    /// Whether the viewer may make tasks here.
    creates: bool,
    /// What rows can ask for.
    actions: TaskActions,
) -> impl IntoView {
    let last = Memo::new(move |last: Option<&Option<TaskPage>>| {
        page.get().and_then(Result::ok).or_else(|| last.cloned().flatten())
    });
    let shown = Memo::new(move |_| last.get().map(|page| actions.changed.with(|newer| with_newer(page, newer))));
    let tasks = move || shown.with(|page| page.as_ref().map(|page| page.tasks.clone()).unwrap_or_default());
    let counts = Signal::derive(move || shown.with(|page| page.as_ref().and_then(|page| page.counts)));
    let now = Signal::derive(move || shown.with(|page| page.as_ref().map(|page| page.now).unwrap_or_default()));
    let none = Memo::new(move |_| tasks().is_empty());
    let none_at_all = move || counts.get() == Some(Counts::default()) || !url.with(ListUrl::is_filtered);
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
            {move || view! { <NoTasks url=url.get() none_at_all=none_at_all() creates /> }}
        </Show>
        <ul class="task-list panel" hidden=move || none.get()>
            <For each=tasks key=|task| task.id children=row />
        </ul>
        {move || {
            let next = shown.with(|page| page.as_ref().and_then(|page| page.next.clone()));
            let url = url.get();
            let first = url.cursor.is_some().then(|| url.at(None).to_string());
            let next = next.map(|cursor| url.at(Some(cursor)).to_string());
            view! { <Pager first next /> }
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
