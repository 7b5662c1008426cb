//! A task that the viewer may only read.

use super::access_mark::shared;
use leptos::prelude::*;
use taskwire_domain::task::Task;

/// Its description as text, and why it is no form. The title is the page's heading.
#[component]
pub fn ViewOnly(
    /// The task; newer when the page learns of a change.
    #[prop(into)]
    task: Signal<Task>,
) -> impl IntoView {
    let why = move || {
        task.with(|task| match (shared(task.access), task.team.clone()) {
            (None, Some(team)) => {
                let role = task.access.as_str();
                let article = if role.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
                view! { {format!("You are {article} {role} in ")} <bdi>{team}</bdi> ". You can read this task, but not change it." }
                    .into_any()
            }
            _ => view! { "Shared with you to view." }.into_any(),
        })
    };
    let description = Memo::new(move |_| task.with(|task| task.description.clone()));
    view! {
        <section class="panel share-view" aria-label="Task">
            <p class="hint">{why}</p>
            <Show
                when=move || description.with(|text| !text.is_empty())
                fallback=|| view! { <p class="hint">"There is no description."</p> }
            >
                <p class="task-words" dir="auto">
                    {description}
                </p>
            </Show>
        </section>
    }
}
