//! A task's texts, to change.

use super::{
    banner::{Banner, Refusal, Tone},
    field::Field,
    here::Here,
    icon::Icon,
};
use crate::{
    rpc::{self, RpcError, task::Update},
    typed::typed,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use taskwire_domain::{Error, task::Task};

/// The form. It remembers which version its texts were made from; when somebody else was faster, it
/// shows what the task says now and leaves the choice to the person, whose text stays.
#[component]
pub fn TaskForm(
    /// The task; newer when the page learns of a change.
    #[prop(into)]
    task: Signal<Task>,
    /// Saves.
    update: ServerAction<Update>,
) -> impl IntoView {
    let first = task.get_untracked();
    let id = first.id;
    let error = Signal::derive(move || update.value().get().and_then(Result::err));
    let stale = move || error.get() == Some(RpcError::Refused(Error::Stale));

    // What the task says now, while the person's text is about an older version. Without JavaScript the
    // page is rendered again and has just read it.
    let shown_again = untrack(stale);
    let rival = RwSignal::new(shown_again.then(|| first.clone()));
    let read = typed::<Update>("version").and_then(|version| version.parse().ok()).filter(|_| !shown_again);
    let base = RwSignal::new(Task { version: read.unwrap_or(first.version), ..first.clone() });
    Effect::new(move |_| match update.value().get() {
        // The page reads the task again, and the form follows.
        Some(Err(RpcError::Refused(Error::Stale))) => task.with(|now| {
            if base.with_untracked(|base| base.version < now.version) {
                base.set(now.clone());
                rival.set(Some(now.clone()));
            }
        }),
        Some(Ok(saved)) => {
            rival.set(None);
            base.set(saved);
        }
        _ => {}
    });
    // Completing changes the version but not the texts, so it does not make them old.
    Effect::new(move |_| {
        task.with(|task| {
            let same = base.with_untracked(|base| base.title == task.title && base.description == task.description);
            if same && base.with_untracked(|base| base.version < task.version) {
                base.set(task.clone());
            }
        });
    });

    let query = use_query_map();
    let edited = RwSignal::new(false);
    let saved = move || {
        let just_now = matches!(update.value().get(), Some(Ok(_)));
        let by_form = update.value().with(Option::is_none) && query.with(|query| query.get_str("saved").is_some());
        (just_now || by_form) && !edited.get()
    };
    Effect::watch(move || update.version().get(), move |_, _, _| edited.set(false), false);

    let title = typed::<Update>("title").unwrap_or(first.title);
    let description = typed::<Update>("description").unwrap_or(first.description);
    view! {
        <section class="panel form" aria-label="Edit task">
            <Refusal error fields=&["title", "description", "version"] />
            {move || rival.get().map(|task| view! { <Rival task /> })}
            <ActionForm action=update on:input=move |_| edited.set(true) on:submit:capture=rpc::once(update)>
                <Here />
                <input type="hidden" name="id" value=id.to_string() />
                <input type="hidden" name="version" value=move || base.with(|base| base.version.to_string()) />
                <Field
                    name="title"
                    label="Title"
                    value=title
                    error
                />
                <Field
                    name="description"
                    label="Description"
                    rows=8
                    optional=true
                    value=description
                    error
                />
                <div class="actions">
                    <button class="button button-primary">
                        {move || if rival.with(Option::is_some) { "Save my text anyway" } else { "Save changes" }}
                    </button>
                    <span class="saved" role="status">
                        {move || saved().then(|| view! { <Icon icon=icondata::LuCheck /> "Saved" })}
                    </span>
                </div>
            </ActionForm>
        </section>
    }
}

/// What somebody else made of the task in the meantime.
#[component]
fn Rival(task: Task) -> impl IntoView {
    let address = format!("/tasks/{}", task.id);
    view! {
        <Banner tone=Tone::Warning>
            <p>"Somebody changed this task in the meantime. It now says:"</p>
            <blockquote>
                <p dir="auto">
                    <strong>{task.title}</strong>
                </p>
                <p class="task-words" dir="auto">
                    {task.description}
                </p>
            </blockquote>
            <p>
                "Your text is still in the form. Save it over the change, or "
                <a href=address rel="external">
                    "discard your text"
                </a> "."
            </p>
        </Banner>
    }
}
