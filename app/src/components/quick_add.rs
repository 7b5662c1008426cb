//! The field in which most tasks begin.

use super::{banner::Refusal, field::Field, here::Here, icon::Icon};
use crate::{
    reset,
    rpc::{self, task::Create},
    typed::typed,
};
use leptos::{html, prelude::*};
use taskwire_domain::TeamId;

/// A title and, for those who want to say more, a description.
#[component]
pub fn QuickAdd(
    /// Creates the task.
    action: ServerAction<Create>,
    /// Marks the form, so that sending it twice makes one task.
    key: RwSignal<String>,
    /// The team to make it in; without it the task is the viewer's alone.
    team: Option<TeamId>,
) -> impl IntoView {
    let error = Signal::derive(move || action.value().get().and_then(Result::err));
    let form = NodeRef::<html::Form>::new();
    reset::after_success(action, form, &["title", "description"]);
    let title = typed::<Create>("title").unwrap_or_default();
    let description = typed::<Create>("description").unwrap_or_default();
    let describes = !description.is_empty();
    view! {
        <div class="quick-add panel">
            <Refusal error fields=&["title", "description"] />
            <ActionForm action node_ref=form on:submit:capture=rpc::once(action)>
                <Here />
                <input type="hidden" name="key" value=move || key.get() />
                {team.map(|team| view! { <input type="hidden" name="team_id" value=team.to_string() /> })}
                <div class="quick-add-line">
                    <Field
                        name="title"
                        label="New task"
                        placeholder="What needs doing?"
                        value=title
                        error
                    />
                    <button class="button button-primary">
                        <Icon icon=icondata::LuPlus />
                        "Add task"
                    </button>
                </div>
                <details open=describes>
                    <summary>"Add a description"</summary>
                    <Field name="description" label="Description" rows=3 optional=true value=description error />
                </details>
            </ActionForm>
        </div>
    }
}
