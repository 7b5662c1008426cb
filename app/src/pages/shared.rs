//! Tasks that others share with the viewer.

use crate::{
    components::{
        page::Page,
        shared_tabs::SharedTabs,
        task_list::{TaskList, TaskListState},
    },
    list_url::Place,
};
use leptos::prelude::*;

/// Other people's tasks, by single shares; those of teams are with the teams.
#[component]
pub fn SharedPage() -> impl IntoView {
    let list = TaskListState::new(|| Some(Place::Shared));
    view! {
        <Page title="Shared with me">
            <h1>"Shared with me"</h1>
            <SharedTabs />
            <TaskList list creates=false />
        </Page>
    }
}
