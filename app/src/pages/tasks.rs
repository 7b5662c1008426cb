//! All tasks that a person may see.

use super::task_list::TaskList;
use crate::{components::page::Page, list_url::Place};
use leptos::prelude::*;

/// One's own tasks, those of one's teams, and those that others share.
#[component]
pub fn TasksPage() -> impl IntoView {
    view! {
        <Page title="Tasks">
            <h1>"Tasks"</h1>
            <TaskList place=Place::Tasks adds=true />
        </Page>
    }
}
