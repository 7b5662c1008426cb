//! A team's name and description, to change.

use super::{
    banner::{Banner, Refusal, Tone},
    field::Field,
    here::Here,
    icon::Icon,
};
use crate::{
    rpc::{self, RpcError, team::Update},
    typed::typed,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use taskwire_domain::{
    Error,
    team::{Team, TeamPeople},
};

/// The form. It remembers which version its texts were made from; when somebody else was faster, it shows what the team
/// is called now and leaves the choice to the person, whose text stays.
#[component]
pub fn TeamForm(
    /// The team and everybody in it; newer when the page has read it again.
    people: Memo<TeamPeople>,
    /// Saves.
    update: ServerAction<Update>,
) -> impl IntoView {
    let team = Memo::new(move |_| people.with(|people| people.team.clone()));
    let first = team.get_untracked();
    let id = first.id;
    let error = Signal::derive(move || update.value().get().and_then(Result::err));
    // Without JavaScript the page is rendered again and has just read the team.
    let shown_again = error.get_untracked() == Some(RpcError::Refused(Error::Stale));
    let read = typed::<Update>("version").and_then(|version| version.parse().ok()).filter(|_| !shown_again);
    let version = RwSignal::new(read.unwrap_or(first.version));
    let rival = RwSignal::new(shown_again.then(|| first.clone()));
    Effect::new(move |_| match update.value().get() {
        // The page reads the team again, and the form follows.
        Some(Err(RpcError::Refused(Error::Stale))) => team.with(|now| {
            if version.get_untracked() < now.version {
                version.set(now.version);
                rival.set(Some(now.clone()));
            }
        }),
        Some(Ok(saved)) => {
            rival.set(None);
            version.set(saved.version);
        }
        _ => {}
    });

    let query = use_query_map();
    let edited = RwSignal::new(false);
    let saved = move || {
        let just_now = matches!(update.value().get(), Some(Ok(_)));
        let by_form = update.value().with(Option::is_none) && query.with(|query| query.get_str("saved").is_some());
        (just_now || by_form) && !edited.get()
    };
    Effect::watch(move || update.version().get(), move |_, _, _| edited.set(false), false);

    let name = typed::<Update>("name").unwrap_or(first.name);
    let description = typed::<Update>("description").unwrap_or(first.description);
    view! {
        <section class="panel form" aria-labelledby="texts">
            <h2 id="texts">"What it is"</h2>
            <Refusal error fields=&["name", "description", "version"] />
            {move || rival.get().map(|team| view! { <Rival team /> })}
            <ActionForm action=update on:input=move |_| edited.set(true) on:submit:capture=rpc::once(update)>
                <Here />
                <input type="hidden" name="id" value=id.to_string() />
                <input type="hidden" name="version" value=move || version.get().to_string() />
                <Field name="name" label="Name" value=name error />
                <Field name="description" label="What it is for" rows=4 optional=true value=description error />
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

/// What somebody else made of the team in the meantime.
#[component]
fn Rival(team: Team) -> impl IntoView {
    view! {
        <Banner tone=Tone::Warning>
            <p>"Somebody changed this team in the meantime. It now says:"</p>
            <blockquote>
                <p dir="auto">
                    <strong>{team.name}</strong>
                </p>
                <p class="task-words" dir="auto">
                    {team.description}
                </p>
            </blockquote>
            <p>
                "Your text is still in the form. Save it over the change, or "
                <a href=format!("/teams/{}/settings", team.id) rel="external">
                    "discard your text"
                </a> "."
            </p>
        </Banner>
    }
}
