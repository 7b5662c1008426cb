//! A task's texts, to change.

use super::{
    access_mark::StatusBadge,
    banner::{Banner, Refusal, Tone},
    field::Field,
    here::Here,
    icon::Icon,
    share_lost::{Lost, is_loss},
};
use crate::{
    rpc::{self, RpcError, task::Update},
    typed::typed,
};
use leptos::{form::FromFormData, html, prelude::*};
use leptos_router::hooks::use_query_map;
use taskwire_domain::{Error, task::Task};
use web_sys::FormData;

/// The form. It remembers which version its texts were made from; when somebody else was faster, it
/// shows what the task says now and leaves the choice to the person, whose text stays. It stays also when the task
/// itself is gone, or is no longer the person's to change.
#[component]
pub fn TaskForm(
    /// The task; newer when the page learns of a change.
    #[prop(into)]
    task: Signal<Task>,
    /// Saves.
    update: ServerAction<Update>,
    /// Why the page could not learn what somebody else made of the task.
    #[prop(into)]
    unread: Signal<Option<RpcError>>,
) -> impl IntoView {
    let first = task.get_untracked();
    let (id, own) = (first.id, first.is_own());
    let refused = move || update.value().get().and_then(Result::err);
    let stale = move || refused() == Some(RpcError::Refused(Error::Stale));
    let error = Signal::derive(move || unread.get().or_else(refused));
    let lost = Memo::new(move |_| error.get().filter(is_loss));
    let other = Signal::derive(move || error.get().filter(|error| !is_loss(error)));

    // What the task says now, while the person's text is about an older version. Without JavaScript the
    // page is rendered again and has just read it.
    let shown_again = untrack(stale);
    let rival = RwSignal::new(shown_again.then(|| first.clone()));
    let read = typed::<Update>("version").and_then(|version| version.parse().ok()).filter(|_| !shown_again);
    let base = RwSignal::new(Task { version: read.unwrap_or(first.version), ..first.clone() });
    Effect::new(move |_| match update.value().get() {
        // The page reads the task again, and the form follows.
        Some(Err(RpcError::Refused(Error::Stale))) => task.with(|now| {
            if base.with_untracked(|base| base.version < now.version && !same_texts(base, now)) {
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

    let title = typed::<Update>("title").unwrap_or(first.title);
    let description = typed::<Update>("description").unwrap_or(first.description);
    let texts = RwSignal::new((title.clone(), description.clone()));
    // Completing changes the version but not the texts, so it does not make them old: what was refused for that alone
    // is sent again.
    Effect::new(move |_| {
        task.with(|task| {
            if base.with_untracked(|base| base.version < task.version && same_texts(base, task)) {
                base.set(task.clone());
                if untrack(stale) && rival.with_untracked(Option::is_none) && unread.with_untracked(Option::is_none) {
                    let (title, description) = texts.get_untracked();
                    update.dispatch(Update { id, version: task.version, title, description });
                }
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

    let form = NodeRef::<html::Form>::new();
    // Read from the fields, because what was typed before wasm had taken over made no event.
    let keep = move || {
        let fields = form.get_untracked().and_then(|form| FormData::new_with_form(&form).ok());
        if let Some(Update { title, description, .. }) = fields.and_then(|f| Update::from_form_data(&f).ok()) {
            texts.set((title, description));
        }
    };
    let typing = move |_| {
        edited.set(true);
        keep();
    };
    let once = rpc::once(update);
    let submit = move |event| {
        keep();
        once(event);
    };
    view! {
        <section class="panel form" aria-label="Edit task">
            <Refusal error=other fields=&["title", "description", "version"] />
            <Show when=move || lost.with(Option::is_some)>
                <Lost error=lost own texts />
            </Show>
            {move || rival.get().map(|task| view! { <Rival task /> })}
            <ActionForm action=update node_ref=form on:input=typing on:submit:capture=submit>
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

fn same_texts(one: &Task, other: &Task) -> bool {
    one.title == other.title && one.description == other.description
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
                // It may be all that is different.
                <p>
                    <StatusBadge status=task.status />
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
