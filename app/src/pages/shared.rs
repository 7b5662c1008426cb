//! Tasks that others share with the viewer.

use super::task_list::TaskList;
use crate::{
    components::{page::Page, shared_tabs::SharedTabs},
    list_url::Place,
};
use leptos::prelude::*;

/// Other people's tasks, by single shares; those of teams are with the teams.
#[component]
pub fn SharedPage() -> impl IntoView {
    view! {
        <Page title="Shared with me">
            <h1>"Shared with me"</h1>
            <SharedTabs />
            <TaskList place=Place::Shared />
        </Page>
    }
}
