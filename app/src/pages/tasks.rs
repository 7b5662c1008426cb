//! All tasks that a person may see.

use crate::{
    components::{
        page::Page,
        task_list::{TaskList, TaskListState},
    },
    list_url::Place,
};
use leptos::prelude::*;

/// One's own tasks, those of one's teams, and those that others share.
#[component]
pub fn TasksPage() -> impl IntoView {
    let list = TaskListState::new(|| Some(Place::Tasks));
    view! {
        <Page title="Tasks">
            <h1>"Tasks"</h1>
            <TaskList list creates=true />
        </Page>
    }
}
